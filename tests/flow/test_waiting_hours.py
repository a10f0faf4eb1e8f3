"""How many wait in each hour of the week, against counting minute by minute."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow.waiting_hours import waiting_hours
from app.flow.waits import waiting_states
from app.timeline import HOUR, MISSING
from tests.engine import array, micros
from tests.flow.cases import FlowCase, course_of, flow_case
from tests.reference.pull_request_states import beginnings
from tests.reference.pull_requests import STATES
from tests.strategies import examples

MONDAY = datetime(2024, 6, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

Span = tuple[int, int]


def averages(**spans: list[Span | None]) -> dict[str, np.ndarray]:
    """Of spans in minutes after a Monday, midnight, on clocks that are two hours ahead of UTC."""
    ahead = 2 * HOUR
    states = {
        name: tuple(
            array(MISSING if one is None else micros(MONDAY + one[end] * MINUTE) - ahead for one in given)
            for end in (0, 1)
        )
        for name, given in spans.items()
    }
    shift = {name: (np.full(len(given), ahead),) * 2 for name, given in spans.items()}
    return waiting_hours(states, ahead=shift)  # type: ignore[arg-type]


def by_minutes(of: list[Span], every: list[Span]) -> list[list[Fraction]]:
    """The same, asking in each minute who waits."""
    first, last = min(begin for begin, _ in every), max(end for _, end in every)
    waited, there = [[0] * 24 for _ in range(7)], [[0] * 24 for _ in range(7)]
    for minute in range(first, last):
        at = MONDAY + minute * MINUTE
        there[at.weekday()][at.hour] += 1
        waited[at.weekday()][at.hour] += sum(begin <= minute < end for begin, end in of)
    return [
        [Fraction(many, whole) if whole else Fraction() for many, whole in zip(*hours, strict=True)]
        for hours in zip(waited, there, strict=True)
    ]


def test_two_that_wait_over_an_hour() -> None:
    # Monday 09:30 to 11:00, and 10:00 to 10:15; the second hour is there as a whole, the first one half of it.
    found = averages(review=[(570, 660), (600, 615), None])["review"]
    assert found[0, 9:12].tolist() == [1, 1.25, 0]
    assert found.sum() == 2.25


def test_an_hour_of_every_week_counts_in_its_average() -> None:
    # From Monday 00:00 to the third Monday 01:00; another one waits in the second week from Monday 00:00 to 00:30.
    week = 7 * 24 * 60
    found = averages(review=[(0, 2 * week + 60)], merge=[(week, week + 30)])
    assert (found["review"] == 1).all()
    assert found["merge"][0, 0] == 0.5 / 3
    assert found["merge"].sum() == 0.5 / 3


def test_nobody_waits() -> None:
    assert (averages(review=[], merge=[None, (60, 60), (90, 60)])["merge"] == np.zeros((7, 24))).all()


@settings(max_examples=examples(20))
@given(
    spans=st.lists(
        st.tuples(st.integers(0, 20_000), st.integers(1, 3_000)).map(lambda one: (one[0], one[0] + one[1])),
        min_size=1,
        max_size=4,
    )
)
def test_averages_are_those_that_minutes_come_to(spans: list[Span]) -> None:
    found = averages(one=spans[:1], others=spans[1:])
    for name, of in (("one", spans[:1]), ("others", spans[1:])):
        expected = [[float(number) for number in hours] for hours in by_minutes(of, spans)]
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-12)


@given(case=flow_case())
@settings(max_examples=examples(40))
def test_states_begin_and_end_as_the_twin_has_them(case: FlowCase) -> None:
    course = course_of(case)
    found = waiting_states(course.at, as_of=micros(case.as_of))
    for number, pull in enumerate(case.pulls):
        begun = beginnings(pull, case.as_of)
        for at, state in enumerate(STATES[1:-1], 1):
            later = [begun[other] for other in STATES[at + 1 :] if other in begun]
            span = (begun[state], min(later)) if state in begun else None
            expected = None if span is None or span[1] <= span[0] else tuple(map(micros, span))
            begin, end = (int(ends[number]) for ends in found[state])
            assert (None if begin == MISSING or end <= begin else (begin, end)) == expected
