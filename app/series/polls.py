"""Polls in Postgres: weekly partitions, merging a load into them, and reading a window once, in parallel.

A partition holds one week from Monday 00:00 UTC and is named after it: poll_2023_01_16. It is created when a load first
brings a poll of that week, and can be dropped whole.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.series.tables import poll_week
from app.storage.binary_copy import BOOLEAN, INTEGER, TIMESTAMPTZ, Columns, read_columns
from app.timeline import DAY, Micros, from_micros
from app.timeline.entities import Entities

POLL_COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "active": BOOLEAN}

#: The staging table of a load; if rows have the same store and instant, the one with the highest line wins.
STAGED_COLUMNS: Final[Columns] = {**POLL_COLUMNS, "line": INTEGER}

#: A partition is read in slices of this many pages of 8 KiB: about 80,000 polls, enough to make a query's own cost
#: vanish and few enough that parallel connections end together.
SLICE_PAGES: Final = 512

#: Number of listed entities whose polls are looked up at a time.
SLICE_ENTITIES: Final = 256

#: Memory for sorting a load, enough to sort a usual one without disk.
MERGE_MEMORY: Final = "256MB"

_MONDAY = 4 * DAY  # 1970-01-05

Scope = Literal["all", "range", "listed"]
Consume = Callable[[npt.NDArray[np.integer], Micros, npt.NDArray[np.bool_]], None]


def week_of(instant: Micros) -> Micros:
    """Monday 00:00 UTC of the week of each instant, microseconds since the epoch."""
    return (instant - _MONDAY) // (7 * DAY) * (7 * DAY) + _MONDAY


def stage(connection: Connection) -> str:
    """Create the staging table of a load and return its name; merge() drops it, and so does a rollback.

    It is not temporary, because several processes of Postgres cannot sort a temporary table together, so its name is
    one that no other transaction has. It is not unlogged either: when Postgres crashes just after an unlogged table was
    rolled back, it cannot recover ("could not create file … File exists").
    """
    table = f"staged_poll_{connection.scalar(text('SELECT pg_backend_pid()'))}"
    connection.execute(text(f"CREATE TABLE {table} (at timestamptz, entity_id int, active bool, line int)"))
    return table


def merge(connection: Connection, table: str, spans: Mapping[int, tuple[int, int]]) -> int:
    """Merge the staged polls: one status per entity and instant, the last line of the file wins.

    A new week is built as a separate table, sorted, and indexed afterwards, in a third of the time of inserting row by
    row into an index; readers see it only once it is attached, and do not wait.

    Args:
        connection: in the transaction that staged the polls.
        table: where they are staged.
        spans: for each week (Monday, microseconds) of the staged polls their first and last instant.

    Returns:
        Number of staged polls in effect; the others were replaced by a later line.
    """
    connection.execute(text(f"SET LOCAL work_mem = '{MERGE_MEMORY}'"))
    connection.execute(text(f"SET LOCAL maintenance_work_mem = '{MERGE_MEMORY}'"))
    stand = 0
    for monday, week in _weeks(spans).items():
        put = _add_to_week if _has_partition(connection, week) else _make_week
        stand += put(connection, table, week)
        first, last = map(from_micros, spans[monday])
        row = insert(poll_week).values(week=week, first_at=first, last_at=last)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=[poll_week.c.week],
                set_={
                    "first_at": func.least(poll_week.c.first_at, row.excluded.first_at),
                    "last_at": func.greatest(poll_week.c.last_at, row.excluded.last_at),
                },
            )
        )
    connection.execute(text(f"DROP TABLE {table}"))
    return stand


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
        "SELECT DISTINCT ON (entity_id, at) at, entity_id, active "
        f"FROM {table} WHERE at >= '{week} 00:00Z' AND at < '{week + timedelta(days=7)} 00:00Z' "
        "ORDER BY entity_id, at, line DESC"
    )


def _make_week(connection: Connection, table: str, week: date) -> int:
    partition, until = partition_of(week), week + timedelta(days=7)
    made = connection.execute(text(f"CREATE TABLE {partition} AS {_staged(table, week)}"))
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at), ALTER active SET NOT NULL",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{week} 00:00Z') TO ('{until} 00:00Z')",
    ):
        connection.execute(text(statement))
    return made.rowcount


def _add_to_week(connection: Connection, table: str, week: date) -> int:
    stand: int = connection.execute(
        text(
            f"WITH staged AS MATERIALIZED ({_staged(table, week)}), "
            f"put AS (INSERT INTO {partition_of(week)} AS poll (at, entity_id, active) SELECT * FROM staged "
            "ON CONFLICT (entity_id, at) DO UPDATE SET active = excluded.active "
            "WHERE poll.active <> excluded.active) SELECT count(*) FROM staged"
        )
    ).scalar_one()
    return stand


def _take_from_week(connection: Connection, table: str, week: date) -> int:
    partition = partition_of(week)
    removed = connection.execute(
        text(
            f"DELETE FROM {partition} AS poll USING ({_staged(table, week)}) AS staged "
            "WHERE (poll.entity_id, poll.at, poll.active) = (staged.entity_id, staged.at, staged.active)"
        )
    ).rowcount
    span = connection.execute(text(f"SELECT min(at) AS first_at, max(at) AS last_at FROM {partition}")).one()
    here = poll_week.c.week == week
    connection.execute(
        delete(poll_week).where(here) if span.last_at is None else update(poll_week).where(here).values(span._asdict())
    )
    return removed


def latest(connection: Connection) -> datetime | None:
    """The instant of the latest poll, or None without any."""
    at: datetime | None = connection.scalar(select(func.max(poll_week.c.last_at)))
    return at


@dataclass(frozen=True, slots=True)
class _Slice:
    source: str
    params: Mapping[str, Any]


def read(
    engine: Engine,
    entities: Entities,
    *,
    first: int,
    last: int,
    scope: Scope,
    connections: int,
    consume: Consume,
    progress: Callable[[float], None],
) -> None:
    """Read the polls of ``entities`` in ``[first, last]``, in blocks in any order, from one snapshot.

    Every partition of the window is read once, in the order in which it lies, by several connections in slices of
    pages; a short list of entities is looked up by key instead.

    Args:
        engine: connections come from here; ``connections`` + 1 of them are used.
        entities: whose polls to read; others are dropped.
        first, last: instants, microseconds, both included.
        scope: the entities are "all" that have polls, a "range" of ids, or "listed" one by one: then the index
            finds their polls faster than a scan.
        connections: number of slices read at the same time.
        consume: called with (number of the entity, instant, active), from several threads.
        progress: called with the fraction done, 0 … 1.
    """
    if not len(entities):
        return
    with snapshot(engine) as (connection, name):
        slices: SimpleQueue[_Slice | None] = SimpleQueue()
        if scope == "listed":
            plan = _by_entity(entities, first, last)
        else:
            plan = _by_page(connection, None if scope == "all" else entities, first, last)
        parts = list(plan)
        for part in (*parts, *[None] * connections):
            slices.put(part)
        done, lock, failed = 0, Lock(), Event()

        def work() -> None:
            nonlocal done
            with joined_snapshot(engine, name) as reader, _set_on_error(failed):
                while (part := slices.get()) is not None and not failed.is_set():
                    block = read_columns(reader, POLL_COLUMNS, part.source, part.params)
                    number = entities.numbers(block["entity_id"])
                    ours = number >= 0
                    consume(number[ours], block["at"][ours], block["active"][ours])
                    with lock:
                        done += 1
                        progress(done / len(parts))

        with ThreadPoolExecutor(connections, thread_name_prefix="read") as pool:
            for future in [pool.submit(work) for _ in range(min(connections, len(parts)))]:
                future.result()


@contextmanager
def _set_on_error(event: Event) -> Iterator[None]:
    try:
        yield
    except BaseException:
        event.set()
        raise


@contextmanager
def snapshot(engine: Engine) -> Iterator[tuple[Connection, str]]:
    """A read-only transaction and the name of its snapshot, for other connections to share.

    No week is dropped until it ends: the lock comes before the snapshot, so what that shows is there.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("LOCK TABLE ONLY poll IN ACCESS SHARE MODE"))
        name = connection.scalar(text("SELECT pg_export_snapshot()"))
        assert isinstance(name, str)  # noqa: S101 - the function never returns null; this tells the type checker
        yield connection, name


