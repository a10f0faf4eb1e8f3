"""Reads polls of chosen entities out of a file of a sealed week, which stays in S3: some of its row groups.

Postgres has said where they are, and has the SHA-256 of each, so that a file which is not the one that was written is
an error, never another figure.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import SealedWeekDamaged
from app.series.sealed.format import Written, bytes_of, footer_of
from app.storage.binary_copy import Arrays
from app.storage.object_store import ObjectStore

#: Row groups that lie one after the other are asked for together up to this size, bytes: a request takes some
#: milliseconds, and several threads are to end together. That is some 400,000 polls.
SPAN_BYTES: Final = 2 << 20

#: Ids of entities, from … to, both included.
Range = tuple[int, int]
EVERYONE: Final[Range] = (-(2**31), 2**31 - 1)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """Where a file of a sealed week is.

    Attributes:
        key: in the bucket.
        footer, group_sha256: as of format.Written.
        bytes: its size.
        first_id, last_id: lowest and highest id of an entity in it.
        rows: polls in it.
    """

    key: str
    footer: bytes
    group_sha256: bytes
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


def placed(written: Written, key: str) -> SealedFile:
    """A file that was stored in the bucket under this key."""
    return SealedFile(
        key, **{name: getattr(written, name) for name in SealedFile.__dataclass_fields__ if name != "key"}
    )


def read(store: ObjectStore, file: SealedFile, ranges: Sequence[Range]) -> Iterator[Arrays]:
    """The polls of entities in these ranges of ids, sorted by entity and instant, at most a row group at a time.

    Args:
        store: the bucket.
        file: what to read.
        ranges: ascending, none touches another.

    Returns:
        Blocks as read_span() gives them.

    Raises:
        SealedWeekDamaged: the bucket has no such object, or other bytes than were written.
        ObjectStoreUnavailable: S3 does not answer.
    """
    lows, highs = np.array(ranges, np.int64).reshape(-1, 2).T
    for span in spans(file, lows, highs):
        for block in read_span(store, span):
            yield from _chosen(block, ranges)


def spans(file: SealedFile, lows: npt.NDArray[np.int64], highs: npt.NDArray[np.int64]) -> Iterator[Span]:
    """What to read of a file for the entities of ranges of ids, in order.

    Args:
        file: what to read.
        lows, highs: first and last id of each range, ascending, disjoint, int64[n].
    """
    footer = footer_of(file.footer)
    wanted: list[tuple[int, int, int]] = []
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        if not _overlaps(group, lows, highs):
            continue
        start, stop = bytes_of(group)
        if wanted and (number != wanted[-1][0] + 1 or stop - wanted[0][1] > SPAN_BYTES):
            yield _span_of(file, footer, wanted)
            wanted = []
        wanted.append((number, start, stop))
    if wanted:
        yield _span_of(file, footer, wanted)


def read_span(store: ObjectStore, span: Span) -> Iterator[Arrays]:
    """The polls of a span, sorted by entity and instant, one row group after the other; it raises what read() does.

    All of them together would be arrays of megabytes, each of new memory, which the kernel takes long to give.

    Returns:
        ``entity_id`` (int32), ``at`` (int64, microseconds) and ``active`` (int8: 0, 1, and 2 for unknown).
    """
    held = _Held(_bytes_of(store, span), span.start, span.file.bytes)
    parquet = pq.ParquetFile(held, metadata=span.footer)
    for number in span.groups:
        table = parquet.read_row_group(number, use_threads=False)
        yield {
            "entity_id": table["entity_id"].to_numpy(),
            "at": table["at"].cast(pa.int64()).to_numpy(),
            "active": table["active"].to_numpy(),
        }


def damaged(store: ObjectStore, file: SealedFile, why: str) -> SealedWeekDamaged:
    """The error of a file that is not as it was written."""
    return SealedWeekDamaged(
        f"{file.key} in the bucket {store.bucket}, which has polls of a sealed week, is damaged: {why}. Put it back "
        "from a backup of the bucket, under the same name; until then nothing that needs it is computed.",
        key=file.key,
    )


def _overlaps(group: pq.RowGroupMetaData, lows: npt.NDArray[np.int64], highs: npt.NDArray[np.int64]) -> bool:
    ids = group.column(0).statistics
    at = int(np.searchsorted(highs, ids.min))
    return at < len(lows) and bool(lows[at] <= ids.max)


def _span_of(file: SealedFile, footer: pq.FileMetaData, groups: Sequence[tuple[int, int, int]]) -> Span:
    return Span(file, footer, range(groups[0][0], groups[-1][0] + 1), groups[0][1], groups[-1][2])


def _chosen(block: Arrays, ranges: Sequence[Range]) -> Iterator[Arrays]:
    for low, high in ranges:
        start, stop = np.searchsorted(block["entity_id"], [low, high + 1]).tolist()
        if start < stop:
            yield {name: column[start:stop] for name, column in block.items()}


def _bytes_of(store: ObjectStore, span: Span) -> bytes:
    """The bytes of a span, each row group as it was written."""
    file = span.file
    found = store.span(file.key, span.start, span.stop, of_bytes=file.bytes)
    if found is None:
        raise damaged(store, file, f"there is no such object of {file.bytes:,} bytes")
    for number in span.groups:
        start, stop = bytes_of(span.footer.row_group(number))
        digest = hashlib.sha256(memoryview(found)[start - span.start : stop - span.start]).digest()
        if digest != file.group_sha256[number * len(digest) : (number + 1) * len(digest)]:
            raise damaged(store, file, f"row group {number} has the SHA-256 {digest.hex()}")
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
