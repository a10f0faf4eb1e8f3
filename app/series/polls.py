"""Polls in Postgres: weekly partitions, and merging a load into them; poll_reading.py reads them.

A partition holds one week from Monday 00:00 UTC and is named after it: poll_2023_01_16. It is created when a load first
brings a poll of that week, and can be dropped whole. A sealed week has none (see sealed/): before its polls change, it
is unsealed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, ColumnElement, Connection, cast, delete, extract, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.series.tables import poll_week, sealed_object
from app.storage.binary_copy import BOOLEAN_OR_TWO, INTEGER, SMALLINT, TIMESTAMPTZ, Columns
from app.timeline import DAY, Micros, from_micros
from app.timeline.hourly import ACTIVE, UNKNOWN

#: ``active`` as the statuses of timeline.hourly: 0 is INACTIVE, 1 ACTIVE, and 2, for null, UNKNOWN.
POLL_COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "active": BOOLEAN_OR_TWO}

#: The staging table of a load; if rows have the same store and instant, the one with the highest line wins.
STAGED_COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "status": SMALLINT, "line": INTEGER}

#: A staged status as what a poll holds; a status of two bytes takes no more space than a boolean before a line number.
_ACTIVE: Final = f"nullif(status, {UNKNOWN}) = {ACTIVE} AS active"

#: Memory for sorting a load, enough to sort a usual one without disk.
MERGE_MEMORY: Final = "256MB"

#: What a poll takes in its table, without the index: a header, 13 bytes of its own, aligned, and a line pointer.
POLL_BYTES: Final = 44

_MONDAY = 4 * DAY  # 1970-01-05


def week_of(instant: Micros) -> Micros:
    """Monday 00:00 UTC of the week of each instant, microseconds since the epoch."""
    return (instant - _MONDAY) // (7 * DAY) * (7 * DAY) + _MONDAY


def stage(connection: Connection) -> str:
    """Create the staging table of a load and return its name; drop() drops it, and so does a rollback.

    It is not temporary, because several processes of Postgres cannot sort a temporary table together, so its name is
    one that no other transaction has. It is not unlogged either: when Postgres crashes just after an unlogged table was
    rolled back, it cannot recover ("could not create file … File exists").
    """
    table = f"staged_poll_{connection.scalar(text('SELECT pg_backend_pid()'))}"
    connection.execute(text(f"CREATE TABLE {table} (at timestamptz, entity_id int, status smallint, line int)"))
    return table


def merge(connection: Connection, table: str, spans: Mapping[int, tuple[int, int]]) -> int:
    """Merge the staged polls: one status per entity and instant, the last line of the file wins.

    A new week is built as a separate table, sorted, and indexed afterwards, in a third of the time of inserting row by
    row into an index; readers see it only once it is attached, and do not wait.

    Args:
        connection: in the transaction that staged the polls.
        table: where they are staged.
        spans: for each week (Monday, microseconds) of the staged polls their first and last instant; none is sealed.

    Returns:
        Number of staged polls in effect; the others were replaced by a later line.
    """
    _require_unsealed(connection, spans)
    connection.execute(text(f"SET LOCAL work_mem = '{MERGE_MEMORY}'"))
    connection.execute(text(f"SET LOCAL maintenance_work_mem = '{MERGE_MEMORY}'"))
    stand = 0
    for monday, week in _weeks(spans).items():
        put = _add_to_week if _has_partition(connection, week) else _make_week
        stand += put(connection, table, week)
        first, last = map(from_micros, spans[monday])
        row = insert(poll_week).values(week=week, first_at=first, last_at=last, changed_at=func.now(), version=_clock())
        connection.execute(
            row.on_conflict_do_update(
                index_elements=[poll_week.c.week],
                set_={
                    "first_at": func.least(poll_week.c.first_at, row.excluded.first_at),
                    "last_at": func.greatest(poll_week.c.last_at, row.excluded.last_at),
                    "changed_at": row.excluded.changed_at,
                    "version": _next_version(),
                },
            )
        )
    return stand


def mondays_of(spans: Iterable[int]) -> list[date]:
    """The Mondays, given in microseconds, as dates."""
    return [from_micros(monday).date() for monday in sorted(spans)]


def _require_unsealed(connection: Connection, spans: Mapping[int, tuple[int, int]]) -> None:
    """To put polls into a new partition of a sealed week would hide them."""
    among = poll_week.c.week.in_(mondays_of(spans))
    sealed = list(connection.scalars(select(poll_week.c.week).where(among, poll_week.c.sealed_at.is_not(None))))
    if sealed:
        raise ValueError(f"The weeks of {', '.join(map(str, sealed))} are sealed; unseal them in this transaction.")


def _clock() -> ColumnElement[int]:
    """A version of a week that it has never had, also if it was emptied meanwhile."""
    return cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)


def _next_version() -> ColumnElement[int]:
    return func.greatest(poll_week.c.version + 1, _clock())


def drop(connection: Connection, table: str) -> None:
    """Drop the staging table of a load once it is merged."""
    connection.execute(text(f"DROP TABLE {table}"))


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Staged polls that say something else than the later line for their store and instant.

    Attributes:
        count: other statuses than the one that counts, of all stores and instants.
        first: key and instant of the first few.
    """

    count: int = 0
    first: tuple[tuple[str, datetime], ...] = ()


