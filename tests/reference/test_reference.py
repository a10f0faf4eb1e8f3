"""The reference against the rules: every expected value is worked out by hand, in the comment beside it.

The golden inputs come from `make_store_status.py OUT --scale 0.02` (polls) and from the real hours and zones of the
stores in that log; `uptime.csv` was made from them by another slow implementation.
"""

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.reference.uptime import (
    DAY,
    HOUR,
    MICROSECOND,
    WEEK,
    Hour,
    Intervals,
    Poll,
    Window,
    hourly_rows,
    hourly_series,
    open_intervals,
    to_utc,
    uptime_report,
    wall_clock,
)
from tests.strategies import DEFAULT_ZONE, MOMENTS, UptimeCase, uptime_case

GOLDEN = Path(__file__).parents[1] / "golden"

COLUMNS = [
    "store_id",
    "uptime_last_hour",
    "uptime_last_day",
    "uptime_last_week",
    "downtime_last_hour",
    "downtime_last_day",
    "downtime_last_week",
    "unknown_last_hour",
    "unknown_last_day",
    "unknown_last_week",
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def poll(text: str, status: str, store_id: str = "s") -> Poll:
    return Poll(store_id, utc(text), active=status == "active")


def opening(zone: str, day: str, *spans: tuple[str, str]) -> Intervals:
    """What a store with these spans on the weekday of `day` alone has open around that date."""
    weekday = date.fromisoformat(day).weekday()
    windows = [Window("s", weekday, opens, closes) for opens, closes in spans]
    return open_intervals(windows, zone, utc(day) - DAY, utc(day) + 3 * DAY)


def durations(row: dict) -> list:
    """The nine numbers of a row: up, down and unknown, each for hour, day and week."""
    return [row[column] for column in COLUMNS[1:]]


def report_of(polls: list[Poll], windows: list[Window], zone: str, as_of: str, lookback_hours: int = 96) -> list:
    """The nine numbers of the only store, `s`."""
    (row,) = uptime_report(polls, windows, {"s": zone}, as_of=utc(as_of), lookback_hours=lookback_hours)
    return durations(row)


WORKED_POLLS = [
    poll("2023-01-23T13:50", "inactive"),
    poll("2023-01-23T14:10", "active"),
    poll("2023-01-23T14:40", "inactive"),
    poll("2023-01-23T14:50", "active"),
    poll("2023-01-23T16:05", "inactive"),
]
WORKED_WINDOWS = [Window("s", 0, "09:00:00", "12:00:00")]
WORKED_ZONES = {"s": "America/New_York"}


def test_the_worked_example_of_the_rules() -> None:
    # Open 14-17Z. 14Z two of three active, 15Z last known, 16Z inactive. The Monday before closed as the week begins.
    row = uptime_report(WORKED_POLLS, WORKED_WINDOWS, WORKED_ZONES, as_of=utc("2023-01-23T17:00"))[0]
    assert list(row) == COLUMNS
    assert durations(row) == [0, 2, 2, 60, 1, 1, 0, 0, 0]


def test_the_worked_example_hour_by_hour() -> None:
    rows = hourly_rows(WORKED_POLLS, WORKED_WINDOWS, WORKED_ZONES, as_of=utc("2023-01-23T17:00"))
    # 17:00Z is a whole hour, so exactly 168 hours touch the week; the 13:50Z poll is before opening.
    assert len(rows) == 168
    assert rows[0] == Hour("s", utc("2023-01-16T17:00"), "unknown", 0, 0)
    assert rows[-4:] == [
        Hour("s", utc("2023-01-23T13:00"), "unknown", 0, 0),
        Hour("s", utc("2023-01-23T14:00"), "active", 3_600_000_000, 3),
        Hour("s", utc("2023-01-23T15:00"), "active", 3_600_000_000, 0),
        Hour("s", utc("2023-01-23T16:00"), "inactive", 3_600_000_000, 1),
    ]


NEW_YORK = "America/New_York"
LONDON = "Europe/London"
LORD_HOWE = "Australia/Lord_Howe"
KATHMANDU = "Asia/Kathmandu"
CHATHAM = "Pacific/Chatham"
APIA = "Pacific/Apia"
CASABLANCA = "Africa/Casablanca"

SINGLE_WINDOWS = [
    # Ends. New York in January is UTC-5.
    (NEW_YORK, "2023-01-23", "09:00:00", "12:00:00", "2023-01-23T14:00", "2023-01-23T17:00"),
    (NEW_YORK, "2023-01-23", "09:00:01.5", "12:00:00.000001", "2023-01-23T14:00:01.500", "2023-01-23T17:00:00.000001"),
    # Overnight: 02:00 is Tuesday's, 07:00Z.
    (NEW_YORK, "2023-01-23", "18:00:00", "02:00:00", "2023-01-23T23:00", "2023-01-24T07:00"),
    # Equal ends are 24 hours, at midnight too.
    (NEW_YORK, "2023-01-23", "09:00:00", "09:00:00", "2023-01-23T14:00", "2023-01-24T14:00"),
    (NEW_YORK, "2023-01-23", "00:00:00", "00:00:00", "2023-01-23T05:00", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "18:00:00", "00:00:00", "2023-01-23T23:00", "2023-01-24T05:00"),
    # 23:59:00 and later mean 24:00, which is 05:00Z; a moment earlier means itself.
    (NEW_YORK, "2023-01-23", "18:00:00", "23:59:00", "2023-01-23T23:00", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "18:00:00", "23:59:59", "2023-01-23T23:00", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "18:00:00", "23:59:59.999999", "2023-01-23T23:00", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "18:00:00", "24:00:00", "2023-01-23T23:00", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "18:00:00", "23:58:59", "2023-01-23T23:00", "2023-01-24T04:58:59"),
    # The end becomes 24:00 before it is compared with the start: 30 seconds, not a day and 30 seconds.
    (NEW_YORK, "2023-01-23", "23:59:30", "23:59:10", "2023-01-24T04:59:30", "2023-01-24T05:00"),
    (NEW_YORK, "2023-01-23", "23:59:30", "23:59:30", "2023-01-24T04:59:30", "2023-01-24T05:00"),
    # New York, 12 March 2023, 02:00-5 becomes 03:00-4 at 07:00Z. 01:00 = 06Z, 04:00 = 08Z: two hours.
    (NEW_YORK, "2023-03-12", "01:00:00", "04:00:00", "2023-03-12T06:00", "2023-03-12T08:00"),
    # 02:30 does not happen, so 07:00Z; 05:00-4 = 09Z.
    (NEW_YORK, "2023-03-12", "02:30:00", "05:00:00", "2023-03-12T07:00", "2023-03-12T09:00"),
    (NEW_YORK, "2023-03-12", "00:00:00", "02:15:00", "2023-03-12T05:00", "2023-03-12T07:00"),
    # 09:00-5 on Saturday to 09:00-4 on Sunday: 23 hours.
    (NEW_YORK, "2023-03-11", "09:00:00", "09:00:00", "2023-03-11T14:00", "2023-03-12T13:00"),
    # New York, 5 November 2023, 02:00-4 becomes 01:00-5 at 06:00Z. The first 01:30 = 05:30Z, 03:00-5 = 08Z.
    (NEW_YORK, "2023-11-05", "01:30:00", "03:00:00", "2023-11-05T05:30", "2023-11-05T08:00"),
    (NEW_YORK, "2023-11-05", "00:00:00", "01:30:00", "2023-11-05T04:00", "2023-11-05T05:30"),
    # 02:00 happens once, after both one o'clocks: 01:00-4 = 05Z to 02:00-5 = 07Z.
    (NEW_YORK, "2023-11-05", "01:00:00", "02:00:00", "2023-11-05T05:00", "2023-11-05T07:00"),
    (NEW_YORK, "2023-11-04", "22:00:00", "01:15:00", "2023-11-05T02:00", "2023-11-05T05:15"),
    # London, 26 March 2023, 01:00+0 becomes 02:00+1 at 01:00Z. 03:00+1 = 02Z.
    (LONDON, "2023-03-26", "01:30:00", "03:00:00", "2023-03-26T01:00", "2023-03-26T02:00"),
    # London, 29 October 2023, 02:00+1 becomes 01:00+0 at 01:00Z. 00:30+1 = 23:30Z, the first 01:30 = 00:30Z.
    (LONDON, "2023-10-29", "00:30:00", "01:30:00", "2023-10-28T23:30", "2023-10-29T00:30"),
    (LONDON, "2023-10-29", "01:30:00", "02:30:00", "2023-10-29T00:30", "2023-10-29T02:30"),
    # Lord Howe, 1 October 2023, 02:00+10:30 becomes 02:30+11 at 15:30Z the day before. 03:00+11 = 16Z.
    (LORD_HOWE, "2023-10-01", "02:10:00", "03:00:00", "2023-09-30T15:30", "2023-09-30T16:00"),
    # 00:00+10:30 = 13:30Z to 24:00+11 = 13:00Z: 23 and a half hours.
    (LORD_HOWE, "2023-10-01", "00:00:00", "24:00:00", "2023-09-30T13:30", "2023-10-01T13:00"),
    # Lord Howe, 2 April 2023, 02:00+11 becomes 01:30+10:30 at 15:00Z. First 01:45 = 14:45Z, 02:15+10:30 = 15:45Z.
    (LORD_HOWE, "2023-04-02", "01:45:00", "02:15:00", "2023-04-01T14:45", "2023-04-01T15:45"),
    # Kathmandu is UTC+5:45; on 1 January 1986 00:00+5:30 became 00:15+5:45 at 18:30Z. 01:00+5:45 = 19:15Z.
    (KATHMANDU, "2023-01-23", "09:00:00", "17:30:00", "2023-01-23T03:15", "2023-01-23T11:45"),
    (KATHMANDU, "1986-01-01", "00:05:00", "01:00:00", "1985-12-31T18:30", "1985-12-31T19:15"),
    # Chatham is UTC+13:45 in summer: 09:00 = 19:15Z the day before.
    (CHATHAM, "2023-01-23", "09:00:00", "17:00:00", "2023-01-22T19:15", "2023-01-23T03:15"),
    # 2 April 2023, 03:45+13:45 becomes 02:45+12:45 at 14Z. First 03:00 = 13:15Z, 04:00+12:45 = 15:15Z.
    (CHATHAM, "2023-04-02", "03:00:00", "04:00:00", "2023-04-01T13:15", "2023-04-01T15:15"),
    # 24 September 2023, 02:45+12:45 becomes 03:45+13:45 at 14Z. 05:00+13:45 = 15:15Z.
    (CHATHAM, "2023-09-24", "03:00:00", "05:00:00", "2023-09-23T14:00", "2023-09-23T15:15"),
    # Apia: after Thursday 29 December 2011 (-10) comes Saturday 31 (+14), at 10Z on the 30th. Thursday 18:00 = 04Z.
    (APIA, "2011-12-29", "18:00:00", "24:00:00", "2011-12-30T04:00", "2011-12-30T10:00"),
    # Friday's 02:00 and 09:00 never happen.
    (APIA, "2011-12-29", "18:00:00", "02:00:00", "2011-12-30T04:00", "2011-12-30T10:00"),
    (APIA, "2011-12-29", "09:00:00", "09:00:00", "2011-12-29T19:00", "2011-12-30T10:00"),
    # The skipped Friday's late shift opens as Saturday begins and closes at Saturday 02:00+14 = 12Z.
    (APIA, "2011-12-30", "18:00:00", "02:00:00", "2011-12-30T10:00", "2011-12-30T12:00"),
    (APIA, "2011-12-31", "00:00:00", "24:00:00", "2011-12-30T10:00", "2011-12-31T10:00"),
    # Casablanca is UTC+1, and UTC+0 in Ramadan, 19 March (from 02Z) to 23 April 2023 (02Z).
    (CASABLANCA, "2023-03-13", "09:00:00", "17:00:00", "2023-03-13T08:00", "2023-03-13T16:00"),
    (CASABLANCA, "2023-04-03", "09:00:00", "17:00:00", "2023-04-03T09:00", "2023-04-03T17:00"),
    # First 02:30 is +1 = 01:30Z, 04:00+0 = 04Z.
    (CASABLANCA, "2023-03-19", "02:30:00", "04:00:00", "2023-03-19T01:30", "2023-03-19T04:00"),
    # 02:15 does not happen on 23 April, so 02Z; 05:00+1 = 04Z.
    (CASABLANCA, "2023-04-23", "02:15:00", "05:00:00", "2023-04-23T02:00", "2023-04-23T04:00"),
]


@pytest.mark.parametrize(("zone", "day", "opens", "closes", "first", "last"), SINGLE_WINDOWS)
def test_a_window_becomes_this_interval(*, zone: str, day: str, opens: str, closes: str, first: str, last: str) -> None:
    assert opening(zone, day, (opens, closes)) == [(utc(first), utc(last))]


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes"),
    [
        (NEW_YORK, "2023-03-12", "02:00:00", "03:00:00"),  # the whole gap
        (NEW_YORK, "2023-03-12", "02:15:00", "02:45:00"),
        (LORD_HOWE, "2023-10-01", "02:05:00", "02:30:00"),
        (APIA, "2011-12-30", "09:00:00", "17:00:00"),  # a day that never was
        (APIA, "2011-12-30", "00:00:00", "24:00:00"),
    ],
)
def test_a_window_inside_a_gap_is_dropped(zone: str, day: str, opens: str, closes: str) -> None:
    assert opening(zone, day, (opens, closes)) == []


