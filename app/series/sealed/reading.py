"""Reads polls of chosen entities out of a file of a sealed week, which stays in S3: its end, then some row groups."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import ObjectStoreUnavailable
from app.storage.binary_copy import Arrays
from app.storage.object_store import ObjectStore

#: Read from the end of a file at first, bytes: what says where its row groups are is about 400 bytes for each.
FOOTER_BYTES: Final = 64 << 10

#: The last bytes of a Parquet file: the length of the footer before them, and a mark.
_TRAILER_BYTES: Final = 8

#: Ids of entities, from … to, both included.
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """Where a file of a sealed week is.

    Attributes:
        key: in the bucket.
        bytes: its size.
        first_id, last_id: lowest and highest id of an entity in it.
        rows: polls in it.
    """

    key: str
    bytes: int
    first_id: int
    last_id: int
    rows: int


def read(store: ObjectStore, file: SealedFile, ranges: Sequence[Range]) -> Iterator[Arrays]:
    """The polls of entities in these ranges of ids, sorted by entity and instant, a row group at a time.

    Args:
        store: the bucket.
        file: what to read.
        ranges: ascending, none touches another.

    Returns:
        Blocks as ``entity_id`` (int64), ``at`` (int64, microseconds) and ``active`` (int8: 0, 1, and 2 for unknown).

    Raises:
        ObjectStoreUnavailable: S3 does not answer, has no such object, or other bytes than were written.
    """
    try:
        metadata = _footer(store, file)
        for number in range(metadata.num_row_groups):
            wanted = _overlapping(metadata.row_group(number), ranges)
            if wanted:
                yield from _chosen(_read_group(store, file, metadata, number), wanted)
    except (pa.ArrowInvalid, OSError) as error:  # ArrowInvalid: no Parquet; OSError: a page that fails its checksum
        raise ObjectStoreUnavailable(
            f"{file.key} in the bucket {store.bucket} is damaged: {error}. Put it back from a backup of the bucket."
        ) from error


def _footer(store: ObjectStore, file: SealedFile) -> pq.FileMetaData:
    tail = _span(store, file, max(file.bytes - FOOTER_BYTES, 0), file.bytes)
    length = int.from_bytes(tail[-_TRAILER_BYTES : -_TRAILER_BYTES + 4], "little") + _TRAILER_BYTES
    if length > len(tail):
        tail = _span(store, file, max(file.bytes - length, 0), file.bytes)
    return pq.read_metadata(pa.BufferReader(tail))


def _overlapping(group: pq.RowGroupMetaData, ranges: Sequence[Range]) -> list[Range]:
    ids = group.column(0).statistics
    return [one for one in ranges if one[0] <= ids.max and one[1] >= ids.min]


def _read_group(store: ObjectStore, file: SealedFile, metadata: pq.FileMetaData, number: int) -> Arrays:
    columns = [metadata.row_group(number).column(column) for column in range(metadata.num_columns)]
    start = min(one.dictionary_page_offset or one.data_page_offset for one in columns)
    stop = start + sum(one.total_compressed_size for one in columns)
    held = _Held(_span(store, file, start, stop), start, file.bytes)
    parquet = pq.ParquetFile(held, metadata=metadata, page_checksum_verification=True)
    table = parquet.read_row_group(number, use_threads=False)
    return {
        "entity_id": table["entity_id"].to_numpy().astype(np.int64),
        "at": table["at"].cast(pa.int64()).to_numpy(),
        "active": table["active"].to_numpy(),
    }


def _chosen(block: Arrays, ranges: Sequence[Range]) -> Iterator[Arrays]:
    for low, high in ranges:
        start, stop = np.searchsorted(block["entity_id"], [low, high + 1]).tolist()
        if start < stop:
            yield {name: column[start:stop] for name, column in block.items()}


def _span(store: ObjectStore, file: SealedFile, start: int, stop: int) -> bytes:
    with store.read(file.key, span=(start, stop)) as stream:
        found = stream.read()
    if len(found) != stop - start:
        raise OSError(f"{len(found)} of {stop - start} bytes were read at {start}")
    return found


class _Held(io.BytesIO):
    """A part of a file, whose other bytes nobody asks for, at its place in it."""

    def __init__(self, part: bytes, start: int, size_bytes: int) -> None:
        super().__init__(part)
        self._start = start
        self._bytes = size_bytes

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._bytes}[whence]
        super().seek(base + offset - self._start)
        return base + offset

    def tell(self) -> int:
        return super().tell() + self._start
