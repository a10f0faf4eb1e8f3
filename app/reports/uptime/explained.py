"""One store of an uptime report, explained: read by key, computed by the kernels of the report."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from app.errors import UnknownEntity
from app.series.details import NO_GAP, own_gaps
from app.series.entities import STORE, read_entities
from app.series.poll_reading import read, take_snapshot
from app.series.schedules import read_schedule
from app.settings import Settings
from app.storage.postgres import database_errors
from app.timeline import DAY, HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.exact import Polls, Stretches, suggested_gaps
from app.timeline.explaining import Stretch, exact_stretches, hourly_stretches
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.hourly import UNKNOWN, HourlyVotes, Status
from app.timeline.zones import Zone


@dataclass(frozen=True, slots=True)
class Question:
    """What is explained: the time of a report, and how it accounts.

    Attributes:
        horizon: its instants.
        accounting: of the report.
        max_gap: how long a poll holds, microseconds, FOR_EVER, or None: what the polls suggest.
        ignore_under: outages of less open time count as up, microseconds.
        max_fill_hours: how many hours without polls have the status of the last hour with some; None: all of them.
        as_known_at: hours and zones count as they were known then; None: as they are known.
    """

    horizon: Horizon
    accounting: Literal["hourly", "exact"]
    max_gap: int | None
    ignore_under: int
    max_fill_hours: int | None = None
    as_known_at: datetime | None = None

    @property
    def first(self) -> int:
        """Where the time of the report begins; it ends at as_of."""
        return self.horizon.as_of - max(WINDOWS.values())


#: What says how long a poll holds: the store itself, the parameter of the report, or the polls.
GapSource = Literal["entity", "parameter", "polls"]


@dataclass(frozen=True, slots=True)
class Explained:
    """The time of one store.

    Attributes:
        key, zone: of the store.
        opening: when it is open, from the beginning of the lookback on.
        polls: those from there to as_of.
        gap: how long a poll holds, microseconds; None: hourly.
        gap_source: what says so.
        stretches: what its time counts as, ascending.
        exact: what exact accounting made of them, with the outages; None: hourly.
    """

    key: str
    zone: str
    opening: Calendar
    polls: Polls
    gap: int | None
    gap_source: GapSource | None
    stretches: Sequence[Stretch]
    exact: Stretches | None


class _Blocks:
    """Polls of one store as they are read."""

    def __init__(self) -> None:
        self.instant: list[Micros] = []
        self.status: list[Status] = []

    def add(self, _: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        self.instant.append(instant)
        self.status.append(status)


def explain(engine: Engine, settings: Settings, question: Question, key: str) -> Explained:
    """Read the store and its polls as one snapshot shows them, and account for its time.

    Raises:
        UnknownEntity: there is no such store.
    """
    horizon = question.horizon
    with database_errors(), take_snapshot(engine) as snapshot:
        connection, _ = snapshot
        stores = read_entities(connection, STORE, keys=[key])
        if not len(stores):
            raise UnknownEntity(
                f"There is no store {key!r} any more; GET /entities?kind=store lists them.", received=key
            )
        schedule = read_schedule(
            connection, stores, default_zone=settings.default_timezone, as_known_at=question.as_known_at
        )
        own = int(own_gaps(connection, stores, as_known_at=question.as_known_at)[0])
        blocks = _Blocks()
        read(
            engine,
            snapshot,
            stores,
            first=horizon.earliest,
            last=horizon.as_of,
            scope="listed",
            connections=1,
            consume=blocks.add,
            progress=lambda _: None,
        )
    instant = np.concatenate([np.zeros(0, np.int64), *blocks.instant])
    status = np.concatenate([np.zeros(0, np.int8), *blocks.status])
    polls = Polls.of(np.zeros(len(instant), np.int64), instant, status)
    first, last = (
        (horizon.first, horizon.last) if question.accounting == "hourly" else (horizon.earliest, horizon.as_of)
    )
    opening, zone = schedule.calendar(first, last), _name(schedule.zones[schedule.zone_of[0]], at=horizon.as_of)
    if question.accounting == "hourly":
        return Explained(key, zone, opening, polls, None, None, _hourly(question, opening, polls), None)
    gap, source = _gap(own, question.max_gap, polls)
    exact = Stretches(opening, polls, np.array([gap]), ignore_under=question.ignore_under)
    stretches = exact_stretches(exact, polls, gap, first=question.first)
    return Explained(key, zone, opening, polls, gap, source, stretches, exact)


def _gap(own: int, asked: int | None, polls: Polls) -> tuple[int, GapSource]:
    """How long a poll holds, microseconds, and what says so; ``own`` as of own_gaps(), minutes."""
    if own != NO_GAP:
        return own * (HOUR // 60), "entity"
    if asked is not None:
        return asked, "parameter"
    return int(suggested_gaps(polls, 1)[0]), "polls"


def _name(zone: Zone, *, at: int) -> str:
    """The zone whose clock tells the time: of a store that has moved, that of the date at which the report ends."""
    if isinstance(zone, str):
        return zone
    return zone.names[bisect_right(zone.days, at // DAY)]


def _hourly(question: Question, opening: Calendar, polls: Polls) -> list[Stretch]:
    votes = HourlyVotes(opening)
    votes.add(polls.entity, polls.instant, polls.status)
    has_vote = opening.is_open(opening.place(polls.entity, polls.instant)) & (polls.status != UNKNOWN)
    counted = polls.instant[has_vote]
    status = votes.status(slice(0, 1), max_fill_hours=question.max_fill_hours)[0]
    return hourly_stretches(votes, status, counted, first=question.first, last=question.horizon.as_of)