def test_touching_and_overlapping_windows_are_one() -> None:
    # 09-12, 12-15 and 14-16 at UTC-5: 14Z to 21Z.
    spans = [("14:00:00", "16:00:00"), ("09:00:00", "12:00:00"), ("12:00:00", "15:00:00")]
    assert opening(NEW_YORK, "2023-01-23", *spans) == [(utc("2023-01-23T14:00"), utc("2023-01-23T21:00"))]


def test_a_window_inside_another_adds_nothing() -> None:
    spans = [("09:00:00", "17:00:00"), ("10:00:00", "11:00:00")]
    assert opening(NEW_YORK, "2023-01-23", *spans) == [(utc("2023-01-23T14:00"), utc("2023-01-23T22:00"))]


def test_windows_a_second_apart_stay_two() -> None:
    spans = [("09:00:00", "12:00:00"), ("12:00:01", "13:00:00")]
    assert opening(NEW_YORK, "2023-01-23", *spans) == [
        (utc("2023-01-23T14:00"), utc("2023-01-23T17:00")),
        (utc("2023-01-23T17:00:01"), utc("2023-01-23T18:00")),
    ]


def test_windows_that_touch_at_midnight_are_one() -> None:
    windows = [Window("s", 0, "18:00:00", "23:59:59"), Window("s", 1, "00:00:00", "02:00:00")]
    found = open_intervals(windows, NEW_YORK, utc("2023-01-23"), utc("2023-01-26"))
    assert found == [(utc("2023-01-23T23:00"), utc("2023-01-24T07:00"))]


