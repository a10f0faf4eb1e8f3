"""Entities with the same hours and zone: who is grouped with whom, and that each is open as by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import DAY, HOUR, SECOND
from app.timeline.alike import alike
from app.timeline.dated import Dated, Spans
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours
from tests.engine import array

ZONES = ["Asia/Tokyo", "America/New_York", "UTC"]

#: Few, so that many entities share them; some overlap, one has a part of a second, one goes past midnight.
WINDOWS = [
    (0, 9 * HOUR, 17 * HOUR),
    (0, 9 * HOUR, 17 * HOUR + SECOND),
    (0, 12 * HOUR, DAY),
    (0, 9 * HOUR + 1, 17 * HOUR),
    (6, 22 * HOUR, 6 * HOUR),
    (3, 0, DAY),
]

#: A Monday, and two weeks and some later.
FIRST, LAST = 19_366 * DAY, 19_381 * DAY + 5 * HOUR

_entity = st.tuples(st.sampled_from(range(len(ZONES))), st.lists(st.sampled_from(WINDOWS), max_size=3))
_entities = st.lists(_entity, max_size=12).map(lambda some: some * 2)

Entity = tuple[int, list[tuple[int, int, int]]]


def schedule(entities: list[Entity], order: st.DataObject | None = None, dated: Dated | None = None) -> Schedule:
    rows = [(number, *window) for number, (_, windows) in enumerate(entities) for window in windows]
    if order is not None:
        rows = order.draw(st.permutations(rows))
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return Schedule(WeeklyHours(*columns), array(zone for zone, _ in entities), ZONES, (), dated)


@given(entities=_entities, data=st.data())
def test_those_are_alike_that_have_the_same_windows_in_the_same_zone(
    entities: list[Entity], data: st.DataObject
) -> None:
    alone = data.draw(st.sets(st.sampled_from(range(len(entities)))) if entities else st.just(set()))
    made = schedule(entities, data)
    found = alike(made.hours, made.zone_of, array(alone))
    for one, (zone, windows) in enumerate(entities):
        for other, (other_zone, other_windows) in enumerate(entities):
            odd = one in alone or other in alone or any(opens % SECOND for _, opens, _ in windows)
            same = (zone, sorted(windows)) == (other_zone, sorted(other_windows)) and not odd
            assert (found.group[one] == found.group[other]) == (same or one == other)
    assert [found.group[first] for first in found.firsts] == list(range(len(found.firsts)))


@given(entities=_entities, data=st.data())
def test_each_of_many_that_are_alike_is_open_as_it_is_alone(entities: list[Entity], data: st.DataObject) -> None:
    many = [entity for entity in entities for _ in range(4)]  # enough to a group for the intervals to be shared
    gone = data.draw(st.sets(st.sampled_from(range(len(many))), max_size=2) if many else st.just(set()))
    days = [array([FIRST // DAY + day] * len(gone)) for day in (2, 9)]
    dated = Dated(existence=Spans(array(gone), *days)) if gone else None
    calendar = schedule(many, data, dated).calendar(FIRST, LAST)
    edges = np.arange(FIRST, LAST + 1, HOUR)
    shared = calendar.open_times(edges)
    for number, entity in enumerate(many):
        existence = Spans(array([0]), *(day[:1] for day in days))
        alone = schedule([entity], None, Dated(existence=existence) if number in gone else None).calendar(FIRST, LAST)
        expected = alone.open_time(edges, slice(None)).tolist()
        some = slice(number, number + 1)
        assert calendar.open_time(edges, some).tolist() == expected
        assert shared(some).tolist() == expected
    assert (calendar.start[1:] > calendar.end[:-1]).all()
