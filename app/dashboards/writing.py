"""Puts computed rows in place of those that are there; rows that are both stay untouched."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, Table, text

from app.storage.csv_copy import copy_rows

#: Key of the advisory lock that has one transaction at a time write rows of views.
_LOCK: Final = 0x64617368


def take_turn(connection: Connection) -> None:
    """Wait until no other transaction writes rows of views, and have others wait until this one ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def replace_rows(
    connection: Connection,
    table: Table,
    rows: pa.Table,
    *,
    within: str = "true",
    params: Mapping[str, Any] | None = None,
) -> int:
    """Have ``table`` hold these rows in place of those that fulfil a condition; returns how many that changes.

    Args:
        connection: in a transaction that has its turn.
        table: with a primary key.
        rows: with all its columns, or some: the others are null.
        within: a condition on the rows of ``table``, called ``old``; every one of ``rows`` fulfils it.
        params: of the condition.
    """
    staged = f"new_{table.name}"
    connection.execute(text(f"CREATE TEMP TABLE {staged} (LIKE {table.name}) ON COMMIT DROP"))
    # In one piece: where a column is null in some, Arrow writes wrong bytes for others.
    copy_rows(connection, staged, rows.combine_chunks())
    connection.execute(text(f"ANALYZE {staged}"))
    key = [column.name for column in table.primary_key]
    same = " AND ".join(f"new.{name} = old.{name}" for name in key)
    gone = connection.execute(
        text(f"DELETE FROM {table.name} old WHERE {within} AND NOT EXISTS (SELECT FROM {staged} new WHERE {same})"),
        params or {},
    )
    names = [column.name for column in table.columns]
    others = [name for name in names if name not in key]
    changed = connection.execute(
        text(
            f"INSERT INTO {table.name} AS old ({', '.join(names)}) SELECT {', '.join(names)} FROM {staged} "
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)} "
            f"WHERE ({_row('old', others)}) IS DISTINCT FROM ({_row('excluded', others)})"
        )
    )
    connection.execute(text(f"DROP TABLE {staged}"))
    return gone.rowcount + changed.rowcount


def _row(of: str, names: list[str]) -> str:
    return ", ".join(f"{of}.{name}" for name in names)
