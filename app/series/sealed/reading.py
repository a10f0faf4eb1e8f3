"""Reads polls of chosen entities out of a file of a sealed week, which stays in S3: its end, then some row groups.

Nothing that a file says is believed unseen: its size, its row groups and their pages are checked, so that a file which
is not the one that was written is an error, never another figure.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import SealedWeekDamaged
from app.storage.binary_copy import Arrays
from app.storage.object_store import ObjectStore

#: Read from the end of a file at first, bytes: what says where its row groups are is about 260 bytes for each.
FOOTER_BYTES: Final = 64 << 10

#: Row groups that lie one after the other are asked for together up to this size, bytes: a request takes some
#: milliseconds, and several threads are to end together.
SPAN_BYTES: Final = 2 << 20

#: The last bytes of a Parquet file: the length of the footer before them, and a mark.
_TRAILER_BYTES: Final = 8

#: Ids of entities, from … to, both included.
Range = tuple[int, int]
EVERYONE: Final[Range] = (-(2**31), 2**31 - 1)


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


@dataclass(frozen=True, slots=True)
class Span:
    """Row groups that lie one after the other in a file: what one request reads.

    Attributes:
        file: where they are.
        footer: of the file.
        groups: their numbers.
        start, stop: their first byte in the file, and the one after their last.
    """

    file: SealedFile
    footer: pq.FileMetaData
    groups: range
    start: int
    stop: int


def read(store: ObjectStore, file: SealedFile, ranges: Sequence[Range]) -> Iterator[Arrays]:
    """The polls of entities in these ranges of ids, sorted by entity and instant, at most a row group at a time.

    Args:
        store: the bucket.
        file: what to read.
        ranges: ascending, none touches another.

    Returns:
        Blocks as of read_span().

    Raises:
        SealedWeekDamaged: the bucket has no such object, or other bytes than were written.
        ObjectStoreUnavailable: S3 does not answer.
    """
    lows, highs = np.array(ranges, np.int64).reshape(-1, 2).T
    for span in spans(store, file, lows, highs):
        for block in read_span(store, span):
            yield from _chosen(block, ranges)


def spans(
    store: ObjectStore, file: SealedFile, lows: npt.NDArray[np.int64], highs: npt.NDArray[np.int64]
) -> Iterator[Span]:
    """What to read of a file for the entities of ranges of ids, in order; it raises what read() does.

    Args:
        store: the bucket.
        file: what to read.
        lows, highs: first and last id of each range, ascending, disjoint, int64[n].
    """
    with _told(store, file):
        footer = _footer(store, file)
        wanted: list[tuple[int, int, int]] = []
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            start, stop = _bytes_of(group)
            if wanted and (number != wanted[-1][0] + 1 or stop - wanted[0][1] > SPAN_BYTES):
                yield _span_of(file, footer, wanted)
                wanted = []
            if _overlaps(group, lows, highs):
                wanted.append((number, start, stop))
        if wanted:
            yield _span_of(file, footer, wanted)


def read_span(store: ObjectStore, span: Span) -> Iterator[Arrays]:
    """The polls of a span, sorted by entity and instant, a row group at a time; it raises what read() does.

    Returns:
        Blocks as ``entity_id`` (int64), ``at`` (int64, microseconds) and ``active`` (int8: 0, 1, and 2 for unknown).
    """
    with _told(store, span.file):
        held = _Held(_bytes_at(store, span.file, span.start, span.stop), span.start, span.file.bytes)
        parquet = pq.ParquetFile(held, metadata=span.footer, page_checksum_verification=True)
        for number in span.groups:
            table = parquet.read_row_group(number, use_threads=False)
            if table.num_rows != span.footer.row_group(number).num_rows:
                raise OSError(f"row group {number} has {table.num_rows:,} rows")
            yield {
                "entity_id": table["entity_id"].to_numpy().astype(np.int64),
                "at": table["at"].cast(pa.int64()).to_numpy(),
                "active": table["active"].to_numpy(),
            }


@contextmanager
def _told(store: ObjectStore, file: SealedFile) -> Iterator[None]:
    """Tell which object it is that cannot be read, and what to do."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:  # ArrowInvalid: no Parquet; OSError: a page that fails its checksum
        raise damaged(store, file, str(error)) from error


def damaged(store: ObjectStore, file: SealedFile, why: str) -> SealedWeekDamaged:
    """The error of a file that is not as it was written."""
    return SealedWeekDamaged(
        f"{file.key} in the bucket {store.bucket}, which has polls of a sealed week, is damaged: {why}. Put it back "
        "from a backup of the bucket, under the same name; until then nothing that needs it is computed.",
        key=file.key,
    )


def _footer(store: ObjectStore, file: SealedFile) -> pq.FileMetaData:
    tail = _bytes_at(store, file, max(file.bytes - FOOTER_BYTES, 0), file.bytes)
    length = int.from_bytes(tail[-_TRAILER_BYTES : -_TRAILER_BYTES + 4], "little") + _TRAILER_BYTES
    if length > len(tail):
        tail = _bytes_at(store, file, max(file.bytes - length, 0), file.bytes)
    footer = pq.read_metadata(pa.BufferReader(tail))
    if footer.num_rows != file.rows:
        raise OSError(f"it has {footer.num_rows:,} polls instead of {file.rows:,}")
    return footer


def _overlaps(group: pq.RowGroupMetaData, lows: npt.NDArray[np.int64], highs: npt.NDArray[np.int64]) -> bool:
    ids = group.column(0).statistics
    at = int(np.searchsorted(highs, ids.min))
    return at < len(lows) and bool(lows[at] <= ids.max)


def _bytes_of(group: pq.RowGroupMetaData) -> tuple[int, int]:
    """The first byte of a row group in its file, and the one after the last."""
    columns = [group.column(column) for column in range(group.num_columns)]
    start = min(one.dictionary_page_offset or one.data_page_offset for one in columns)
    return start, start + sum(one.total_compressed_size for one in columns)


def _span_of(file: SealedFile, footer: pq.FileMetaData, groups: Sequence[tuple[int, int, int]]) -> Span:
    return Span(file, footer, range(groups[0][0], groups[-1][0] + 1), groups[0][1], groups[-1][2])


def _chosen(block: Arrays, ranges: Sequence[Range]) -> Iterator[Arrays]:
    for low, high in ranges:
        start, stop = np.searchsorted(block["entity_id"], [low, high + 1]).tolist()
        if start < stop:
            yield {name: column[start:stop] for name, column in block.items()}


def _bytes_at(store: ObjectStore, file: SealedFile, start: int, stop: int) -> bytes:
    found = store.span(file.key, start, stop, of_bytes=file.bytes)
    if found is None:
        raise OSError(f"there is no such object of {file.bytes:,} bytes")
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
