"""Tables of what the database cannot compute of rows: made in the transaction of a report, gone with it."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text
from sqlalchemy.schema import CreateTable

from app.storage.csv_copy import copy_rows

#: Rows that are held at a time.
_BLOCK: Final = 10_000


def temporary(name: str, *columns: Column[Any]) -> Table:
    """Declare a table that a transaction has to itself."""
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def fill(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Make the table, or empty it, and write rows, whose values are in the order of its columns."""
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    left = iter(rows)
    while block := list(islice(left, _BLOCK)):
        values = zip(table.columns, zip(*block, strict=True), strict=True)
        copy_rows(connection, table.name, pa.table({column.name: _array(column, of) for column, of in values}))


def _array(column: Column[Any], values: tuple[Any, ...]) -> pa.Array:
    """With the type of columns that may hold nothing but nulls."""
    types = {Text: pa.string(), Boolean: pa.bool_()}
    return pa.array(values, types.get(type(column.type)))
