"""What is told of a range of entities comes back from its bytes, whatever was said of them."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.series.details import NO_GAP, Labels
from app.series.entity_range import EntityRange
from app.series.sealed.reading import SealedFile
from app.timeline import to_micros
from app.timeline.dated import Dated
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from tests.dated import schedule_of
from tests.schedule_strategies import ScheduleCase, schedule_case
from tests.strategies import examples

TEXTS = st.none() | st.text(max_size=5)


def plain(value: Any) -> Any:
    """The same as lists and texts, with the type of the numbers of arrays."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


@given(
    cases=st.lists(schedule_case(), min_size=1, max_size=3),
    labels=st.lists(st.tuples(TEXTS, TEXTS), min_size=3, max_size=3),
    files=st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=9), st.binary(max_size=9)), max_size=2),
)
@settings(max_examples=examples(60), deadline=None)
def test_a_range_comes_back_from_its_bytes(
    cases: list[ScheduleCase], labels: list[tuple[str | None, str | None]], files: list[tuple[str, bytes, bytes]]
) -> None:
    count = len(cases)
    told = EntityRange(
        Entities(np.arange(count) * 7 + 3, [f'"{number}",\n ' for number in range(count)]),
        Labels([name for name, _ in labels[:count]], [group for _, group in labels[:count]]),
        schedule_of([case.entity for case in cases]),
        np.array([NO_GAP, 0, 2**40][:count]),
        [SealedFile(key, footer, digest, 2**40, -(2**31), 2**31 - 1, 5) for key, footer, digest in files],
    )
    found = EntityRange.of_bytes(told.as_bytes())
    assert plain(found) == plain(told)
    first, last = to_micros(cases[0].first), to_micros(cases[0].last)
    calendars = [one.schedule.calendar(first, last) for one in (found, told)]
    assert [one.start.tolist() for one in calendars] == [one.start.tolist() for one in calendars[::-1]]


def test_entities_of_which_nothing_is_said_of_dates_stay_so() -> None:
    weekly = Schedule(Dated().windows, np.zeros(1, np.int64), ["UTC"])
    told = EntityRange(Entities(np.array([1]), ["a"]), Labels([None], [None]), weekly, np.array([NO_GAP]), [])
    found = EntityRange.of_bytes(told.as_bytes())
    assert found.schedule.dated is None
    assert plain(found) == plain(told)
