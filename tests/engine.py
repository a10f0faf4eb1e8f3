"""The engine as the tests drive it: a case of the strategies to arrays, without a database."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from app.ingest import values
from app.reports.uptime.windows import compute
from app.timeline import Micros
from app.timeline.calendar import Calendar
from app.timeline.horizon import Horizon
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes
from app.timeline.working_hours import WeeklyHours, calendar
from tests.reference.uptime import Window
from tests.strategies import DEFAULT_ZONE, UptimeCase, said_by

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def array(numbers: Iterable[int]) -> Micros:
    return np.array(list(numbers), np.int64)


def weekly_hours(windows: list[Window], stores: list[str]) -> WeeklyHours:
    return WeeklyHours(
        array(stores.index(window.store_id) for window in windows),
        array(window.weekday for window in windows),
        array(values.opening_time(window.opens) for window in windows),
        array(values.closing_time(window.closes) for window in windows),
    )


def case_stores(case: UptimeCase) -> list[str]:
    named = {row.store_id for row in [*case.polls, *case.windows]} | set(case.zones)
    return sorted(named)


def case_calendar(case: UptimeCase, stores: list[str], *, first: int, last: int) -> Calendar:
    zones = sorted({*case.zones.values(), DEFAULT_ZONE})
    zone_of = array(zones.index(case.zones.get(store, DEFAULT_ZONE)) for store in stores)
    return calendar(weekly_hours(case.windows, stores), zone_of, zones, first=first, last=last)


#: Statuses of the twins as those of the engine.
CODES = {"active": ACTIVE, "inactive": INACTIVE, "unknown": UNKNOWN}


def case_votes(
    case: UptimeCase, stores: list[str], horizon: Horizon, *, blocks: int = 1, silent: Collection[int] = ()
) -> HourlyVotes:
    """Votes of a case, its polls deduplicated and cut to the horizon as the database does it; see said_by()."""
    votes = HourlyVotes(case_calendar(case, stores, first=horizon.first, last=horizon.last))
    last_wins = {(poll.store_id, poll.at): poll for poll in said_by(case, silent)}
    polls = [poll for poll in last_wins.values() if horizon.earliest <= micros(poll.at) <= horizon.as_of]
    for part in range(blocks):
        block = polls[part::blocks]
        votes.add(
            array(stores.index(poll.store_id) for poll in block),
            array(micros(poll.at) for poll in block),
            np.array([CODES[poll.status] for poll in block], np.int8),
        )
    return votes


def case_horizon(case: UptimeCase) -> Horizon:
    return Horizon.before(case.as_of, lookback=timedelta(hours=case.lookback_hours))


def case_table(case: UptimeCase, *, blocks: int = 1) -> tuple[list[str], np.ndarray]:
    """Stores and their nine columns in hundredths."""
    stores, horizon = case_stores(case), case_horizon(case)
    votes = case_votes(case, stores, horizon, blocks=blocks)
    everyone = slice(0, len(stores))
    opening = case_calendar(case, stores, first=horizon.first, last=horizon.last)
    return stores, compute(opening.open_time(horizon.edges, everyone), votes.status(everyone), horizon)