def contradictions(
    connection: Connection, table: str, lines: npt.NDArray[np.int64] | None, *, at_most: int
) -> Contradictions:
    """What contradicts itself among the staged polls, with so many examples; their entities are written already.

    Args:
        connection: in the transaction that staged the polls.
        table: where they are staged.
        lines: every line but the first for a store and an instant, and any others; None: compare all of them, which
            takes as long as to merge them.
        at_most: number of examples.
    """
    suspects = f"SELECT entity_id, at FROM {table} WHERE line = ANY(CAST(:lines AS int[]))"
    among = "" if lines is None else f"WHERE (entity_id, at) IN ({suspects})"
    query = text(
        "WITH said AS (SELECT entity_id, at, CASE bit_or(1 << status) WHEN 7 THEN 2 ELSE 1 END AS others "
        f"FROM {table} {among} GROUP BY entity_id, at HAVING min(status) <> max(status)) "
        "SELECT key, at, sum(others) OVER () AS in_all FROM said JOIN entity ON id = entity_id "
        "ORDER BY key, at LIMIT :most"
    )
    given = {} if lines is None else {"lines": lines.tolist()}
    rows = connection.execute(query, {"most": at_most, **given}).all()
    return Contradictions(int(rows[0].in_all), tuple((row.key, row.at) for row in rows)) if rows else Contradictions()


def remove(connection: Connection, table: str, spans: Mapping[int, tuple[int, int]]) -> int:
    """Delete the polls that equal staged ones; a poll that was loaded since with another status stays.

    The first and last instant of each week are updated. Its partition stays, even if it is empty.

    Args:
        connection: in the transaction that staged the polls.
        table: where they are staged.
        spans: as for merge().

    Returns:
        Number of deleted polls.
    """
    _require_unsealed(connection, spans)
    connection.execute(text(f"SET LOCAL work_mem = '{MERGE_MEMORY}'"))
    removed = 0
    for week in _weeks(spans).values():
        if _has_partition(connection, week):
            removed += _take_from_week(connection, table, week)
    connection.execute(text(f"DROP TABLE {table}"))
    return removed


def _weeks(spans: Mapping[int, tuple[int, int]]) -> dict[int, date]:
    return {monday: from_micros(monday).date() for monday in sorted(spans)}


def partition_of(week: date) -> str:
    """Name of the table of a week."""
    return f"poll_{week:%Y_%m_%d}"


def _has_partition(connection: Connection, week: date) -> bool:
    """Whether the week has a table; an emptied one has no row in poll_week."""
    return connection.scalar(text(f"SELECT to_regclass('{partition_of(week)}')")) is not None


