"""The logins of the founding systems, as their clients use them; the numbers are those of the table of attacks."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter, sleep

import pytest
from sqlalchemy import select

from app.access.scopes import Role, Scope
from app.access.tables import audit
from app.access.user_records import User
from app.storage.resources import Resources
from app.web.application import create_app
from tests.access.replicas import replicas
from tests.access.services import PASSWORD, Accounts, accounts_of
from tests.local_client import LocalClient

EIGHT_DAYS = 8 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Site:
    one: LocalClient
    two: LocalClient
    accounts: Accounts
    ada: User


@pytest.fixture
def site(resources: Resources) -> Iterator[Site]:
    accounts = accounts_of(resources)
    ada = accounts.person("ada", Role.OPERATOR)
    with replicas(resources, founding_logins="on") as (one, two):
        yield Site(one, two, accounts, ada)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def is_ended(client: LocalClient, text: str) -> bool:
    """Whether a replica refuses a token, within the second that is promised."""
    until = perf_counter() + 1
    while client.post("/api/v1/auth/test-token", headers=bearer(text)).status_code != 401:
        if perf_counter() > until:
            return False
        sleep(0.05)
    return True


@pytest.mark.parametrize("grant", [{}, {"grant_type": "client_credentials"}, {"grant_type": ""}])
def test_a_token_for_client_credentials_as_a_form(site: Site, grant: dict[str, str]) -> None:
    form = {"client_id": "ada", "client_secret": PASSWORD, **grant}
    answer = site.one.post("/api/v1/auth/token", data=form)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", EIGHT_DAYS)
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert site.two.post("/api/v1/auth/test-token", headers=bearer(body["access_token"])).status_code == 204
    assert site.two.get("/reports", headers=bearer(body["access_token"])).status_code == 200


def test_a_token_for_client_credentials_by_basic(site: Site) -> None:
    header = "Basic " + b64encode(f"ada:{PASSWORD}".encode()).decode()
    answer = site.one.post("/api/v1/auth/token", headers={"Authorization": header})
    assert answer.status_code == 200
    assert site.one.get("/me", headers=bearer(answer.json()["access_token"])).json()["name"] == "ada"


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"client_id": "ada", "client_secret": "a wrong password"}, 401, "login_failed"),
        ({"client_id": "eve", "client_secret": PASSWORD}, 401, "login_failed"),
        ({}, 401, "login_failed"),
        ({"client_id": "ada", "client_secret": "oh_" + "x" * 49}, 401, "login_failed"),
        ({"client_id": "ada", "client_secret": PASSWORD, "grant_type": "password"}, 422, "malformed_request"),
    ],
)
def test_what_is_wrong_gets_no_token(site: Site, form: dict[str, str], status: int, code: str) -> None:
    answer = site.one.post("/api/v1/auth/token", data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("kind", ["application/json", "text/json", "text/plain", None])
@pytest.mark.parametrize(
    "body",
    [b"{", b"{}", b"{}{}", b"\x00", b"\xff\xfe{", b"9" * 5000, b"[" * 100_000, b'{"client_secret": "sesame"}'],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_a_body_that_is_no_form_is_told_to_be_one(site: Site, body: bytes, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = site.one.post("/api/v1/auth/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_request")
    how = "without a Content-Type" if kind is None else f"as {kind}"
    form = "application/x-www-form-urlencoded"
    assert (
        answer.json()["detail"] == f"body: was sent {how}; send Content-Type: {form}; allowed: a form, sent as {form}"
    )
    assert "sesame" not in answer.text


@pytest.mark.parametrize("header", ["Basic", "Basic é", "Basic bm9jb2xvbg==", "Bearer x", "Basic ////"])
def test_an_authorization_that_cannot_be_read_is_a_failed_login(site: Site, header: str) -> None:
    answer = site.one.post("/api/v1/auth/token", headers={"Authorization": header.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")


def test_a_service_has_tokens_by_its_key_which_may_no_more_and_end_with_it(site: Site) -> None:
    robot = site.accounts.users.add("robot", kind="service", role=Role.OPERATOR)
    key, secret = site.accounts.keys.make(robot.id, "test", scopes=[Scope.REPORTS_READ], days=30)
    form = {"client_id": "robot", "client_secret": secret.text}
    text = site.one.post("/api/v1/auth/token", data=form).json()["access_token"]
    assert site.one.get("/me", headers=bearer(text)).json()["scopes"] == ["reports:read"]
    assert site.one.post("/trigger_report", headers=bearer(text)).status_code == 403
    other = site.one.post("/api/v1/auth/token", data={**form, "client_id": "ada"})
    assert other.status_code == 401
    site.accounts.keys.revoke(key.id)
    assert is_ended(site.two, text)
    assert site.one.post("/api/v1/auth/token", data=form).status_code == 401


@pytest.mark.parametrize("path", ["/api/login/", "/api/login"])
@pytest.mark.parametrize("how", ["json", "data"])
def test_two_tokens_for_a_name_and_a_password(site: Site, path: str, how: str) -> None:
    answer = site.one.post(path, **{how: {"username": "ada", "password": PASSWORD}})  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.json().keys() == {"refresh", "access"}
    assert site.two.get("/me", headers=bearer(answer.json()["access"])).json()["via"] == "access"
    assert site.one.get("/me", headers=bearer(answer.json()["refresh"])).status_code == 401


def test_access_ends_after_an_hour_and_refresh_after_a_week(site: Site) -> None:
    site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD})
    rows = site.accounts.rows("SELECT kind, expires_at - created_at FROM token WHERE kind IN ('access', 'refresh')")
    assert dict(rows) == {"access": timedelta(hours=1), "refresh": timedelta(days=7)}  # type: ignore[arg-type]


def test_a_wrong_password_gets_no_tokens(site: Site) -> None:
    answer = site.one.post("/api/login/", json={"username": "ada", "password": "a wrong password"})
    assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")


def test_six_wrong_passwords_count_wherever_they_are_tried(site: Site) -> None:
    for _ in range(3):
        site.one.post("/api/login/", json={"username": "ada", "password": "a wrong password"})
        site.two.post("/api/v1/auth/token", data={"client_id": "ada", "client_secret": "a wrong password"})
    answer = site.one.post("/login", json={"name": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_logins")
    assert int(answer.headers["retry-after"]) > 0


def test_a_refresh_token_gives_the_next_ones(site: Site) -> None:
    first = site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD}).json()
    second = site.two.post("/api/refresh/", json={"refresh": first["refresh"]})
    assert second.status_code == 200
    assert not {*second.json().values()} & {*first.values()}
    assert site.one.get("/me", headers=bearer(second.json()["access"])).json()["name"] == "ada"
    third = site.one.post("/api/refresh/", data={"refresh": second.json()["refresh"]})
    assert third.status_code == 200


def test_70_a_refresh_token_that_comes_twice_ends_all_tokens_of_its_login(site: Site) -> None:
    first = site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD}).json()
    second = site.one.post("/api/refresh/", json={"refresh": first["refresh"]}).json()
    other = site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD}).json()
    answer = site.two.post("/api/refresh/", json={"refresh": first["refresh"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    for text in (first["access"], second["access"]):
        assert is_ended(site.one, text)
    assert site.one.post("/api/refresh/", json={"refresh": second["refresh"]}).status_code == 401
    assert site.one.get("/me", headers=bearer(other["access"])).status_code == 200
    with site.accounts.resources.engine.connect() as connection:
        rows = connection.execute(select(audit.c.outcome, audit.c.object_id).where(audit.c.action == "token.reuse"))
        assert [tuple(row) for row in rows] == [("refused", site.ada.id)]


def test_tokens_of_a_key_end_with_it_when_it_is_replaced(site: Site) -> None:
    key, secret = site.accounts.keys.make(site.ada.id, "notebook")

    def token_of(text: str) -> str:
        form = {"client_id": "ada", "client_secret": text}
        return str(site.one.post("/api/v1/auth/token", data=form).json()["access_token"])

    first = token_of(secret.text)
    newer, secret = site.accounts.keys.replace(key.id, overlap_hours=24)
    assert not is_ended(site.one, first)
    second = token_of(secret.text)
    site.accounts.keys.replace(newer.id, overlap_hours=0)
    for text in (first, second):
        assert is_ended(site.one, text)
        assert is_ended(site.two, text)


def test_of_two_refreshes_at_once_one_is_answered(site: Site) -> None:
    first = site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD}).json()
    with ThreadPoolExecutor(2) as both:
        answers = both.map(
            lambda replica: replica.post("/api/refresh/", json={"refresh": first["refresh"]}), (site.one, site.two)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 401]


@pytest.mark.parametrize("text", ["", "x", "ohr_" + "x" * 49, "é", "ohr_\x00"])
def test_a_text_that_is_no_refresh_token_is_refused(site: Site, text: str) -> None:
    answer = site.one.post("/api/refresh/", json={"refresh": text})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_65_tokens_of_a_disabled_user_end_everywhere(site: Site) -> None:
    site.accounts.person("root", Role.ADMIN)
    pair = site.one.post("/api/login/", json={"username": "ada", "password": PASSWORD}).json()
    form = {"client_id": "ada", "client_secret": PASSWORD}
    text = site.one.post("/api/v1/auth/token", data=form).json()["access_token"]
    site.accounts.users.disable(site.ada.id)
    for replica in (site.one, site.two):
        assert is_ended(replica, pair["access"])
        assert is_ended(replica, text)
    assert site.one.post("/api/refresh/", json={"refresh": pair["refresh"]}).status_code == 401


@pytest.mark.parametrize("setting", [None, "off"])
def test_the_routes_are_there_only_where_they_are_switched_on(resources: Resources, setting: str | None) -> None:
    with replicas(resources, count=1, founding_logins=setting) as [one]:
        for path in ("/api/login/", "/api/refresh/", "/api/v1/auth/token"):
            assert one.post(path, json={}).status_code == 404


def test_in_local_mode_any_name_gets_tokens_that_nobody_checks(resources: Resources) -> None:
    with LocalClient(create_app(resources, slots=0)) as client:
        text = client.post("/api/v1/auth/token", data={"client_id": "a", "client_secret": "b"}).json()["access_token"]
        pair = client.post("/api/login/", json={"username": "a", "password": "b"}).json()
        assert client.post("/api/refresh/", json={"refresh": pair["refresh"]}).json().keys() == pair.keys()
        for one in (text, pair["access"]):
            assert client.post("/api/v1/auth/test-token", headers=bearer(one)).status_code == 204
            assert client.get("/reports", headers=bearer(one)).status_code == 200
