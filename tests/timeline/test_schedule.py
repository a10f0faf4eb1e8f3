"""A schedule: some of its entities, and their local times."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import HOUR
from app.timeline.schedule import Schedule
from tests.engine import array, case_horizon, case_stores, micros, weekly_hours
from tests.reference.uptime import Window
from tests.strategies import DEFAULT_ZONE, UptimeCase, uptime_case


def of_case(case: UptimeCase, stores: list[str]) -> Schedule:
    zones = [*sorted(set(case.zones.values()) - {DEFAULT_ZONE}), DEFAULT_ZONE]
    zone_of = array(zones.index(case.zones.get(store, DEFAULT_ZONE)) for store in stores)
    return Schedule(weekly_hours(case.windows, stores), zone_of, zones)


@given(case=uptime_case(), data=st.data())
def test_some_of_its_entities_are_open_as_they_are_among_all(case: UptimeCase, data: st.DataObject) -> None:
    stores, horizon = case_stores(case), case_horizon(case)
    whole = of_case(case, stores)
    chosen = data.draw(st.lists(st.sampled_from(range(len(stores))), unique=True) if stores else st.just([]))
    edges = np.array([horizon.first, *horizon.edges, horizon.last])
    before = whole.calendar(horizon.first, horizon.last).open_time(edges, slice(None))
    part = whole.take(array(chosen)).calendar(horizon.first, horizon.last)
    assert part.open_time(edges, slice(None)).tolist() == before[array(chosen)].tolist()


def test_a_local_time_is_an_instant_of_the_clock_of_its_entity() -> None:
    schedule = Schedule(weekly_hours([], []), array([1, 0, 1]), ["Asia/Tokyo", "America/New_York"])
    nine = micros(datetime(2026, 7, 1, 9, tzinfo=UTC))
    # Tokyo is nine hours ahead of UTC, New York four behind it in summer.
    assert schedule.to_utc(array([1, 0, 2]), array([nine] * 3)).tolist() == [nine - 9 * HOUR, *[nine + 4 * HOUR] * 2]


def test_who_has_nothing_of_its_own_has_the_default_hours_in_the_last_zone() -> None:
    monday = micros(datetime(2026, 7, 6, tzinfo=UTC))
    own = weekly_hours([Window("1", 0, "10:00", "11:00")], ["1"])
    schedule = Schedule(own, array([0]), ["UTC", "Asia/Tokyo"], [(0, 10 * HOUR, 12 * HOUR)])
    edges = monday + np.arange(25) * HOUR
    opening = schedule.take(array([-1, 0])).calendar(monday, monday + 24 * HOUR).open_time(edges, slice(None))
    assert [np.flatnonzero(row).tolist() for row in opening] == [[1, 2], [10]]
