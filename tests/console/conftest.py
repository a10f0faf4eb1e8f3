"""The application with data of every sort, for the tests of a module."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.access.scopes import Role
from app.access.user_records import User
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.web.application import create_app
from tests.access.services import Accounts, accounts_of, empty
from tests.conftest import fresh_resources
from tests.console.browsing import PAGE, local_browser
from tests.local_client import LocalClient
from tests.web.test_addressed import with_settings

#: From which secrets of second factors are derived.
SECRET_KEY = SecretStr("a secret key of thirty-two characters or more")


@pytest.fixture(scope="module")
def console(loaded: Resources) -> Iterator[TestClient]:
    """With the sample data; asks as a person on this machine does."""
    with local_browser(with_settings(loaded, webhook_allow="127.0.0.1"), slots=2) as client:
        yield client


class Guarded:
    """An installation that asks who it is, and the browsers of its people."""

    def __init__(self, resources: Resources, **settings: object) -> None:
        self.accounts: Accounts = accounts_of(resources)
        changed = with_settings(resources, **{"auth": "on", "secret_key": SECRET_KEY, **settings})
        self.app = create_app(changed, slots=0)

    def browser(self, user: User | None = None) -> LocalClient:
        """One that has a session of a user, or none."""
        client = LocalClient(self.app, follow_redirects=False, raise_server_exceptions=False)
        client.headers["accept"] = PAGE
        if user is not None:
            secret = self.accounts.sessions.begin(user.id, "127.0.0.1", "Lynx/2.9")
            client.cookies.set("openhours", secret.text, domain="localhost.local", path="/")
        return client


@pytest.fixture(scope="module")
def signed_in(loaded: Resources) -> TestClient:
    """With the same data, but asked who it is; asks as an administrator who has logged in."""
    guarded = Guarded(loaded)
    return guarded.browser(guarded.accounts.person("root", Role.ADMIN))


@pytest.fixture(scope="module")
def kept(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """As resources, for a whole module."""
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def guarded_app(kept: Resources) -> Guarded:
    return Guarded(kept)


@pytest.fixture
def guarded(guarded_app: Guarded, kept: Resources) -> Guarded:
    """Without any user."""
    empty(kept)
    return guarded_app


@pytest.fixture
def local(guarded: Guarded, kept: Resources) -> LocalClient:
    """The same installation in local mode, without any user."""
    client = LocalClient(create_app(kept, slots=0), follow_redirects=False, raise_server_exceptions=False)
    client.headers["accept"] = PAGE
    return client
