"""Uploads below the routes: a replica that stops, one that is full, and how large parts are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo
from threading import Event
from time import sleep
from typing import Self

import pytest

from app.errors import ObjectStoreUnavailable, ReplicaUnavailable, UnknownUpload, UploadRefused
from app.ids import new_id
from app.storage.resources import Resources
from app.uploads import finding, keys, metadata, service
from app.uploads import finish as finishing
from app.uploads.hooks import Announced
from app.uploads.records import Upload
from app.uploads.service import UploadService
from tests.uploads.catalogue import Catalogue


@pytest.mark.parametrize("length_bytes", [6, 9], ids=["under the lock", "without it"])
def test_a_replica_that_stops_ends_uploads_and_keeps_what_came(
    resources: Resources, catalogue: Catalogue, length_bytes: int
) -> None:
    stopping = UploadService(resources, ("polls",), catalogue.hooks, is_stopping=lambda: True)

    async def silent_after_some() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.Event().wait()

    async def run() -> int:
        upload = await stopping.create("polls", length_bytes=length_bytes, filename=None, options={})
        with pytest.raises(ReplicaUnavailable, match="the bytes received are stored"):
            await stopping.append(upload.id, 0, silent_after_some(), content_bytes=6)
        return (await stopping.look(upload.id)).offset_bytes

    assert asyncio.run(run()) == 3


def test_a_replica_takes_so_many_uploads_at_a_time(
    resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_REQUESTS", 1)
    uploads = UploadService(resources, ("polls",), catalogue.hooks)

    async def run() -> None:
        first, second = [await uploads.create("polls", length_bytes=1, filename=None, options={}) for _ in range(2)]
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            begun.set()
            await go_on.wait()
            yield b"a"

        async def quick() -> AsyncIterator[bytes]:
            yield b"a"

        under_way = asyncio.create_task(uploads.append(first.id, 0, slow(), content_bytes=1))
        await begun.wait()
        with pytest.raises(ReplicaUnavailable, match="takes 1 uploads at a time"):
            await uploads.append(second.id, 0, quick(), content_bytes=1)
        go_on.set()
        await under_way
        await uploads.append(second.id, 0, quick(), content_bytes=1)

    asyncio.run(run())
    assert len(catalogue.accepted) == 2


def test_an_upload_that_is_cancelled_stops_writing(resources: Resources, catalogue: Catalogue) -> None:
    uploads = UploadService(resources, ("polls",), catalogue.hooks)

    async def run() -> int:
        upload = await uploads.create("polls", length_bytes=30 << 20, filename=None, options={})
        taken = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"x" * (9 << 20)
            taken.set()
            await asyncio.Event().wait()

        adding = asyncio.create_task(uploads.append(upload.id, 0, endless(), content_bytes=30 << 20))
        await taken.wait()
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        return (await uploads.look(upload.id)).offset_bytes

    assert asyncio.run(run()) == 8 << 20  # what was on its way in S3 is there, what was not is not


def test_the_clock_of_a_replica_ends_no_upload(
    resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DaysAhead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=3)

    uploads = UploadService(resources, ("polls",), catalogue.hooks)
    upload = asyncio.run(uploads.create("polls", length_bytes=6, filename=None, options={}))
    monkeypatch.setattr(finding, "datetime", DaysAhead)
    assert asyncio.run(uploads.look(upload.id)).offset_bytes == 0


@pytest.mark.parametrize("size", [3, 9 << 20])
def test_of_an_upload_that_is_terminated_while_bytes_come_nothing_is_left(
    resources: Resources, catalogue: Catalogue, size: int
) -> None:
    uploads = UploadService(resources, ("polls",), catalogue.hooks)

    async def run() -> None:
        upload = await uploads.create("polls", length_bytes=30 << 20, filename=None, options={})

        async def terminated_before_it_is_noted() -> AsyncIterator[bytes]:
            await uploads.terminate(upload.id)
            yield b"x" * size

        with pytest.raises(UnknownUpload):
            await uploads.append(upload.id, 0, terminated_before_it_is_noted(), content_bytes=size)

    asyncio.run(run())
    assert (catalogue.objects(), catalogue.multiparts()) == (set(), 0)


def test_nothing_is_written_after_the_request_whose_part_s3_refused(
    resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = UploadService(resources, ("polls",), catalogue.hooks)
    put_part = resources.object_store.put_part
    is_refused = Event()

    def put(block: bytes, key: str, multipart_id: str, *, number: int) -> str:
        if number == 2:
            is_refused.set()
            raise ObjectStoreUnavailable("Not now.")
        is_refused.wait(30)
        sleep(0.3)  # the request has heard of the second part by now
        return put_part(block, key, multipart_id, number=number)

    monkeypatch.setattr(resources.object_store, "put_part", put)

    async def run() -> tuple[int, int]:
        upload = await uploads.create("polls", length_bytes=30 << 20, filename=None, options={})

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * (8 << 20)

        with pytest.raises(ObjectStoreUnavailable):
            await uploads.append(upload.id, 0, parts(), content_bytes=24 << 20)
        return len(asyncio.all_tasks()), (await uploads.look(upload.id)).offset_bytes

    assert asyncio.run(run()) == (1, 8 << 20)


def test_of_an_upload_that_is_terminated_while_it_is_put_together_nothing_is_left(
    resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_when_the_other_had_looked(resources: Resources, whole: Upload, raw_key: str) -> None:
        content = resources.object_store.get_bytes(raw_key)
        finishing.discard(resources, catalogue.hooks, whole.id)
        resources.object_store.put_bytes(content, raw_key, media_type="text/csv")

    monkeypatch.setattr(finishing, "_require_all", made_when_the_other_had_looked)
    with pytest.raises(UnknownUpload):
        asyncio.run(sent(UploadService(resources, ("polls",), catalogue.hooks), b"abc"))
    assert (catalogue.objects(), catalogue.accepted) == (set(), [])


def test_of_an_upload_that_is_terminated_once_it_was_handed_on_the_file_stays(
    resources: Resources, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_all = finishing._require_all

    def somebody_was_faster(resources: Resources, whole: Upload, raw_key: str) -> None:
        monkeypatch.setattr(finishing, "_require_all", require_all)
        finishing.finish(resources, catalogue.hooks, whole)
        finishing.discard(resources, catalogue.hooks, whole.id)

    monkeypatch.setattr(finishing, "_require_all", somebody_was_faster)
    with pytest.raises(UnknownUpload):
        asyncio.run(sent(UploadService(resources, ("polls",), catalogue.hooks), b"abc"))
    (accepted,) = catalogue.accepted
    assert catalogue.objects() == {accepted.raw_key}


async def sent(uploads: UploadService, content: bytes) -> None:
    async def block() -> AsyncIterator[bytes]:
        yield content

    upload = await uploads.create("polls", length_bytes=len(content), filename=None, options={})
    await uploads.append(upload.id, 0, block(), content_bytes=len(content))


def test_nobody_adds_to_a_plain_upload(resources: Resources, catalogue: Catalogue) -> None:
    uploads = UploadService(resources, ("polls",), catalogue.hooks)
    held = uploads._record(Announced(""), length_bytes=None, locked=False, kind="polls", filename=None, options={})

    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(UploadRefused, match="cannot be resumed"):
        asyncio.run(uploads.append(held.id, 0, nothing(), content_bytes=0))


@pytest.mark.parametrize(
    ("length", "part"),
    [
        (0, 8 << 20),
        (9000 * (8 << 20), 8 << 20),
        (9000 * (8 << 20) + 1, 9 << 20),
        (5 << 40, 583 << 20),  # the most that S3 keeps as one object
    ],
)
def test_a_file_has_no_more_than_9000_parts_of_whole_mebibytes(length: int, part: int) -> None:
    assert keys.part_bytes(length) == part


def test_the_key_of_a_file_is_made_of_its_kind_day_and_id_alone() -> None:
    upload_id = new_id(datetime(2026, 3, 9, 23, 59, tzinfo=UTC))
    assert keys.raw_key("polls", upload_id, b"store_id") == f"raw/polls/2026/03/09/{upload_id}.csv"
    assert keys.raw_key("hours", upload_id, b"\x1f\x8b\x08") == f"raw/hours/2026/03/09/{upload_id}.csv.gz"


def test_metadata_is_read_as_the_protocol_has_it() -> None:
    assert metadata.parse(None) == metadata.parse("") == {}
    assert metadata.parse("kind cG9sbHM=,is_confidential") == {"kind": "polls", "is_confidential": ""}
    assert metadata.parse("filename w7zwn5iA") == {"filename": "ü😀"}
