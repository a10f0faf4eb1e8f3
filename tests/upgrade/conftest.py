"""The installation of the version before in servers of this one, before and after its migration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.storage.migrate import migrate
from app.storage.resources import Resources
from tests.conftest import api
from tests.upgrade.earlier import Earlier, restore


@pytest.fixture
def unmigrated(resources: Resources, tmp_path: Path) -> Earlier:
    """What the version before has left."""
    with resources.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return restore(resources.database_url, resources.redis, resources.object_store, tmp_path)


@pytest.fixture
def earlier(resources: Resources, unmigrated: Earlier) -> Earlier:
    """The same, migrated."""
    migrate(resources.engine)
    return unmigrated


@pytest.fixture
def idle(resources: Resources, earlier: Earlier) -> Iterator[TestClient]:
    """The API of a replica that runs no jobs."""
    with api(resources, slots=0) as client:
        yield client


@pytest.fixture
def client(resources: Resources, earlier: Earlier) -> Iterator[TestClient]:
    """The API of a replica that runs jobs."""
    with api(resources, slots=2) as client:
        yield client
