"""A server that takes uploads, and what was made of them."""

from collections.abc import Iterator

import httpx2
import pytest

from app.storage.resources import Resources
from app.web import application
from app.web.server import serving
from tests.uploads.catalogue import Catalogue

#: A disk that others use, too, may keep S3 for a while, seconds.
PATIENCE_SECONDS = 60


@pytest.fixture
def catalogue(resources: Resources) -> Catalogue:
    return Catalogue(resources)


@pytest.fixture
def address(resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a server is that nobody works behind."""
    monkeypatch.setattr(application, "upload_hooks", lambda _: catalogue.hooks)
    with serving(resources, slots=0) as address:
        yield address


@pytest.fixture
def http(address: str) -> Iterator[httpx2.Client]:
    """A client that speaks the protocol's version."""
    with client_of(address) as client:
        yield client


@pytest.fixture(scope="module")
def asking(untouched: Resources) -> Iterator[httpx2.Client]:
    """As http, one for all tests of a module in which everything is refused."""
    with serving(untouched, slots=0) as address, client_of(address) as client:
        yield client


@pytest.fixture
def refused(asking: httpx2.Client, stores_nothing: None) -> httpx2.Client:
    """As http; nothing that is asked may be stored."""
    return asking


def client_of(address: str) -> httpx2.Client:
    return httpx2.Client(base_url=address, headers={"Tus-Resumable": "1.0.0"}, timeout=PATIENCE_SECONDS)
