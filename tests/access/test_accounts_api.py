"""Accounts over HTTP, on two replicas; the numbers are those of the table of attacks."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter, sleep
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from app.access.scopes import Role, Scope
from app.access.secrets import Kind, new_secret
from app.access.user_records import User
from app.storage.resources import Resources
from app.web.application import create_app
from tests.access.services import PASSWORD, Accounts, accounts_of
from tests.local_client import LocalClient

NEW_PASSWORD = "eleven green kettles"

#: What people may call themselves, their keys and addresses.
MARKUP = "<img src=x onerror=alert(1)>"

#: How long a replica may go on accepting what another has ended, seconds.
EVERYWHERE = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """Two replicas that ask for credentials, and the services behind them."""

    one: LocalClient
    two: LocalClient
    accounts: Accounts

    def browser(self, user: User, *, replica: LocalClient | None = None) -> LocalClient:
        """A client of a replica with a session of a user."""
        secret = self.accounts.sessions.begin(user.id, "127.0.0.1", "test")
        return self.having(secret.text, replica=replica)

    def having(self, cookie: str, *, replica: LocalClient | None = None) -> LocalClient:
        """A client of a replica with a cookie."""
        client = LocalClient((replica or self.one).app, follow_redirects=False)
        client.cookies.set("openhours", cookie, domain="localhost.local", path="/")
        return client

    def from_address(self, address: str) -> LocalClient:
        """A client of a replica that comes from another address by https."""
        return LocalClient(self.one.app, peer=address, base_url="https://openhours.example", follow_redirects=False)


@pytest.fixture(scope="module")
def replicas(kept: Resources) -> tuple[LocalClient, LocalClient]:
    settings = kept.settings.model_copy(update={"auth": "on"})
    made = [create_app(replace(kept, settings=settings), slots=0) for _ in range(2)]
    one, two = (LocalClient(app, follow_redirects=False, raise_server_exceptions=False) for app in made)
    return one, two


@pytest.fixture
def site(replicas: tuple[LocalClient, LocalClient], accounts: Accounts) -> Site:
    for client in replicas:
        client.cookies.clear()
    return Site(*replicas, accounts)


def key_headers(site: Site, user: User, *scopes: Scope) -> dict[str, str]:
    _, secret = site.accounts.keys.make(user.id, "test", scopes=scopes or None)
    return {"Authorization": f"Bearer {secret.text}"}


def code_of(answer: Response) -> str:
    return f"{answer.status_code} {answer.json()['code']}"


def log_in(client: LocalClient, name: str, password: str = PASSWORD, **more: str) -> Response:
    return client.post("/login", data={"name": name, "password": password, **more})


def is_ended(client: LocalClient, headers: dict[str, str] | None = None) -> bool:
    """Whether a replica refuses, within the second that is promised."""
    until = perf_counter() + EVERYWHERE
    while client.get("/me", headers=headers).status_code != 401:
        if perf_counter() > until:
            return False
        sleep(0.05)
    return True


def test_57_an_unknown_name_and_a_wrong_password_have_the_same_answer(site: Site) -> None:
    site.accounts.person("ada")
    answers = [
        ask(client, name)
        for name in ("ada", "eve")
        for client in (site.one, site.from_address("192.0.2.1"))
        for ask in (
            lambda client, name: log_in(client, name, "a wrong password"),
            lambda client, name: client.post("/login", json={"name": name, "password": "a wrong password"}),
        )
    ]
    half = len(answers) // 2
    for known_name, unknown_name in zip(answers[:half], answers[half:], strict=True):
        assert known_name.status_code == unknown_name.status_code == 401
        assert known_name.text.replace("ada", "…") == unknown_name.text.replace("eve", "…")
        assert "set-cookie" not in known_name.headers


def test_halves_of_characters_are_no_password_and_no_fault_of_ours(site: Site) -> None:
    site.accounts.person("ada")
    json = {"Content-Type": "application/json"}
    for name in ("ada", "nobody"):
        answer = site.one.post("/login", content=f'{{"name": "{name}", "password": "\\ud800"}}', headers=json)
        assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")
    body = f'{{"current_password": "{PASSWORD}", "password": "seventeen \\udc80 ladders"}}'
    log_in(site.one, "ada")
    answer = site.one.post("/me/password", content=body, headers=json)
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")


def test_58_after_six_wrong_passwords_only_a_known_address_gets_in(site: Site) -> None:
    site.accounts.person("ada")
    home, elsewhere = site.from_address("192.0.2.1"), site.from_address("198.51.100.7")
    assert log_in(home, "ada").status_code == 303
    statuses = [log_in(elsewhere, "ada", "a wrong password").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    refused = log_in(elsewhere, "ada")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    assert log_in(home, "ada").status_code == 303


def test_61_while_many_log_in_others_are_answered(site: Site) -> None:
    headers = key_headers(site, site.accounts.person("ada"))
    app: Any = site.one.app

    async def ask(address: str, method: str, path: str, **options: Any) -> Response:
        transport = ASGITransport(app, client=(address, 50_000))
        async with AsyncClient(transport=transport, base_url="https://openhours.example") as client:
            return await client.request(method, path, **options)

    async def run() -> tuple[list[int], int]:
        form = {"password": "a wrong password"}
        asked = [
            asyncio.create_task(ask(f"192.0.2.{at}", "POST", "/login", data={**form, "name": f"user {at}"}))
            for at in range(8)
        ]
        polls = 0
        while not all(one.done() for one in asked):
            answer = await ask("192.0.2.99", "GET", "/me", headers=headers)
            assert answer.status_code == 200
            polls += 1
        return [one.result().status_code for one in asked], polls

    statuses, polls = asyncio.run(run())
    assert statuses == [401] * 8
    assert polls > 1


def test_62_a_session_from_before_the_login_is_none_after_it(site: Site) -> None:
    ada, mallory = site.accounts.person("ada"), site.accounts.person("mallory")
    planted = site.browser(mallory)
    before = planted.cookies["openhours"]
    assert log_in(planted, "ada").status_code == 303
    assert planted.cookies["openhours"] != before
    assert planted.get("/me").json()["user"]["id"] == ada.id
    assert is_ended(site.having(before))


def test_63_a_session_ends_everywhere_at_logout(site: Site) -> None:
    ada = site.accounts.person("ada")
    browser = site.browser(ada)
    again = site.having(browser.cookies["openhours"], replica=site.two)
    assert again.get("/me").status_code == 200
    answer = browser.post("/logout")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert is_ended(again)


def test_64_a_password_changes_only_with_the_current_one_and_ends_other_sessions(site: Site) -> None:
    ada = site.accounts.person("ada")
    browser, other = site.browser(ada), site.browser(ada, replica=site.two)
    assert other.get("/me").status_code == 200
    for body in ({"password": NEW_PASSWORD}, {"current_password": "a wrong password", "password": NEW_PASSWORD}):
        refused = browser.post("/me/password", json=body)
        assert refused.status_code == 422
        assert "current_password" in refused.json()["detail"]
        assert NEW_PASSWORD not in refused.text
    assert other.get("/me").status_code == 200
    before = browser.cookies["openhours"]
    changed = browser.post("/me/password", json={"current_password": PASSWORD, "password": NEW_PASSWORD})
    assert changed.status_code == 204
    assert browser.cookies["openhours"] != before
    assert browser.get("/me").status_code == 200
    assert is_ended(other)
    assert is_ended(site.having(before))


def test_65_what_a_disabled_user_has_is_refused_on_every_replica(site: Site) -> None:
    admin, ada = site.accounts.person("root", Role.ADMIN), site.accounts.person("ada")
    secret = site.accounts.sessions.begin(ada.id, None, None).text
    headers = key_headers(site, ada)
    browsers = [site.having(secret, replica=replica) for replica in (site.one, site.two)]
    assert [browser.get("/me").status_code for browser in browsers] == [200, 200]
    assert [replica.get("/me", headers=headers).status_code for replica in (site.one, site.two)] == [200, 200]
    answer = site.browser(admin).patch(f"/users/{ada.id}", json={"disabled": True})
    assert answer.json()["disabled_at"] is not None
    assert all(is_ended(browser) for browser in browsers)
    assert all(is_ended(replica, headers) for replica in (site.one, site.two))


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("//evil.example", "https:evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"),
        *(
            "/%0d%0aSet-Cookie: a=b",
            "/\r\nSet-Cookie: a=b",
            "/%2f/evil.example",
            "/%5cevil.example",
            "\\\\evil",
            "",
            "x",
        ),
    ],
)
def test_66_a_login_leads_on_to_this_service_alone(site: Site, elsewhere: str) -> None:
    site.accounts.person("ada")
    answer = log_in(site.one, "ada", next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    page = site.one.get("/login", params={"next": elsewhere})
    assert page.status_code == 200
    assert "evil" not in page.text


def test_66_a_login_leads_on_to_where_somebody_wanted_to_be(site: Site) -> None:
    site.accounts.person("ada")
    assert 'value="/docs?a=1&amp;b=2"' in site.one.get("/login", params={"next": "/docs?a=1&b=2"}).text
    assert log_in(site.one, "ada", next="/docs?a=1&b=2").headers["location"] == "/docs?a=1&b=2"


def test_below_a_path_of_a_proxy_each_page_leads_on_below_it(emptied: Resources) -> None:
    settings = emptied.settings.model_copy(update={"auth": "on", "root_path": "/openhours"})
    client = LocalClient(create_app(replace(emptied, settings=settings), slots=0), follow_redirects=False)
    site = Site(client, client, accounts_of(emptied))
    assert set_up(client, setup_code(site)).headers["location"] == "/openhours/console"
    assert log_in(client, "ada", next="/docs").headers["location"] == "/openhours/docs"
    assert client.post("/logout", data={"x": "y"}).headers["location"] == "/openhours/login"
    code = site.accounts.codes.link(site.accounts.users.named("ada").id).secret.text
    reset = client.post("/reset", data={"code": code, "password": PASSWORD})
    assert reset.headers["location"] == "/openhours/login?said=password_set"


def test_whoever_opens_the_set_up_again_in_a_browser_is_sent_to_the_login(site: Site) -> None:
    site.accounts.person("ada")
    answer = site.one.get("/setup", headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("user_id", ["0" * 32, "%00", "a%ed%a0%80"])
def test_keys_of_a_user_that_nobody_is_are_refused(site: Site, user_id: str) -> None:
    site.accounts.person("ada", Role.ADMIN)
    log_in(site.one, "ada")
    assert code_of(site.one.get(f"/keys?user_id={user_id}")) == "404 unknown_user"


def setup_code(site: Site) -> str:
    secret = site.accounts.codes.setup()
    assert secret is not None
    return secret.text


def set_up(client: LocalClient, code: str, name: str = "ada") -> Response:
    return client.post("/setup", data={"code": code, "name": name, "password": PASSWORD})


def test_67_the_set_up_code_is_good_once_and_not_for_guessing(site: Site) -> None:
    code = setup_code(site)
    assert set_up(site.one, new_secret(Kind.ONCE).text).status_code == 404
    done = set_up(site.one, code)
    assert (done.status_code, done.headers["location"]) == (303, "/console")
    assert site.one.get("/me").json()["role"] == "admin"
    assert set_up(site.two, code, "eve").status_code == 410
    assert site.two.get("/setup").status_code == 404
    wrong = [set_up(site.two, new_secret(Kind.ONCE).text, "eve").status_code for _ in range(20)]
    assert wrong == [404] * 17 + [429] * 3  # three came before


def test_67_of_two_at_once_on_two_replicas_one_gets_in(site: Site) -> None:
    code = setup_code(site)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(set_up, client, code, name) for client, name in ((site.one, "ada"), (site.two, "eve"))]
    assert sorted(one.result().status_code for one in asked) == [303, 410]
    assert len(site.accounts.users.list(limit=10).items) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_68_a_program_that_opens_every_link_uses_up_no_code(site: Site, method: str) -> None:
    code = setup_code(site)
    for path in ("/setup", f"/setup?code={code}", "/reset"):
        site.one.request(method, path)
    assert set_up(site.one, code).status_code == 303
    link = site.one.post("/users", json={"name": "bob", "role": "viewer"}).json()["invitation"]["link"]
    site.two.request(method, link)
    answer = site.two.post("/reset", data={"code": link.partition("#")[2], "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?said=password_set")


def test_69_a_reset_link_is_for_its_own_user_once(site: Site) -> None:
    admin, ada = site.accounts.person("root", Role.ADMIN), site.accounts.person("ada")
    site.accounts.person("bob")
    session = site.browser(ada, replica=site.two)
    assert session.get("/me").status_code == 200
    made = site.browser(admin).post(f"/users/{ada.id}/link")
    assert made.headers["cache-control"] == "no-store"
    assert (made.json()["purpose"], made.json()["link"][:7]) == ("reset", "/reset#")
    code = made.json()["link"].partition("#")[2]
    asked = {"code": code, "password": NEW_PASSWORD}
    assert code_of(site.one.post("/reset", json={**asked, "name": "bob"})) == "404 unknown_code"
    assert site.one.post("/reset", json=asked).status_code == 204
    assert code_of(site.two.post("/reset", json=asked)) == "410 code_spent"
    assert is_ended(session)
    late = site.accounts.codes.link(ada.id).secret.text
    site.accounts.run("UPDATE token SET expires_at = now() WHERE purpose = 'reset'")
    assert code_of(site.one.post("/reset", json={**asked, "code": late})) == "410 code_spent"


def test_69_links_lead_to_the_public_address_and_never_to_the_host_that_was_asked(emptied: Resources) -> None:
    settings = emptied.settings.model_copy(update={"auth": "on", "public_url": "https://openhours.example/"})
    accounts = accounts_of(emptied)
    admin, ada = accounts.person("root", Role.ADMIN), accounts.person("ada")
    client = LocalClient(create_app(replace(emptied, settings=settings), slots=0))
    _, key = accounts.keys.make(admin.id, "test")
    headers = {"Authorization": f"Bearer {key.text}", "Host": "evil.example"}
    assert (
        client.post(f"/users/{ada.id}/link", headers=headers)
        .json()["link"]
        .startswith("https://openhours.example/reset#oh1_")
    )


def test_71_names_are_shown_as_text_on_every_page(site: Site) -> None:
    for page in (
        log_in(site.one, MARKUP, "a wrong password"),
        set_up(site.one, "oh1_" + MARKUP, MARKUP),
        site.one.post("/reset", data={"code": MARKUP, "password": MARKUP, "name": MARKUP}),
        site.one.get("/login", params={"next": f"/{MARKUP}"}),
    ):
        assert page.headers["content-type"].startswith("text/html")
        assert "<img" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "<script>" not in page.text


#: What each route takes.
BODIES: dict[str, dict[str, Any]] = {
    "POST /users": {"name": "eve", "role": "viewer"},
    "PATCH /me": {"email": None},
    "POST /me/password": {"current_password": PASSWORD, "password": NEW_PASSWORD},
    "POST /keys": {"name": "eve"},
    "POST /login": {"name": "root", "password": PASSWORD},
    "POST /setup": {"name": "eve", "password": PASSWORD, "code": "oh1_"},
    "POST /reset": {"password": PASSWORD, "code": "oh1_"},
}

#: What none of them takes, but for a role and a kind of a new user and whose a new key is.
SMUGGLED: dict[str, Any] = {
    "role": "admin",
    "kind": "person",
    "id": "0" * 32,
    "expires_at": None,
    "user_id": "0" * 32,
    "password_hash": "x",
    "disabled": False,
}


@pytest.mark.parametrize("where", BODIES)
def test_72_nothing_is_smuggled_in(site: Site, where: str) -> None:
    method, _, path = where.partition(" ")
    admin = site.browser(site.accounts.person("root", Role.ADMIN))
    for member, value in SMUGGLED.items():
        if (path, member) in {("/users", "role"), ("/users", "kind"), ("/keys", "user_id")}:
            continue
        answer = admin.request(method, path, json={**BODIES[where], member: value})
        assert code_of(answer) == "422 malformed_request"
        assert f"{member}: is not known" in answer.json()["detail"]
    assert site.accounts.rows("SELECT count(*) FROM app_user") == [(1,)]
    assert site.accounts.rows("SELECT count(*) FROM token") == [(1,)]


def test_72_nobody_gives_themselves_more_than_they_have(site: Site) -> None:
    ada = site.accounts.person("ada", Role.OPERATOR)
    browser = site.browser(ada)
    assert browser.put("/users/me", json={"role": "admin"}).status_code in {403, 405}
    assert code_of(browser.patch(f"/users/{ada.id}", json={"role": "admin"})) == "403 not_allowed"
    beyond = browser.post("/keys", json={"name": "more", "scopes": ["users:admin"]})
    assert code_of(beyond) == "422 invalid_parameters"
    headers = key_headers(site, ada, Scope.REPORTS_READ)
    assert code_of(site.one.post("/keys", json={"name": "more"}, headers=headers)) == "403 not_allowed"
    assert site.one.get("/me", headers=headers).json()["scopes"] == ["reports:read"]


def test_72_a_key_of_somebody_else_looks_like_one_that_does_not_exist(site: Site) -> None:
    ada, bob = site.accounts.person("ada"), site.accounts.person("bob")
    key, _ = site.accounts.keys.make(ada.id, "ada's")
    browser = site.browser(bob)
    for key_id in (key.id, "AAAAAAAA"):
        assert code_of(browser.get(f"/keys/{key_id}")) == "404 unknown_key"
        assert code_of(browser.delete(f"/keys/{key_id}")) == "404 unknown_key"
        assert code_of(browser.post(f"/keys/{key_id}/replace", json={})) == "404 unknown_key"
    for query in ("all", ada.id, "0" * 32):
        assert code_of(browser.get("/keys", params={"user_id": query})) == "403 not_allowed"
    assert code_of(browser.post("/keys", json={"name": "x", "user_id": ada.id})) == "403 not_allowed"
    assert browser.get("/keys").json() == {"keys": [], "next_cursor": None}
    assert site.accounts.keys.get(key.id).is_alive


def test_73_the_last_administrator_stays(site: Site) -> None:
    root = site.accounts.person("root", Role.ADMIN)
    browser = site.browser(root)
    for change in ({"role": "viewer"}, {"disabled": True}, {"disabled": True, "email": "root@example.com"}):
        assert code_of(browser.patch(f"/users/{root.id}", json=change)) == "409 last_admin"
    assert code_of(browser.delete(f"/users/{root.id}")) == "409 last_admin"
    assert site.accounts.users.get(root.id) == root


def test_73_of_two_who_demote_each_other_at_once_one_stays(site: Site) -> None:
    ada, bob = (site.accounts.person(name, Role.ADMIN) for name in ("ada", "bob"))
    browsers = [(site.browser(ada), bob), (site.browser(bob, replica=site.two), ada)]
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(browser.patch, f"/users/{other.id}", json={"role": "viewer"}) for browser, other in browsers
        ]
    statuses = sorted(one.result().status_code for one in asked)
    # The second either waits for the first and is refused, or comes when its own rights are gone already.
    assert statuses in ([200, 409], [200, 403], [200, 401])
    assert sum(one.role is Role.ADMIN for one in site.accounts.users.list(limit=10).items) == 1


def test_a_key_is_made_listed_replaced_and_revoked(site: Site) -> None:
    browser = site.browser(site.accounts.person("ada", Role.OPERATOR))
    made = browser.post("/keys", json={"name": "notebook", "scopes": ["data:read"], "days": 30})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    key = made.json()
    old = {"Authorization": f"Bearer {key.pop('key')}"}
    assert browser.get("/keys").json()["keys"] == [key]
    assert browser.get(f"/keys/{key['id']}").json() == key
    new = browser.post(f"/keys/{key['id']}/replace", json={"overlap_hours": 24}).json()
    assert site.one.get("/me", headers=old).json()["scopes"] == ["data:read"]
    assert site.one.get("/me", headers={"Authorization": f"Bearer {new['key']}"}).status_code == 200
    assert code_of(browser.post(f"/keys/{key['id']}/replace", json={})) == "409 key_ended"
    assert browser.delete(f"/keys/{key['id']}").status_code == 204
    sleep(EVERYWHERE)
    assert code_of(site.two.get("/me", headers=old)) == "401 invalid_token"
    assert [one["is_alive"] for one in browser.get("/keys").json()["keys"]] == [True, False]


def test_a_service_account_gets_keys_from_an_administrator(site: Site) -> None:
    browser = site.browser(site.accounts.person("root", Role.ADMIN))
    robot = browser.post("/users", json={"name": "uploader", "role": "operator", "kind": "service"}).json()
    assert robot["invitation"] is None
    made = browser.post("/keys", json={"name": "nightly", "user_id": robot["id"], "days": 365}).json()
    me = site.one.get("/me", headers={"Authorization": f"Bearer {made['key']}"}).json()
    assert (me["name"], me["role"], me["user"]["kind"]) == ("uploader", "operator", "service")
    assert code_of(browser.post(f"/users/{robot['id']}/link")) == "422 invalid_parameters"
    assert [one["name"] for one in browser.get("/keys", params={"user_id": "all"}).json()["keys"]] == ["nightly"]


def test_sessions_are_listed_and_ended(site: Site) -> None:
    ada, bob = site.accounts.person("ada"), site.accounts.person("bob")
    browser, other, third = site.browser(ada), site.browser(ada), site.browser(ada)
    listed = browser.get("/sessions").json()["sessions"]
    assert sorted(one["is_this"] for one in listed) == [False, False, True]
    other_id = next(one["id"] for one in other.get("/sessions").json()["sessions"] if one["is_this"])
    assert code_of(site.browser(bob).delete(f"/sessions/{other_id}")) == "404 unknown_session"
    assert browser.delete(f"/sessions/{other_id}").status_code == 204
    assert browser.delete("/sessions").json() == {"ended": 1}
    assert is_ended(other)
    assert is_ended(third)
    assert browser.get("/me").status_code == 200


def test_over_http_beyond_this_machine_nobody_logs_in(site: Site) -> None:
    site.accounts.person("ada")
    client = LocalClient(site.one.app, peer="192.0.2.1", base_url="http://openhours.example")
    answer = client.post("/login", json={"name": "ada", "password": PASSWORD})
    assert code_of(answer) == "403 https_needed"
    assert "OPENHOURS_PUBLIC_URL=https://" in answer.json()["detail"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://localhost", {"openhours=…", "HttpOnly", "Path=/", "SameSite=lax"}),
        ("https://openhours.example", {"__Host-openhours=…", "HttpOnly", "Path=/", "SameSite=lax", "Secure"}),
    ],
)
def test_a_session_is_a_cookie_that_no_script_and_no_other_host_has(
    site: Site, base_url: str, expected: set[str]
) -> None:
    site.accounts.person("ada")
    client = LocalClient(site.one.app, base_url=base_url)
    answer = client.post("/login", json={"name": "ada", "password": PASSWORD})
    assert answer.json()["name"] == "ada"
    cookie = answer.headers["set-cookie"]
    name, _, _ = cookie.partition("=")
    assert {part.strip() for part in cookie.replace(client.cookies[name], "…").split(";")} == expected
    assert client.get("/me").status_code == 200


def test_a_page_of_another_site_logs_nobody_in_or_out(site: Site) -> None:
    ada = site.accounts.person("ada")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    form = {"name": "ada", "password": PASSWORD}
    assert code_of(site.one.post("/login", data=form, headers=foreign)) == "403 cross_origin"
    browser = site.browser(ada)
    assert code_of(browser.post("/logout", headers=foreign)) == "403 cross_origin"
    assert browser.get("/me").status_code == 200


def test_users_are_added_changed_and_removed(site: Site) -> None:
    browser = site.browser(site.accounts.person("root", Role.ADMIN))
    bob = browser.post("/users", json={"name": MARKUP, "role": "viewer", "email": "bob@example.com"}).json()
    assert (bob["name"], bob["has_password"], bob["created_by"]) == (MARKUP, False, "root")
    assert code_of(browser.post("/users", json={"name": MARKUP.upper(), "role": "viewer"})) == "409 name_taken"
    changed = browser.patch(f"/users/{bob['id']}", json={"role": "operator", "email": None}).json()
    assert (changed["role"], changed["email"]) == ("operator", None)
    assert [one["name"] for one in browser.get("/users", params={"limit": 1}).json()["users"]] == [MARKUP]
    assert code_of(browser.get("/users", params={"limit": 201})) == "422 malformed_request"
    assert browser.delete(f"/users/{bob['id']}").status_code == 204
    assert code_of(browser.get(f"/users/{bob['id']}")) == "404 unknown_user"


def test_in_local_mode_there_is_nothing_of_ones_own(emptied: Resources) -> None:
    client = LocalClient(create_app(emptied, slots=0))
    assert client.get("/me").json() == {
        "name": "local",
        "via": "local",
        "role": "admin",
        "scopes": sorted(scope.value for scope in Scope),
        "user": None,
    }
    for answer in (client.get("/sessions"), client.get("/keys"), client.post("/keys", json={"name": "mine"})):
        assert code_of(answer) == "403 not_allowed"
    ada = client.post("/users", json={"name": "ada", "role": "admin"}).json()
    assert client.post("/keys", json={"name": "hers", "user_id": ada["id"]}).status_code == 201


def test_no_secret_is_written_down(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    code = setup_code(site)
    set_up(site.one, code)
    key = site.one.post("/keys", json={"name": "mine"}).json()["key"]
    link = site.one.post("/users", json={"name": "bob", "role": "viewer"}).json()["invitation"]["link"]
    site.two.post("/reset", json={"code": link.partition("#")[2], "password": NEW_PASSWORD})
    log_in(site.two, "bob", NEW_PASSWORD)
    made = [
        code,
        key,
        link.partition("#")[2],
        PASSWORD,
        NEW_PASSWORD,
        *(one.cookies["openhours"] for one in (site.one, site.two)),
    ]
    tables = ("app_user", "token", "audit", "login_address")
    written = caplog.text + json.dumps([site.accounts.rows(f"SELECT * FROM {name}") for name in tables], default=str)
    assert [one for one in made if one in written] == []
    assert len(made) == len(set(made)) == 7
