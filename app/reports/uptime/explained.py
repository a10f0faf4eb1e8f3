"""One store of an uptime report, explained: read by key, computed by the kernels of the report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from app.errors import UnknownEntity
from app.reports.exact_uptime import gaps_of
from app.reports.uptime.ranges import Asked
from app.reports.uptime.told_time import StoreTime, of_store, polled
from app.series.details import NO_GAP, own_gaps
from app.series.entities import STORE, read_entities
from app.series.poll_reading import PollSource, read
from app.series.schedules import read_schedule
from app.series.snapshots import take_snapshot
from app.settings import Settings
from app.storage.postgres import database_errors
from app.timeline import HOUR, Micros, from_micros
from app.timeline.calendar import Calendar
from app.timeline.exact import Polls, Stretches
from app.timeline.explaining import Stretch, exact_stretches, hourly_stretches
from app.timeline.horizon import Horizon
from app.timeline.hourly import UNKNOWN, HourlyVotes, Status
from app.timeline.reasons import OpenDate, open_dates
from app.timeline.schedule import Schedule
from app.timeline.zones import Clock, Zone

#: Files of sealed weeks that are read at the same time: a year has 52, each of which takes a request of some
#: milliseconds. Postgres is asked by one of the threads alone, as for one store there is one slice.
READERS: Final = 4


@dataclass(frozen=True, slots=True)
class Question:
    """What is explained: the time of a report, and how it accounts.

    Attributes:
        time: its windows, or its range.
        accounting: of the report.
        max_gap: how long a poll holds, microseconds, FOR_EVER, or None: what the polls suggest.
        ignore_under: outages of less open time count as up, microseconds.
        max_fill_hours: how many hours without polls have the status of the last hour with some; None: all of them.
        as_known_at: hours and zones count as they were known then; None: as they are known.
    """

    time: Horizon | Asked
    accounting: Literal["hourly", "exact"]
    max_gap: int | None
    ignore_under: int
    max_fill_hours: int | None = None
    as_known_at: datetime | None = None

    @property
    def as_of(self) -> int:
        """Instant of the report."""
        return self.time.as_of if isinstance(self.time, Horizon) else self.time.time.as_of


#: What says how long a poll holds: the store itself, the parameter of the report, or the polls.
GapSource = Literal["entity", "parameter", "polls"]


@dataclass(frozen=True, slots=True)
class Explained:
    """The time of one store.

    Attributes:
        key, zone: of the store; of one that has moved, all its zones.
        clock: of the zone, for the time that is explained.
        time: what is explained.
        opening: when it is open, from the beginning of the lookback on.
        polls: those from there to the end of the time.
        gap: how long a poll holds, microseconds; None: hourly.
        gap_source: what says so.
        stretches: what its time counts as, ascending.
        exact: what exact accounting made of them, with the outages; None: hourly.
        dates: the local dates whose windows reach into its time, and what decided each.
    """

    key: str
    zone: Zone
    clock: Clock
    time: StoreTime
    opening: Calendar
    polls: Polls
    gap: int | None
    gap_source: GapSource | None
    stretches: Sequence[Stretch]
    exact: Stretches | None
    dates: Sequence[OpenDate]


class _Blocks:
    """Polls of one store as they are read; several threads may add."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Micros, Status]] = []

    def add(self, _: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        self._blocks.append((instant, status))

    def between(self, first: int, last: int) -> Polls:
        """Those of these instants, both included."""
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.int8))
        instant, status = (np.concatenate(column) for column in zip(nothing, *self._blocks, strict=True))
        inside = (instant >= first) & (instant <= last)
        return Polls.of(np.zeros(int(inside.sum()), np.int64), instant[inside], status[inside])


def explain(source: PollSource, settings: Settings, question: Question, key: str) -> Explained:
    """Read the store and its polls as one snapshot shows them, and account for its time.

    Raises:
        UnknownEntity: there is no such store, or the report has no time of it.
    """
    first, last = polled(question.time)
    with database_errors(), take_snapshot(source.engine) as snapshot:
        connection, _ = snapshot
        stores = read_entities(connection, STORE, keys=[key])
        if not len(stores):
            raise UnknownEntity(
                f"The store {key!r} no longer exists; GET /entities?kind=store lists them.", received=key
            )
        schedule = read_schedule(
            connection, stores, default_zone=settings.default_timezone, as_known_at=question.as_known_at
        )
        own = own_gaps(connection, stores, as_known_at=question.as_known_at)
        blocks = _Blocks()
        read(
            source,
            snapshot,
            stores,
            first=first,
            last=last,
            scope="listed",
            connections=READERS,
            consume=blocks.add,
            progress=lambda _: None,
        )
    time = of_store(question.time, schedule)
    if not time.parts:
        raise UnknownEntity(
            f"The report has no row for {key!r}: its range had not started there at as_of.", received=key
        )
    polls, zone = blocks.between(time.earliest, time.last), schedule.zones[schedule.zone_of[0]]
    clock = Clock(zone, time.earliest, max(time.last, question.as_of))
    dates = list(_dates(schedule, clock, time))
    if question.accounting == "hourly":
        opening = schedule.calendar(time.earliest // HOUR * HOUR, (time.last // HOUR + 1) * HOUR)
        stretches = _hourly(time, opening, polls, question.max_fill_hours)
        return Explained(key, zone, clock, time, opening, polls, None, None, stretches, None, dates)
    opening = schedule.calendar(time.earliest, time.last)
    gap, said_by = int(gaps_of(polls, 1, own, question.max_gap)[0]), _gap_source(int(own[0]), question.max_gap)
    exact = Stretches(opening, polls, np.array([gap]), ignore_under=question.ignore_under)
    stretches = exact_stretches(exact, polls, gap, first=time.first)
    return Explained(key, zone, clock, time, opening, polls, gap, said_by, stretches, exact, dates)


def _dates(schedule: Schedule, clock: Clock, time: StoreTime) -> Iterator[OpenDate]:
    """The local dates from that of the beginning to that of the end, and the one before if its night is not over."""
    first, last = (
        (from_micros(at).astimezone(clock).date() - date(1970, 1, 1)).days for at in (time.first, time.last - 1)
    )
    for one in open_dates(schedule, first - 1, last):
        if one.day >= first or any(end > time.first for _, end in one.intervals):
            yield one


def _gap_source(own: int, asked: int | None) -> GapSource:
    if own != NO_GAP:
        return "entity"
    return "polls" if asked is None else "parameter"


def _hourly(time: StoreTime, opening: Calendar, polls: Polls, max_fill_hours: int | None) -> list[Stretch]:
    votes = HourlyVotes(opening)
    votes.add(polls.entity, polls.instant, polls.status)
    has_vote = opening.is_open(opening.place(polls.entity, polls.instant)) & (polls.status != UNKNOWN)
    counted = polls.instant[has_vote]
    status = votes.status(slice(0, 1), max_fill_hours=max_fill_hours)[0]
    return hourly_stretches(votes, status, counted, first=time.first, last=time.last)
