"""Single sign-on as a browser does it: to the provider, and back to any replica."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from httpx import Response
from pydantic import SecretStr

from app.access.scopes import Role
from app.access.secrets import Kind
from app.storage.resources import Resources
from tests.access.provider import CLIENT_ID, CLIENT_SECRET, TestProvider, provider
from tests.access.replicas import replicas
from tests.access.services import PASSWORD, Accounts, accounts_of
from tests.local_client import LocalClient
from tests.web.gate.people import People

PUBLIC_URL = "https://openhours.example"


@dataclass(frozen=True, slots=True)
class Site:
    one: LocalClient
    two: LocalClient
    accounts: Accounts
    there: TestProvider


@pytest.fixture
def site(resources: Resources) -> Iterator[Site]:
    with provider() as there:
        settings = {
            "public_url": PUBLIC_URL,
            "oidc_issuer": there.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_roles": "ops=operator,admins=admin",
        }
        with replicas(resources, **settings) as (one, two):
            accounts = accounts_of(resources)
            accounts.person("root", Role.ADMIN)
            yield Site(one, two, accounts, there)


def browser(replica: LocalClient) -> LocalClient:
    """A browser that has nothing of the service yet."""
    return LocalClient(replica.app, base_url=PUBLIC_URL, follow_redirects=False)


def went(client: LocalClient, **query: str) -> dict[str, str]:
    """What a browser brings back after the person has logged in at the provider."""
    out = client.get("/login/oidc", params=query)
    assert out.status_code == 303
    back = httpx2.get(out.headers["location"]).headers["location"]
    assert back.startswith(f"{PUBLIC_URL}/login/oidc/callback?")
    return {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}


def came_back(client: LocalClient, query: dict[str, str]) -> Response:
    return client.get("/login/oidc/callback", params=query, headers={"Sec-Fetch-Site": "cross-site"})


def other_replica(client: LocalClient, replica: LocalClient) -> LocalClient:
    """The same browser, led to another replica."""
    return LocalClient(replica.app, base_url=PUBLIC_URL, cookies=dict(client.cookies), follow_redirects=False)


def test_a_login_that_one_replica_began_another_ends(site: Site) -> None:
    client = browser(site.one)
    query = went(client, next="/reports?limit=5")
    client = other_replica(client, site.two)
    answer = came_back(client, query)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports?limit=5")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-openhours="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {*cookie.split("; ")}
    me = client.get("/me").json()
    assert (me["name"], me["role"], me["via"]) == ("ada", "operator", "session")


def test_the_login_page_leads_there(site: Site) -> None:
    text = site.one.get("/login", params={"next": "/docs"}).text
    assert 'href="/login/oidc?next=/docs"' in text


def test_who_logs_in_again_is_the_same_user_with_the_role_of_now(site: Site) -> None:
    first = browser(site.one)
    came_back(first, went(first))
    site.there.person |= {"preferred_username": "ada lovelace", "groups": ["ops", "admins"]}
    second = browser(site.two)
    came_back(second, went(second))
    one, two = first.get("/me").json(), second.get("/me").json()
    assert one["user"]["id"] == two["user"]["id"]
    assert two["role"] == "admin"


def test_who_is_in_no_group_of_ours_is_refused_and_their_sessions_end(site: Site) -> None:
    client = browser(site.one)
    came_back(client, went(client))
    People(site.accounts.resources.engine).credential(client.get("/me").json()["user"]["id"], Kind.REFRESH)
    site.there.person |= {"groups": ["others"]}
    later = browser(site.one)
    answer = came_back(later, went(later))
    assert answer.status_code == 403
    assert "No group of yours" in answer.text
    assert "__Host-openhours" not in later.cookies
    assert site.accounts.rows("SELECT revoked_at IS NULL FROM token") == [(False,), (False,)]


def test_the_name_and_the_address_of_a_user_here_do_not_make_somebody_that_user(site: Site) -> None:
    site.accounts.run("UPDATE app_user SET email = 'root@openhours.example' WHERE name = 'root'")
    site.there.person |= {"preferred_username": "ROOT", "email": "root@openhours.example"}
    client = browser(site.one)
    came_back(client, went(client))
    me = client.get("/me").json()
    assert me["name"] == "ROOT@127.0.0.1"
    assert me["role"] == "operator"
    names = site.accounts.rows("SELECT name, role FROM app_user ORDER BY created_at")
    assert names == [("root", "admin"), ("ROOT@127.0.0.1", "operator")]


def test_a_user_who_is_disabled_here_stays_out(site: Site) -> None:
    client = browser(site.one)
    came_back(client, went(client))
    site.accounts.users.disable(client.get("/me").json()["user"]["id"])
    later = browser(site.one)
    assert came_back(later, went(later)).status_code == 401


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda query: {**query, "state": "x"}, id="another state"),
        pytest.param(lambda query: {"code": query["code"]}, id="no state"),
        pytest.param(lambda query: {"state": query["state"]}, id="no code"),
        pytest.param(lambda query: {**query, "code": "x"}, id="another code"),
        pytest.param(lambda query: {"state": query["state"], "error": "access_denied"}, id="the provider said no"),
    ],
)
def test_an_answer_that_is_not_right_begins_no_session(site: Site, attack: object) -> None:
    client = browser(site.one)
    answer = came_back(client, attack(went(client)))  # type: ignore[operator]
    assert answer.status_code == 401
    assert not [name for name in client.cookies if name.startswith("__Host-openhours")]
    assert client.get("/me").status_code == 401


def test_the_way_back_of_another_browser_begins_no_session(site: Site) -> None:
    """Somebody is led to an address that an attacker began, to be logged in as the attacker."""
    attacker, victim = browser(site.one), browser(site.one)
    query = went(attacker)
    assert came_back(victim, query).status_code == 401
    went(victim)
    assert came_back(victim, query).status_code == 401


def test_a_way_back_is_gone_once(site: Site) -> None:
    client = browser(site.one)
    query = went(client)
    assert came_back(client, query).status_code == 303
    assert came_back(client, query).status_code == 401


@pytest.mark.parametrize("where", ["//evil.example", "https:evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_66_nobody_is_led_on_to_another_site(site: Site, where: str) -> None:
    client = browser(site.one)
    assert came_back(client, went(client, next=where)).headers["location"] == "/console"


def test_a_provider_that_is_away_is_told_on_the_page_of_the_login(site: Site) -> None:
    site.there.document = {"issuer": "https://elsewhere.example"}
    answer = browser(site.one).get("/login/oidc")
    assert answer.status_code == 503
    assert "log in by password" in answer.text
    assert 'name="password"' in answer.text


def test_without_a_provider_there_is_no_such_route(resources: Resources) -> None:
    accounts_of(resources).person("root", Role.ADMIN)
    with replicas(resources, count=1) as [one]:
        assert one.get("/login/oidc").status_code == 404
        assert "oidc" not in one.get("/login").text
        assert one.post("/login", json={"name": "root", "password": PASSWORD}).status_code == 200
