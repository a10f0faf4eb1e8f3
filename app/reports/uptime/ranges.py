"""The uptime report on a range of time, in periods (docs/uptime-rules.md, "Ranges")."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.jobs.kind import JobContext, OnProgress
from app.reports.exact_uptime import CollectedPolls, OutagesFile, Written, outages_within, stores_held
from app.reports.range_params import ENTITY
from app.reports.store_ranges import GATHERED, Collects, Reading, Sums, Tables
from app.reports.uptime.group_table import GroupTable
from app.reports.uptime.range_table import Figures, RangeTable, rows_of
from app.reports.uptime_summary import Tally
from app.series.details import Labels
from app.timeline import DAY, HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.entities import Entities
from app.timeline.exact import Stretches
from app.timeline.hourly import HourlyVotes, Status
from app.timeline.period_figures import Times, exact_times, hourly_times, outage_figures
from app.timeline.periods import Edge, Periods, Range, ToUtc, beginnings, divide, previous
from app.timeline.schedule import Schedule
from app.timeline.zones import to_utc

#: Stores x (hours, or days and periods) that are computed at a time; each takes some 10 to 100 bytes.
CELLS: Final = 8_000_000

#: Of these, as many are evaluated at a time; some 100 MB of intermediate arrays.
CHUNK_CELLS: Final = 1_000_000

C = TypeVar("C", bound=Collects)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a range.

    Attributes:
        time: the range.
        zone: whose local time divides it: ENTITY, each store's own, or a name.
        lookback: how far before it polls count, microseconds.
        as_known_at: hours and zones count as they were known then; None: as they are known.
        compares: also the time before.
    """

    time: Range
    zone: str
    lookback: int
    as_known_at: datetime | None
    compares: bool = False

    @property
    def first(self) -> int:
        """No poll that counts is earlier."""
        if self.compares:
            return self.time.earliest_before - self.lookback
        begin = self.time.first
        instant = begin.earliest if self.zone == ENTITY or not begin.is_local else self._instant(begin)
        return instant - self.lookback

    @property
    def last(self) -> int:
        """No poll that counts is later."""
        end = self.time.last
        if end is None or not end.is_local or self.zone == ENTITY:
            return self.time.latest
        return min(self.time.as_of, self._instant(end))

    def _instant(self, edge: Edge) -> int:
        """Of a local time of the zone, the same for all stores."""
        return int(to_utc(np.array([edge.micros], np.int64), self.zone)[0])

    def periods(self, schedule: Schedule) -> Periods:
        """The periods of these stores."""
        return self._of_clocks(schedule, partial(divide, self.time))

    def previous(self, schedule: Schedule, labels: Sequence[str]) -> Periods:
        """The periods before those of these stores, which have these labels."""
        return self._of_clocks(schedule, partial(previous, self.time, labels=labels))

    def _of_clocks(self, schedule: Schedule, make: Callable[[ToUtc, int], Periods]) -> Periods:
        """What follows from the clock of each store, or from the one of the zone for all of them."""
        if self.zone == ENTITY:
            return make(schedule.to_utc, len(schedule))
        one = make(lambda _, local: to_utc(local, self.zone), 1)
        shape = (len(schedule), len(one.labels))
        return Periods(
            np.broadcast_to(one.edges, (shape[0], shape[1] + 1)), np.broadcast_to(one.complete, shape), one.labels
        )

    def collecting(self, schedule: Schedule, make: Callable[[], C]) -> "Collected[C]":
        """Nothing collected yet of these stores; ``make`` makes what takes the polls of a range."""
        periods = self.periods(schedule)
        now = WithinRange(make(), periods, self.lookback)
        if not self.compares:
            return Collected(now, None)
        return Collected(now, WithinRange(make(), self.previous(schedule, periods.labels), self.lookback))


