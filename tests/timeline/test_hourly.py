"""The hourly series against the plain reference."""

from collections import Counter
from dataclasses import astuple
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import HOUR
from app.timeline.calendar import Calendar
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes
from tests.engine import case_horizon, case_stores, case_votes, micros
from tests.reference import hourly as twin
from tests.reference import uptime as reference
from tests.strategies import DEFAULT_ZONE, UptimeCase, said_by, silent_polls, uptime_case

NAMES = {ACTIVE: "active", INACTIVE: "inactive", UNKNOWN: "unknown"}


@given(case=uptime_case(), blocks=st.integers(1, 4))
def test_status_and_polls_of_every_hour_agree_with_the_reference(case: UptimeCase, blocks: int) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    votes = case_votes(case, stores, horizon, blocks=blocks)
    status = votes.status(slice(0, len(stores)))
    rows = reference.hourly_rows(
        case.polls, case.windows, case.zones, as_of=case.as_of, lookback_hours=case.lookback_hours
    )
    for row in rows:
        number, hour = stores.index(row.store_id), (micros(row.hour_utc) - horizon.first) // HOUR
        assert NAMES[int(status[number, hour])] == row.status
        assert votes.polls[number, hour] == row.polls


@given(case=uptime_case(), silent=silent_polls, max_fill_hours=st.none() | st.integers(0, 30), blocks=st.integers(1, 2))
def test_unknown_polls_carried_hours_and_the_end_of_carrying_agree_with_the_twin(
    case: UptimeCase, silent: set[int], max_fill_hours: int | None, blocks: int
) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    votes = case_votes(case, stores, horizon, blocks=blocks, silent=silent)
    everyone = slice(0, len(stores))
    status = votes.status(everyone, max_fill_hours=max_fill_hours)
    carried = votes.carried(everyone, status)
    for number, store in enumerate(stores):
        series, _ = twin_series(case, store, silent, max_fill_hours)
        at = [(micros(hour) - horizon.first) // HOUR for hour in series]
        got = zip(*(array[number, at].tolist() for array in (status, votes.polls, votes.active, carried)), strict=True)
        assert [(NAMES[code], *rest) for code, *rest in got] == [astuple(one) for one in series.values()]


def twin_series(
    case: UptimeCase, store: str, silent: set[int], max_fill_hours: int | None
) -> tuple[dict[datetime, twin.HourOfStore], reference.Intervals]:
    """The hours of a store as the twin has them, and when it is open."""
    windows = [window for window in case.windows if window.store_id == store]
    zone = case.zones.get(store, DEFAULT_ZONE)
    intervals = reference.open_intervals(windows, zone, case.horizon, case.as_of + reference.HOUR)
    polls = [poll for poll in said_by(case, silent) if poll.store_id == store]
    series = twin.hourly_series(
        polls, intervals, as_of=case.as_of, lookback_hours=case.lookback_hours, max_fill_hours=max_fill_hours
    )
    return series, intervals


@pytest.mark.parametrize("hours", [1, 40, 9_000])
@pytest.mark.parametrize("order", ["ascending", "none"])
def test_polls_are_counted_in_their_hours_however_many_hours_lie_between_them(hours: int, order: str) -> None:
    rng, stores, polls, span = np.random.default_rng(hours), 3, 300, hours * HOUR
    calendar = Calendar(np.zeros(1, np.int64), np.array([stores * span]), entities=stores, first=0, last=span)
    place = rng.integers(0, stores * span, polls)
    place = np.sort(place) if order == "ascending" else place
    status = rng.integers(INACTIVE, UNKNOWN + 1, polls).astype(np.int8)
    votes = HourlyVotes(calendar)
    for block in (slice(0, 200), slice(200, polls)):
        votes.add(place[block] // span, place[block] % span, status[block])
    known = Counter(int(at) // HOUR for at, said in zip(place, status, strict=True) if said != UNKNOWN)
    active = Counter(int(at) // HOUR for at, said in zip(place, status, strict=True) if said == ACTIVE)
    assert votes.polls.reshape(-1).tolist() == [known[cell] for cell in range(stores * hours)]
    assert votes.active.reshape(-1).tolist() == [active[cell] for cell in range(stores * hours)]


def test_a_calendar_that_does_not_begin_on_a_full_hour_is_refused() -> None:
    nothing = np.empty(0, np.int64)
    with pytest.raises(ValueError, match="full hour"):
        HourlyVotes(Calendar(nothing, nothing, entities=1, first=1, last=HOUR))
