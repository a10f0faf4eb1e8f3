"""Groups in order as Arrow streams, one after the other in one object: one or more for each range of keys.

What another piece reads is the bytes of one stream, so that nobody holds more than SPAN_BYTES of groups.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

import pyarrow as pa

from app.rollup.plan import Keys
from app.storage.object_store import ObjectStore

#: A stream ends when it has so many bytes.
SPAN_BYTES: Final = 8 << 20

_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True, slots=True)
class Span:
    """Groups of a range of keys.

    Attributes:
        keys: number of the range.
        first, end: bytes of the object.
        size: of its groups as Arrow blocks, bytes.
    """

    keys: int
    first: int
    end: int
    size: int


class Place(NamedTuple):
    """Where a span lies: bytes of an object."""

    key: str
    first: int
    end: int


@dataclass(slots=True)
class SpanWriter:
    """Writes batches, whose rows are in order, and which begin with the keys.

    Attributes:
        file: takes the bytes.
        splitters: each begins the next range of keys.
        spans: that are complete, in order.
    """

    file: IO[bytes]
    splitters: Sequence[Keys]
    spans: list[Span] = field(default_factory=list)
    _keys: int = 0
    _stream: Any = None
    _first: int = 0
    _size: int = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a batch; those of one writer have the same columns."""
        at = 0
        while at < len(batch):
            end = len(batch)
            if self._keys < len(self.splitters):
                end = first_from(batch, self.splitters[self._keys], at)
            if end > at:
                self._write(batch.slice(at, end - at))
            if end < len(batch):
                self.close()
                self._keys += 1
            at = end

    def close(self) -> None:
        """End the stream that is being written."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            self.spans.append(Span(self._keys, self._first, self.file.tell(), self._size))

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._stream is None:
            self._first, self._size = self.file.tell(), 0
            self._stream = pa.ipc.new_stream(self.file, batch.schema, options=_OPTIONS)
        self._stream.write_batch(batch)
        self._size += batch.nbytes
        if self.file.tell() - self._first >= SPAN_BYTES:
            self.close()


def read_span(store: ObjectStore, place: Place) -> Iterator[pa.RecordBatch]:
    """The groups of a span.

    Raises:
        ObjectStoreUnavailable: they cannot be read.
    """
    with store.read(place.key, span=(place.first, place.end)) as stream:
        block = stream.read()
    with pa.ipc.open_stream(block) as reader:
        yield from reader


def first_from(batch: pa.RecordBatch, keys: Keys, at: int) -> int:
    """The first row from ``at`` on that is not before these keys. UTF-8 orders texts as code points do."""
    return bisect_left(range(len(batch)), keys, lo=at, key=lambda row: keys_of(batch, len(keys), row))


def keys_of(batch: pa.RecordBatch, count: int, row: int) -> Keys:
    """Those of a group, which the batch begins with."""
    return tuple(column[row].as_py() for column in batch.columns[:count])
