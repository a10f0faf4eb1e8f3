"""Small pieces are added without the lock: whatever else happens meanwhile, no byte is lost, and none comes twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import pytest
from sqlalchemy import text

from app.errors import (
    OpenhoursError,
    UnknownUpload,
    UploadBusy,
    UploadCut,
    UploadExpired,
    WrongOffset,
)
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from app.uploads import lock, records
from app.uploads.incoming import MOST_TAILS
from app.uploads.recent_uploads import MOST, RecentUploads
from app.uploads.records import Upload
from app.uploads.service import UploadService
from tests.uploads.catalogue import Catalogue
from tests.uploads.test_protocol import MIB

Replicas = tuple[UploadService, UploadService]


@pytest.fixture
def replicas(resources: Resources, catalogue: Catalogue) -> Replicas:
    one, other = (UploadService(resources, ("polls",), catalogue.hooks) for _ in range(2))
    return one, other


async def body(*blocks: bytes, error: OpenhoursError | None = None) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block
    if error is not None:
        raise error


async def create(replica: UploadService, length_bytes: int) -> str:
    return (await replica.create("polls", length_bytes=length_bytes, filename=None, options={})).id


async def add(replica: UploadService, upload_id: str, at: int, content: bytes) -> Upload:
    return await replica.append(upload_id, at, body(content), content_bytes=len(content))


def once_stored(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Have something happen when the next object is in S3 and not recorded yet."""
    store, waiting = ObjectStore.put_bytes, [then]

    def put_bytes(self: ObjectStore, block: bytes, key: str, *, media_type: str) -> None:
        store(self, block, key, media_type=media_type)
        if waiting:
            waiting.pop()()

    monkeypatch.setattr(ObjectStore, "put_bytes", put_bytes)


def execute(resources: Resources, statement: str) -> Callable[[], None]:
    def run() -> None:
        with resources.engine.begin() as connection:
            connection.execute(text(statement))

    return run