def test_days_around_a_skipped_day_touch() -> None:
    # Thursday 00:00-10 = 10Z on the 29th, Saturday 24:00+14 = 10Z on the 31st; Friday adds nothing.
    windows = [Window("s", weekday, "00:00:00", "24:00:00") for weekday in (3, 4, 5)]
    found = open_intervals(windows, APIA, utc("2011-12-28"), utc("2012-01-02"))
    assert found == [(utc("2011-12-29T10:00"), utc("2011-12-31T10:00"))]


def test_intervals_that_reach_into_the_span_are_not_clipped() -> None:
    # Sunday 22:00 to Monday 06:00 at UTC+0, asked for Monday 05:00 to 05:30; then for the minute after it closed.
    windows = [Window("s", 6, "22:00:00", "06:00:00")]
    assert open_intervals(windows, LONDON, utc("2023-01-23T05:00"), utc("2023-01-23T05:30")) == [
        (utc("2023-01-22T22:00"), utc("2023-01-23T06:00"))
    ]
    assert open_intervals(windows, LONDON, utc("2023-01-23T06:00"), utc("2023-01-23T06:01")) == []


def test_a_store_without_windows_is_open_throughout() -> None:
    first, last = utc("2023-01-01T00:00"), utc("2023-01-09T12:30")
    assert open_intervals([], KATHMANDU, first, last) == [(first, last)]