@dataclass(frozen=True, slots=True)
class Exactness:
    """How exact accounting counts, microseconds: how long a poll holds, None as its polls suggest; see Stretches."""

    max_gap: int | None
    ignore_under: int


class WithinRange(Generic[C]):
    """Passes on the polls of each store's own range with its lookback, and counts those of its periods."""

    def __init__(self, collected: C, periods: Periods, lookback: int) -> None:
        self.collected, self.periods = collected, periods
        self._earliest = periods.first - lookback
        #: Polls of each period, int64[entities, periods].
        self.polls = np.zeros(periods.complete.shape, np.int64)
        self._lock = Lock()

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        """As HourlyVotes.add(); several threads may add at the same time."""
        inside = (instant >= self._earliest[entity]) & (instant <= self.periods.last[entity])
        if not inside.all():
            entity, instant, status = entity[inside], instant[inside], status[inside]
        rows, counts = self.periods.counted(entity, instant)
        with self._lock:
            self.polls[rows] += counts
        self.collected.add(entity, instant, status)

    @property
    def calendar(self) -> Calendar:
        """When the stores are open."""
        return self.collected.calendar


@dataclass(frozen=True, slots=True)
class Collected(Generic[C]):
    """The polls of the range, and those of the time before it, each as if it were alone; None: not compared."""

    now: WithinRange[C]
    before: WithinRange[C] | None

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        """As WithinRange.add()."""
        self.now.add(entity, instant, status)
        if self.before is not None:
            self.before.add(entity, instant, status)

    @property
    def calendar(self) -> Calendar:
        """When the stores are open."""
        return self.now.calendar


