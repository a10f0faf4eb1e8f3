"""Second factors over HTTP."""

from collections.abc import Iterator
from time import perf_counter, sleep

import pyotp
import pytest
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import update

from app.access.scopes import Role
from app.access.tables import second_factor
from app.storage.resources import Resources
from tests.access.replicas import replicas
from tests.access.services import PASSWORD, Accounts, accounts_of
from tests.local_client import LocalClient

KEY = SecretStr("a secret key of thirty-two characters or more")


@pytest.fixture
def accounts(resources: Resources) -> Accounts:
    accounts = accounts_of(resources)
    accounts.person("root", Role.ADMIN)
    accounts.person("ada", Role.OPERATOR)
    return accounts


@pytest.fixture
def client(resources: Resources, accounts: Accounts) -> Iterator[LocalClient]:
    with replicas(resources, count=1, secret_key=KEY, second_factor_roles="admin", founding_logins="on") as [one]:
        yield one


def log_in(client: LocalClient, name: str, **more: str) -> Response:
    client.cookies.clear()
    return client.post("/login", json={"name": name, "password": PASSWORD, **more})


def set_up(client: LocalClient) -> tuple[pyotp.TOTP, list[str]]:
    """The app and the recovery codes of whoever is logged in."""
    begun = client.post("/me/second-factor", json={"current_password": PASSWORD})
    assert (begun.status_code, begun.headers["cache-control"]) == (200, "no-store")
    app = pyotp.TOTP(begun.json()["secret"])
    scanned = pyotp.parse_uri(begun.json()["address"])
    assert (scanned.secret, scanned.issuer) == (app.secret, "Openhours")
    confirmed = client.post("/me/second-factor/confirm", json={"code": app.now()})
    assert confirmed.status_code == 200, confirmed.text
    return app, confirmed.json()["recovery_codes"]


def let_time_pass(accounts: Accounts) -> None:
    """Have the code of now count once more."""
    with accounts.resources.engine.begin() as connection:
        connection.execute(update(second_factor).values(last_step=second_factor.c.last_step - 3))


def test_who_has_one_needs_a_code_to_log_in(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    assert client.get("/me/second-factor").json() == {"is_set": False}
    app, codes = set_up(client)
    assert client.get("/me/second-factor").json() == {"is_set": True}
    let_time_pass(accounts)

    missing = log_in(client, "ada")
    assert (missing.status_code, missing.json()["code"]) == (401, "second_factor_required")
    assert "set-cookie" not in missing.headers
    wrong = log_in(client, "ada", code="000000" if app.now() != "000000" else "000001")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "login_failed")
    unknown = client.post("/login", json={"name": "ada", "password": "a wrong password", "code": app.now()})
    assert unknown.json() == wrong.json()

    assert log_in(client, "ada", code=app.now()).status_code == 200
    assert log_in(client, "ada", code=codes[0]).status_code == 200
    assert log_in(client, "ada", code=codes[0]).status_code == 401


def test_to_confirm_ends_the_sessions_that_were_begun_without(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    before = client.cookies["openhours"]
    set_up(client)
    after = client.cookies["openhours"]
    assert after != before
    assert client.get("/me").status_code == 200
    other = LocalClient(client.app, cookies={"openhours": before})
    until = perf_counter() + 1  # replicas look once a second
    while other.get("/me").status_code != 401:
        assert perf_counter() < until
        sleep(0.05)


def test_the_password_is_asked_before_anything_is_changed(client: LocalClient) -> None:
    log_in(client, "ada")
    for path, body in (("", {}), ("/remove", {"code": "1"})):
        answer = client.post(f"/me/second-factor{path}", json={"current_password": "a wrong password", **body})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
        assert "a wrong password" not in answer.text


def test_a_wrong_code_confirms_nothing(client: LocalClient) -> None:
    log_in(client, "ada")
    assert client.post("/me/second-factor/confirm", json={"code": "123456"}).status_code == 409
    client.post("/me/second-factor", json={"current_password": PASSWORD})
    answer = client.post("/me/second-factor/confirm", json={"code": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "code")
    assert client.get("/me/second-factor").json() == {"is_set": False}


def test_one_is_removed_by_password_and_code_together(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    _, codes = set_up(client)
    refused = client.post("/me/second-factor/remove", json={"current_password": PASSWORD, "code": "000000x"})
    assert refused.status_code == 422
    removed = client.post("/me/second-factor/remove", json={"current_password": PASSWORD, "code": codes[0]})
    assert removed.status_code == 204
    assert log_in(client, "ada").status_code == 200


def test_an_administrator_takes_away_one_that_was_lost(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    set_up(client)
    ada = client.get("/me").json()["user"]["id"]
    assert client.delete(f"/users/{ada}/second-factor").status_code == 403
    log_in(client, "root")
    set_up(client)
    assert client.delete(f"/users/{ada}/second-factor").status_code == 204
    assert client.delete(f"/users/{ada}/second-factor").status_code == 409
    assert client.delete("/users/nobody/second-factor").status_code == 404
    assert log_in(client, "ada").status_code == 200


def test_a_role_that_has_to_have_one_may_do_nothing_but_set_it_up(client: LocalClient) -> None:
    log_in(client, "root")
    assert client.get("/me").json()["scopes"] == []
    for method, path in (("GET", "/reports"), ("GET", "/users"), ("POST", "/trigger_report")):
        assert client.request(method, path).status_code == 403
    assert client.post("/keys", json={"name": "a key"}).status_code in {403, 422}
    for path, body in (
        ("/api/login/", {"username": "root", "password": PASSWORD}),
        ("/api/v1/auth/token", {"client_id": "root", "client_secret": PASSWORD}),
    ):
        refused = client.post(path, data=body)
        assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_required")
    set_up(client)
    assert client.get("/users").status_code == 200


def test_without_a_secret_key_the_operator_is_told(resources: Resources, accounts: Accounts) -> None:
    url = SecretStr(resources.database_url)
    with replicas(resources, count=1, database_url=url) as [client]:
        log_in(client, "ada")
        answer = client.post("/me/second-factor", json={"current_password": PASSWORD})
        assert answer.status_code == 500
        assert "OPENHOURS_SECRET_KEY" in answer.json()["detail"]


def test_recovery_codes_are_listed_nowhere(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    app, codes = set_up(client)
    rows = repr(accounts.rows("SELECT s::text FROM second_factor s UNION ALL SELECT r::text FROM recovery_code r"))
    rows += repr(accounts.rows("SELECT a::text FROM audit a"))
    for secret in (app.secret, *codes):
        assert secret not in rows