TRANSITIONS = [(zone, moment) for zone, moments in MOMENTS.items() for moment in moments]


@pytest.mark.parametrize(("zone", "moment"), TRANSITIONS)
def test_clocks_change_at_the_moments_of_the_strategies(zone: str, moment: datetime) -> None:
    clock = ZoneInfo(zone)
    assert wall_clock(moment, clock) - wall_clock(moment - MICROSECOND, clock) != MICROSECOND


@pytest.mark.parametrize(("zone", "moment"), TRANSITIONS)
def test_a_local_time_is_the_first_instant_whose_clock_has_reached_it(zone: str, moment: datetime) -> None:
    # Said so, both halves of the rule are one sentence, and a search needs neither folds nor offsets.
    clock = ZoneInfo(zone)
    step = timedelta(minutes=5)
    instants = [moment + count * step for count in range(-40 * 12, 40 * 12)]
    shown = [wall_clock(instant, clock) for instant in instants]
    wanted = shown[0] + DAY // 2
    while wanted < shown[-1] - DAY // 2:
        expected = next(instant for instant, local in zip(instants, shown, strict=True) if local >= wanted)
        assert to_utc(wanted, clock) == expected
        wanted += step


NOON = "2023-01-23T12:00"


def test_a_tie_is_inactive() -> None:
    # One of each at 11Z. The 132 + 23 hours before are unknown, 11Z itself is down.
    polls = [poll("2023-01-23T11:10", "active"), poll("2023-01-23T11:20", "inactive")]
    assert report_of(polls, [], LONDON, NOON) == [0, 0, 0, 60, 1, 1, 0, 23, 167]


