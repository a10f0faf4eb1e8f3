"""Weekly hours to the calendar of actual dates, against the plain reference."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import case_calendar, case_horizon, case_stores, micros
from tests.reference import uptime as reference
from tests.strategies import DEFAULT_ZONE, UptimeCase, uptime_case


def reference_intervals(case: UptimeCase, store: str, first: int, last: int) -> list[tuple[int, int]]:
    horizon = case_horizon(case)
    windows = [window for window in case.windows if window.store_id == store]
    found = reference.open_intervals(
        windows,
        case.zones.get(store, DEFAULT_ZONE),
        reference.hour_of(case.horizon),
        reference.hour_of(case.as_of) + reference.HOUR,
    )
    assert (horizon.first, horizon.last) == (first, last)
    clipped = [(max(micros(opens), first), min(micros(closes), last)) for opens, closes in found]
    return [(opens, closes) for opens, closes in clipped if opens < closes]


@given(case=uptime_case())
def test_open_intervals_agree_with_the_reference(case: UptimeCase) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    calendar = case_calendar(case, stores, first=horizon.first, last=horizon.last)
    expected = []
    for number, store in enumerate(stores):
        shift = number * calendar.span - horizon.first
        expected += [
            (opens + shift, closes + shift)
            for opens, closes in reference_intervals(case, store, horizon.first, horizon.last)
        ]
    # On the line the last interval of one store and the first of the next touch when both reach the edge.
    joined: list[tuple[int, int]] = []
    for opens, closes in expected:
        if joined and joined[-1][1] == opens:
            joined[-1] = (joined[-1][0], closes)
        else:
            joined.append((opens, closes))
    assert list(zip(calendar.start.tolist(), calendar.end.tolist(), strict=True)) == joined


@given(case=uptime_case(), data=st.data())
def test_open_at_and_open_until_agree_with_counting(case: UptimeCase, data: st.DataObject) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    if not stores:
        return
    calendar = case_calendar(case, stores, first=horizon.first, last=horizon.last)
    number = data.draw(st.integers(0, len(stores) - 1))
    a, b = sorted(data.draw(st.tuples(*[st.integers(horizon.first, horizon.last - 1)] * 2), label="two instants"))
    intervals = reference_intervals(case, stores[number], horizon.first, horizon.last)
    place = calendar.place(np.array([number]), np.array([a, b]))
    until = calendar.open_until(place)
    assert until[1] - until[0] == sum(max(0, min(b, closes) - max(a, opens)) for opens, closes in intervals)
    assert calendar.is_open(place).tolist() == [
        any(opens <= at < closes for opens, closes in intervals) for at in (a, b)
    ]
