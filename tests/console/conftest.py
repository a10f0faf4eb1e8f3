"""The application with data of every sort, for the tests of a module."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import api


@pytest.fixture(scope="module")
def console(loaded: Resources) -> Iterator[TestClient]:
    """With the sample data; asks as a person on this machine does."""
    with api(loaded, slots=2) as client:
        client.headers["accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        yield client
