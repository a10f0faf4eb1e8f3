"""The schedule's twin against the worked examples of the rules, which are right by hand; times are UTC."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given

from tests.reference.schedule import (
    ALL_DAY,
    ROUND_THE_CLOCK,
    Dated,
    Entity,
    Hours,
    Use,
    Version,
    Week,
    ZoneFrom,
    decision,
    entity_clock,
    first_instant,
    open_intervals,
    shown,
    to_utc,
)
from tests.reference.uptime import DAY, HOUR, Intervals
from tests.reference.uptime import open_intervals as weekly_intervals
from tests.schedule_strategies import ScheduleCase, schedule_case
from tests.strategies import DEFAULT_ZONE, UptimeCase, uptime_case

NEW_YORK = ZoneFrom("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(text: str) -> date:
    return date.fromisoformat(text)


def hours(text: str) -> Hours:
    """From "09:00-12:00 13:00-17:00"."""
    pairs = [span.split("-") for span in text.split()]
    return tuple((f"{opens}:00", f"{closes}:00") for opens, closes in pairs)


def every_day(text: str) -> Week:
    return (hours(text),) * 7


def weekdays(text: str) -> Week:
    return (*(hours(text),) * 5, (), ())


def closed(day: str, name: str = "") -> Dated:
    return Dated(on(day), "closed", name=name)


def special(day: str, text: str) -> Dated:
    return Dated(on(day), "hours", hours(text))


def entity(*versions: Week | Version, zones: tuple[ZoneFrom, ...] = (NEW_YORK,), **more: object) -> Entity:
    dated = tuple(version if isinstance(version, Version) else Version(version) for version in versions)
    return Entity(zones, dated, **more)


def found(what: Entity, first: str, days: int) -> list[str]:
    """What is open in UTC from a date on, as "31 13:00-31 21:00"."""
    begin = utc(first)
    return [f"{opens:%d %H:%M}-{closes:%d %H:%M}" for opens, closes in open_intervals(what, begin, begin + days * DAY)]


HOLIDAY = "2026-12-26"

EXAMPLES = {
    "1 a calendar closes the day on which the clocks go back": (
        entity(every_day("09:00-17:00"), calendars=(Use("c", (closed("2026-11-01"),)),)),
        ("2026-10-31", 3),
        ["31 13:00-31 21:00", "02 14:00-02 22:00"],
    ),
    "2 closed for the 25 hours of that day": (
        entity(exceptions=(closed("2026-11-01"),)),
        ("2026-10-31", 4),
        ["31 00:00-01 04:00", "02 05:00-04 00:00"],
    ),
    "3 a holiday takes its own night whole and leaves the one before": (
        entity(
            (*((),) * 4, hours("22:00-02:00"), hours("22:00-02:00"), ()),
            calendars=(Use("c", (closed(HOLIDAY),)),),
        ),
        ("2026-12-25", 4),
        ["26 03:00-26 07:00"],
    ),
    "4 an exception past midnight runs into a holiday": (
        entity(
            weekdays("09:00-17:00"),
            exceptions=(special("2026-12-31", "20:00-03:00"),),
            calendars=(Use("c", (closed("2027-01-01"),)),),
        ),
        ("2026-12-31", 3),
        ["01 01:00-01 08:00"],
    ),
    "5 the own exception comes before the calendar": (
        entity(
            weekdays("09:00-17:00"),
            exceptions=(special("2026-05-25", "10:00-14:00"),),
            calendars=(Use("c", (closed("2026-05-25"),)),),
        ),
        ("2026-05-25", 2),
        ["25 14:00-25 18:00", "26 13:00-26 21:00"],
    ),
    "7 the first calendar that has the date decides it": (
        entity(
            weekdays("09:00-17:00"),
            calendars=(
                Use("company", (special("2026-12-24", "09:00-12:00"),)),
                Use("public", (closed("2026-12-24"), closed("2026-12-25"))),
            ),
        ),
        ("2026-12-24", 5),
        ["24 14:00-24 17:00", "28 14:00-28 22:00"],
    ),
    "8 the version with the latest beginning counts": (
        entity(
            weekdays("09:00-17:00"),
            Version(weekdays("10:00-18:00"), on("2026-06-01"), on("2026-08-31")),
            Version(weekdays("12:00-14:00"), on("2026-06-29"), on("2026-07-03")),
        ),
        ("2026-07-02", 5),
        ["02 16:00-02 18:00", "03 16:00-03 18:00", "06 14:00-06 22:00"],
    ),
    "9 a new version leaves the night before it whole": (
        entity(every_day("18:00-02:00"), Version(every_day("10:00-16:00"), on("2026-07-01"))),
        ("2026-06-30T12:00", 2),
        ["30 22:00-01 06:00", "01 14:00-01 20:00"],
    ),
    "10 a move to the west": (
        entity(
            weekdays("09:00-17:00"),
            zones=(NEW_YORK, ZoneFrom("America/Los_Angeles", on("2026-07-01"))),
        ),
        ("2026-06-30", 2.5),
        ["30 13:00-30 21:00", "01 16:00-02 00:00"],
    ),
    "13 an exception that begins in the hour that is skipped": (
        entity(weekdays("09:00-17:00"), exceptions=(special("2026-03-08", "02:30-06:00"),)),
        ("2026-03-07", 2),
        ["08 07:00-08 10:00"],
    ),
    "14 an exception that ends in the hour that comes twice": (
        entity(weekdays("09:00-17:00"), exceptions=(special("2026-10-31", "20:00-01:30"),)),
        ("2026-10-31", 2),
        ["01 00:00-01 05:30"],
    ),
    "17 a holiday with hours opens a closed day": (
        entity(weekdays("09:00-17:00"), calendars=(Use("c", (special("2026-11-29", "12:00-17:00"),)),)),
        ("2026-11-28", 2),
        ["29 17:00-29 22:00"],
    ),
    "18 a calendar counts from the day on which its use begins": (
        entity(
            weekdays("09:00-17:00"),
            calendars=(Use("c", (closed("2026-06-19"), closed("2026-07-03")), valid_from=on("2026-07-01")),),
        ),
        ("2026-07-02", 3),
        ["02 13:00-02 21:00"],
    ),
    "18 and not before": (
        entity(
            weekdays("09:00-17:00"),
            calendars=(Use("c", (closed("2026-06-19"), closed("2026-07-03")), valid_from=on("2026-07-01")),),
        ),
        ("2026-06-19", 3),
        ["19 13:00-19 21:00"],
    ),
}


@pytest.mark.parametrize(("what", "span", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_worked_examples_of_the_rules(what: Entity, span: tuple[str, float], expected: list[str]) -> None:
    assert found(what, *span) == expected


MINUS = Dated(on("2026-12-22"), "minus", hours("12:00-13:00"), "lunch")

MORE = {
    "minus is taken out of the usual windows": (
        entity(weekdays("09:00-17:00"), exceptions=(MINUS,)),
        ("2026-12-22", 1),
        ["22 14:00-22 17:00", "22 18:00-22 22:00"],
    ),
    "minus is taken out of the hours of an exception": (
        entity(weekdays("09:00-17:00"), exceptions=(MINUS, special("2026-12-22", "12:30-14:00"))),
        ("2026-12-22", 1),
        ["22 18:00-22 19:00"],
    ),
    "minus leaves the night of the day before": (
        entity(
            every_day("20:00-02:00"),
            exceptions=(Dated(on("2026-12-22"), "minus", hours("01:00-21:00")),),
        ),
        ("2026-12-22", 1.5),
        ["22 01:00-22 07:00", "23 02:00-23 07:00"],  # the night of 21 December and what is left of that of the 22nd
    ),
    "minus over the hour that comes twice takes both": (
        entity(exceptions=(Dated(on("2026-11-01"), "minus", hours("01:00-02:00")),)),
        ("2026-11-01", 1),
        ["01 00:00-01 05:00", "01 07:00-02 00:00"],
    ),
    "usual passes the calendars": (
        entity(
            weekdays("09:00-17:00"),
            exceptions=(Dated(on("2026-12-25"), "usual"),),
            calendars=(Use("c", (closed("2026-12-25"),)),),
        ),
        ("2026-12-25", 1),
        ["25 14:00-25 22:00"],
    ),
    "several rows of a date are its windows": (
        entity(exceptions=(special("2026-12-22", "09:00-12:00"), special("2026-12-22", "13:00-14:00"))),
        ("2026-12-22T12:00", 0.5),
        ["22 14:00-22 17:00", "22 18:00-22 19:00"],
    ),
    "of two versions that begin together the one that ends earlier counts": (
        entity(
            Version(every_day("09:00-10:00"), on("2026-12-01")),
            Version(every_day("11:00-12:00"), on("2026-12-01"), on("2026-12-22")),
        ),
        ("2026-12-22", 2),
        ["22 16:00-22 17:00", "23 14:00-23 15:00"],
    ),
    "a version without windows for the weekday is closed, not the version behind it": (
        entity(every_day("09:00-10:00"), Version(weekdays("11:00-12:00"), on("2026-12-01"))),
        ("2026-12-25", 3),
        ["25 16:00-25 17:00"],
    ),
    "outside all versions the default holds": (
        entity(Version(every_day("09:00-10:00"), None, on("2026-12-22"))),
        ("2026-12-22", 2),
        ["22 14:00-22 15:00", "23 05:00-24 00:00"],
    ),
    "the default of a kind with hours": (
        entity(default=weekdays("08:00-16:00")),
        ("2026-12-25", 3),
        ["25 13:00-25 21:00"],
    ),
    "an entity is closed before its first date and after its last, whose night stays": (
        entity(every_day("22:00-02:00"), active_from=on("2026-12-22"), active_to=on("2026-12-23")),
        ("2026-12-20", 7),
        ["23 03:00-23 07:00", "24 03:00-24 07:00"],
    ),
    # New York's midnight is 04:00Z; Berlin shows 06:00 then, so that its 05:00-07:00 begins in the middle.
    "a move to the east skips hours": (
        entity(
            every_day("05:00-07:00"),
            zones=(NEW_YORK, ZoneFrom("Europe/Berlin", on("2026-07-01"))),
        ),
        ("2026-06-30", 2.5),
        ["30 09:00-30 11:00", "01 04:00-01 05:00", "02 03:00-02 05:00"],
    ),
    # Berlin's midnight is 22:00Z, when New York shows 18:00 of the day before: 18:00-24:00 comes twice, and the first
    # time that its clock shows 20:00 or later is in Berlin.
    "a move to the west repeats hours and counts none twice": (
        entity(
            every_day("20:00-21:00"),
            zones=(ZoneFrom("Europe/Berlin"), ZoneFrom("America/New_York", on("2026-07-01"))),
        ),
        ("2026-06-30", 2.5),
        ["30 18:00-30 19:00", "02 00:00-02 01:00"],
    ),
    # Apia passed from the 29th to the 31st at 10:00Z on the 30th.
    "a date that is skipped has no hours": (
        entity(every_day("09:00-10:00"), zones=(ZoneFrom("Pacific/Apia"),)),
        ("2011-12-29", 4),
        ["29 19:00-29 20:00", "30 19:00-30 20:00", "31 19:00-31 20:00", "01 19:00-01 20:00"],
    ),
}


@pytest.mark.parametrize(("what", "span", "expected"), MORE.values(), ids=MORE)
def test_what_the_worked_examples_leave_out(what: Entity, span: tuple[str, float], expected: list[str]) -> None:
    assert found(what, *span) == expected


def test_each_date_has_its_reason() -> None:
    summer = Version(weekdays("10:00-18:00"), on("2026-06-01"), on("2026-08-31"))
    what = entity(
        summer,
        exceptions=(
            closed("2026-06-03", "stocktaking"),
            Dated(on("2026-06-04"), "usual"),
            Dated(on("2026-06-06"), "minus", hours("12:00-13:00")),
        ),
        calendars=(Use("public:DE-BY", (closed("2026-06-04", "Corpus Christi"), closed("2026-06-05", "Bridge"))),),
        active_from=on("2026-05-31"),
    )
    reasons = [decision(what, on("2026-05-30") + number * DAY) for number in range(8)]
    assert [(reason.rule, reason.calendar, reason.name) for reason in reasons] == [
        ("inactive", "", ""),
        ("default", "", ""),
        ("version", "", ""),
        ("version", "", ""),
        ("exception", "", "stocktaking"),
        ("version", "", ""),
        ("calendar", "public:DE-BY", "Bridge"),
        ("version", "", ""),
    ]
    assert [reason.version for reason in reasons] == [None, None, summer, summer, None, summer, None, summer]
    assert reasons[-1].minus == hours("12:00-13:00")
    assert reasons[1].hours == ALL_DAY


def test_a_zone_far_ahead_gives_way_to_the_next_at_once() -> None:
    # Pago Pago (UTC-11) reaches 2 July at 11:00Z; Kiritimati (UTC+14) then shows 01:00 of the 3rd and has passed the
    # date of Chatham (UTC+12:45) at 10:00Z.
    zones = (
        ZoneFrom("Pacific/Pago_Pago"),
        ZoneFrom("Pacific/Kiritimati", on("2026-07-02")),
        ZoneFrom("Pacific/Chatham", on("2026-07-03")),
    )
    clock = entity_clock(zones, utc("2026-07-01"), utc("2026-07-05"))
    assert [(piece.begins, piece.offset) for piece in clock] == [
        (utc("2026-07-01"), -11 * HOUR),
        (utc("2026-07-02T11:00"), timedelta(hours=12, minutes=45)),
    ]


@given(case=uptime_case())
def test_weekly_hours_alone_are_those_of_the_uptime_twin(case: UptimeCase) -> None:
    first, last = case.as_of - 3 * DAY, case.as_of
    for store_id in {window.store_id for window in case.windows}:
        windows = [window for window in case.windows if window.store_id == store_id]
        zone = case.zones.get(store_id, DEFAULT_ZONE)
        week = tuple(
            tuple((window.opens, window.closes) for window in windows if window.weekday == weekday)
            for weekday in range(7)
        )
        expected = [
            (max(opens, first), min(closes, last)) for opens, closes in weekly_intervals(windows, zone, first, last)
        ]
        assert open_intervals(Entity((ZoneFrom(zone),), (Version(week),)), first, last) == expected


@given(case=schedule_case())
def test_a_local_time_is_the_first_instant_at_which_the_clock_shows_it_or_later(case: ScheduleCase) -> None:
    clock = entity_clock(case.entity.zones, case.first - 3 * DAY, case.last + 3 * DAY)
    for part in range(4):
        instant = case.first + (case.last - case.first) * part // 3
        local = shown(clock, instant)
        first = first_instant(clock, local)
        assert first <= instant
        assert shown(clock, first) >= local
        # Each half hour of the day before it, the clock shows less.
        assert all(shown(clock, first - number * HOUR / 2) < local for number in range(1, 49))


@given(case=schedule_case())
def test_open_intervals_are_sorted_apart_and_inside(case: ScheduleCase) -> None:
    intervals: Intervals = open_intervals(case.entity, case.first, case.last)
    edges = [case.first, *(edge for interval in intervals for edge in interval), case.last]
    assert edges == sorted(edges)
    inner = edges[1:-1]
    assert len(set(inner)) == len(inner)


@given(case=schedule_case())
def test_open_intervals_of_two_halves_are_those_of_the_whole(case: ScheduleCase) -> None:
    whole = open_intervals(case.entity, case.first, case.last)
    middle = case.first + (case.last - case.first) // 3
    halves = open_intervals(case.entity, case.first, middle) + open_intervals(case.entity, middle, case.last)
    length = timedelta()
    assert sum((closes - opens for opens, closes in whole), length) == sum(
        (closes - opens for opens, closes in halves), length
    )


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-06-30T23:59", "2026-06-30T21:59"),  # in Berlin
        ("2026-06-30T18:30", "2026-06-30T16:30"),  # the first of two
        ("2026-07-01T00:00", "2026-07-01T04:00"),  # Berlin never showed it: at 22:00Z it is New York's evening
        ("2026-07-02T00:00", "2026-07-02T04:00"),
    ],
)
def test_local_times_around_a_move_to_the_west(local: str, expected: str) -> None:
    zones = (ZoneFrom("Europe/Berlin"), ZoneFrom("America/New_York", on("2026-07-01")))
    assert to_utc(zones, datetime.fromisoformat(local)) == utc(expected)


def test_round_the_clock_has_no_hole_at_a_change_of_zone_or_clock() -> None:
    zones = (
        ZoneFrom("Pacific/Apia"),
        ZoneFrom("America/New_York", on("2011-12-28")),
        ZoneFrom("Pacific/Apia", on("2011-12-29")),
    )
    first, last = utc("2011-12-20"), utc("2012-01-05")
    assert open_intervals(Entity(zones, default=ROUND_THE_CLOCK), first, last) == [(first, last)]
