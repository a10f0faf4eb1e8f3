"""Schedules on real servers."""

from collections.abc import Iterator

import pytest

from app.access.principal import Principal, acting_as
from app.access.scopes import SCOPES_OF, Role
from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, load_file
from tests.schedules.replicas import Installation, installation


@pytest.fixture
def ada() -> Principal:
    """Who makes schedules in these tests, unless they say otherwise."""
    return Principal(name="ada", via="local", scopes=SCOPES_OF[Role.OPERATOR], role=Role.OPERATOR)


@pytest.fixture
def installed(resources: Resources, ada: Principal) -> Iterator[Installation]:
    with acting_as(ada), installation(resources, max_outstanding=1_000_000) as found:
        yield found


@pytest.fixture
def loaded_with_samples(installed: Installation) -> Installation:
    """With a little of each sample."""
    for name, kind in (("polls", "polls"), ("pull_requests", "pull_requests"), ("plays_table", "table")):
        load_file(installed.resources, kind, SAMPLE_DATA / f"{name}.csv")
    return installed
