"""When schedules are due: cases by hand, and a twin that walks through time minute by minute."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidParameters
from app.schedules.timing import AsOf, Timing, checked
from tests.reference.schedules import due, names, utc
from tests.strategies import PROFILE, examples

#: The clock changes of 2026 by zone: none, an hour in the north, an hour in the south, half an hour, and a zone whose
#: midnight is skipped.
CHANGES = {
    "UTC": ("2026-03-29T01:00",),
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "America/Santiago": ("2026-04-05T03:00", "2026-09-06T04:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
}

#: Expressions whose times lie around the changes, and some that are rare.
CRONS = (
    "30 2 * * *",
    "0,15,30,45 0-3 * * *",
    "59 23 * * *",
    "0 0 * * *",
    "30 * * * *",
    "*/15 * * * *",
    "*/20 2 * * *",
    "*/15 3 * * *",
    "15 */2 * * *",
    "45 1 * * 0",
    "0 0 1 * 1",
    "10 2 L * *",
    "5 0-4/2 */2 3,4,9-11 1-5",
    "30 2 * OCT,MAR SUN#1",
    "0 2 * * 7L",
)

_FIELDS = st.tuples(
    st.sampled_from(("0", "30", "59", "*/30", "15,45", "*", "7-50/13")),
    st.sampled_from(("0", "2", "1-3", "*", "*/2", "23", "0,3")),
    st.sampled_from(("*", "*", "1", "L", "*/2", "25-31", "4,5,29")),
    st.sampled_from(("*", "*", "3-4", "OCT")),
    st.sampled_from(("*", "*", "SUN", "1-5", "0", "7", "SAT#1", "5L")),
)


def _around(change: str) -> tuple[datetime, datetime]:
    at = utc(change)
    return at - timedelta(hours=30), at + timedelta(hours=30)


def _between(timing: Timing, first: datetime, last: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at <= last, timing.after(first)))


@pytest.mark.parametrize("zone", CHANGES)
def test_around_clock_changes_schedules_are_due_when_the_twin_says(zone: str) -> None:
    for change in CHANGES[zone]:
        first, last = _around(change)
        for cron in CRONS:
            assert _between(Timing(cron, zone), first, last) == due(cron, zone, first, last), (cron, change)


@pytest.mark.skipif(PROFILE != "long", reason="takes minutes: make fuzz runs it")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("zone", CHANGES)
def test_in_a_whole_year_schedules_are_due_when_the_twin_says(zone: str) -> None:
    first, last = utc("2026-01-01T00:00"), utc("2027-01-01T00:00")
    for cron in CRONS:
        assert _between(Timing(cron, zone), first, last) == due(cron, zone, first, last), cron


@settings(max_examples=examples(200))
@given(fields=_FIELDS, zone=st.sampled_from(list(CHANGES)), minutes=st.integers(-1500, 1500), last=st.booleans())
def test_any_expression_from_any_minute_on_is_due_when_the_twin_says(
    fields: tuple[str, ...],
    zone: str,
    minutes: int,
    last: bool,  # noqa: FBT001 - as hypothesis calls it
) -> None:
    cron = " ".join(fields)
    first = utc(CHANGES[zone][-1 if last else 0]) + timedelta(minutes=minutes)
    until = first + timedelta(hours=26)
    assert _between(Timing(cron, zone), first, until) == due(cron, zone, first, until)


@pytest.mark.parametrize(
    ("cron", "zone", "day", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-29", ["03:00+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25", ["02:30+02:00"]),
        ("30 1 * * *", "America/New_York", "2026-11-01", ["01:30-04:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04", ["02:30+11:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2026-03-29", []),
        ("*/30 2 * * *", "Europe/Berlin", "2026-10-25", ["02:00+02:00", "02:30+02:00", "02:00+01:00", "02:30+01:00"]),
        ("*/15 3 * * *", "Australia/Lord_Howe", "2026-10-04", [f"03:{at}+11:00" for at in ("00", "15", "30", "45")]),
        ("0,30 2,3 * * *", "Europe/Berlin", "2026-03-29", ["03:00+02:00", "03:30+02:00"]),
        ("0 0 * * *", "America/Santiago", "2026-09-06", ["01:00-03:00"]),
    ],
)
def test_days_on_which_clocks_change_are_as_the_page_says(cron: str, zone: str, day: str, expected: list[str]) -> None:
    begin = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = _between(Timing(cron, zone), begin - timedelta(minutes=1), begin + timedelta(hours=20))
    local = [at.astimezone(ZoneInfo(zone)) for at in found]
    assert [at.isoformat(timespec="minutes").removeprefix(f"{day}T") for at in local] == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_an_hourly_schedule_is_due_in_every_hour_of_a_day(day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    begin, end = midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
    assert len(_between(Timing("0 * * * *", "Europe/Berlin"), begin - timedelta(minutes=1), end)) == hours + 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("run", "2026-03-31T22:30"),
        ("start_of_day", "2026-03-31T22:00"),
        ("start_of_week", "2026-03-29T22:00"),
        ("start_of_month", "2026-03-31T22:00"),
    ],
)
def test_a_report_speaks_for_a_beginning_on_the_clock_of_the_zone(what: AsOf, expected: str) -> None:
    # 31 March, 22:30 in UTC, is Wednesday 1 April, 00:30 in Berlin.
    assert Timing("30 0 1 * *", "Europe/Berlin").as_of(utc("2026-03-31T22:30"), what) == utc(expected)


def test_a_day_whose_midnight_the_clock_skips_begins_when_it_goes_on() -> None:
    noon = utc("2026-09-06T15:00")
    assert Timing("0 12 * * *", "America/Santiago").as_of(noon, "start_of_day") == utc("2026-09-06T04:00")


def test_a_rare_date_is_found_years_ahead() -> None:
    assert Timing("0 12 29 2 *", "UTC").next_after(utc("2026-11-27T00:00")) == utc("2028-02-29T12:00")


@pytest.mark.parametrize(
    ("cron", "zone", "words"),
    [
        ("0 6 * *", "UTC", "cron: '0 6 * *' has 4 fields; allowed: five fields"),
        ("0 0 6 * * *", "UTC", "has 6 fields"),
        ("60 6 * * *", "UTC", "has a minute that cron does not know"),
        ("0 6 0 * *", "UTC", "has a day of the month that cron does not know"),
        ("0 6 30 2 *", "UTC", "has a day of the month that cron does not know"),
        ("0 6 * * 8", "UTC", "has a day of the week that cron does not know"),
        ("0 6 * * *", "Europe/Berln", "timezone: 'Europe/Berln' is not a time zone (did you mean 'Europe/Berlin'"),
    ],
)
def test_what_is_no_time_is_refused_with_what_would_be(cron: str, zone: str, words: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        checked(cron, zone, now=utc("2026-11-27T00:00"))
    assert words in refused.value.message


def test_the_twin_reads_cron_as_debian_does() -> None:
    monday, first_of_month, both = utc("2026-11-02T00:00"), utc("2026-12-01T00:00"), utc("2027-02-01T00:00")
    assert [names("0 0 1 * 1", at) for at in (monday, first_of_month, both)] == [True, True, True]
    assert [names("0 0 */1 * 1", at) for at in (monday, first_of_month, both)] == [True, False, True]
