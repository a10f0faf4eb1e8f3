"""COPY between Postgres and numpy in the binary format; columns written have a fixed width.

Format: PostgreSQL documentation, COPY, "Binary Format": a signature, then for each row a field count and for each
field its length and its bytes, big-endian, then a field count of -1.

Writing sends one such row per row: with fixed widths a block of rows *is* a structured array; where a row has a null,
the length is -1 and the bytes are cut out. Reading lets Postgres
concatenate each column and receives a single row of a few megabytes: the driver delivers row by row under
Python's global lock, so with millions of small rows, parallel connections would wait for each other.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.storage.postgres import driver_cursor

#: Signature, flags (none) and length of the header extension (none).
_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"

#: What an instant reads as where a row has none: earlier than any.
MISSING: Final = int(np.iinfo(np.int64).min)


#: Dates before and after all others, Postgres' -infinity and infinity: days since 1970-01-01.
FIRST_DAY: Final = int(np.iinfo(np.int32).min) + 10_957
LAST_DAY: Final = int(np.iinfo(np.int32).max) + 10_957


@dataclass(frozen=True, slots=True)
class Wire:
    """How a Postgres type is transferred.

    Attributes:
        send: the function of Postgres that makes its binary form.
        dtype: numpy type of that form.
        zero: Postgres' zero in our units.
        null: for reading only: an SQL literal that stands for null.
        null_sent: for reading only: the same as bytes, for a type that has no value to spare.
        null_value: for writing only: the value that becomes a null.
    """

    send: str
    dtype: str
    zero: int = 0
    null: str | None = None
    null_sent: str | None = None
    null_value: int | None = None


INTEGER: Final = Wire("int4send", ">i4")
BIGINT: Final = Wire("int8send", ">i8")
SMALLINT: Final = Wire("int2send", ">i2")
BOOLEAN: Final = Wire("boolsend", "?")
#: A nullable boolean as 0, 1, and 2 for null.
BOOLEAN_OR_TWO: Final = Wire("boolsend", "i1", null_sent=r"'\x02'", null_value=2)
#: Microseconds since 1970-01-01 UTC; Postgres counts from 2000-01-01.
TIMESTAMPTZ: Final = Wire("timestamptz_send", ">i8", zero=946_684_800_000_000)
#: Microseconds after midnight.
TIME: Final = Wire("time_send", ">i8")
#: Days since 1970-01-01; without a limit, FIRST_DAY or LAST_DAY.
DATE: Final = Wire("date_send", ">i4", zero=10_957)
#: The same for nullable columns, whose null is 0, -1, false, MISSING or NaN.
INTEGER_OR_ZERO: Final = replace(INTEGER, null="0")
INTEGER_OR_MINUS_ONE: Final = replace(INTEGER, null="-1")
BOOLEAN_OR_FALSE: Final = replace(BOOLEAN, null="false")
TIMESTAMPTZ_OR_MISSING: Final = replace(TIMESTAMPTZ, null="'-infinity'")
DATE_OR_MISSING: Final = replace(DATE, null="'-infinity'")
FLOAT_OR_NAN: Final = Wire("float8send", ">f8", null="'NaN'")
#: Text without line breaks; null is the empty text.
TEXT: Final = Wire("convert_to", "S", null="''")

Columns = Mapping[str, Wire]
Arrays = dict[str, npt.NDArray[Any]]


def read_columns(connection: Connection, columns: Columns, source: str, params: Mapping[str, Any]) -> Arrays:
    """The rows of ``source`` as one array per column: bool, int8, float64, object for text, int64 for all else.

    Args:
        connection: any; the rows are read in its transaction.
        columns: names and types; only one whose type says so may be null in a row.
        source: what follows SELECT … FROM, with psycopg's ``%(name)s`` for parameters.
        params: values of the parameters.

    Raises:
        psycopg2.Error: as the statement does; a column of more than 1 GB is one of the reasons.
    """
    # Without a delimiter: an empty one is appended to each value, which takes as long as a quarter of a value.
    selected = ", ".join(f"coalesce(string_agg({_sent(name, wire)}, NULL), '')" for name, wire in columns.items())
    received = io.BytesIO()
    with driver_cursor(connection) as cursor:
        query = cursor.mogrify(f"SELECT {selected} FROM {source}", params).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", received)
    arrays: Arrays = {}
    row = received.getbuffer()
    at = len(_HEADER) + 2
    for name, wire in columns.items():
        (width,) = struct.unpack_from(">i", row, at)
        arrays[name] = _received(row[at + 4 : at + 4 + width], wire)
        at += 4 + width
    return arrays


#: As boolsend(), which makes a new value for each row, in twice the time.
_BOOLEAN_SENT: Final = r"CASE {} WHEN true THEN '\x01'::bytea WHEN false THEN '\x00' END"


def _sent(name: str, wire: Wire) -> str:
    """The SQL expression for the bytes of one value."""
    value = name if wire.null is None else f"coalesce({name}, {wire.null})"
    if wire is TEXT:
        return f"convert_to({value} || E'\\n', 'UTF8')"
    sent = f"{wire.send}({value})" if wire.send != "boolsend" else _BOOLEAN_SENT.format(value)
    return sent if wire.null_sent is None else f"coalesce({sent}, {wire.null_sent})"


def _received(values: memoryview, wire: Wire) -> npt.NDArray[Any]:
    """The values of a column, concatenated."""
    if wire is TEXT:
        return np.array(bytes(values).decode().split("\n")[:-1], dtype=object)
    column = np.frombuffer(values, wire.dtype)
    if column.dtype.itemsize == 1:
        return column
    if column.dtype.kind == "f":
        return column.astype(np.float64)
    instants = column.astype(np.int64) + wire.zero
    if wire.zero and wire.null is not None:
        instants[column == np.iinfo(column.dtype).min] = MISSING
    return instants


def write_columns(
    connection: Connection, table: str, columns: Columns, blocks: Iterable[Mapping[str, npt.NDArray[Any]]]
) -> None:
    """Append blocks of rows, given as one array per column, to ``table``.

    Raises:
        psycopg2.Error: as the statement does.
        BaseException: what the blocks raise.
    """
    rows = _Rows(columns, blocks)
    with driver_cursor(connection) as cursor:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        try:
            cursor.copy_expert(statement, rows, size=1 << 20)
        except Exception as error:
            if rows.failure is not None:  # the driver says only that the statement was cancelled
                raise rows.failure from error
            raise


class _Rows(io.RawIOBase):
    """A binary file of header, rows and trailer, produced from the blocks while Postgres reads it."""

    def __init__(self, columns: Columns, blocks: Iterable[Mapping[str, npt.NDArray[Any]]]) -> None:
        self._parts = self._all_parts(columns, blocks)
        self._rest = memoryview(b"")
        self.failure: BaseException | None = None

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
                yield _without_nulls(rows, columns, layout)
        yield memoryview(_TRAILER)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            try:
                self._rest = next(self._parts, memoryview(b""))
            except BaseException as error:
                self.failure = error
                raise
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


def _without_nulls(rows: npt.NDArray[Any], columns: Columns, layout: np.dtype[Any]) -> memoryview:
    """The bytes of these rows; a null has a width of -1 and no bytes."""
    sent = rows.view(np.uint8).reshape(len(rows), layout.itemsize)
    kept = None
    for name, wire in columns.items():
        nulls = None if wire.null_value is None else rows[name] == wire.null_value
        if nulls is not None and nulls.any():
            kept = np.ones(sent.shape, bool) if kept is None else kept
            rows[f"width of {name}"][nulls] = -1
            start = layout.fields[name][1]  # type: ignore[index]  # it has fields
            kept[nulls, start : start + np.dtype(wire.dtype).itemsize] = False
    return sent.reshape(-1).data if kept is None else sent[kept].data
