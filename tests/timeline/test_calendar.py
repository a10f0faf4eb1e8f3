"""Unions on the line, and the calendars at the edge of what there is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline.calendar import Calendar

ENTITIES, FIRST, LAST = 3, 100, 160

_interval = st.tuples(st.integers(0, ENTITIES - 1), st.integers(80, 180), st.integers(80, 180))


@given(intervals=st.lists(_interval, max_size=12))
def test_a_union_is_open_exactly_where_one_of_its_intervals_is(intervals: list[tuple[int, int, int]]) -> None:
    entity, start, end = np.array(intervals, np.int64).reshape(-1, 3).T
    calendar = Calendar.of(entity, start, end, entities=ENTITIES, first=FIRST, last=LAST)
    expected = [
        any(who == number and opens <= at < closes for who, opens, closes in intervals)
        for number in range(ENTITIES)
        for at in range(FIRST, LAST)
    ]
    line = np.arange(ENTITIES * (LAST - FIRST))
    assert calendar.is_open(line).tolist() == expected
    assert calendar.open_until(line).tolist() == np.concatenate([[0], np.cumsum(expected)[:-1]]).tolist()
    assert (calendar.start < calendar.end).all()
    assert (calendar.start[1:] > calendar.end[:-1]).all()


@given(
    intervals=st.lists(_interval, max_size=12),
    asked=st.lists(st.integers(0, ENTITIES * (LAST - FIRST) - 1), max_size=40).map(sorted),
)
def test_places_in_order_have_the_answers_of_their_intervals(
    intervals: list[tuple[int, int, int]], asked: list[int]
) -> None:
    """With more places than intervals, and with fewer; with places that are asked for twice, and with none."""
    entity, start, end = np.array(intervals, np.int64).reshape(-1, 3).T
    calendar = Calendar.of(entity, start, end, entities=ENTITIES, first=FIRST, last=LAST)
    expected = [
        any(
            who == place // (LAST - FIRST) and opens <= place % (LAST - FIRST) + FIRST < closes
            for who, opens, closes in intervals
        )
        for place in asked
    ]
    assert calendar.is_open_along(np.array(asked, np.int64)).tolist() == expected


@given(intervals=st.lists(_interval, max_size=12), edges=st.sets(st.integers(FIRST, LAST), min_size=2))
def test_open_time_is_counted_between_neighbouring_edges(
    intervals: list[tuple[int, int, int]], edges: set[int]
) -> None:
    entity, start, end = np.array(intervals, np.int64).reshape(-1, 3).T
    calendar = Calendar.of(entity, start, end, entities=ENTITIES, first=FIRST, last=LAST)
    cuts = sorted(edges)
    expected = [
        [
            sum(any(who == number and a <= at < b for who, a, b in intervals) for at in range(low, high))
            for low, high in pairwise(cuts)
        ]
        for number in range(1, ENTITIES)
    ]
    assert calendar.open_time(np.array(cuts), slice(1, ENTITIES)).tolist() == expected


def test_a_calendar_without_any_interval_is_closed() -> None:
    nothing = np.empty(0, np.int64)
    calendar = Calendar.of(nothing, nothing, nothing, entities=2, first=0, last=10)
    assert not calendar.is_open(np.arange(20)).any()
    assert calendar.open_until(np.arange(20)).tolist() == [0] * 20


def test_more_entities_than_fit_on_the_line_are_refused() -> None:
    nothing = np.empty(0, np.int64)
    with pytest.raises(ValueError, match="do not fit on one line"):
        Calendar(nothing, nothing, entities=2**30, first=0, last=2**33)
