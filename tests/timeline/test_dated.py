"""Exceptions, calendars, versions, moves and existence, against the slow twin and by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings

from app.timeline import from_micros
from app.timeline.schedule import Schedule
from tests.dated import schedule_of
from tests.engine import array, micros
from tests.reference.schedule import Dated, Entity, Use, Version, ZoneFrom, open_intervals, to_utc
from tests.schedule_strategies import ScheduleCase, schedule_case
from tests.strategies import examples

NEW_YORK = (ZoneFrom("America/New_York"),)


def intervals(schedule: Schedule, number: int, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """The open intervals of one of its entities."""
    opening = schedule.take(array([number])).calendar(micros(first), micros(last))
    return [
        (from_micros(opens + micros(first)), from_micros(closes + micros(first)))
        for opens, closes in zip(opening.start.tolist(), opening.end.tolist(), strict=True)
    ]


def among_others(schedule: Schedule, number: int, first: datetime, last: datetime) -> timedelta:
    """Its open time when all are asked for at once."""
    edges = array([micros(first), micros(last)])
    open_time = schedule.calendar(micros(first), micros(last)).open_time(edges, slice(None))
    return timedelta(microseconds=int(open_time[number, 0]))


@settings(max_examples=examples(300))
@given(case=schedule_case())
def test_open_intervals_are_those_of_the_slow_twin(case: ScheduleCase) -> None:
    plain = Entity(NEW_YORK, (Version((case.entity.default[0] or (("09:00:00", "17:00:00"),),) * 7),))
    schedule = schedule_of([case.entity, plain])
    for number, entity in enumerate((case.entity, plain)):
        expected = open_intervals(entity, case.first, case.last)
        assert intervals(schedule, number, case.first, case.last) == expected
        open_time = sum((closes - opens for opens, closes in expected), timedelta())
        assert among_others(schedule, number, case.first, case.last) == open_time


@settings(max_examples=examples(100))
@given(case=schedule_case())
def test_local_times_are_instants_of_the_clock_of_a_move(case: ScheduleCase) -> None:
    schedule = schedule_of([case.entity])
    locals_ = [case.first.replace(tzinfo=None), case.last.replace(tzinfo=None)]
    instants = schedule.to_utc(array([0, 0]), array(micros(one.replace(tzinfo=UTC)) for one in locals_))
    assert [from_micros(one) for one in instants.tolist()] == [to_utc(case.entity.zones, one) for one in locals_]


def week(*days: int, opens: str = "09:00", closes: str = "17:00") -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(((opens, closes),) if day in days else () for day in range(7))


EVERY_DAY, MON_TO_FRI = range(7), range(5)


def closed(*dates: date, name: str = "") -> tuple[Dated, ...]:
    return tuple(Dated(on, "closed", name=name) for on in dates)


def hours(on: date, opens: str, closes: str) -> Dated:
    return Dated(on, "hours", ((opens, closes),))


#: The worked examples of docs/calendar-rules.md: entity, the UTC days that are looked at, and the right answer.
WORKED = {
    "1: a holiday as the clocks go back": (
        Entity(NEW_YORK, (Version(week(*EVERY_DAY)),), calendars=(Use("public", closed(date(2026, 11, 1))),)),
        ("2026-10-31", "2026-11-03"),
        [("10-31 13:00", "10-31 21:00"), ("11-02 14:00", "11-02 22:00")],
    ),
    "2: around the clock, closed on the day of 25 hours": (
        Entity(NEW_YORK, exceptions=closed(date(2026, 11, 1))),
        ("2026-10-31", "2026-11-03"),
        [("10-31 00:00", "11-01 04:00"), ("11-02 05:00", "11-03 00:00")],
    ),
    "3: a holiday takes its own night, not the one before": (
        Entity(
            NEW_YORK,
            (Version(week(4, 5, opens="22:00", closes="02:00")),),
            calendars=(Use("public", closed(date(2026, 12, 26))),),
        ),
        ("2026-12-25", "2026-12-29"),
        [("12-26 03:00", "12-26 07:00")],
    ),
    "4: an exception runs into a holiday": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            (hours(date(2026, 12, 31), "20:00", "03:00"),),
            (Use("public", closed(date(2027, 1, 1))),),
        ),
        ("2026-12-31", "2027-01-03"),
        [("01-01 01:00", "01-01 08:00")],
    ),
    "5: an exception of one's own on a holiday": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            (hours(date(2026, 5, 25), "10:00", "14:00"),),
            (Use("public", closed(date(2026, 5, 25))),),
        ),
        ("2026-05-25", "2026-05-27"),
        [("05-25 14:00", "05-25 18:00"), ("05-26 13:00", "05-26 21:00")],
    ),
    "7: the first calendar that has the date": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            calendars=(
                Use("company", (hours(date(2026, 12, 24), "09:00", "12:00"),)),
                Use("public", closed(date(2026, 12, 24), date(2026, 12, 25))),
            ),
        ),
        ("2026-12-24", "2026-12-29"),
        [("12-24 14:00", "12-24 17:00"), ("12-28 14:00", "12-28 22:00")],
    ),
    "8: the version that began last": (
        Entity(
            NEW_YORK,
            (
                Version(week(*MON_TO_FRI)),
                Version(week(*MON_TO_FRI, opens="10:00", closes="18:00"), date(2026, 6, 1), date(2026, 8, 31)),
                Version(week(*MON_TO_FRI, opens="12:00", closes="14:00"), date(2026, 6, 29), date(2026, 7, 3)),
            ),
        ),
        ("2026-07-02", "2026-07-07"),
        [("07-02 16:00", "07-02 18:00"), ("07-03 16:00", "07-03 18:00"), ("07-06 14:00", "07-06 22:00")],
    ),
    "9: a version takes over after the night of the one before": (
        Entity(
            NEW_YORK,
            (
                Version(week(*EVERY_DAY, opens="18:00", closes="02:00")),
                Version(week(*EVERY_DAY, opens="10:00", closes="16:00"), date(2026, 7, 1)),
            ),
        ),
        ("2026-06-30 12", "2026-07-02"),
        [("06-30 22:00", "07-01 06:00"), ("07-01 14:00", "07-01 20:00")],
    ),
    "10: a move from New York to Los Angeles": (
        Entity((*NEW_YORK, ZoneFrom("America/Los_Angeles", date(2026, 7, 1))), (Version(week(*MON_TO_FRI)),)),
        ("2026-06-30", "2026-07-02 12"),
        [("06-30 13:00", "06-30 21:00"), ("07-01 16:00", "07-02 00:00")],
    ),
    "13: an exception that begins in the gap of the clocks": (
        Entity(NEW_YORK, (Version(week(*MON_TO_FRI)),), (hours(date(2026, 3, 8), "02:30", "06:00"),)),
        ("2026-03-08", "2026-03-09"),
        [("03-08 07:00", "03-08 10:00")],
    ),
    "14: an exception that ends in the hour that comes twice": (
        Entity(NEW_YORK, (Version(week(*MON_TO_FRI)),), (hours(date(2026, 10, 31), "20:00", "01:30"),)),
        ("2026-10-31", "2026-11-02"),
        [("11-01 00:00", "11-01 05:30")],
    ),
    "17: a holiday with hours opens a closed day": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            calendars=(Use("advent", (hours(date(2026, 11, 29), "12:00", "17:00"),)),),
        ),
        ("2026-11-29", "2026-11-30"),
        [("11-29 17:00", "11-29 22:00")],
    ),
    "18: a calendar that is in use from a date on": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            calendars=(Use("public", closed(date(2026, 6, 19), date(2026, 7, 3)), date(2026, 7, 1)),),
        ),
        ("2026-06-19", "2026-07-04"),
        [
            (f"{day:%m-%d} 13:00", f"{day:%m-%d} 21:00")
            for day in (date(2026, 6, 19) + timedelta(days=n) for n in range(14))
            if day.weekday() < 5
        ],
    ),
    "part of a day is taken out of it": (
        Entity(NEW_YORK, (Version(week(*MON_TO_FRI)),), (Dated(date(2026, 7, 1), "minus", (("12:00", "13:00"),)),)),
        ("2026-07-01", "2026-07-02"),
        [("07-01 13:00", "07-01 16:00"), ("07-01 17:00", "07-01 21:00")],
    ),
    "usual hours on a holiday": (
        Entity(
            NEW_YORK,
            (Version(week(*MON_TO_FRI)),),
            (Dated(date(2026, 7, 3), "usual"),),
            (Use("public", closed(date(2026, 7, 3))),),
        ),
        ("2026-07-03", "2026-07-04"),
        [("07-03 13:00", "07-03 21:00")],
    ),
    "it exists between two dates, and keeps the night of the last": (
        Entity(
            NEW_YORK,
            (Version(week(*EVERY_DAY, opens="22:00", closes="02:00")),),
            active_from=date(2026, 7, 2),
            active_to=date(2026, 7, 3),
        ),
        ("2026-07-01", "2026-07-06"),
        [("07-03 02:00", "07-03 06:00"), ("07-04 02:00", "07-04 06:00")],
    ),
}


@pytest.mark.parametrize("example", WORKED.values(), ids=WORKED.keys())
def test_the_worked_examples_come_out_as_the_page_says(
    example: tuple[Entity, tuple[str, str], list[tuple[str, str]]],
) -> None:
    entity, (first, last), expected = example
    begin, end = (
        datetime.fromisoformat(text if " " in text else f"{text} 00").replace(tzinfo=UTC) for text in (first, last)
    )
    found = intervals(schedule_of([entity]), 0, begin, end)
    assert [(f"{opens:%m-%d %H:%M}", f"{closes:%m-%d %H:%M}") for opens, closes in found] == expected
