"""What the gate does beside letting in and refusing: revocation everywhere, the audit, ids, headers of answers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.datastructures import Headers

from app.access.principal import ANONYMOUS, actor
from app.access.refusals import MOST_A_MINUTE, Refusals
from app.access.secrets import Kind
from app.access.tables import audit
from app.errors import InvalidToken
from app.routers.needs import open_to_users
from app.storage.resources import Resources
from app.telemetry.redaction import Redactor
from app.web import application
from app.web.application import create_app
from app.web.gate.credentials import credential_of
from app.web.server import serving
from tests.local_client import LocalClient
from tests.web.gate.people import People
from tests.web.gate.wire import Answer, ask
from tests.web.test_addressed import with_settings

#: What is promised, and what this test's machine may be late, seconds.
A_SECOND, LATE = 1.0, 5.0


@pytest.fixture
def people(resources: Resources) -> People:
    return People(resources.engine)


@pytest.fixture
def two(resources: Resources, people: People) -> Iterator[tuple[str, str]]:
    settings = with_settings(resources, auth="on")
    with serving(settings, slots=0) as first, serving(settings, slots=0) as second:
        yield first, second


def reads(address: str, secret: str) -> Answer:
    return ask(address, "GET", "/reports", [f"Authorization: Bearer {secret}"])


def rows_of(resources: Resources) -> list[Any]:
    with resources.engine.connect() as connection:
        return list(connection.execute(select(audit).order_by(audit.c.id)))


def test_what_is_revoked_ends_on_each_replica_within_a_second(two: tuple[str, str], people: People) -> None:
    user_id = people.user("Ada", "operator")
    key, access = people.credential(user_id), people.credential(user_id, Kind.ACCESS)
    assert {reads(address, one.text).status for address in two for one in (key, access)} == {200}
    people.revoke(key)
    sleep(A_SECOND)
    assert {reads(address, key.text).status for address in two} == {401}
    assert {reads(address, access.text).status for address in two} == {200}
    people.change(user_id, disabled_at=datetime.now(UTC))
    sleep(A_SECOND)
    assert {reads(address, access.text).status for address in two} == {401}


def test_before_there_is_a_user_everything_waits_for_the_set_up(two: tuple[str, str], people: People) -> None:
    for address in two:
        answer = ask(address, "GET", "/reports")
        assert (answer.status, json.loads(answer.body)["code"]) == (401, "setup_required")
    people.user("Ada", "admin")
    deadline = monotonic() + LATE
    while json.loads(ask(two[0], "GET", "/reports").body)["code"] == "setup_required":
        assert monotonic() < deadline
        sleep(0.05)


def test_a_refused_attempt_at_a_change_is_a_row_of_the_audit(resources: Resources, people: People) -> None:
    secret = people.credential(people.user("Ada", "viewer"))
    app = create_app(with_settings(resources, auth="on"), slots=0)
    with LocalClient(app, peer="10.0.0.7", base_url="http://openhours.example") as client:
        headers = {"Authorization": f"Bearer {secret.text}"}
        refused = client.delete("/reports/17", headers=headers)
        client.get("/metrics", headers=headers)
        client.post("/trigger_report")
        client.get("/reports")
        deadline = monotonic() + LATE
        while len(rows_of(resources)) < 2:
            assert monotonic() < deadline
            sleep(0.05)
    known, anonymous = rows_of(resources)
    assert (known.actor_name, known.token_id, known.ip, known.outcome) == ("Ada", secret.id, "10.0.0.7", "refused")
    assert known.detail == {"method": "DELETE", "path": "/reports/17", "code": "not_allowed"}
    assert known.request_id == refused.headers["x-request-id"]
    assert (anonymous.actor_name, anonymous.via, anonymous.actor_id) == ("anonymous", "anonymous", None)
    assert anonymous.detail["code"] == "authentication_required"


def test_who_is_unknown_does_not_fill_the_audit(resources: Resources) -> None:
    now = [datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)]
    refusals = Refusals(resources.engine, now=lambda: now[0])
    for _ in range(5000):
        refusals.note(ANONYMOUS, method="POST", path="/" + "x" * 5000, code="authentication_required")
    refusals.write()
    found = rows_of(resources)
    assert len(found) == MOST_A_MINUTE["anonymous"]
    assert max(len(json.dumps(row.detail)) for row in found) < 300
    now[0] = now[0].replace(minute=1)
    refusals.write()
    refusals.write()
    (rest,) = rows_of(resources)[len(found) :]
    assert rest.detail == {"more": 5000 - len(found)}


def test_a_route_knows_who_asks(resources: Resources, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    @open_to_users
    def who() -> dict[str, Any]:
        return {"name": actor().name, "id": actor().request_id, "address": actor().address}

    install = application.pages.install

    def with_one_more(app: FastAPI) -> None:
        install(app)
        app.add_api_route("/who", who, include_in_schema=False)

    monkeypatch.setattr(application.pages, "install", with_one_more)
    secret = people.credential(people.user("Ada", "viewer"))
    app = create_app(with_settings(resources, auth="on", trusted_proxies="10.0.0.0/24"), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="http://openhours.example")
    headers = {"Authorization": f"Bearer {secret.text}", "X-Forwarded-For": "203.0.113.1, 198.51.100.4, 10.0.0.8"}
    answer = client.get("/who", headers=headers)
    assert answer.json() == {"name": "Ada", "id": answer.headers["x-request-id"], "address": "198.51.100.4"}
    assert actor().name == "system"


def test_every_answer_has_its_id_and_headers_and_a_defect_shows_no_trace(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(resources, slots=0)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(app.state.services.reports, "page", broken)
    client = LocalClient(app, raise_server_exceptions=False)
    answers = [
        client.get("/reports"),
        client.get("/echo/x"),
        client.get("/nothing"),
        client.post("/trigger_report", content=b"x" * 600_000),
        client.get("/reports", headers={"Host": "evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [500, 200, 404, 413, 421]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers
        assert "strict-transport-security" not in answer.headers
    assert "secret of the house" not in answers[0].text
    assert "Traceback" not in answers[0].text


@pytest.mark.parametrize("path", ["/docs", "/login"])
def test_pages_run_no_script_that_stands_in_them(untouched: Resources, path: str) -> None:
    answer = LocalClient(create_app(untouched, slots=0)).get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert "<style" not in answer.text
    assert " onload=" not in answer.text


def test_no_browser_and_no_proxy_keeps_what_is_private(untouched: Resources) -> None:
    people = People(untouched.engine)
    key = people.credential(people.user("Hedy", "admin")).text
    app = create_app(with_settings(untouched, auth="on"), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="http://openhours.example")
    for path in ("/reports", "/me", "/users", "/keys", "/audit", "/webhooks", "/sources", "/metrics", "/nothing"):
        for headers in ({"Authorization": f"Bearer {key}"}, {}):
            assert client.get(path, headers=headers).headers["cache-control"] == "no-store"
    bundle = client.get("/static-offline-docs/swagger-ui.css")
    assert (bundle.status_code, "cache-control" in bundle.headers) == (200, False)


def test_42_over_https_a_session_is_a_secure_cookie_and_http_is_another_site(
    untouched: Resources, stores_nothing: None
) -> None:
    people = People(untouched.engine)
    session = people.credential(people.user("Grace", "operator"), Kind.SESSION).text
    app = create_app(with_settings(untouched, auth="on", public_url="https://openhours.example/a"), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="http://openhours.example")
    mine = {"Cookie": f"__Host-openhours={session}"}
    path = f"/reports/{'0' * 32}"

    def removes(**headers: str) -> int:
        code: int = client.delete(path, headers={**mine, **headers}).status_code
        return code

    assert removes(Origin="https://openhours.example") == 404
    assert removes(Origin="http://openhours.example") == 403
    assert removes(Origin="https://openhours.example:8443") == 403
    assert removes(Origin="https://sub.openhours.example") == 403
    assert client.get("/reports", headers={"Cookie": f"openhours={session}"}).status_code == 401
    answer = client.get("/reports", headers=mine)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_page_of_a_listed_origin_has_a_key_and_never_a_session(untouched: Resources, stores_nothing: None) -> None:
    people = People(untouched.engine)
    ken = people.user("Ken", "operator")
    session, key = people.credential(ken, Kind.SESSION).text, people.credential(ken).text
    listed = "https://sibling.openhours.example"
    app = create_app(with_settings(untouched, auth="on", cors_origins=listed), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="https://openhours.example")
    path, asked = f"/reports/{'0' * 32}", {"Origin": listed, "Sec-Fetch-Site": "same-site"}
    by_session = {"Cookie": f"__Host-openhours={session}"}
    by_key = {"Authorization": f"Bearer {key}"}
    assert client.delete(path, headers=asked | by_key).status_code == 404
    for headers in (by_session, by_session | by_key):
        answer = client.delete(path, headers=asked | headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin")
    assert client.post("/login", json={"name": "Ken", "password": "no"}, headers=asked).status_code == 401


def test_who_opens_a_page_without_being_logged_in_is_led_to_the_login(untouched: Resources) -> None:
    People(untouched.engine).user("Barbara", "viewer")
    app = create_app(with_settings(untouched, auth="on"), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="https://openhours.example", follow_redirects=False)
    opened = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
    answer = client.get("/reports?kind=a&limit=2", headers=opened)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/reports%3Fkind%3Da%26limit%3D2")
    assert client.get("/reports", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
    assert client.post("/trigger_report", headers=opened).status_code == 401


def test_metrics_may_be_opened_and_nothing_else_is(untouched: Resources) -> None:
    app = create_app(with_settings(untouched, auth="on", metrics="open"), slots=0)
    client = LocalClient(app, peer="10.0.0.7", base_url="http://openhours.example")
    assert [client.get(path).status_code for path in ("/metrics", "/reports", "/openapi.json")] == [200, 401, 401]


def test_why_a_key_is_refused_is_told_whole_where_secrets_are_masked() -> None:
    with pytest.raises(InvalidToken) as refused:
        credential_of(Headers({"authorization": "Basic abc"}), is_secure=False)
    assert "Bearer" in Redactor().redact(refused.value.message)