def _staged(table: str, week: date) -> str:
    return (
        f"SELECT DISTINCT ON (entity_id, at) at, entity_id, {_ACTIVE} "
        f"FROM {table} WHERE at >= '{week} 00:00Z' AND at < '{week + timedelta(days=7)} 00:00Z' "
        "ORDER BY entity_id, at, line DESC"
    )


def _make_week(connection: Connection, table: str, week: date) -> int:
    partition, until = partition_of(week), week + timedelta(days=7)
    made = connection.execute(text(f"CREATE TABLE {partition} AS {_staged(table, week)}"))
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at)",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{week} 00:00Z') TO ('{until} 00:00Z')",
    ):
        connection.execute(text(statement))
    return made.rowcount


def _add_to_week(connection: Connection, table: str, week: date) -> int:
    _accept_unknown(connection, week)
    stand: int = connection.execute(
        text(
            f"WITH staged AS MATERIALIZED ({_staged(table, week)}), "
            f"put AS (INSERT INTO {partition_of(week)} AS poll (at, entity_id, active) SELECT * FROM staged "
            "ON CONFLICT (entity_id, at) DO UPDATE SET active = excluded.active "
            "WHERE poll.active IS DISTINCT FROM excluded.active) SELECT count(*) FROM staged"
        )
    ).scalar_one()
    return stand


def _accept_unknown(connection: Connection, week: date) -> None:
    """A week that the version before has made, while this one was rolled out, refuses polls that say unknown."""
    partition = partition_of(week)
    refuses = text(
        f"SELECT attnotnull FROM pg_attribute WHERE attrelid = '{partition}'::regclass AND attname = 'active'"
    )
    if connection.scalar(refuses):
        connection.execute(text(f"ALTER TABLE {partition} ALTER active DROP NOT NULL"))


def _take_from_week(connection: Connection, table: str, week: date) -> int:
    partition = partition_of(week)
    removed = connection.execute(
        text(
            f"DELETE FROM {partition} AS poll USING ({_staged(table, week)}) AS staged "
            "WHERE (poll.entity_id, poll.at) = (staged.entity_id, staged.at) "
            "AND poll.active IS NOT DISTINCT FROM staged.active"
        )
    ).rowcount
    span = connection.execute(text(f"SELECT min(at) AS first_at, max(at) AS last_at FROM {partition}")).one()
    here, changed = poll_week.c.week == week, {"changed_at": func.now(), "version": _next_version()}
    kept = update(poll_week).where(here).values(**span._asdict(), **changed)
    connection.execute(delete(poll_week).where(here) if span.last_at is None else kept)
    return removed


def latest(connection: Connection) -> datetime | None:
    """The instant of the latest poll, or None without any."""
    at: datetime | None = connection.scalar(select(func.max(poll_week.c.last_at)))
    return at


def about_so_many(connection: Connection, *, first: int, last: int) -> int:
    """About how many polls the weeks have that touch ``[first, last]``, microseconds, by the size of their tables.

    Those of sealed weeks are counted.
    """
    touched = (poll_week.c.first_at <= from_micros(last), poll_week.c.last_at >= from_micros(first))
    weeks = select(poll_week.c.week).where(*touched, poll_week.c.sealed_at.is_(None))
    tables = [partition_of(week) for week in connection.scalars(weeks)]
    # A week that is sealed meanwhile has no table any more.
    sizes = text(
        "SELECT coalesce(sum(pg_relation_size(to_regclass(name))), 0) FROM unnest(cast(:tables AS text[])) AS name"
    )
    polls = int(connection.scalar(sizes, {"tables": tables}) or 0) // POLL_BYTES
    sealed = select(func.sum(sealed_object.c.rows)).join(poll_week, poll_week.c.week == sealed_object.c.week)
    return polls + int(connection.scalar(sealed.where(*touched)) or 0)
