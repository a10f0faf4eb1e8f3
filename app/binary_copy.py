"""COPY between Postgres and numpy in the binary format, for rows of fixed width without nulls.

Format: PostgreSQL documentation, COPY, "Binary Format": a signature, then for each row a field count and for each
field its length and its bytes, big-endian, then a field count of -1. With fixed widths and no nulls every row has the
same length, so a block of rows *is* a structured array.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.database import driver_cursor

#: Signature, flags (none) and length of the header extension (none).
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"

#: Postgres counts timestamps from 2000-01-01, microseconds after 1970-01-01.
POSTGRES_EPOCH: Final = 946_684_800_000_000

#: Rows are handed over in blocks of about this size; larger ones fall out of the processor's cache, bytes.
BLOCK_BYTES: Final = 4 << 20

#: numpy types of the columns that are copied, by the Postgres type they stand for.
INTEGER, SMALLINT, BOOLEAN, TIMESTAMPTZ, TIME = ">i4", ">i2", "?", ">i8", ">i8"

Block = npt.NDArray[np.void]


class RowFormat:
    """The layout of one row: columns by name with their numpy types, in the order of the COPY statement."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = tuple(columns)
        self._widths = {f"width of {name}": np.dtype(code).itemsize for name, code in columns.items()}
        fields: list[tuple[str, str]] = [("fields", ">i2")]
        for name, code in columns.items():
            fields += [(f"width of {name}", ">i4"), (name, code)]
        self.dtype = np.dtype(fields)

    def rows(self, **columns: npt.NDArray[Any]) -> Block:
        """A block of rows from arrays of one length; timestamps are Postgres' own (see POSTGRES_EPOCH)."""
        block = np.empty(len(next(iter(columns.values()))), self.dtype)
        block["fields"] = len(self.columns)
        for name, width in self._widths.items():
            block[name] = width
        for name in self.columns:
            block[name] = columns[name]
        return block


def copy_in(connection: Connection, table: str, layout: RowFormat, blocks: Iterable[Block]) -> None:
    """Append blocks of rows to ``table``; ``blocks`` is drawn while Postgres reads."""
    statement = f"COPY {table} ({', '.join(layout.columns)}) FROM STDIN (FORMAT binary)"
    with driver_cursor(connection) as cursor:
        cursor.copy_expert(statement, _BlockSource(blocks), size=1 << 20)


def copy_out(
    connection: Connection,
    query: str,
    layout: RowFormat,
    consume: Callable[[Block], None],
    params: Mapping[str, Any] | None = None,
) -> None:
    """Hand the rows of ``query`` to ``consume`` block by block, in memory that does not grow with their number."""
    with driver_cursor(connection) as cursor:
        if params is not None:
            query = cursor.mogrify(query, params).decode()
        sink = _BlockSink(layout.dtype, consume)
        # The driver hands over row by row; a buffered writer collects them without a Python call for each.
        with io.BufferedWriter(sink, buffer_size=BLOCK_BYTES) as buffer:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", buffer)


class _BlockSource(io.RawIOBase):
    """A binary file that reads as header, blocks, trailer."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._parts = self._all_parts(blocks)
        self._rest = memoryview(b"")

    @staticmethod
    def _all_parts(blocks: Iterable[Block]) -> Iterable[Any]:
        yield _HEADER
        for block in blocks:
            if len(block):
                yield block.view(np.uint8).data
        yield _TRAILER

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next(iter(self._parts), b""))
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


class _BlockSink(io.RawIOBase):
    """A binary file that cuts what is written into whole rows."""

    def __init__(self, dtype: np.dtype[np.void], consume: Callable[[Block], None]) -> None:
        self._dtype = dtype
        self._consume = consume
        self._rest = b""
        self._in_rows = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = len(data)
        piece = self._rest + bytes(data)
        if not self._in_rows:
            if len(piece) < len(_HEADER):
                self._rest = piece
                return written
            piece, self._in_rows = piece[len(_HEADER) :], True
        rows = len(piece) // self._dtype.itemsize
        self._rest = piece[rows * self._dtype.itemsize :]
        if rows:
            self._consume(np.frombuffer(piece, self._dtype, rows))
        return written