@contextmanager
def joined_snapshot(engine: Engine, name: str) -> Iterator[Connection]:
    """A read-only transaction on the snapshot that another one exported as ``name``."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text(f"SET TRANSACTION SNAPSHOT '{name}'"))
        yield connection


def _instants(first: int, last: int) -> dict[str, Any]:
    return {"first": from_micros(first), "last": from_micros(last)}


def _by_entity(entities: Entities, first: int, last: int) -> Iterator[_Slice]:
    for start in range(0, len(entities), SLICE_ENTITIES):
        ids = entities.ids[start : start + SLICE_ENTITIES].tolist()
        yield _Slice(
            "poll WHERE entity_id = ANY(%(ids)s) AND at BETWEEN %(first)s AND %(last)s",
            _instants(first, last) | {"ids": ids},
        )


def _by_page(connection: Connection, entities: Entities | None, first: int, last: int) -> Iterator[_Slice]:
    bounds = _instants(first, last)
    weeks = connection.execute(
        select(poll_week.c.week, poll_week.c.first_at, poll_week.c.last_at)
        .where(poll_week.c.first_at <= bounds["last"], poll_week.c.last_at >= bounds["first"])
        .order_by(poll_week.c.week)
    ).all()
    for week, first_at, last_at in weeks:
        conditions = ["ctid >= %(from)s::tid", "ctid < %(to)s::tid"]
        if first_at < bounds["first"] or last_at > bounds["last"]:
            conditions.append("at BETWEEN %(first)s AND %(last)s")
        if entities is not None:
            conditions.append("entity_id BETWEEN %(low)s AND %(high)s")
            bounds |= {"low": int(entities.ids[0]), "high": int(entities.ids[-1])}
        source = f"{partition_of(week)} WHERE {' AND '.join(conditions)}"
        pages = connection.scalar(text(f"SELECT pg_relation_size('{partition_of(week)}') / 8192")) or 0
        for page in range(0, pages, SLICE_PAGES):
            yield _Slice(source, bounds | {"from": f"({page},0)", "to": f"({page + SLICE_PAGES},0)"})
