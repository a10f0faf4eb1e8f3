"""Cuts the lines of a roll-up into parts of a bounded size, each uploaded when it closes."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.errors import OpenhoursError, RowExceedsPart
from app.files.artifact import StoredArtifact
from app.rollup.line_text import lines_of
from app.rollup.part_limit import require_few
from app.wording.values import shown

MEDIA_TYPE: Final = "text/csv"

#: Stores a file under its name; returns the key.
Upload = Callable[[Path], str]


@contextmanager
def part_writer(
    folder: Path, header: bytes, *, most_bytes: int, name: str, accepted: Callable[[], int], upload: Upload
) -> Iterator["PartWriter"]:
    """Writes parts; at the end the last one is closed and all are stored.

    Args:
        folder: where the part lies that is being written, and the one that is being uploaded.
        header: of each part.
        most_bytes: of a part, with its header.
        name: of the parts, but for the ``.csv``, with a place for their number.
        accepted: rows of the whole result, known when the first line is.
        upload: stores a closed part, in another thread.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="parts") as pool:
        # Its thread starts while there is memory: Python waits for ever for one that has none.
        pool.submit(int).result()
        writer = PartWriter(folder, header, most_bytes, name, accepted, upload, pool)
        try:
            yield writer
            writer.close()
        finally:
            writer.abandon()


class PartWriter:
    """See part_writer.

    Attributes:
        parts: those that are stored.
        groups, rows: lines that were written, and the rows that went into them.
        bytes: of those lines, without headers.
        longest: of them and those that are being written, bytes.
    """

    def __init__(
        self,
        folder: Path,
        header: bytes,
        most_bytes: int,
        name: str,
        accepted: Callable[[], int],
        upload: Upload,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.parts: list[StoredArtifact] = []
        self.groups = 0
        self.rows = 0
        self.bytes = 0
        self.longest = 0
        self._folder = folder
        self._header = header
        self._most = most_bytes
        self._name = name
        self._accepted = accepted
        self._upload = upload
        self._pool = pool
        self._coming: Future[StoredArtifact] | None = None
        self._part: _Part | None = None
        self._number = 0
        self._last: pa.RecordBatch | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Write the lines of groups: a batch of keys, n and figures, as queries.lines gives them.

        Raises:
            RowExceedsPart: a line is too long for any part.
            TooManyParts: they need more parts than there may be.
            OpenhoursError: the groups are not in order; a defect.
        """
        self._require_order(batch)
        lines = lines_of(batch)
        ends = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset : lines.offset + len(lines) + 1]
        self.longest = max(self.longest, int(np.diff(ends).max(initial=0)))
        text = memoryview(lines.buffers()[2] or b"")
        at = 0
        while at < len(batch):
            if self._part is None:
                self._require_few(batch.column("n")[:at])
            part = self._part or self._begin()
            fits = int(np.searchsorted(ends, ends[at] + self._most - part.size, side="right")) - 1
            if fits > at:
                part.write(text[ends[at] : ends[fits]], rows=fits - at)
                self.bytes += int(ends[fits] - ends[at])
                at = fits
            elif part.rows:
                self._end(part)
            else:
                raise self._too_long(batch, at, int(ends[at + 1] - ends[at]))
        self.groups += len(batch)
        self.rows += pc.sum(batch.column("n")).as_py() or 0

    def close(self) -> None:
        """Store the last part; without any line there is one with the header, if nothing was asked otherwise."""
        if self._part is not None:
            self._end(self._part)
        self._take()

    def only_header(self) -> None:
        """Write a part without lines."""
        self._part = self._part or self._begin()

    def abandon(self) -> None:
        """Close the file of a part that will not be stored."""
        if self._part is not None:
            self._part.file.close()

    def _begin(self) -> "_Part":
        self._number += 1
        path = self._folder / f"{self._name.format(self._number)}.csv"
        self._part = _Part(path, path.open("wb"))
        self._part.write(self._header, rows=0)
        return self._part

    def _end(self, part: "_Part") -> None:
        """Close a part, and store it while the next one is written; its predecessor is stored by now."""
        part.file.close()
        self._part = None
        self._take()
        self._coming = self._pool.submit(self._store, part)

    def _take(self) -> None:
        if self._coming is not None:
            self.parts.append(self._coming.result())
            self._coming = None

    def _store(self, part: "_Part") -> StoredArtifact:
        key = self._upload(part.path)
        part.path.unlink()
        digest = part.digest.hexdigest()
        return StoredArtifact(part.path.name, key, MEDIA_TYPE, part.size, part.rows, digest)

    def _require_order(self, batch: pa.RecordBatch) -> None:
        """Each group's keys are greater than those before it: then the order is right, and no group is there twice."""
        keys = batch.drop_columns(["n", "figures"])
        both = pa.concat_batches([self._last, keys]) if self._last is not None else keys
        if self._last is not None and not keys.num_columns:
            raise OpenhoursError("A roll-up without keys has two groups.")
        if keys.num_columns and len(both) > 1 and not _is_greater(both.slice(1), both.slice(0, len(both) - 1)).all():
            raise OpenhoursError("The groups of a roll-up are not in order.")
        self._last = _owned(keys.slice(len(keys) - 1)) if len(keys) else self._last

    def _require_few(self, begun: pa.Int64Array) -> None:
        """Another part may begin; of a batch the rows of these groups are written, too."""
        require_few(
            self._number + 1,
            header_bytes=len(self._header),
            most_bytes=self._most,
            line_bytes=self.bytes,
            longest_line=self.longest,
            share=(self.rows + (pc.sum(begun).as_py() or 0)) / max(self._accepted(), 1),
        )

    def _too_long(self, batch: pa.RecordBatch, at: int, line_bytes: int) -> RowExceedsPart:
        keys = ", ".join(shown(column[at].as_py()) for column in batch.columns[:-2])
        needed = len(self._header) + line_bytes
        return RowExceedsPart(
            f"The row of the group {keys or 'of all rows'} and the header are {needed:,} bytes; a part may have "
            f"{self._most:,}. Raise max_part_bytes to {needed:,} or more."
        )


@dataclass(slots=True)
class _Part:
    path: Path
    file: IO[bytes]
    size: int = 0
    rows: int = 0
    digest: Any = None

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, block: bytes | memoryview, *, rows: int) -> None:
        self.size += self.file.write(block)
        self.digest.update(block)
        self.rows += rows


def _is_greater(one: pa.RecordBatch, other: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Whether each row is greater than the other, the first column first, by the bytes of the texts."""
    found = np.zeros(len(one), bool)
    for mine, others in reversed(list(zip(one.columns, other.columns, strict=True))):
        is_greater, is_equal = _bools(pc.greater(mine, others)), _bools(pc.equal(mine, others))
        found = is_greater | (is_equal & found)
    return found


def _bools(array: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    bools: npt.NDArray[np.bool_] = array.to_numpy(zero_copy_only=False)
    return bools


def _owned(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A copy, so that a row does not hold the batch that it was in."""
    return batch.take(pa.array([0], pa.int64()))
