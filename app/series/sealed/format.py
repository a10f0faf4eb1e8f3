"""The files of sealed weeks: Parquet of polls sorted by entity and instant, about 4 bytes a poll.

A week has one file after the other, each with a range of entities that no other has. A file ends with the entity in
which it becomes large enough: an entity is never in two files of a week, and one that alone has more makes a larger
file. Row groups are small and have statistics, so that whoever wants some entities reads only the row groups that may
have them. The end of a file, which says where they are, and the SHA-256 of each are kept in Postgres, too: to find them
takes no request, and none is believed that is not the one that was written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from os import SEEK_END
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from app.files.sha256 import sha256_of
from app.storage.binary_copy import Arrays

#: The last bytes of a Parquet file: the length of the footer before them, and a mark.
_TRAILER_BYTES: Final = 8

#: Of the files.
MEDIA_TYPE: Final = "application/vnd.apache.parquet"

#: A file ends with the entity in which it reaches this size, bytes.
FILE_BYTES: Final = 64 << 20

#: Rows of a row group, some 150 KB: little to read for a single entity; who wants many asks for several groups at once.
GROUP_ROWS: Final = 32_768

#: ``at`` is in microseconds UTC, and ``active`` as polls.POLL_COLUMNS has it: 0, 1, and 2 for unknown.
SCHEMA: Final = pa.schema(
    [
        pa.field("entity_id", pa.int32(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("active", pa.int8(), nullable=False),
    ]
)

_WRITING: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 3,
    # Sorted ids and instants differ little from one row to the next; a status has few values.
    "column_encoding": {"entity_id": "DELTA_BINARY_PACKED", "at": "DELTA_BINARY_PACKED"},
    "use_dictionary": ["active"],
    "write_statistics": ["entity_id", "at"],
    "write_page_checksum": True,
    "store_schema": False,
}


@dataclass(frozen=True, slots=True)
class EntityTotals:
    """What a file has of each of its entities, in the order of their ids.

    Attributes:
        entity_id: int32[n], ascending.
        rows: int64[n].
        first_at, last_at: int64[n], microseconds.
    """

    entity_id: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64]
    first_at: npt.NDArray[np.int64]
    last_at: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is complete.

    Attributes:
        footer: its end, which says where its row groups are and which entities they have.
        group_sha256: SHA-256 of the bytes of each row group, 32 bytes each.
        first_id, last_id: lowest and highest id of an entity in it.
        sha256: of its bytes, hexadecimal.
        entities: what it has of each entity.
    """

    path: Path
    footer: bytes
    group_sha256: bytes
    first_id: int
    last_id: int
    rows: int
    bytes: int
    sha256: str
    entities: EntityTotals


def write(blocks: Iterable[Arrays], folder: Path, *, file_bytes: int = FILE_BYTES) -> Iterator[Written]:
    """Write polls into files, each given when it is complete; whoever takes it may delete it.

    Memory is that of a few row groups, a block, and 28 bytes for each entity of a file.

    Args:
        blocks: polls as ``at`` (int64), ``entity_id`` (int64) and ``active`` (int8), sorted by entity and instant, also
            from block to block.
        folder: where the files are made, named ``0.parquet``, ``1.parquet`` …
        file_bytes: a file ends with the entity in which it reaches this size.

    Raises:
        OSError: the folder has no space.
    """
    number, file = 0, None
    try:
        for group in _groups(blocks):
            rest = group
            if file is not None and file.bytes >= file_bytes:
                same = int(np.searchsorted(group["entity_id"], file.last_id, side="right"))
                file.add(_part(group, 0, same))
                rest = _part(group, same, len(group["at"]))
                if len(rest["at"]):
                    yield file.close()
                    number, file = number + 1, None
            file = file or _File(folder / f"{number}.parquet")
            file.add(rest)
        if file is not None:
            yield file.close()
    finally:
        if file is not None:
            file.abandon()