def test_hours_before_the_first_known_one_are_unknown() -> None:
    # Known from 10:00Z, the start of the hour of the 10:30Z poll: two hours.
    polls = [poll("2023-01-23T10:30", "active")]
    assert report_of(polls, [], LONDON, NOON) == [60, 2, 2, 0, 0, 0, 0, 22, 166]


def test_the_last_known_status_holds_across_closed_hours() -> None:
    # Monday and Friday 09-17Z, report at Monday 17Z: Friday 09-16 unknown, 16-17 up, Monday's eight hours up.
    # The 17:00Z poll on Friday falls on closing time, outside the half-open interval.
    windows = [Window("s", 0, "09:00:00", "17:00:00"), Window("s", 4, "09:00:00", "17:00:00")]
    polls = [poll("2023-01-20T16:30", "active"), poll("2023-01-20T17:00", "inactive")]
    assert report_of(polls, windows, LONDON, "2023-01-23T17:00") == [60, 8, 9, 0, 0, 0, 0, 0, 7]


def test_a_poll_at_opening_time_counts() -> None:
    windows = [Window("s", 0, "09:00:00", "17:00:00")]
    polls = [poll("2023-01-23T08:59:59.999999", "inactive"), poll("2023-01-23T09:00", "active")]
    # Three hours since 09:00; the Monday before gives its 12-17Z, unknown.
    assert report_of(polls, windows, LONDON, NOON) == [60, 3, 3, 0, 0, 0, 0, 0, 5]


def test_windows_of_the_report_are_cut_to_the_microsecond() -> None:
    # Last hour 11:30:30 to 12:30:30: 29.5 minutes of 11Z (up), 30.5 of 12Z (down). 61/120 hours down, an hour up.
    polls = [poll("2023-01-23T11:50", "active"), poll("2023-01-23T12:10", "inactive")]
    up, down = Fraction(1), Fraction(61, 120)
    expected = [Fraction(59, 2), up, up, Fraction(61, 2), down, down, 0, 24 - up - down, 168 - up - down]
    assert report_of(polls, [], LONDON, "2023-01-23T12:30:30") == expected
    # 1 microsecond past noon: the last hour holds 3,599,999,999 of 11Z and 1 of 12Z, which keeps 11Z's status.
    polls = [poll("2023-01-23T10:59", "inactive"), poll("2023-01-23T11:50", "active")]
    assert report_of(polls, [], LONDON, "2023-01-23T12:00:00.000001")[0] == 60
    assert report_of(polls, [], LONDON, "2023-01-23T11:59:59.999999")[3] == Fraction(1, 60_000_000)


@pytest.mark.parametrize(
    ("at", "as_of", "hours_up"),
    [
        ("2023-01-16T10:00", NOON, 168),  # noon - 7 days - 2 hours: kept, and known for the whole week
        ("2023-01-16T09:59:59.999999", NOON, 0),
        ("2023-01-16T10:30", "2023-01-23T12:30", 168),
        ("2023-01-16T10:29:59.999999", "2023-01-23T12:30", 0),  # discarded, though 10Z holds the horizon
    ],
)
def test_polls_count_from_the_lookback_horizon_on(at: str, as_of: str, hours_up: int) -> None:
    numbers = report_of([poll(at, "active")], [], LONDON, as_of, lookback_hours=2)
    assert (numbers[2], numbers[8]) == (hours_up, 168 - hours_up)