def test_a_replica_that_took_the_piece_before_takes_no_lock(
    replicas: Replicas, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Random(1).randbytes(9 * MIB)

    async def run() -> None:
        upload_id = await create(replicas[0], len(content))
        with monkeypatch.context() as patch:
            patch.setattr(records, "take", lambda *_, **__: pytest.fail("a statement for the lock"))
            for number in range(7):
                added = await add(replicas[0], upload_id, number * MIB, content[number * MIB : (number + 1) * MIB])
                assert added.offset_bytes == (number + 1) * MIB
        await add(replicas[0], upload_id, 7 * MIB, content[7 * MIB : 8 * MIB])  # which fills a part
        with monkeypatch.context() as patch:
            patch.setattr(records, "take", lambda *_, **__: pytest.fail("a statement for the lock"))
            await add(replicas[0], upload_id, 8 * MIB, content[8 * MIB : 8 * MIB + 5])
        await add(replicas[0], upload_id, 8 * MIB + 5, content[8 * MIB + 5 :])

    asyncio.run(run())
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content
    assert catalogue.objects() == {accepted.raw_key}


@pytest.mark.parametrize("seed", range(3))
def test_a_file_is_the_same_whatever_replica_gets_which_piece_and_whichever_connections_break(
    replicas: Replicas, catalogue: Catalogue, seed: int
) -> None:
    random = Random(seed)
    content = random.randbytes(random.randint(17, 21) * MIB)

    async def run() -> None:
        upload_id, at, replica = await create(replicas[0], len(content)), 0, replicas[0]
        while at < len(content):
            replica = random.choice([replica, replica, *replicas])
            piece = content[at : at + random.choice([1, 1000, MIB, 3 * MIB, 9 * MIB])]
            came = random.choice([len(piece), len(piece), random.randrange(len(piece))])
            if came == len(piece):
                at = (await add(replica, upload_id, at, piece)).offset_bytes
            else:
                broken = body(piece[: came // 2], piece[came // 2 : came], error=UploadCut("It broke."))
                with pytest.raises(UploadCut):
                    await replica.append(upload_id, at, broken, content_bytes=len(piece))
                at += came
            if at < len(content):
                assert (await random.choice(replicas).look(upload_id)).offset_bytes == at

    asyncio.run(run())
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content
    assert catalogue.objects() == {accepted.raw_key}


def test_of_two_pieces_at_once_one_is_added(
    replicas: Replicas, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        upload_id = await create(replicas[0], 9)
        await add(replicas[0], upload_id, 0, b"abc")
        once_stored(monkeypatch, lambda: _in_a_loop_of_its_own(add(replicas[1], upload_id, 3, b"XY")))
        with pytest.raises(WrongOffset) as refused:
            await add(replicas[0], upload_id, 3, b"def")
        assert refused.value.details["upload_offset"] == 5
        assert len(catalogue.objects()) == 2
        await add(replicas[0], upload_id, 5, b"ghij")

    asyncio.run(run())
    assert catalogue.stored(catalogue.accepted[0]) == b"abcXYghij"


def _in_a_loop_of_its_own(running: Awaitable[object]) -> None:
    async def run() -> None:
        await running

    asyncio.run(run())


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("DELETE FROM upload", UnknownUpload),
        ("UPDATE upload SET expires_at = now() - interval '1 second'", UploadExpired),
        ("UPDATE upload SET lock_until = now() + interval '1 minute', fence = fence + 1", UploadBusy),
    ],
    ids=["terminated", "expired", "locked"],
)
def test_a_piece_of_an_upload_that_has_ended_or_is_locked_leaves_nothing(
    replicas: Replicas,
    resources: Resources,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    error: type[OpenhoursError],
) -> None:
    async def run() -> None:
        upload_id = await create(replicas[0], 9)
        once_stored(monkeypatch, execute(resources, statement))
        with pytest.raises(error):
            await add(replicas[0], upload_id, 0, b"abc")

    asyncio.run(run())
    assert catalogue.objects() == set()


@pytest.mark.parametrize(
    "end",
    [
        "fence = fence + 1",
        "lock_until = now() + interval '1 minute'",
        "expires_at = now() - interval '1 second'",
        "finished_at = now()",
        "lost_at = now()",
    ],
)
def test_a_tail_is_recorded_only_if_the_upload_is_as_it_was(replicas: Replicas, resources: Resources, end: str) -> None:
    upload_id = asyncio.run(create(replicas[0], 9))
    with resources.engine.connect() as connection:
        known = records.find(connection, upload_id)
        assert known is not None
        with connection.begin_nested() as undone:
            connection.execute(text(f"UPDATE upload SET {end}"))
            assert records.add_tail(connection, known, key="a", size_bytes=3, ttl_hours=1) is None
            undone.rollback()
        added = records.add_tail(connection, known, key="a", size_bytes=3, ttl_hours=1)
        assert added is not None
        assert (added.tails, added.tail_bytes, added.offset_bytes) == (("a",), 3, 3)
        assert records.add_tail(connection, known, key="b", size_bytes=3, ttl_hours=1) is None
        more = records.add_tail(connection, added, key="b", size_bytes=2, ttl_hours=1)
        assert more is not None
        assert (more.tails, more.tail_bytes, more.offset_bytes) == (("a", "b"), 5, 5)
        assert lock.take(connection, upload_id, ttl_hours=1) == more.fence + 1


def test_a_silent_connection_keeps_no_other_request_out(replicas: Replicas, catalogue: Catalogue) -> None:
    async def run() -> None:
        upload_id = await create(replicas[0], 9)
        waits, goes_on = asyncio.Event(), asyncio.Event()

        async def half_open() -> AsyncIterator[bytes]:
            yield b"ab"
            waits.set()
            await goes_on.wait()
            raise UploadCut("It broke at last.")

        silent = asyncio.create_task(replicas[0].append(upload_id, 0, half_open(), content_bytes=3))
        await waits.wait()
        assert (await add(replicas[1], upload_id, 0, b"abcd")).offset_bytes == 4
        goes_on.set()
        with pytest.raises(WrongOffset):
            await silent
        await add(replicas[0], upload_id, 4, b"efghi")

    asyncio.run(run())
    assert catalogue.stored(catalogue.accepted[0]) == b"abcdefghi"


def test_pieces_that_are_too_many_become_one(replicas: Replicas, catalogue: Catalogue) -> None:
    async def run() -> None:
        upload_id = await create(replicas[0], MOST_TAILS + 2)
        for at in range(MOST_TAILS):
            assert len((await add(replicas[0], upload_id, at, b"x")).tails) == at + 1
        assert len((await add(replicas[0], upload_id, MOST_TAILS, b"y")).tails) == 1
        await add(replicas[0], upload_id, MOST_TAILS + 1, b"z")

    asyncio.run(run())
    assert catalogue.stored(catalogue.accepted[0]) == b"x" * MOST_TAILS + b"yz"


def test_a_replica_knows_so_many_uploads_and_each_for_one_request(replicas: Replicas) -> None:
    uploads = [replicas[0].create("polls", length_bytes=9, filename=None, options={}) for _ in range(MOST + 1)]

    async def run() -> list[Upload]:
        return [await upload for upload in uploads]

    recent, created = RecentUploads(), asyncio.run(run())
    for upload in created:
        recent.put(upload)
    assert recent.take(created[0].id) is None
    assert [recent.take(upload.id) for upload in created[1:]] == created[1:]
    assert recent.take(created[1].id) is None