def _groups(blocks: Iterable[Arrays]) -> Iterator[Arrays]:
    """The same rows, GROUP_ROWS at a time."""
    waiting: list[Arrays] = []
    rows = 0
    for block in blocks:
        waiting, rows = [*waiting, block], rows + len(block["at"])
        if rows >= GROUP_ROWS:
            joined = _joined(waiting)
            whole = rows - rows % GROUP_ROWS
            for start in range(0, whole, GROUP_ROWS):
                yield _part(joined, start, start + GROUP_ROWS)
            waiting, rows = [_part(joined, whole, rows)], rows - whole
    if rows:
        yield _joined(waiting)


def _joined(blocks: list[Arrays]) -> Arrays:
    return {name: np.concatenate([block[name] for block in blocks]) for name in SCHEMA.names}


def _part(block: Arrays, start: int, stop: int) -> Arrays:
    return {name: column[start:stop] for name, column in block.items()}


class _File:
    """A file in the making; each addition becomes a row group."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(self._sink, SCHEMA, **_WRITING)
        self._totals: list[EntityTotals] = []

    @property
    def bytes(self) -> int:
        """Size so far."""
        return int(self._sink.tell())

    @property
    def last_id(self) -> int:
        """The entity of the last row."""
        return int(self._totals[-1].entity_id[-1])

    def add(self, rows: Arrays) -> None:
        if not len(rows["at"]):
            return
        arrays = [pa.array(rows[name]).cast(SCHEMA.field(name).type) for name in SCHEMA.names]
        self._writer.write_table(pa.table(arrays, schema=SCHEMA), row_group_size=GROUP_ROWS)
        self._totals.append(_totals(rows["entity_id"], rows["at"]))

    def close(self) -> Written:
        self._writer.close()
        self._sink.close()
        totals = _merged(self._totals)
        footer, digests = _told_apart(self._path)
        return Written(
            path=self._path,
            first_id=int(totals.entity_id[0]),
            last_id=int(totals.entity_id[-1]),
            rows=int(totals.rows.sum()),
            bytes=self._path.stat().st_size,
            sha256=sha256_of(self._path),
            footer=footer,
            group_sha256=digests,
            entities=totals,
        )

    def abandon(self) -> None:
        """Close it, complete or not."""
        self._sink.close()


def footer_of(footer: bytes) -> pq.FileMetaData:
    """What the end of a file says of it."""
    return pq.read_metadata(pa.BufferReader(footer))


def bytes_of(group: pq.RowGroupMetaData) -> tuple[int, int]:
    """The first byte of a row group in its file, and the one after the last."""
    columns = [group.column(column) for column in range(group.num_columns)]
    start = min(one.dictionary_page_offset or one.data_page_offset for one in columns)
    return start, start + sum(one.total_compressed_size for one in columns)


def _told_apart(path: Path) -> tuple[bytes, bytes]:
    """The footer of a file, and the SHA-256 of each of its row groups."""
    with path.open("rb") as file:
        file.seek(-_TRAILER_BYTES, SEEK_END)
        length = int.from_bytes(file.read(4), "little") + _TRAILER_BYTES
        file.seek(-length, SEEK_END)
        footer = file.read()
        found = footer_of(footer)
        digests = []
        for number in range(found.num_row_groups):
            start, stop = bytes_of(found.row_group(number))
            file.seek(start)
            digests.append(sha256(file.read(stop - start)).digest())
    return footer, b"".join(digests)


def _totals(entity_id: npt.NDArray[np.integer], at: npt.NDArray[np.int64]) -> EntityTotals:
    """The totals of sorted rows."""
    starts = np.flatnonzero(np.diff(entity_id, prepend=entity_id[0] - 1))
    ends = np.append(starts[1:], len(at))
    return EntityTotals(entity_id[starts].astype(np.int32), ends - starts, at[starts], at[ends - 1])


def _merged(parts: list[EntityTotals]) -> EntityTotals:
    """The totals of one part after the other; the last entity of a part may be the first of the next."""
    ids = np.concatenate([part.entity_id for part in parts])
    starts = np.flatnonzero(np.diff(ids.astype(np.int64), prepend=ids[0] - 1))
    ends = np.append(starts[1:], len(ids))
    return EntityTotals(
        ids[starts],
        np.add.reduceat(np.concatenate([part.rows for part in parts]), starts),
        np.concatenate([part.first_at for part in parts])[starts],
        np.concatenate([part.last_at for part in parts])[ends - 1],
    )