@pytest.mark.parametrize(
    ("at", "as_of", "minutes_down"),
    [
        ("2023-01-23T12:30", "2023-01-23T12:30", 30),  # kept: 12:00 to 12:30 is down
        ("2023-01-23T12:30:00.000001", "2023-01-23T12:30", 0),
        ("2023-01-23T12:00", NOON, 0),  # kept, but its hour begins as the report ends
    ],
)
def test_a_poll_at_the_report_instant_counts_and_later_ones_do_not(at: str, as_of: str, minutes_down: int) -> None:
    for windows in ([], [Window("s", 0, "00:00:00", "24:00:00")]):
        numbers = report_of([poll(at, "inactive")], windows, LONDON, as_of)
        assert numbers[3] == minutes_down
        assert numbers[6] == 60 - minutes_down


def test_a_later_row_of_the_same_instant_replaces_the_earlier_one() -> None:
    first, second = poll("2023-01-23T11:10", "inactive"), poll("2023-01-23T11:10", "active")
    assert report_of([first, second], [], LONDON, NOON)[0] == 60
    assert report_of([second, first], [], LONDON, NOON)[3] == 60
    other = poll("2023-01-23T11:10", "inactive", store_id="t")
    assert durations(uptime_report([second, other], [], {}, as_of=utc(NOON))[0])[0] == 60
    # Replaced, not added: 11:10 and 11:20 active against 11:30 is two to one with three polls.
    polls = [first, second, poll("2023-01-23T11:20", "active"), poll("2023-01-23T11:30", "inactive")]
    assert hourly_rows(polls, [], {}, as_of=utc(NOON))[-1] == Hour(
        "s", utc("2023-01-23T11:00"), "active", 3600 * 10**6, 3
    )


def test_the_series_runs_from_the_horizon_to_the_report_instant() -> None:
    everything = [(utc("2023-01-01"), utc("2023-02-01"))]
    series = hourly_series([], everything, as_of=utc("2023-01-23T12:30"), lookback_hours=1)
    # 11Z on the 16th holds the horizon 11:30; 12Z on the 23rd is the last: 170 hours.
    assert (min(series), max(series), len(series)) == (utc("2023-01-16T11:00"), utc("2023-01-23T12:00"), 170)
    assert max(hourly_series([], everything, as_of=utc(NOON))) == utc("2023-01-23T11:00")


def test_a_store_without_zone_is_in_the_default_zone() -> None:
    windows = [Window("s", 0, "09:00:00", "12:00:00")]
    # Chicago is UTC-6: open 15-18Z. In New York it is open 14-17Z.
    (row,) = uptime_report([], windows, {}, as_of=utc("2023-01-23T18:00"))
    assert durations(row) == [0, 0, 0, 0, 0, 0, 60, 3, 3]
    (row,) = uptime_report([], windows, {}, as_of=utc("2023-01-23T18:00"), default_zone=NEW_YORK)
    assert durations(row) == [0, 0, 0, 0, 0, 0, 0, 3, 3]


def test_a_store_is_closed_on_weekdays_that_its_hours_do_not_name() -> None:
    # Tuesdays 09-17Z, report at Monday noon: the last Tuesday is in the week, nothing in the day.
    windows = [Window("s", 1, "09:00:00", "17:00:00")]
    polls = [poll("2023-01-17T09:30", "active"), poll("2023-01-23T11:30", "inactive")]
    assert report_of(polls, windows, LONDON, NOON) == [0, 0, 8, 0, 0, 0, 0, 0, 0]


def test_every_store_of_any_table_has_a_row_in_text_order() -> None:
    rows = uptime_report(
        [poll("2023-01-23T11:10", "active", "9")], [Window("a", 0, "09:00:00", "10:00:00")], {"10": LONDON}
    )
    assert [row["store_id"] for row in rows] == ["10", "9", "a"]


def test_the_report_instant_is_the_latest_poll_of_all_stores() -> None:
    windows = [Window("s", 0, "09:00:00", "10:00:00")]
    polls = [poll("2023-01-23T12:15", "active"), poll("2023-01-23T12:00", "inactive", "t")]
    # 12:15Z, a poll outside its own store's hours; t is down from 12:00.
    closed, down = uptime_report(polls, windows, {"s": LONDON})
    assert durations(closed)[6:] == [0, 1, 1]
    assert durations(down)[3:6] == [15, Fraction(1, 4), Fraction(1, 4)]


