"""What is known when: rows of hours, zones, calendars and details are superseded, never changed or deleted.

A change fixes its instant under a lock that it holds until it is committed. Who reads what was known at an instant
waits for that lock once, so nothing of that instant or before it can come later: the same reading always gives the same
rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from app.storage.postgres import database_errors, each_by_itself

#: Key of the advisory lock.
_LOCK: Final = 0x6B6E6F77


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction that changes what is known.

    Attributes:
        at: from when on the change is known; later than that of any other change.
        by: the dataset that brings it; None for a request.
    """

    at: datetime
    by: str | None = None


def begin_change(connection: Connection, *, by: str | None = None) -> Change:
    """Have nobody else change what is known until the transaction ends; statements that follow see what others did."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    return Change(connection.execute(text("SELECT clock_timestamp()")).scalar_one(), by or None)


def settle_changes(engine: Engine) -> None:
    """Wait until the changes that have begun are committed; a snapshot that is taken after that has them."""
    with database_errors(), each_by_itself(engine) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})


#: How the driver's statements and those of SQLAlchemy name the instant of known().
DRIVER: Final = "%(as_known_at)s"
TEXT: Final = ":as_known_at"


def known(as_known_at: datetime | None, *, table: str = "", named: str = DRIVER) -> str:
    """The condition for rows that were known at the parameter ``as_known_at``; None: that are known."""
    if as_known_at is None:
        return f"{table}superseded_at IS NULL"
    return f"{table}recorded_at <= {named} AND ({table}superseded_at IS NULL OR {table}superseded_at > {named})"


def settle(
    connection: Connection,
    change: Change,
    table: str,
    columns: Sequence[str],
    *,
    named: str,
    wanted: str,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Have ``table`` hold the wanted rows in place of the named ones; rows that are both stay untouched.

    Args:
        connection: in the transaction of the change.
        change: see begin_change().
        table: with ``columns``, and those that tell when a row was known.
        columns: what rows are compared by.
        named: a condition on rows of ``table``, which need not be known any more.
        wanted: a query of ``columns``; repeated rows count once.
        params: of both.
    """
    names = ", ".join(columns)
    connection.execute(
        text(
            f"""
            WITH compared AS MATERIALIZED (
                SELECT {names}, max(standing) AS standing, bool_or(is_wanted) AS is_wanted FROM (
                    SELECT {names}, ctid AS standing, false AS is_wanted FROM {table}
                    WHERE superseded_at IS NULL AND ({named})
                    UNION ALL
                    SELECT {names}, NULL, true FROM ({wanted}) AS wanted
                ) AS either GROUP BY {names}
            ), gone AS (
                UPDATE {table} SET superseded_at = :change_at FROM compared
                WHERE {table}.ctid = compared.standing AND NOT compared.is_wanted
            )
            INSERT INTO {table} ({names}, recorded_at, recorded_by)
            SELECT {names}, :change_at, :change_by FROM compared WHERE standing IS NULL
            """
        ),
        {**(params or {}), "change_at": change.at, "change_by": change.by},
    )


def supersede(
    connection: Connection, change: Change, table: str, which: str, params: Mapping[str, Any] | None = None
) -> int:
    """Have the rows of ``table`` that fulfil a condition be known no more; returns their number."""
    return connection.execute(
        text(f"UPDATE {table} SET superseded_at = :change_at WHERE superseded_at IS NULL AND ({which})"),
        {**(params or {}), "change_at": change.at},
    ).rowcount
