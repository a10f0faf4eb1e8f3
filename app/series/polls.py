"""Polls in Postgres: weekly partitions, and merging a load into them; poll_reading.py reads them.

poll_sorting.py sorts what a load brings.

A partition holds one week from Monday 00:00 UTC and is named after it: poll_2023_01_16. It is created when a load first
brings a poll of that week, and can be dropped whole. A sealed week has none (see sealed/): before its polls change, it
is unsealed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Connection, cast, delete, extract, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.series.poll_sorting import READ_POLLS, Polls, PollSorter, counting
from app.series.tables import poll_week, sealed_object
from app.storage.binary_copy import BOOLEAN_OR_TWO, INTEGER, TIMESTAMPTZ, Columns, write_columns
from app.timeline import from_micros

#: ``active`` as the statuses of timeline.hourly: 0 is INACTIVE, 1 ACTIVE, and 2, for null, UNKNOWN.
POLL_COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "active": BOOLEAN_OR_TWO}

#: Memory for the index of a week, enough to sort a usual one without disk.
MERGE_MEMORY: Final = "256MB"

#: What a poll takes in its table, without the index: a header, 13 bytes of its own, aligned, and a line pointer.
POLL_BYTES: Final = 44

#: The polls of a week on their way into, or out of, a partition that has polls already.
_STAGED: Final = "staged_poll"


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Polls of a file that say something else than the later line for their store and instant.

    Attributes:
        count: other statuses than the one that counts, of all stores and instants.
        first: key and instant of the first few.
    """

    count: int = 0
    first: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge.

    Attributes:
        stand: polls of the file in effect; the others were replaced by a later line.
        contradictions: of those that were replaced.
    """

    stand: int
    contradictions: Contradictions


def merge(connection: Connection, polls: PollSorter, *, examples: int) -> Merged:
    """Merge the polls of a file: one status per entity and instant, the last line of the file wins.

    They come sorted, by a COPY for each week. A new week is a table of its own that gets its index afterwards, in a
    third of the time of inserting row by row into an index; readers see it only once it is attached, and do not wait.

    Args:
        connection: in the transaction of the load, which has its turn.
        polls: with ids of entities that are written; none of their weeks is sealed.
        examples: how many of the contradictions to name.
    """
    _require_unsealed(connection, polls.weeks())
    connection.execute(text(f"SET LOCAL maintenance_work_mem = '{MERGE_MEMORY}'"))
    said = _Said(examples)
    for monday, (first, last) in polls.weeks().items():
        week = from_micros(monday).date()
        put = _add_to_week if _has_partition(connection, week) else _make_week
        put(connection, week, said.last(polls.of_week(monday)))
        said.name_contradictions(connection)
        span = {"first_at": from_micros(first), "last_at": from_micros(last)}
        row = insert(poll_week).values(week=week, **span, changed_at=func.now(), version=_clock())
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
    return Merged(said.stand, Contradictions(said.others, tuple(said.examples)))


def mondays_of(spans: Iterable[int]) -> list[date]:
    """The Mondays, given in microseconds, as dates."""
    return [from_micros(monday).date() for monday in sorted(spans)]


def _require_unsealed(connection: Connection, spans: Iterable[int]) -> None:
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


class _Said:
    """What the polls of a file say, and what of it counts.

    Attributes:
        stand: polls that count.
        others: polls that contradict one of them.
        examples: key and instant of the first of these, at most ``most``.
    """

    def __init__(self, most: int) -> None:
        self.stand = self.others = 0
        self.examples: list[tuple[str, datetime]] = []
        self._most = most
        self._found: dict[int, list[datetime]] = {}  # since the last were named, the first of each entity

    def last(self, blocks: Iterable[Polls]) -> Iterator[Polls]:
        """The polls that count, of blocks as PollSorter gives them."""
        for polls in blocks:
            counts = counting(polls)
            if not counts.all():
                self._note(polls[~counts])
                polls = polls[counts]  # noqa: PLW2901 - the others have served
            self.stand += len(polls)
            yield polls

    def name_contradictions(self, connection: Connection) -> None:
        """Find the keys of what was noted; their entities are written."""
        if not self._found:
            return
        first = text("SELECT id, key FROM entity WHERE id = ANY(:ids) ORDER BY key LIMIT :most")
        rows = connection.execute(first, {"ids": list(self._found), "most": self._most}).all()
        self.examples = sorted([*self.examples, *((row.key, at) for row in rows for at in self._found[row.id])])
        del self.examples[self._most :]
        self._found = {}

    def _note(self, others: Polls) -> None:
        self.others += len(others)
        for at, entity_id, _ in others[counting(others)].tolist():  # two may contradict the same one
            known = self._found.setdefault(entity_id, [])
            if len(known) < self._most:
                known.append(from_micros(at).astimezone(UTC))


def remove(connection: Connection, polls: PollSorter) -> int:
    """Delete the polls that equal those of a file; a poll that was loaded since with another status stays.

    The first and last instant of each week are updated. Its partition stays, even if it is empty.

    Args:
        connection, polls: as for merge().

    Returns:
        Number of deleted polls.
    """
    _require_unsealed(connection, polls.weeks())
    said, removed = _Said(0), 0
    for monday in polls.weeks():
        week = from_micros(monday).date()
        if _has_partition(connection, week):
            removed += _take_from_week(connection, week, said.last(polls.of_week(monday)))
    return removed


def partition_of(week: date) -> str:
    """Name of the table of a week."""
    return f"poll_{week:%Y_%m_%d}"


def _has_partition(connection: Connection, week: date) -> bool:
    """Whether the week has a table; an emptied one has no row in poll_week."""
    return connection.scalar(text(f"SELECT to_regclass('{partition_of(week)}')")) is not None


def _make_week(connection: Connection, week: date, blocks: Iterable[Polls]) -> None:
    partition, until = partition_of(week), week + timedelta(days=7)
    columns = "at timestamptz NOT NULL, entity_id int NOT NULL, active boolean"
    connection.execute(text(f"CREATE TABLE {partition} ({columns})"))
    _copy(connection, partition, blocks)
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at)",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{week} 00:00Z') TO ('{until} 00:00Z')",
    ):
        connection.execute(text(statement))


def _add_to_week(connection: Connection, week: date, blocks: Iterable[Polls]) -> None:
    _accept_unknown(connection, week)
    _stage(connection, blocks)
    connection.execute(
        text(
            f"INSERT INTO {partition_of(week)} AS poll (at, entity_id, active) SELECT * FROM {_STAGED} "
            "ON CONFLICT (entity_id, at) DO UPDATE SET active = excluded.active "
            "WHERE poll.active IS DISTINCT FROM excluded.active"
        )
    )


def _stage(connection: Connection, blocks: Iterable[Polls]) -> None:
    """Fill the staging table with the polls of a week; it is gone with the transaction."""
    for statement in (
        f"CREATE TEMP TABLE IF NOT EXISTS {_STAGED} (at timestamptz, entity_id int, active boolean) ON COMMIT DROP",
        f"TRUNCATE {_STAGED}",
    ):
        connection.execute(text(statement))
    _copy(connection, _STAGED, blocks)


def _copy(connection: Connection, table: str, blocks: Iterable[Polls]) -> None:
    pieces = (polls[at : at + READ_POLLS] for polls in blocks for at in range(0, len(polls), READ_POLLS))
    rows = ({"at": it["at"], "entity_id": it["entity_id"], "active": it["status"]} for it in pieces)
    write_columns(connection, table, POLL_COLUMNS, rows)


def _accept_unknown(connection: Connection, week: date) -> None:
    """A week that the version before has made, while this one was rolled out, refuses polls that say unknown."""
    partition = partition_of(week)
    refuses = text(
        f"SELECT attnotnull FROM pg_attribute WHERE attrelid = '{partition}'::regclass AND attname = 'active'"
    )
    if connection.scalar(refuses):
        connection.execute(text(f"ALTER TABLE {partition} ALTER active DROP NOT NULL"))


def _take_from_week(connection: Connection, week: date, blocks: Iterable[Polls]) -> int:
    partition = partition_of(week)
    _stage(connection, blocks)
    removed = connection.execute(
        text(
            f"DELETE FROM {partition} AS poll USING {_STAGED} AS staged "
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
    weeks = select(poll_week.c.week).where(*_touched(first, last), poll_week.c.sealed_at.is_(None))
    tables = [partition_of(week) for week in connection.scalars(weeks)]
    # A week that is sealed meanwhile has no table any more.
    sizes = text(
        "SELECT coalesce(sum(pg_relation_size(to_regclass(name))), 0) FROM unnest(cast(:tables AS text[])) AS name"
    )
    polls = int(connection.scalar(sizes, {"tables": tables}) or 0) // POLL_BYTES
    return polls + sealed_so_many(connection, first=first, last=last)


def sealed_so_many(connection: Connection, *, first: int, last: int) -> int:
    """How many polls the sealed weeks have that touch ``[first, last]``, microseconds."""
    rows = select(func.sum(sealed_object.c.rows)).join(poll_week, poll_week.c.week == sealed_object.c.week)
    return int(connection.scalar(rows.where(*_touched(first, last))) or 0)


def _touched(first: int, last: int) -> tuple[ColumnElement[bool], ...]:
    return poll_week.c.first_at <= from_micros(last), poll_week.c.last_at >= from_micros(first)