def test_there_is_no_report_instant_without_polls() -> None:
    with pytest.raises(ValueError, match="empty"):
        uptime_report([], [], {"s": LONDON})


def test_hourly_rows_count_only_the_open_time_inside_the_week() -> None:
    rows = hourly_rows([], [], {"s": LONDON}, as_of=utc("2023-01-23T12:15"))
    # 12Z a week ago gives its last 45 minutes, 12Z today its first 15: 169 hours.
    assert len(rows) == 169
    assert rows[0] == Hour("s", utc("2023-01-16T12:00"), "unknown", 45 * 60 * 10**6, 0)
    assert rows[-1] == Hour("s", utc("2023-01-23T12:00"), "unknown", 15 * 60 * 10**6, 0)


def intervals_of(case: UptimeCase, store_id: str) -> Intervals:
    windows = [window for window in case.windows if window.store_id == store_id]
    return open_intervals(windows, case.zones.get(store_id, DEFAULT_ZONE), case.horizon, case.as_of)


@given(case=uptime_case())
def test_intervals_are_sorted_apart_and_inside_the_span(case: UptimeCase) -> None:
    for store_id in {window.store_id for window in case.windows} | set(case.zones):
        intervals = intervals_of(case, store_id)
        assert all(opens < closes and opens < case.as_of and closes > case.horizon for opens, closes in intervals)
        assert all(left[1] < right[0] for left, right in pairwise(intervals))


@given(case=uptime_case())
def test_up_down_and_unknown_add_up_to_open_time(case: UptimeCase) -> None:
    for row in uptime_report(
        case.polls, case.windows, case.zones, as_of=case.as_of, lookback_hours=case.lookback_hours
    ):
        intervals = intervals_of(case, row["store_id"])
        for name, length, unit in (("hour", HOUR, HOUR / 60), ("day", DAY, HOUR), ("week", WEEK, HOUR)):
            start, end = case.as_of - length, case.as_of
            open_time = sum((max(timedelta(), min(c, end) - max(o, start)) for o, c in intervals), timedelta())
            parts = [row[f"{status}_last_{name}"] for status in ("uptime", "downtime", "unknown")]
            assert min(parts) >= 0
            assert sum(parts) == Fraction(open_time // MICROSECOND, unit // MICROSECOND)


@given(case=uptime_case())
def test_hourly_rows_add_up_to_the_week(case: UptimeCase) -> None:
    arguments = (case.polls, case.windows, case.zones)
    hours = hourly_rows(*arguments, as_of=case.as_of, lookback_hours=case.lookback_hours)
    for row in uptime_report(*arguments, as_of=case.as_of, lookback_hours=case.lookback_hours):
        for status, column in (("active", "uptime"), ("inactive", "downtime"), ("unknown", "unknown")):
            own = [hour for hour in hours if hour.store_id == row["store_id"] and hour.status == status]
            total = sum(hour.open_microseconds for hour in own)
            assert row[f"{column}_last_week"] == Fraction(total, HOUR // MICROSECOND)


def read_golden(name: str) -> list[dict[str, str]]:
    with gzip.open(GOLDEN / name, "rt", newline="") as file:
        return list(csv.DictReader(file))


def test_the_golden_report() -> None:
    polls = [
        Poll(row["store_id"], utc(row["timestamp_utc"].removesuffix(" UTC")), row["status"] == "active")
        for row in read_golden("polls.csv.gz")
    ]
    windows = [
        Window(row["store_id"], int(row["day"]), row["start_time_local"], row["end_time_local"])
        for row in read_golden("hours.csv.gz")
    ]
    zones = {row["store_id"]: row["timezone_str"] for row in read_golden("timezones.csv.gz")}
    with (GOLDEN / "uptime.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    rows = uptime_report(polls, windows, zones)
    assert list(expected[0]) == list(rows[0]) == COLUMNS
    assert [row["store_id"] for row in rows] == [row["store_id"] for row in expected]
    differences = {
        (row["store_id"], column): (float(row[column]), golden[column])
        for row, golden in zip(rows, expected, strict=True)
        for column in COLUMNS[1:]
        if abs(row[column] - Fraction(golden[column])) > Fraction(1, 100)
    }
    assert differences == {}
