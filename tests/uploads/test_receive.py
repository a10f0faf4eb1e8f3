"""A whole file in one plain request: it is kept, or nothing of it is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.errors import InvalidUpload, ReplicaUnavailable, UnknownDatasetKind, UnknownUpload, UploadCut, UploadTooLarge
from app.storage.resources import Resources
from app.uploads.service import Received, UploadService
from tests.uploads.catalogue import Catalogue, sha256

MIB = 1 << 20
KINDS = ("polls",)


async def pieces(content: bytes, *, cut: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]
    if cut:
        raise UploadCut("The connection broke.")


def receive(
    service: UploadService, content: bytes, *, cut: bool = False, kind: str = "polls", length: int | None = None
) -> Received:
    return asyncio.run(
        service.receive(kind, pieces(content, cut=cut), filename="a.csv", options={"force": True}, length_bytes=length)
    )


@pytest.fixture
def service(resources: Resources, catalogue: Catalogue) -> UploadService:
    return UploadService(resources, KINDS, catalogue.hooks)


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 20 * MIB + 1])
def test_a_file_is_kept_with_its_digest(service: UploadService, catalogue: Catalogue, size: int) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    received = receive(service, content)
    assert (received.bytes, received.sha256) == (size, sha256(content))
    (accepted,) = catalogue.accepted
    assert (accepted.bytes, accepted.sha256, accepted.raw_key) == (size, sha256(content), received.raw_key)
    assert catalogue.stored(accepted) == content
    assert catalogue.objects() == {received.raw_key}
    assert catalogue.multiparts() == 0
    assert catalogue.dispatched == [received.id]
    assert accepted.upload.options == {"force": True}


@pytest.mark.parametrize("size", [0, 1, 20 * MIB])
def test_of_a_broken_connection_nothing_is_left(service: UploadService, catalogue: Catalogue, size: int) -> None:
    with pytest.raises(UploadCut):
        receive(service, b"x" * size, cut=True)
    nothing_is_left(catalogue)


def test_a_file_that_is_too_long_is_refused_as_soon_as_it_is(resources: Resources, catalogue: Catalogue) -> None:
    settings = resources.settings.model_copy(update={"max_upload_bytes": 9 * MIB})
    service = UploadService(replace(resources, settings=settings), KINDS, catalogue.hooks)
    with pytest.raises(UploadTooLarge, match="allowed are 9437184"):
        receive(service, b"x" * (9 * MIB + 1))
    nothing_is_left(catalogue)
    with pytest.raises(UploadTooLarge):
        receive(service, b"", length=9 * MIB + 1)
    assert receive(service, b"x" * (9 * MIB)).bytes == 9 * MIB


def test_a_replica_that_stops_says_that_nothing_is_kept(resources: Resources, catalogue: Catalogue) -> None:
    service = UploadService(resources, KINDS, catalogue.hooks, is_stopping=lambda: True)

    async def silent_after_some() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.Event().wait()

    with pytest.raises(ReplicaUnavailable, match="is stopping, and nothing was kept: send the file again"):
        asyncio.run(service.receive("polls", silent_after_some(), filename=None, options={}))
    nothing_is_left(catalogue)


@pytest.mark.parametrize("size", [3, 9 * MIB])
def test_a_file_that_is_removed_while_it_comes_is_unknown(
    service: UploadService, catalogue: Catalogue, size: int
) -> None:
    async def removed_meanwhile() -> AsyncIterator[bytes]:
        yield b"x" * size
        await service.terminate(catalogue.uploads()[0])
        yield b"x" * size

    with pytest.raises(UnknownUpload):
        asyncio.run(service.receive("polls", removed_meanwhile(), filename=None, options={}))
    nothing_is_left(catalogue)


def test_a_file_that_is_refused_in_the_end_is_removed(service: UploadService, catalogue: Catalogue) -> None:
    catalogue.refusal_at_end = InvalidUpload("Again.")
    for size in (10, 10 * MIB):
        with pytest.raises(InvalidUpload, match="Again"):
            receive(service, b"x" * size)
    assert catalogue.objects() == set()
    assert catalogue.uploads() == []


def test_another_kind_is_refused(service: UploadService, catalogue: Catalogue) -> None:
    with pytest.raises(UnknownDatasetKind, match="no dataset kind 'menu'; known kinds: polls"):
        receive(service, b"", kind="menu")
    assert catalogue.uploads() == []


def nothing_is_left(catalogue: Catalogue) -> None:
    assert catalogue.objects() == set()
    assert catalogue.multiparts() == 0
    assert catalogue.uploads() == []
    assert catalogue.dropped == [upload_id for upload_id, _ in catalogue.begun]
    assert catalogue.accepted == []
