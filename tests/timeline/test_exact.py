"""Exact accounting against its slow twin: time by status in each period, limits of polls, outages."""

from datetime import datetime

import numpy as np
from hypothesis import assume, given, settings

from app.timeline import from_micros
from app.timeline.exact import FOR_EVER, Polls, Stretches, suggested_gaps
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN
from tests.engine import CODES, array, case_calendar, micros
from tests.reference.exact import Outage
from tests.reference.uptime import MICROSECOND
from tests.strategies import ExactCase, exact_case, examples

MINUTE = 60_000_000


def polls_of(case: ExactCase) -> Polls:
    """One for each store and instant, the later line, cut to what counts, as the database gives them."""
    last_wins = {(poll.store_id, poll.at): poll for poll in case.polls}
    kept = [poll for poll in last_wins.values() if case.horizon <= poll.at <= case.end]
    return Polls.of(
        array(case.store_ids.index(poll.store_id) for poll in kept),
        array(micros(poll.at) for poll in kept),
        np.array([CODES[poll.status] for poll in kept], np.int8),
    )


def gaps_of(case: ExactCase, polls: Polls) -> np.ndarray:
    gaps = suggested_gaps(polls, len(case.store_ids))
    if case.max_gap_minutes is not None:
        gaps[:] = case.max_gap_minutes * MINUTE
    for store, minutes in case.own_gap_minutes.items():
        gaps[case.store_ids.index(store)] = minutes * MINUTE or FOR_EVER
    return gaps


def outages_of(stretches: Stretches, entity: int, period: tuple[datetime, datetime]) -> list[Outage]:
    """Those that have open time in a period, with it."""
    found = []
    one = stretches.outages
    first, last = map(micros, period)
    for at in np.flatnonzero(one.entity == entity):
        ends = np.clip([one.began[at], one.ended[at]], first, last)
        open_time = int(stretches.down_between(array([entity]), ends[:1], ends[1:])[0])
        if open_time:
            found.append(
                Outage(
                    from_micros(int(one.began[at])),
                    None if one.ongoing[at] else from_micros(int(one.ended[at])),
                    open_time * MICROSECOND,
                    from_micros(int(one.first_poll[at])),
                    from_micros(int(one.last_poll[at])),
                )
            )
    return found


@given(case=exact_case())
@settings(max_examples=examples(320))
def test_time_and_outages_of_every_period_agree_with_the_twin(case: ExactCase) -> None:
    assume(case.end > case.first)
    polls = polls_of(case)
    gaps = gaps_of(case, polls)
    opening = case_calendar(case, case.store_ids, first=micros(case.horizon), last=micros(case.end))  # type: ignore[arg-type]
    stretches = Stretches(opening, polls, gaps, ignore_under=case.ignore_outages_under_minutes * MINUTE)
    periods = [(begin, min(end, case.end)) for begin, end in case.periods if begin < case.end]
    edges = array(micros(at) for at in (case.first, *(end for _, end in periods)))
    time = stretches.time(edges, slice(0, len(case.store_ids)))
    for entity, store in enumerate(case.store_ids):
        for number, period in enumerate(periods):
            expected = case.account(store, period)
            got = [int(time[code][entity, number]) * MICROSECOND for code in (ACTIVE, INACTIVE, UNKNOWN)]
            assert got == [expected.up, expected.down, expected.unknown], store
            assert int(gaps[entity]) * MICROSECOND == (expected.max_gap or FOR_EVER * MICROSECOND), store
            assert outages_of(stretches, entity, period) == expected.outages, store
