"""The twin of ranges against the rules: every expected value is worked out by hand, in the comment beside it."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given

from tests.period_strategies import RangeCase, range_case
from tests.reference.exact import Poll
from tests.reference.periods import Asked, Exact, Hourly, Row, dates_of, range_edges, rows
from tests.reference.schedule import Entity, Version, ZoneFrom
from tests.reference.uptime import DAY, HOUR

MINUTE = timedelta(minutes=1)

AMSTERDAM = Entity((ZoneFrom("Europe/Amsterdam"),))
UTC_STORE = Entity((ZoneFrom("UTC"),))
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(text: str) -> date:
    return date.fromisoformat(text)


def polls(day: str, text: str) -> list[Poll]:
    """From "09:00 active, 09:10 inactive"."""
    lines = [line.split() for line in text.split(",")]
    return [Poll("s", utc(f"{day}T{at}"), status) for at, status in lines]


def lengths(found: list[Row]) -> list[float]:
    return [(row.end - row.start) / HOUR for row in found]


@pytest.mark.parametrize(
    ("month", "after", "odd_day", "odd_hours", "hours"),
    [
        ("2023-03-01", "2023-04-01", 26, 23, 743),  # 26 March 2023, the clocks go forward
        ("2022-10-01", "2022-11-01", 30, 25, 745),  # 30 October 2022, they go back
    ],
)
def test_days_of_23_and_25_hours_add_up_to_their_month(
    month: str, after: str, odd_day: int, odd_hours: int, hours: int
) -> None:
    asked = Asked(on(month), on(after), LATER, by="day")
    by_day = rows(AMSTERDAM, [], asked, Exact())
    assert lengths(by_day) == [odd_hours if day == odd_day else 24 for day in range(1, 32)]
    (whole,) = rows(AMSTERDAM, [], Asked(on(month), on(after), LATER), Exact())
    assert whole.open == whole.unknown == hours * HOUR
    assert [row.open for row in by_day] == [row.end - row.start for row in by_day]
    # 31 local midnights: 28 February 23:00Z to 31 March 22:00Z; 30 September 22:00Z to 31 October 23:00Z.
    assert (whole.start, whole.end) == {
        743: (utc("2023-02-28T23:00"), utc("2023-03-31T22:00")),
        745: (utc("2022-09-30T22:00"), utc("2022-10-31T23:00")),
    }[hours]


EDGES = [
    # Months and weeks are cut by the range.
    ("month", "UTC", "2024-01-15", "2024-03-10", ["2024-01-15", "2024-02-01", "2024-03-01", "2024-03-10"]),
    (
        "week",
        "UTC",
        "2024-11-01",
        "2024-12-01",
        ["2024-11-01", "2024-11-04", "2024-11-11", "2024-11-18", "2024-11-25", "2024-12-01"],
    ),
    ("total", "UTC", "2024-01-01", "2025-01-01", ["2024-01-01", "2025-01-01"]),
    # Kathmandu is 5:45 ahead.
    ("day", "Asia/Kathmandu", "2024-01-01", "2024-01-03", ["2023-12-31T18:15", "2024-01-01T18:15", "2024-01-02T18:15"]),
    # Apia has no 30 December 2011: 29 December ends at 10:00Z on the 30th, and 31 December begins.
    ("day", "Pacific/Apia", "2011-12-29", "2012-01-01", ["2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"]),
    # Chatham's clock stood at 02:45 on 24 September 2023 and went on with 03:45, at 14:00Z.
    (
        "hour",
        "Pacific/Chatham",
        datetime(2023, 9, 23, 13, tzinfo=UTC),
        datetime(2023, 9, 23, 16, tzinfo=UTC),
        [f"2023-09-23T{edge}" for edge in ("13:00", "13:15", "14:00", "14:15", "15:15", "16:00")],
    ),
    # In Amsterdam 02:00-03:00 comes twice, from 00:00Z and from 01:00Z on.
    (
        "hour",
        "Europe/Amsterdam",
        datetime(2022, 10, 29, 23, tzinfo=UTC),
        datetime(2022, 10, 30, 3, tzinfo=UTC),
        ["2022-10-29T23:00", "2022-10-30T00:00", "2022-10-30T02:00", "2022-10-30T03:00"],
    ),
]


@pytest.mark.parametrize(("by", "zone", "first", "last", "expected"), EDGES)
def test_periods_begin_by_the_clock_of_their_zone(
    by: str, zone: str, first: str | datetime, last: str | datetime, expected: list[str]
) -> None:
    ends = [on(edge) if isinstance(edge, str) else edge for edge in (first, last)]
    edges = [utc(edge) for edge in expected]
    assert range_edges(AMSTERDAM, Asked(*ends, LATER, by=by, zone=zone)) == edges
    assert range_edges(Entity((ZoneFrom(zone),)), Asked(*ends, LATER, by=by)) == edges


def test_the_days_of_an_entity_that_moves_are_those_of_its_clock() -> None:
    # 30 June in Berlin from 22:00Z, 1 July in New York; at 22:00Z on 30 June it is still the 30th, till 04:00Z.
    zones = (ZoneFrom("Europe/Berlin"), ZoneFrom("America/New_York", on("2026-07-01")))
    asked = Asked(on("2026-06-30"), on("2026-07-02"), LATER, by="day")
    assert range_edges(Entity(zones), asked) == [utc("2026-06-29T22:00"), utc("2026-07-01T04:00"), utc("2026-07-02T04")]


def test_a_period_that_is_running_ends_at_as_of_and_says_so() -> None:
    asked = Asked(on("2024-01-01"), on("2024-01-04"), utc("2024-01-02T06:00"), by="day")
    found = rows(UTC_STORE, polls("2024-01-02", "05:00 active, 05:30 inactive"), asked, Exact(max_gap=HOUR))
    assert [(row.start, row.end, row.complete) for row in found] == [
        (utc("2024-01-01"), utc("2024-01-02"), True),
        (utc("2024-01-02"), utc("2024-01-02T06:00"), False),
    ]
    assert (found[1].open, found[1].up, found[1].down, found[1].unknown) == (
        6 * HOUR,
        30 * MINUTE,
        30 * MINUTE,
        5 * HOUR,
    )


@pytest.mark.parametrize("as_of", ["2024-01-01", "2023-06-01"])
def test_a_range_that_has_not_begun_has_no_rows(as_of: str) -> None:
    assert rows(UTC_STORE, [], Asked(on("2024-01-01"), on("2024-01-02"), utc(as_of)), Exact()) == []


def test_percentages() -> None:
    # Open 12 hours: up 4, down 2, unknown 6.
    week = ((("06:00:00", "18:00:00"),),) * 7
    store = Entity((ZoneFrom("UTC"),), (Version(week),))
    said = polls("2024-01-01", "06:00 active, 10:00 inactive, 12:00 unknown")
    (row,) = rows(store, said, Asked(on("2024-01-01"), on("2024-01-02"), LATER), Exact(max_gap=6 * HOUR))
    assert (row.up, row.down, row.unknown) == (4 * HOUR, 2 * HOUR, 6 * HOUR)
    assert (row.availability, row.low, row.high, row.coverage) == (
        Fraction(200, 3),
        Fraction(100, 3),
        Fraction(250, 3),
        50,
    )
    assert (row.polls, row.carried, row.max_gap) == (3, None, 6 * HOUR)


def test_percentages_without_a_denominator_are_empty() -> None:
    closed = Entity((ZoneFrom("UTC"),), (Version(((),) * 7),))
    (row,) = rows(closed, [], Asked(on("2024-01-01"), on("2024-01-02"), LATER), Hourly())
    assert (row.availability, row.low, row.high, row.coverage) == (None, None, None, None)
    (row,) = rows(UTC_STORE, [], Asked(on("2024-01-01"), on("2024-01-02"), LATER), Hourly())
    assert (row.availability, row.low, row.high, row.coverage) == (None, 0, 100, 0)


def test_an_outage_counts_in_the_period_in_which_it_begins() -> None:
    # 23:30-00:30 over midnight, 10:00-10:20 and, from 23:40 on, one that has not ended.
    said = [
        *polls("2024-01-01", "00:00 active, 23:30 inactive"),
        *polls("2024-01-02", "00:30 active, 10:00 inactive, 10:20 active, 23:40 inactive"),
    ]
    asked = Asked(on("2024-01-01"), on("2024-01-03"), LATER, by="day")
    first, second = rows(UTC_STORE, said, asked, Exact(own_max_gap=timedelta()))
    assert (first.down, first.outages, first.longest, first.mttr) == (30 * MINUTE, 1, HOUR, 60)
    assert (second.down, second.outages, second.longest, second.mttr) == (70 * MINUTE, 2, 20 * MINUTE, 20)
    assert (first.up, second.up, first.max_gap) == (23.5 * HOUR, 24 * HOUR - 70 * MINUTE, None)


def test_the_mean_time_to_repair_leaves_outages_out_that_last() -> None:
    said = polls(
        "2024-01-01", "00:00 active, 01:00 inactive, 01:10 active, 02:00 inactive, 02:21 active, 20:00 inactive"
    )
    (row,) = rows(UTC_STORE, said, Asked(on("2024-01-01"), on("2024-01-02"), LATER), Exact(own_max_gap=timedelta()))
    # Of 10, 21 and 240 minutes; the last is not over.
    assert (row.outages, row.longest, row.mttr) == (3, 4 * HOUR, Fraction(31, 2))


def test_an_outage_of_before_the_range_is_down_time_and_counts_in_none_of_its_periods() -> None:
    said = [*polls("2023-12-31", "23:00 inactive"), *polls("2024-01-01", "01:00 active")]
    asked = Asked(on("2024-01-01"), on("2024-01-02"), LATER)
    (row,) = rows(UTC_STORE, said, asked, Exact(own_max_gap=timedelta()))
    assert (row.down, row.outages, row.longest, row.mttr) == (HOUR, 0, None, None)


def test_hourly_accounting_by_day() -> None:
    # 22Z down by its vote, 23Z and, on the next day, 00Z to 11Z by carrying; 12Z up by its vote, 13Z to 23Z carried.
    said = [*polls("2024-01-01", "22:10 inactive"), *polls("2024-01-02", "12:30 active")]
    asked = Asked(on("2024-01-01"), on("2024-01-03"), LATER, by="day")
    first, second = rows(UTC_STORE, said, asked, Hourly())
    assert (first.up, first.down, first.unknown, first.carried) == (timedelta(), 2 * HOUR, 22 * HOUR, HOUR)
    assert (second.up, second.down, second.unknown, second.carried) == (12 * HOUR, 12 * HOUR, timedelta(), 23 * HOUR)
    assert (first.outages, first.longest, first.mttr, first.max_gap) == (None, None, None, None)
    # Two hours of carrying: 23Z and 00Z; 13Z and 14Z.
    first, second = rows(UTC_STORE, said, asked, Hourly(max_fill_hours=2))
    assert (first.down, first.carried, second.down, second.up, second.unknown) == (
        2 * HOUR,
        HOUR,
        HOUR,
        3 * HOUR,
        20 * HOUR,
    )


def test_hours_of_a_zone_with_a_half_divide_the_hours_of_utc() -> None:
    # In Kathmandu 17:00-18:00 is 11:15Z-12:15Z: 45 minutes of 11Z, which is up, and 15 of 12Z, which is down.
    said = polls("2024-01-01", "11:00 active, 12:59 inactive")
    asked = Asked(utc("2024-01-01T11:15"), utc("2024-01-01T13:15"), LATER, by="hour", zone="Asia/Kathmandu")
    first, second = rows(UTC_STORE, said, asked, Hourly())
    assert (first.up, first.down, first.polls) == (45 * MINUTE, 15 * MINUTE, 0)
    assert (second.up, second.down, second.polls) == (timedelta(), HOUR, 1)


WORDS = [
    ("2024-11", "2024-11-01", "2024-12-01"),
    ("2024-12", "2024-12-01", "2025-01-01"),
    ("2024-W45", "2024-11-04", "2024-11-11"),
    ("2025-W01", "2024-12-30", "2025-01-06"),
    ("2020-W53", "2020-12-28", "2021-01-04"),
    ("2024-Q1", "2024-01-01", "2024-04-01"),
    ("2024-Q4", "2024-10-01", "2025-01-01"),
    ("2024", "2024-01-01", "2025-01-01"),
    ("yesterday", "2024-02-29", "2024-03-01"),
    ("last_month", "2024-02-01", "2024-03-01"),
    ("last_week", "2024-02-19", "2024-02-26"),
]


@pytest.mark.parametrize(("word", "first", "last"), WORDS)
def test_periods_in_a_word(word: str, first: str, last: str) -> None:
    # 1 March 2024 is a Friday, of the week that begins on 26 February.
    assert dates_of(word, on("2024-03-01")) == (on(first), on(last))


@pytest.mark.parametrize(
    ("word", "today", "expected"),
    [
        ("last_week", "2024-03-04", ("2024-02-26", "2024-03-04")),  # a Monday
        ("last_week", "2024-03-03", ("2024-02-19", "2024-02-26")),  # a Sunday
        ("last_month", "2024-01-31", ("2023-12-01", "2024-01-01")),
        ("yesterday", "2024-01-01", ("2023-12-31", "2024-01-01")),
    ],
)
def test_words_that_depend_on_today(word: str, today: str, expected: tuple[str, str]) -> None:
    assert dates_of(word, on(today)) == (on(expected[0]), on(expected[1]))


@pytest.mark.parametrize(
    "word", ["", "2024-13", "2024-00", "2024-Q5", "2024-Q0", "2024-W54", "2021-W53", "24", "today"]
)
def test_words_that_are_no_period(word: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        dates_of(word, on("2024-03-01"))


ADDED = ("open", "up", "down", "unknown", "polls", "outages", "carried")


@given(case=range_case())
def test_parts_add_up_to_the_whole(case: RangeCase) -> None:
    parts, whole = case.rows(), case.rows(by="total")
    assert (not parts) == (not whole)
    for column in ADDED if whole else ():
        values = [getattr(row, column) for row in parts]
        total = getattr(whole[0], column)
        assert total is None or sum(values[1:], values[0]) == total


@given(case=range_case())
def test_bounds_hold_and_up_down_and_unknown_are_the_open_time(case: RangeCase) -> None:
    for row in case.rows():
        assert row.up + row.down + row.unknown == row.open <= row.end - row.start
        if row.availability is not None:
            assert row.low <= row.availability <= row.high
            assert row.availability == 100 * row.low / row.coverage
        if row.carried is not None:
            assert row.carried <= row.up + row.down


@given(case=range_case(accounting=Hourly(max_fill_hours=0)))
def test_hourly_accounting_without_filling_knows_hours_with_polls_alone(case: RangeCase) -> None:
    polled = {poll.at.replace(minute=0, second=0, microsecond=0) for poll in case.polls}
    for row in case.rows():
        hours = [hour for hour in polled if row.start < hour + HOUR and hour < row.end]
        known = [min(hour + HOUR, row.end) - max(hour, row.start) for hour in hours]
        assert row.up + row.down <= sum(known, timedelta())
        assert row.carried == timedelta()


def test_a_range_of_dates_is_as_long_as_its_days() -> None:
    asked = Asked(on("2024-01-01"), on("2024-01-08"), LATER, by="day")
    assert [row.start for row in rows(UTC_STORE, [], asked, Hourly())] == [
        utc("2024-01-01") + n * DAY for n in range(7)
    ]
