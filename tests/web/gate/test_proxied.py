"""Users whom a trusted proxy names, and those who would like to be one."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.access.modes import Mode, mode_of
from app.errors import SetupError
from app.settings import Settings
from app.storage.resources import Resources
from app.web.application import create_app
from tests.local_client import LocalClient
from tests.web.gate.conftest import credentials_of
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings

#: The proxy, and another machine.
PROXY, OTHER = "10.0.0.7", "10.9.9.9"

Asking = Callable[..., TestClient]


@pytest.fixture(scope="module")
def credentials(untouched: Resources) -> dict[str, str]:
    people = People(untouched.engine)
    people.user("zoë", "viewer", disabled=True)
    people.user("robot", "operator", kind="service")
    return credentials_of(people)


@pytest.fixture(scope="module")
def by_name(untouched: Resources, credentials: dict[str, str]) -> Asking:
    app = create_app(with_settings(untouched, auth="proxy", trusted_proxies=f"{PROXY}, 10.0.1.0/24"), slots=0)
    return lambda peer=PROXY: LocalClient(app, peer=peer, base_url="http://openhours.example")


@pytest.fixture(scope="module")
def by_groups(untouched: Resources, credentials: dict[str, str]) -> Asking:
    settings = {
        "auth": "proxy",
        "trusted_proxies": PROXY,
        "proxy_user_header": "X-User",
        "proxy_groups_header": "X-Groups",
        "proxy_roles": "ops=operator,all=viewer",
    }
    app = create_app(with_settings(untouched, **settings), slots=0)
    return lambda peer=PROXY: LocalClient(app, peer=peer, base_url="http://openhours.example")


pytestmark = pytest.mark.usefixtures("stores_nothing")


@pytest.mark.parametrize(
    ("peer", "headers", "status", "code"),
    [
        (PROXY, {"X-Forwarded-User": "viewer"}, 200, None),
        (PROXY, {"X-Forwarded-User": "VIEWER"}, 200, None),
        (PROXY, {}, 401, "authentication_required"),
        (PROXY, {"X-Forwarded-User": " "}, 401, "authentication_required"),
        (PROXY, {"X-Forwarded-User": "stranger"}, 403, "not_allowed"),
        (PROXY, {"X-Forwarded-User": "gone"}, 401, "invalid_token"),
        (OTHER, {"X-Forwarded-User": "admin"}, 401, "authentication_required"),
        (OTHER, {"X-Forwarded-User": "admin", "X-Forwarded-For": PROXY}, 401, "authentication_required"),
        ("10.0.1.9", {"X-Forwarded-User": "viewer"}, 200, None),
        (PROXY, {"X_Forwarded_User": "admin"}, 400, "ambiguous_request"),
        (PROXY, {"X-Forwarded-User": "viewer", "X-Forwarded_User": "admin"}, 400, "ambiguous_request"),
    ],
)
def test_a_name_counts_from_a_trusted_proxy_alone(
    by_name: Asking, peer: str, headers: dict[str, str], status: int, code: str | None
) -> None:
    answer = by_name(peer).get("/reports", headers=headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_two_names_are_ambiguous(by_name: Asking) -> None:
    twice = [("X-Forwarded-User", "viewer"), ("X-Forwarded-User", "admin")]
    answer = by_name().get("/reports", headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, "ambiguous_request")


@pytest.mark.parametrize(
    ("groups", "status"), [("ops", 404), ("all, ops", 404), ("all", 403), ("", 403), (None, 403), ("admin", 403)]
)
def test_groups_decide_what_somebody_may_do(by_groups: Asking, groups: str | None, status: int) -> None:
    """Whether they have been added or not, and whatever role they were added with."""
    for name in ("stranger", "admin"):
        headers = {"X-User": name} | ({} if groups is None else {"X-Groups": groups})
        assert by_groups().delete(f"/reports/{'0' * 32}", headers=headers).status_code == status


def test_a_disabled_user_does_not_come_in_by_a_group(by_groups: Asking) -> None:
    assert by_groups().get("/reports", headers={"X-User": "gone", "X-Groups": "ops"}).status_code == 401


@pytest.mark.parametrize("name", ["zoë", "ZOË", "zoe\u0308"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_however_a_proxy_writes_a_disabled_user_they_stay_out(by_groups: Asking, name: str, encoding: str) -> None:
    if encoding == "latin-1" and "\u0308" in name:
        return
    headers = [(b"X-User", name.encode(encoding)), (b"X-Groups", b"ops")]
    assert by_groups().get("/reports", headers=headers).status_code == 401


def test_a_service_account_is_nobody_whom_a_proxy_can_log_in(by_name: Asking) -> None:
    answer = by_name().get("/reports", headers={"X-Forwarded-User": "robot"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_name_with_control_characters_is_nobody(by_groups: Asking) -> None:
    answer = by_groups().get("/reports", headers=[(b"X-User", b"a\tb"), (b"X-Groups", b"ops")])
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")


def test_a_key_counts_alone_with_and_without_a_proxy(by_name: Asking, credentials: dict[str, str]) -> None:
    for peer in (PROXY, OTHER):
        headers = {"X-Forwarded-User": "admin", "Authorization": f"Bearer {credentials['viewer']}"}
        assert by_name(peer).get("/reports", headers=headers).status_code == 200
        assert by_name(peer).delete(f"/reports/{'0' * 32}", headers=headers).status_code == 403


def test_pages_of_other_sites_may_not_use_the_login_at_the_proxy(by_name: Asking) -> None:
    headers = {"X-Forwarded-User": "operator", "Sec-Fetch-Site": "cross-site"}
    answer = by_name().post("/trigger_report", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin")


@pytest.mark.parametrize("proxies", [None, "", "*", "10.0.0.7, *"])
def test_not_every_peer_can_be_a_trusted_proxy(proxies: str | None) -> None:
    with pytest.raises(SetupError, match="OPENHOURS_TRUSTED_PROXIES"):
        mode_of(Settings(auth="proxy", trusted_proxies=proxies), host="10.0.0.1")


@pytest.mark.parametrize(
    ("auth", "host", "mode"),
    [
        (None, "127.0.0.1", Mode.LOCAL),
        (None, "localhost", Mode.LOCAL),
        (None, "::1", Mode.LOCAL),
        ("off", "127.0.0.1", Mode.LOCAL),
        ("on", "127.0.0.1", Mode.ON),
        (None, "10.0.0.1", Mode.ON),
        (None, "", Mode.ON),
        (None, "::", Mode.ON),
        (None, "localhost.example", Mode.ON),
        ("on", "10.0.0.1", Mode.ON),
    ],
)
def test_the_mode_follows_from_where_it_listens(auth: str | None, host: str, mode: Mode) -> None:
    assert mode_of(Settings(auth=auth), host=host) is mode  # type: ignore[arg-type]


def test_nothing_is_open_to_a_network() -> None:
    with pytest.raises(SetupError, match="OPENHOURS_AUTH is off"):
        mode_of(Settings(auth="off"), host="10.0.0.1")
