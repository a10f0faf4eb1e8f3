"""One request at a time adds to an upload; one whose connection is dead does not keep the others out for long."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import text

from app.storage.resources import Resources
from app.uploads import lock, records
from app.uploads.incoming import in_thread
from tests.commands import wait_until
from tests.uploads.catalogue import Catalogue
from tests.uploads.test_protocol import create, patch

#: The lock lasts eight seconds, and whoever holds it looks around every two, seconds.
PATIENCE_SECONDS = 20


@contextmanager
def half_open(address: str, path: str, content: bytes, *, length: int) -> Iterator[None]:
    """A PATCH that stops in the middle, on a connection that stays open."""
    parts = urlsplit(address)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
        connection.sendall(head.encode() + content)
        yield


def wait_for_lock(resources: Resources) -> None:
    with resources.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wait_until(lambda: connection.scalar(text("SELECT fence FROM upload")))


def settled(http: httpx2.Client, path: str) -> int:
    """The offset; 0 while another request has the lock, and the answer is that it is busy."""
    answer = http.head(path)
    assert answer.status_code in {200, 423}
    return int(answer.headers.get("upload-offset", 0))


def test_a_dead_connection_gives_way_with_what_came_on_it(
    address: str, http: httpx2.Client, resources: Resources, catalogue: Catalogue
) -> None:
    path = create(http, 6)
    with half_open(address, path, b"abc", length=6):
        wait_for_lock(resources)
        busy = patch(http, path, 0, b"abcdef")
        assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (423, "upload_busy", "1")
        assert wait_until(lambda: settled(http, path), seconds=PATIENCE_SECONDS) == 3
        assert patch(http, path, 3, b"def").status_code == 204
    assert catalogue.stored(catalogue.accepted[0]) == b"abcdef"


def test_a_connection_that_breaks_leaves_what_came_on_it(
    address: str, http: httpx2.Client, catalogue: Catalogue
) -> None:
    path = create(http, 12 << 20)
    with half_open(address, path, b"x" * (9 << 20), length=12 << 20):
        pass
    wait_until(lambda: settled(http, path) >= 9 << 20, seconds=PATIENCE_SECONDS)
    assert patch(http, path, 9 << 20, b"y" * (3 << 20)).status_code == 204
    assert catalogue.stored(catalogue.accepted[0]) == b"x" * (9 << 20) + b"y" * (3 << 20)


def test_whoever_lost_the_lock_changes_nothing(http: httpx2.Client, resources: Resources) -> None:
    upload_id = create(http, 30 << 20).rpartition("/")[2]
    with resources.engine.begin() as connection:
        first = lock.take(connection, upload_id, ttl_hours=1)
        assert first is not None
        assert lock.take(connection, upload_id, ttl_hours=1) is None
        late = records.find(connection, upload_id)
        connection.execute(text("UPDATE upload SET lock_until = now() - interval '1 second'"))
        second = lock.take(connection, upload_id, ttl_hours=1)
        assert second == first + 1
        assert late is not None
        assert not records.begin_parts(connection, late, raw_key="raw/x", multipart_id="x")
        assert not records.add_part(connection, late, number=1, etag="x", offset_bytes=8 << 20, releases=False)
        assert not records.set_tails(connection, late, tails=["x"], tail_bytes=3, offset_bytes=3, releases=True)
        assert lock.renew(connection, upload_id, first) is None
        lock.release(connection, upload_id, first)
        assert lock.take(connection, upload_id, ttl_hours=1) is None
        held = records.find(connection, upload_id)
        assert held is not None
        assert records.add_part(connection, held, number=1, etag="a", offset_bytes=8 << 20, releases=False)
        assert not records.add_part(connection, held, number=1, etag="b", offset_bytes=8 << 20, releases=False)
        lock.contest(connection, upload_id)
        assert lock.renew(connection, upload_id, second) is not None
        lock.release(connection, upload_id, second)
        assert lock.take(connection, upload_id, ttl_hours=1) == second + 1


def test_an_upload_that_is_finished_or_lost_or_has_expired_is_not_locked(
    http: httpx2.Client, resources: Resources
) -> None:
    upload_id = create(http, 6).rpartition("/")[2]
    for end in ("finished_at = now()", "lost_at = now()", "expires_at = now() - interval '1 second'"):
        with resources.engine.connect() as connection:  # never commits
            connection.execute(text(f"UPDATE upload SET {end}"))
            assert lock.take(connection, upload_id, ttl_hours=1) is None, end
    with resources.engine.begin() as connection:
        assert lock.take(connection, upload_id, ttl_hours=1) is not None


def test_a_lock_that_was_released_is_not_renewed(http: httpx2.Client, resources: Resources) -> None:
    upload_id = create(http, 6).rpartition("/")[2]
    with resources.engine.begin() as connection:
        fence = lock.take(connection, upload_id, ttl_hours=1)
        assert fence is not None
        assert lock.renew(connection, upload_id, fence) is False
        lock.release(connection, upload_id, fence)
        assert lock.renew(connection, upload_id, fence) is None
        assert lock.take(connection, upload_id, ttl_hours=1) == fence + 1


def test_a_lock_is_asked_for_as_long_as_somebody_comes_back(http: httpx2.Client, resources: Resources) -> None:
    upload_id = create(http, 6).rpartition("/")[2]
    with resources.engine.begin() as connection:
        fence = lock.take(connection, upload_id, ttl_hours=1)
        assert fence is not None
        lock.contest(connection, upload_id)
        assert lock.renew(connection, upload_id, fence) is True
        connection.execute(text("UPDATE upload SET contested_at = contested_at - interval '7 seconds'"))
        assert lock.renew(connection, upload_id, fence) is False
        lock.contest(connection, upload_id)
        assert lock.renew(connection, upload_id, fence) is True


def test_what_runs_in_a_thread_has_ended_when_its_request_has() -> None:
    ended: list[str] = []

    def slow() -> None:
        sleep(0.3)
        ended.append("slow")

    async def cancelled() -> None:
        running = asyncio.create_task(in_thread(slow))
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == ["slow"]

    asyncio.run(cancelled())
