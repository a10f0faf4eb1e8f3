"""COPY between Postgres and numpy in the binary format, for columns of fixed width without nulls.

Format: PostgreSQL documentation, COPY, "Binary Format": a signature, then for each row a field count and for each
field its length and its bytes, big-endian, then a field count of -1.

Writing sends one such row per row: with fixed widths a block of rows *is* a structured array. Reading lets Postgres
string each column together and receives a single row of a few megabytes: the driver hands over row by row under
Python's global lock, so that millions of small rows would keep parallel connections waiting for each other.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.database import driver_cursor

#: Signature, flags (none) and length of the header extension (none).
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Wire:
    """How a Postgres type travels.

    Attributes:
        send: the function of Postgres that makes its binary form.
        dtype: numpy type of that form.
        zero: what Postgres' zero is in our terms.
    """

    send: str
    dtype: str
    zero: int = 0


INTEGER: Final = Wire("int4send", ">i4")
SMALLINT: Final = Wire("int2send", ">i2")
BOOLEAN: Final = Wire("boolsend", "?")
#: Microseconds since 1970-01-01 UTC; Postgres counts from 2000-01-01.
TIMESTAMPTZ: Final = Wire("timestamptz_send", ">i8", zero=946_684_800_000_000)
#: Microseconds after midnight.
TIME: Final = Wire("time_send", ">i8")

Columns = Mapping[str, Wire]
Arrays = dict[str, npt.NDArray[Any]]


def read_columns(connection: Connection, columns: Columns, source: str, params: Mapping[str, Any]) -> Arrays:
    """The rows of ``source`` as one array per column, booleans as bool and everything else as int64.

    Args:
        connection: any; the rows are read in its transaction.
        columns: names, which must not be null in any row, and their types.
        source: what follows SELECT … FROM, with psycopg's ``%(name)s`` for parameters.
        params: values of the parameters.

    Raises:
        psycopg2.Error: as the statement does; a column of more than 1 GB is one of the reasons.
    """
    selected = ", ".join(f"coalesce(string_agg({wire.send}({name}), ''), '')" for name, wire in columns.items())
    received = io.BytesIO()
    with driver_cursor(connection) as cursor:
        query = cursor.mogrify(f"SELECT {selected} FROM {source}", params).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", received)
    arrays: Arrays = {}
    row = received.getbuffer()
    at = len(_HEADER) + 2
    for name, wire in columns.items():
        (width,) = struct.unpack_from(">i", row, at)
        column = np.frombuffer(row, wire.dtype, width // np.dtype(wire.dtype).itemsize, offset=at + 4)
        arrays[name] = column if wire is BOOLEAN else column.astype(np.int64) + wire.zero
        at += 4 + width
    return arrays


def write_columns(
    connection: Connection, table: str, columns: Columns, blocks: Iterable[Mapping[str, npt.NDArray[Any]]]
) -> None:
    """Append blocks of rows, given as one array per column, to ``table``."""
    with driver_cursor(connection) as cursor:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        cursor.copy_expert(statement, _Rows(columns, blocks), size=1 << 20)


class _Rows(io.RawIOBase):
    """A binary file that reads as header, rows, trailer; drawn from the blocks while Postgres takes it in."""

    def __init__(self, columns: Columns, blocks: Iterable[Mapping[str, npt.NDArray[Any]]]) -> None:
        self._parts = self._all_parts(columns, blocks)
        self._rest = memoryview(b"")

    @staticmethod
    def _all_parts(columns: Columns, blocks: Iterable[Mapping[str, npt.NDArray[Any]]]) -> Iterator[memoryview]:
        fields: list[tuple[str, str]] = [("field count", ">i2")]
        for name, wire in columns.items():
            fields += [(f"width of {name}", ">i4"), (name, wire.dtype)]
        layout = np.dtype(fields)
        yield memoryview(_HEADER)
        for block in blocks:
            rows = np.empty(len(next(iter(block.values()))), layout)
            rows["field count"] = len(columns)
            for name, wire in columns.items():
                rows[f"width of {name}"] = np.dtype(wire.dtype).itemsize
                rows[name] = block[name] - wire.zero if wire.zero else block[name]
            if len(rows):
                yield rows.view(np.uint8).data
        yield memoryview(_TRAILER)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._parts, memoryview(b""))
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)
