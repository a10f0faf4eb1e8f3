"""One database for the tests of a module; each begins without users and without counted attempts."""

from collections.abc import Iterator

import pytest

from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.access.services import Accounts, accounts_of, empty
from tests.conftest import fresh_resources


@pytest.fixture(scope="module")
def kept(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """As resources, for a whole module."""
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture
def emptied(kept: Resources) -> Resources:
    """As kept, without users, credentials, audit and counted attempts."""
    empty(kept)
    return kept


@pytest.fixture
def accounts(emptied: Resources) -> Accounts:
    return accounts_of(emptied)
