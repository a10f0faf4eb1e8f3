"""Attack 80: no secret that was made is in the log, the metrics, a dump of the database (the audit), a process list."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from app.access import audit
from app.access.scopes import Role
from app.access.secrets import Kind, new_secret
from app.storage.resources import Addresses, Resources
from tests.access.audit_rows import rows_of
from tests.access.secrets_seen import SecretsSeen, dump_of, noting
from tests.access.services import accounts_of
from tests.commands import answers, free_port, started_alone, wait_until

PASSWORD = "nineteen purple harbours"
NEW_PASSWORD = "twenty orange lanterns"
WRONG_PASSWORD = "twelve yellow bridges"


@pytest.fixture
def environment(resources: Resources, servers: Addresses) -> dict[str, str]:
    return {
        "OPENHOURS_DATABASE_URL": resources.database_url,
        "OPENHOURS_REDIS_URL": servers.redis_url,
        "OPENHOURS_S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": resources.settings.s3_bucket,
        "AWS_ACCESS_KEY_ID": str(servers.s3_access_key),
        "AWS_SECRET_ACCESS_KEY": str(servers.s3_secret_key),
        "OPENHOURS_AUTH": "on",
        "OPENHOURS_LOG_LEVEL": "debug",
        "OPENHOURS_ACCESS_LOG": "true",
    }


@pytest.fixture
def seen() -> Iterator[SecretsSeen]:
    seen = SecretsSeen()
    with noting(seen):
        yield seen


def use_everything(address: str, seen: SecretsSeen, resources: Resources) -> str:
    """Log in, fail to, make keys and links, send each where it belongs and where it does not; returns the metrics."""
    accounts = accounts_of(resources)
    ada = accounts.users.add("ada", role=Role.ADMIN, password=seen.add("password", PASSWORD))
    _, key = accounts.keys.make(ada.id, "notebook")
    link = accounts.codes.link(ada.id)
    unknown = new_secret(Kind.KEY)
    mistyped = seen.add("mistyped key", key.text[:-1] + ("0" if key.text[-1] != "0" else "1"))
    seen.add("wrong password", WRONG_PASSWORD)
    seen.add("new password", NEW_PASSWORD)
    with httpx2.Client(base_url=address) as http:
        for password, status in ((WRONG_PASSWORD, 401), (PASSWORD, 200)):
            answer = http.post("/login", json={"name": "ada", "password": password})
            assert answer.status_code == status, answer.text
        seen.add("session", http.cookies["openhours"])
        made = http.post("/keys", json={"name": "made by HTTP"}, headers={"Sec-Fetch-Site": "same-origin"})
        assert made.status_code == 201, made.text
        seen.add("key by HTTP", made.json()["key"])
        http.post("/keys", json={"name": PASSWORD, "key": key.text, "scopes": [made.json()["key"]]})
        http.cookies.clear()
        bearer = {"Authorization": f"Bearer {key.text}"}
        assert http.get("/reports", headers=bearer).status_code == 200
        for one in (mistyped, unknown.text):
            assert http.get("/reports", headers={"Authorization": f"Bearer {one}"}).status_code == 401
        assert http.get("/reports", params={"key": key.text}).status_code == 401
        http.get("/reports", params={"kind": key.text}, headers=bearer)
        http.get(f"/reports/{key.text}")
        http.delete(f"/reports/{unknown.text}", headers={"Authorization": f"Basic {_basic('ada', PASSWORD)}"})
        http.get("/reports", headers={"Cookie": f"openhours={key.text}"})
        reset = http.post("/reset", json={"code": link.secret.text, "password": NEW_PASSWORD, "name": "ada"})
        assert reset.status_code == 204, reset.text
        assert http.post("/reset", json={"code": link.secret.text, "password": NEW_PASSWORD}).status_code == 410
        metrics: str = http.get("/metrics", headers=bearer).text
        assert "openhours" in metrics
    return metrics


def _basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def test_attack_80_no_secret_is_found_anywhere(
    resources: Resources, environment: dict[str, str], seen: SecretsSeen, tmp_path: Path
) -> None:
    port = free_port()
    with started_alone(tmp_path / "home", "serve", "--port", str(port), "--slots", "0", **environment) as process:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{address}/readyz") == 200, process)
        metrics = use_everything(address, seen, resources)
        told = [
            " ".join([*one.cmdline(), *one.environ()]) for one in psutil.process_iter() if _is_ours(one, process.pid)
        ]
        refused = {("login", "failed"), ("request.refuse", "refused")}
        wait_until(lambda: refused <= {(row.action, row.outcome) for row in rows_of(resources.engine)})
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert len(seen) >= 9
    assert err.count("/reports") >= 5, "the log has no requests"
    dump = dump_of(resources.engine)
    assert "ada" in dump
    places = {"log": out + err, "metrics": metrics, "database": dump, "processes": "\n".join(told)}
    assert {place: seen.found_in(text) for place, text in places.items()} == {place: [] for place in places}


def _is_ours(one: psutil.Process, pid: int) -> bool:
    return one.pid == pid or pid in {parent.pid for parent in one.parents()}


def test_a_secret_is_found_wherever_it_was_left(resources: Resources) -> None:
    """So that an empty list means something."""
    seen = SecretsSeen()
    with noting(seen):
        key = new_secret(Kind.KEY)
    seen.add("password", PASSWORD)
    with resources.engine.begin() as connection:
        audit.record(connection, "x", detail_of_a_defect=[{"deep": key.text}])
    assert seen.found_in(dump_of(resources.engine)) == ["key 0"]
    for shift in range(3):
        assert seen.found_in(base64.b64encode(b"x" * shift + PASSWORD.encode() + b" and more").decode()) == ["password"]
    assert seen.found_in(PASSWORD.encode().hex()) == ["password"]
    assert seen.found_in("nothing of that") == []
