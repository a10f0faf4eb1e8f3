"""The Python client, through and through."""

import io
import random

import pytest
from tusclient.client import TusClient

from tests.uploads.catalogue import Catalogue

MIB = 1 << 20


@pytest.mark.parametrize("size", [0, 1, 100_000, 8 * MIB, 8 * MIB + 1, 20 * MIB])
@pytest.mark.parametrize("chunk", [None, 3 * MIB])
def test_a_file_of_any_size_arrives_as_it_was(address: str, catalogue: Catalogue, size: int, chunk: int | None) -> None:
    content = random.Random(size).randbytes(size)
    uploader = TusClient(f"{address}/uploads").uploader(
        file_stream=io.BytesIO(content),
        metadata={"kind": "polls", "filename": "a b.csv"},
        **({} if chunk is None else {"chunk_size": chunk, "upload_checksum": True}),
    )
    uploader.upload()
    (accepted,) = catalogue.accepted
    assert catalogue.stored(accepted) == content
    assert catalogue.objects() == {accepted.raw_key}
    assert catalogue.multiparts() == 0
    assert catalogue.dispatched == [accepted.upload.id]
    assert uploader.get_offset() == size
