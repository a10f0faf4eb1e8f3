"""What nobody finishes is finished, what nobody goes on with is removed, and nothing else is touched."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.catalogue.prefixes import BUCKET_PREFIXES
from app.errors import DatabaseUnavailable
from app.jobs.cleanup import clean_up
from app.storage.resources import Resources
from app.uploads.janitor import tidy_up
from app.uploads.service import UploadService
from tests.uploads.catalogue import Catalogue

MIB = 1 << 20


@pytest.fixture
def service(resources: Resources, catalogue: Catalogue) -> UploadService:
    return UploadService(resources, ("polls",), catalogue.hooks)


async def _content(content: bytes) -> AsyncIterator[bytes]:
    yield content


def begun(service: UploadService, length: int, content: bytes = b"") -> str:
    """The id of an upload with its first bytes."""

    async def run() -> str:
        upload = await service.create("polls", length_bytes=length, filename=None, options={})
        if content:
            await service.append(upload.id, 0, _content(content), content_bytes=len(content))
        return upload.id

    return asyncio.run(run())


def execute(resources: Resources, statement: str) -> None:
    with resources.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("size", [10, 20 * MIB])
def test_a_file_whose_bytes_are_all_there_is_finished_once(
    service: UploadService, resources: Resources, catalogue: Catalogue, size: int
) -> None:
    catalogue.refusal_at_end = DatabaseUnavailable("The replica dies here.")
    with pytest.raises(DatabaseUnavailable):
        begun(service, size, b"x" * size)
    catalogue.refusal_at_end = None
    for _ in range(3):
        tidy_up(resources, catalogue.hooks)
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == b"x" * size
    assert catalogue.objects() == {accepted.raw_key}


def test_an_upload_that_nobody_went_on_with_is_removed(
    service: UploadService, resources: Resources, catalogue: Catalogue
) -> None:
    old, young = begun(service, 30 * MIB, b"x" * (10 * MIB)), None
    execute(resources, "UPDATE upload SET expires_at = now() - interval '1 second'")
    young = begun(service, 30 * MIB, b"x" * (10 * MIB))
    tidy_up(resources, catalogue.hooks)
    assert catalogue.uploads() == [young]
    assert catalogue.dropped == [old]
    assert catalogue.multiparts() == 1
    assert {key.split("/")[1] for key in catalogue.objects()} == {young}


def test_the_record_of_a_finished_upload_goes_and_its_file_stays(
    service: UploadService, resources: Resources, catalogue: Catalogue
) -> None:
    begun(service, 10, b"x" * 10)
    execute(resources, "UPDATE upload SET expires_at = now() - interval '1 second'")
    tidy_up(resources, catalogue.hooks)
    assert catalogue.uploads() == []
    assert catalogue.objects() == {catalogue.accepted[0].raw_key}
    assert catalogue.dropped == []


def test_a_plain_upload_whose_replica_died_is_removed_when_its_lock_has_ended(
    service: UploadService, resources: Resources, catalogue: Catalogue
) -> None:
    upload_id = begun(service, 30 * MIB, b"x" * (10 * MIB))
    execute(resources, "UPDATE upload SET length_bytes = NULL, lock_until = now() + interval '5 seconds'")
    tidy_up(resources, catalogue.hooks)
    assert catalogue.uploads() == [upload_id]
    execute(resources, "UPDATE upload SET lock_until = now() - interval '1 second'")
    tidy_up(resources, catalogue.hooks)
    assert catalogue.uploads() == []
    assert catalogue.objects() == set()
    assert catalogue.multiparts() == 0


def test_what_belongs_to_no_upload_goes_when_it_is_old_enough(
    service: UploadService, resources: Resources, catalogue: Catalogue
) -> None:
    kept = begun(service, 30 * MIB, b"x" * (10 * MIB))
    store = resources.object_store
    store.put_bytes(b"x", f"uploads/{'0' * 32}/1-1", media_type="text/csv")
    store.begin_parts("raw/polls/orphan.csv", media_type="text/csv")
    clean_up(resources, {}, prefixes=BUCKET_PREFIXES)
    assert (len(catalogue.objects()), catalogue.multiparts()) == (2, 2)
    clean_up(resources, {}, prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    assert (len(catalogue.objects()), catalogue.multiparts()) == (1, 1)
    assert asyncio.run(service.look(kept)).offset_bytes == 10 * MIB


@pytest.mark.parametrize("ended", ["finished_at", "lost_at"])
def test_what_an_upload_that_has_ended_left_behind_goes_before_its_record(
    service: UploadService, resources: Resources, catalogue: Catalogue, ended: str
) -> None:
    going, done = begun(service, 10, b"x" * 5), begun(service, 10, b"x" * 5)
    execute(resources, f"UPDATE upload SET {ended} = now() WHERE id = '{done}'")
    clean_up(resources, {}, prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    assert {key.split("/")[1] for key in catalogue.objects()} == {going}
    assert set(catalogue.uploads()) == {going, done}