@dataclass(frozen=True, slots=True)
class HourlyRange:
    """Hourly accounting; see store_ranges.Accounting.

    Attributes:
        asked: the range.
        max_fill_hours: see HourlyVotes.status().
        tally: its sums.
    """

    asked: Asked
    max_fill_hours: int | None
    tally: Tally

    @property
    def reading(self) -> Reading[Collected[HourlyVotes]]:
        asked = self.asked
        first, last = asked.first // HOUR * HOUR, (asked.last // HOUR + 1) * HOUR

        def collect(schedule: Schedule, _: Micros) -> Collected[HourlyVotes]:
            opening = schedule.calendar(first, last)
            return asked.collecting(schedule, lambda: HourlyVotes(opening))

        cells = ((last - first) // HOUR + len(beginnings(asked.time))) * (1 + asked.compares)
        return Reading(collect, asked.first, asked.last, lambda *_: CELLS // cells, asked.as_known_at)

    @property
    def sums(self) -> Sequence[Sums]:
        return [self.tally]

    def figures(
        self, entities: Entities, labels: Labels, found: Collected[HourlyVotes], progress: OnProgress
    ) -> Tables:
        periods, before = found.now.periods, None
        times = self._evaluated(found.now)
        if found.before is not None:
            before = self._evaluated(found.before)
        _count(self.tally, entities.keys, periods, times, before)
        progress("computing", 1.0)
        return Tables(rows_of(entities.keys, labels, Figures(periods, times, found.now.polls, None, None, before)))

    def _evaluated(self, found: WithinRange[HourlyVotes]) -> Times:
        """The times of all stores, some at a time."""
        votes, edges = found.collected, found.periods.edges
        chunk = max(1, CHUNK_CELLS // (votes.calendar.span // HOUR))
        parts = [
            hourly_times(
                votes,
                edges[start : start + chunk],
                slice(start, start + chunk),
                max_fill_hours=self.max_fill_hours,
            )
            for start in range(0, votes.calendar.entities, chunk)
        ]
        if not parts:
            nothing = np.zeros(found.periods.complete.shape, np.int64)
            return Times(nothing, nothing, nothing, nothing)
        return Times(*(np.concatenate([getattr(one, name) for one in parts]) for name in Times.__slots__))


@dataclass(frozen=True, slots=True)
class ExactRange:
    """Exact accounting; see store_ranges.Accounting.

    Attributes:
        asked: the range.
        exactly: how it counts.
        tally: its sums.
    """

    asked: Asked
    exactly: Exactness
    tally: Tally

    @property
    def reading(self) -> Reading[Collected[CollectedPolls]]:
        asked, last = self.asked, self.asked.last

        def collect(schedule: Schedule, own: Micros) -> Collected[CollectedPolls]:
            opening = schedule.calendar(asked.first, max(last, asked.first + 1))
            return asked.collecting(schedule, lambda: CollectedPolls(opening, own))

        return Reading(collect, asked.first, last, partial(_held, asked=asked), asked.as_known_at)

    @property
    def sums(self) -> Sequence[Sums]:
        return [self.tally]

    def figures(
        self, entities: Entities, labels: Labels, found: Collected[CollectedPolls], progress: OnProgress
    ) -> Tables:
        periods, before = found.now.periods, None
        if found.before is not None:
            before = exact_times(_stretches(found.before, self.exactly)[0], found.before.periods.edges)
        stretches, gaps = _stretches(found.now, self.exactly)
        times = exact_times(stretches, periods.edges)
        figures = Figures(periods, times, found.now.polls, outage_figures(stretches, periods), gaps, before)
        outages, _ = outages_within(entities.keys, stretches, periods.first, periods.last)
        _count(self.tally, entities.keys, periods, times, before)
        late = found.now.collected.begin_late(gaps, periods.first, times.unknown.sum(axis=1))
        self.tally.unknown_time.add_late(entities.keys, late)
        progress("computing", 1.0)
        return Tables(rows_of(entities.keys, labels, figures), outages)


def write_range(context: JobContext, accounting: HourlyRange | ExactRange, computed: Iterator[Tables]) -> Written:
    """uptime.csv, groups.csv where there are groups, and outages.csv by exact accounting.

    ``computed`` are the figures of all stores.
    """
    is_exact = isinstance(accounting, ExactRange)
    table = RangeTable(context.folder, is_exact=is_exact, compares=accounting.asked.compares)
    groups = GroupTable(context.folder, table.rows.schema)
    with table.rows, groups.rows, OutagesFile(context.folder) as listed:
        for tables in computed:
            table.rows.add(tables.rows)
            groups.add(tables.rows)
            if tables.outages is not None:
                listed.add(tables.outages)
            del tables  # before the next range is read: there is no room for two
        context.progress("computing", GATHERED)
        files = [table.close(), *groups.close(), *([listed.close()] if is_exact else [])]
        return Written(files, listed.longest() if is_exact else None, groups.totals())


def _stretches(found: WithinRange[CollectedPolls], exactly: Exactness) -> tuple[Stretches, Micros]:
    """What the polls of a range say, and how long they hold."""
    return found.collected.stretches(
        max_gap=exactly.max_gap, ignore_under=exactly.ignore_under, until=found.periods.last
    )


def _count(tally: Tally, keys: Sequence[str], periods: Periods, times: Times, before: Times | None) -> None:
    """Add the figures of some stores to those of all, but no period that none of them has."""
    exist = periods.exist
    used = np.flatnonzero(exist.any(axis=0))
    labels = [periods.labels[number] for number in used.tolist()]
    tally.add(keys, labels, [time[:, used] for time in (times.up, times.down, times.unknown)])
    if before is not None:
        known = before.up + before.down
        tally.add_before(labels, before.up[:, used], known[:, used], where=exist[:, used])


def _held(connection: Connection, stores: int, *, asked: Asked) -> int:
    """How many stores are held at a time: by their polls, and by their days and periods."""
    days = (asked.last - asked.first) // DAY + 1
    by_polls = stores_held(connection, stores, first=asked.first, last=asked.last)
    by_polls //= 1 + asked.compares
    return min(by_polls, CELLS // (4 * (2 * days + len(beginnings(asked.time)) + 1)))
