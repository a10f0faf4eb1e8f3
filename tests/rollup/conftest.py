"""A bucket for the tests of a module."""

from collections.abc import Iterator

import pytest

from app.settings import Settings
from app.storage.resources import Addresses
from tests.conftest import fresh_resources
from tests.rollup.world import World


@pytest.fixture(scope="module")
def world(servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_resources(servers, session_settings) as resources:
        yield World(resources, tmp_path_factory.mktemp("tables"))
