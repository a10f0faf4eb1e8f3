"""Second factors over HTTP."""

from collections.abc import Iterator
from time import perf_counter, sleep

import pyotp
import pytest
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import update

from app.access.scopes import Role, Scope
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
    rows = "SELECT count(*) FROM audit WHERE action = 'second_factor.remove'"
    assert accounts.rows(rows) == [(0,)]
    removed = client.post("/me/second-factor/remove", json={"current_password": PASSWORD, "code": codes[0]})
    assert removed.status_code == 204
    assert log_in(client, "ada").status_code == 200


@pytest.mark.parametrize("code", [None, "", "000000x", "\\ud800"])
def test_one_is_replaced_by_who_has_it_alone(client: LocalClient, accounts: Accounts, code: str | None) -> None:
    log_in(client, "ada")
    old, codes = set_up(client)
    text = f'{{"current_password": "{PASSWORD}", "code": {"null" if code is None else chr(34) + code + chr(34)}}}'
    refused = client.post("/me/second-factor", content=text, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    if code != "\\ud800":
        assert refused.json()["errors"][0]["parameter"] == "code"
    begun = client.post("/me/second-factor", json={"current_password": PASSWORD, "code": codes[0]})
    new = pyotp.TOTP(begun.json()["secret"])
    assert new.secret != old.secret
    assert client.post("/me/second-factor/confirm", json={"code": new.now()}).status_code == 200
    again = {"current_password": PASSWORD, "code": codes[0]}
    assert client.post("/me/second-factor", json=again).status_code == 422


def test_a_login_without_the_code_is_in_the_audit(client: LocalClient, accounts: Accounts) -> None:
    log_in(client, "ada")
    set_up(client)
    log_in(client, "ada")
    rows = "SELECT outcome, detail->>'reason' FROM audit WHERE action = 'login' ORDER BY id DESC LIMIT 1"
    assert accounts.rows(rows) == [("failed", "no code of the second factor")]


def becomes(client: LocalClient, scopes: int, headers: dict[str, str] | None = None) -> None:
    """Whoever asks has so many scopes, within the second that is promised."""
    until = perf_counter() + 1
    while len(client.get("/me", headers=headers).json()["scopes"]) != scopes:
        assert perf_counter() < until
        sleep(0.05)


def test_who_gets_such_a_role_or_loses_the_factor_may_do_nothing_more_either(
    client: LocalClient, accounts: Accounts
) -> None:
    ada = accounts.users.named("ada")
    _, key = accounts.keys.make(ada.id, "notebook")
    given = client.post("/api/v1/auth/token", data={"client_id": "ada", "client_secret": key.text}).json()
    pair = client.post("/api/login/", data={"username": "ada", "password": PASSWORD}).json()
    log_in(client, "ada")
    accounts.users.set_role(ada.id, Role.ADMIN)
    becomes(client, 0)
    client.cookies, cookies = type(client.cookies)(), client.cookies
    becomes(client, len(Scope), {"Authorization": f"Bearer {given['access_token']}"})
    becomes(client, 0, {"Authorization": f"Bearer {pair['access']}"})
    client.cookies = cookies
    _, codes = set_up(client)
    becomes(client, len(Scope))
    client.post("/me/second-factor/remove", json={"current_password": PASSWORD, "code": codes[0]})
    becomes(client, 0)


def test_who_has_to_set_one_up_first_has_no_key_replaced(client: LocalClient, accounts: Accounts) -> None:
    made, _ = accounts.keys.make(accounts.users.named("root").id, "notebook")
    log_in(client, "root")
    answer = client.post(f"/keys/{made.id}/replace", json={"overlap_hours": 24})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


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
