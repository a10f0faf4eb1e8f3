"""Whoever holds the lock of an upload gives up when nothing comes, and when it cannot hold on."""

import asyncio
from asyncio import Event
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic

import httpx2
import pytest

from app.errors import DatabaseUnavailable, UploadCut
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from app.uploads import hold, lock
from app.uploads.hold import Hold
from app.uploads.incoming import Block
from tests.uploads.test_protocol import create


@pytest.fixture(autouse=True)
def _renewed_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.05)


@pytest.fixture
def upload_id(http: httpx2.Client) -> str:
    return create(http, 6).rpartition("/")[2]


def held(resources: Resources, upload_id: str) -> Hold:
    with resources.engine.begin() as connection:
        fence = lock.take(connection, upload_id, ttl_hours=1)
    assert fence is not None
    return Hold(resources, upload_id, fence, is_stopping=lambda: False)


async def feed_nothing(hold: Hold) -> None:
    """Hold on to a connection on which nothing comes."""

    async def silence() -> AsyncIterator[Block]:
        await Event().wait()
        yield b""

    async def take(_: Block) -> None: ...

    async with hold:
        await asyncio.wait_for(hold.feed(silence(), take), timeout=20)


def test_a_connection_on_which_nothing_comes_is_given_up_though_nobody_waits(
    resources: Resources, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "SILENT_SECONDS", 0.1)
    with pytest.raises(UploadCut, match="no bytes arrived for"):
        asyncio.run(feed_nothing(held(resources, upload_id)))
    with resources.engine.begin() as connection:
        assert lock.take(connection, upload_id, ttl_hours=1) is not None


def test_a_connection_without_a_lock_is_watched_all_the_same(
    resources: Resources, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "SILENT_SECONDS", 0.1)
    with resources.engine.begin() as connection:
        assert lock.take(connection, upload_id, ttl_hours=1) is not None
    watched = Hold(resources, upload_id, None, is_stopping=lambda: False)
    with pytest.raises(UploadCut, match="no bytes arrived for"):
        asyncio.run(feed_nothing(watched))
    assert not watched.is_lost
    with resources.engine.begin() as connection:  # another request has the lock, and keeps it
        assert lock.take(connection, upload_id, ttl_hours=1) is None


def test_a_lock_that_cannot_be_renewed_is_lost_when_it_has_ended(
    resources: Resources, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOCK_SECONDS", 0.4)
    away = build_engine("postgresql://nobody@127.0.0.1:1/nowhere", pool_size=1)
    began = monotonic()
    cut_off = held(resources, upload_id)
    cut_off._resources = replace(resources, engine=away)
    with pytest.raises(DatabaseUnavailable):
        asyncio.run(feed_nothing(cut_off))
    assert monotonic() - began >= 0.4
    assert cut_off.is_lost
    away.dispose()
