"""Both accountings against known facts: those of the rules' first part, and cases that people reported in public.

Times are UTC. The facts are written as `BEGINNING-END` of what was down; polls at equal distances sample them.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.reference import hourly
from tests.reference.exact import Account, Poll, account
from tests.reference.internet_down import DOWN, FROM, TO
from tests.reference.uptime import DAY, HOUR, WEEK, Intervals, Window, open_intervals

MINUTE = timedelta(minutes=1)
HOLDS = timedelta()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spans(day: str, text: str) -> Intervals:
    """From "11:30-12:30 13:00-13:10" on a day."""
    return [(utc(f"{day}T{begins}"), utc(f"{day}T{ends}")) for begins, ends in (one.split("-") for one in text.split())]


def every(step: timedelta, begin: datetime, end: datetime, down: Intervals) -> list[Poll]:
    """Polls at equal distances in [begin, end)."""
    instants = [begin + number * step for number in range(-((begin - end) // step))]
    said = {True: "inactive", False: "active"}
    return [Poll("s", at, said[any(begins <= at < ends for begins, ends in down)]) for at in instants]


def changes(begin: datetime, down: Intervals) -> list[Poll]:
    """A poll that says active at the beginning, and one at each change."""
    pairs = [(Poll("s", begins, "inactive"), Poll("s", ends, "active")) for begins, ends in down]
    return [Poll("s", begin, "active"), *(poll for pair in pairs for poll in pair)]


def account_before(
    polls: list[Poll],
    as_of: datetime,
    length: timedelta = DAY,
    *,
    windows: tuple = (),
    zone: str = "UTC",
    **more: object,
) -> Account:
    first = as_of - length
    intervals = open_intervals(list(windows), zone, first - 96 * HOUR, as_of)
    return account(polls, intervals, first=first, last=as_of, as_of=as_of, **more)


def hours(duration: timedelta) -> float:
    """With the two decimals of a report."""
    return round(duration / HOUR, 2)


def hourly_row(polls: list[Poll], as_of: datetime) -> dict[str, float]:
    intervals = [(as_of - 30 * DAY, as_of + HOUR)]
    series = hourly.hourly_series(polls, intervals, as_of=as_of)
    return {name: round(float(value), 2) for name, value in hourly.uptime_row(intervals, series, as_of=as_of).items()}


AMPM = "2018-06-13"
TEN_MINUTES_EACH_HOUR = " ".join(f"{hour:02}:20-{hour:02}:30" for hour in range(6, 18))


@pytest.mark.parametrize(
    ("down", "true_hours", "hourly_hours"),
    [
        ("11:30-12:30", 1.00, 2.00),  # half of two hours each, and a tie is down
        ("11:31-12:29", 0.97, 0.00),
        (TEN_MINUTES_EACH_HOUR, 2.00, 0.00),
        ("11:05-11:36", 0.52, 1.00),  # 31 of 60
        ("11:20-11:30", 0.17, 0.00),
    ],
)
def test_minute_polls_give_the_true_downtime(down: str, true_hours: float, hourly_hours: float) -> None:
    as_of = utc(f"{AMPM}T18:00")
    polls = every(MINUTE, utc(f"{AMPM}T06:00"), as_of, spans(AMPM, down))
    found = account_before(polls, as_of)
    assert (hours(found.down), hours(found.up + found.down), found.unknown) == (true_hours, 12, 12 * HOUR)
    assert [(outage.began_at, outage.ended_at) for outage in found.outages] == spans(AMPM, down)
    assert hourly_row(polls, as_of)["downtime_last_day"] == hourly_hours


def test_real_outages_as_changes_give_the_true_downtime() -> None:
    # 95 outages, 11,687 s.
    polls = changes(FROM, DOWN)
    found = account_before(polls, TO, TO - FROM, own_max_gap=HOLDS)
    assert (len(found.outages), found.down, hours(found.down)) == (95, timedelta(seconds=11_687), 3.25)
    assert found.up == 102 * HOUR - found.down
    assert hourly_row(polls, TO)["downtime_last_week"] == 90


def test_real_outages_as_minute_polls_are_known_to_the_minute() -> None:
    # 193 of the minutes begin in an outage: 3.22 hours, two minutes from the truth.
    polls = every(MINUTE, FROM, TO, DOWN)
    found = account_before(polls, TO, TO - FROM)
    assert (found.down, found.unknown, found.max_gap) == (193 * MINUTE, timedelta(), 5 * MINUTE)
    assert hourly_row(polls, TO)["downtime_last_week"] == 1


@pytest.mark.parametrize(("down", "column"), [("", "uptime"), ("23:00-24:00", "downtime")])
def test_what_a_monitor_that_stopped_ten_days_ago_last_said_is_no_news(down: str, column: str) -> None:
    stopped = utc("2024-03-01T00:00")
    last_hour = [(stopped - HOUR, stopped)] if down else []
    polls = every(5 * MINUTE, stopped - 6 * HOUR, stopped, last_hour)
    as_of = stopped + 10 * DAY
    found = account_before(polls, as_of, WEEK)
    assert (found.unknown, found.outages) == (WEEK, [])
    row = hourly_row(polls, as_of)
    assert (row[f"{column}_last_week"], row["carried_last_week"]) == (168, 168)


BP_CRITICALS = "02:07:03-02:10:03 03:07:03-03:08:07 03:10:03-03:10:39 03:12:03-03:12:54"


def test_short_failures() -> None:
    # 180 + 64 + 36 + 51 = 331 s. The minutes from 02:08, 02:09, 02:10 and 03:08 on begin in one.
    begin, as_of = utc("2024-11-14T12:00"), utc("2024-11-15T12:00")
    down = spans("2024-11-15", BP_CRITICALS)
    found = account_before(changes(begin, down), as_of, own_max_gap=HOLDS)
    assert (found.down, hours(found.down), len(found.outages)) == (timedelta(seconds=331), 0.09, 4)
    found = account_before(every(MINUTE, begin, as_of, down), as_of)
    assert (found.down, hours(found.down), len(found.outages)) == (4 * MINUTE, 0.07, 2)


@pytest.mark.parametrize(("down", "expected"), [("14:10-14:35", 0.42), ("14:10-14:40", 0.50), ("14:10-14:45", 0.58)])
def test_failed_checks_at_five_minutes(down: str, expected: float) -> None:
    polls = every(5 * MINUTE, utc("2025-01-21T06:00"), utc("2025-01-21T18:00"), spans("2025-01-21", down))
    assert hours(account_before(polls, polls[-1].at).down) == expected


def test_a_few_points_at_odd_distances() -> None:
    said = {0: "active", 5: "active", 7: "inactive", 9: "inactive", 11: "active", 16: "inactive", 18: "inactive"}
    polls = [Poll("s", utc("2017-05-19T05:00") + minute * MINUTE, status) for minute, status in said.items()]
    found = account_before(polls, utc("2017-05-19T05:18"), HOUR)
    # Distances 2, 2, 2, 2, 5, 5: the median is 2, three times it 6.
    assert (found.up, found.down, found.unknown) == (12 * MINUTE, 6 * MINUTE, 42 * MINUTE)
    assert (len(found.outages), found.outages[-1].ended_at, found.max_gap) == (2, None, 6 * MINUTE)


@pytest.mark.parametrize("day", ["2025-08-27", "2025-08-31"])
def test_paused_monitors_are_unknown_an_hour_after_their_last_poll(day: str) -> None:
    begin, stopped, as_of = utc("2025-08-20T00:00"), utc("2025-08-20T10:00"), utc(day)
    while_down = every(5 * MINUTE, begin, stopped, [(utc("2025-08-20T09:30"), stopped)])
    while_up = every(5 * MINUTE, begin, stopped, [])
    found = account_before(while_down, as_of, as_of - begin, max_gap=HOUR)
    # 09:30 to 10:55, after 9.5 hours up.
    assert (hours(found.down), found.up, found.unknown) == (1.42, 9.5 * HOUR, as_of - utc("2025-08-20T10:55"))
    assert found.outages[0].ended_at == utc("2025-08-20T10:55")
    found = account_before(while_up, as_of, as_of - begin, max_gap=HOUR)
    assert (hours(found.up), found.down, found.outages) == (10.92, timedelta(), [])
    # Nothing of the last day is known, as its polls are older than the lookback or long out of date.
    assert account_before(while_down, as_of, max_gap=HOUR).unknown == DAY


KUMA = "2025-09-01"


def test_maintenance_left_out_is_unknown_once_max_gap_is_over() -> None:
    # The last poll before it is that of 09:01, its five minutes are over at 09:06.
    day, outage = utc(KUMA), spans(KUMA, "03:00-03:20")
    before = every(MINUTE, day, utc(f"{KUMA}T09:02"), outage)
    after = every(MINUTE, utc(f"{KUMA}T15:00"), day + DAY, outage)
    found = account_before(before + after, day + DAY)
    assert (round(hours(found.up), 1), hours(found.down), hours(found.unknown)) == (17.8, 0.33, 5.9)


def test_maintenance_as_unknown_polls_is_neither_up_nor_down() -> None:
    day, outage = utc(KUMA), spans(KUMA, "03:00-03:20")
    ((begins, ends),) = spans(KUMA, "09:00-15:00")
    polls = [
        Poll("s", poll.at, "unknown" if begins <= poll.at < ends else poll.status)
        for poll in every(MINUTE, day, day + DAY, outage)
    ]
    found = account_before(polls, day + DAY)
    assert (round(hours(found.up), 1), hours(found.down), hours(found.unknown)) == (17.7, 0.33, 6.0)


def test_a_new_monitor_knows_nothing_of_the_time_before_it() -> None:
    begin, as_of = utc("2026-02-18T10:59"), utc("2026-02-18T16:00")
    found = account_before(every(MINUTE, begin, as_of, []), as_of)
    assert (hours(found.up), found.unknown) == (5.02, begin - (as_of - DAY))


def test_a_job_that_reports_once_a_night_is_up() -> None:
    begin, as_of = utc("2024-01-08T02:15:30"), utc("2024-01-19T02:15:30")
    polls = every(DAY, begin, as_of + MINUTE, [])
    for length in (DAY, WEEK):
        found = account_before(polls, as_of, length)
        assert (found.up, found.max_gap) == (length, 25 * HOUR)
    # Each poll holds for 23 of 24 hours when the store's own value says so.
    assert account_before(polls, as_of, own_max_gap=23 * HOUR).unknown == HOUR


EVERY_DAY, WEEKDAYS = range(7), range(5)


def windows(days: range, opens: str, closes: str) -> tuple[Window, ...]:
    return tuple(Window("s", day, opens, closes) for day in days)


@pytest.mark.parametrize(
    ("down", "hours_open", "expected"),
    [
        (("2019-01-04", "12:00-19:00"), (), 7),
        (("2019-01-04", "12:00-19:00"), windows(EVERY_DAY, "00:00:00", "02:30:00"), 0),
        (("2019-01-04", "12:00-19:00"), windows(WEEKDAYS, "08:00:00", "16:00:00"), 3),  # to 15:00Z in Berlin
        (("2019-01-05", "08:00-11:00"), (), 3),
        (("2019-01-05", "08:00-11:00"), windows(WEEKDAYS, "08:00:00", "16:00:00"), 0),  # a Saturday
    ],
)
def test_only_open_time_counts(down: tuple[str, str], hours_open: tuple[Window, ...], expected: int) -> None:
    polls = every(5 * MINUTE, utc("2019-01-02"), utc("2019-01-11"), spans(*down))
    found = account_before(polls, polls[-1].at, WEEK, windows=hours_open, zone="Europe/Berlin")
    assert (found.down, found.up, found.unknown) == (expected * HOUR, found.open - expected * HOUR, timedelta())


def test_weekly_maintenance_outside_the_hours_is_not_down() -> None:
    # Sunday 02-04 is closed and down: 168 - 2.
    open_hours = (
        *windows(range(6), "00:00:00", "24:00:00"),
        Window("s", 6, "00:00:00", "02:00:00"),
        Window("s", 6, "04:00:00", "24:00:00"),
    )
    polls = every(5 * MINUTE, utc("2023-12-04"), utc("2023-12-13"), spans("2023-12-10", "02:00-04:00"))
    found = account_before(polls, polls[-1].at, WEEK, windows=open_hours)
    assert (found.up, found.down, found.outages) == (166 * HOUR, timedelta(), [])


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [("00:00:00", "10:00:00", 71), ("02:30:00", "10:00:00", 53.5), ("22:00:00", "02:30:00", 31.5)],
)
def test_a_week_in_which_the_clocks_go_back(opens: str, closes: str, expected: float) -> None:
    # 30 October 2022, 03:00+2 becomes 02:00+1. Nights: 10 h and one more; 7.5 h and the first 02:30 comes an hour
    # earlier; 4.5 h, ending at the first 02:30. The week ends at 12:30 on Tuesday, after its seventh night.
    polls = every(30 * MINUTE, utc("2022-10-22"), utc("2022-11-01T12:00"), [])
    found = account_before(
        polls, polls[-1].at, WEEK, windows=windows(EVERY_DAY, opens, closes), zone="Europe/Amsterdam"
    )
    assert (found.up, found.unknown) == (expected * HOUR, timedelta())


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [("02:00:00", "17:00:00", 14), ("01:00:00", "03:00:00", 1), ("02:15:00", "02:45:00", 0)],
)
def test_a_day_on_which_the_clocks_go_forward(opens: str, closes: str, expected: int) -> None:
    # New York, Sunday 9 March 2025, 05:00Z to 04:00Z the day after: 23 hours, without any two o'clock.
    polls = every(30 * MINUTE, utc("2025-03-01"), utc("2025-03-12T12:00"), [])
    found = account_before(
        polls,
        utc("2025-03-10T04:00"),
        23 * HOUR,
        windows=windows(EVERY_DAY, opens, closes),
        zone="America/New_York",
    )
    assert (found.up, found.unknown) == (expected * HOUR, timedelta())


BAR = (
    *windows(range(4), "09:00:00", "23:00:00"),
    *windows(range(4, 6), "09:00:00", "18:00:00"),
    *windows(range(4, 6), "19:00:00", "22:00:00"),
    *windows(range(4, 6), "23:00:00", "04:00:00"),
)


@pytest.mark.parametrize(
    ("hours_open", "expected"),
    [
        # From Tuesday 06:05 to Tuesday 06:05 in Chicago. Five nights of 13 hours and the weekend.
        ((*windows(WEEKDAYS, "18:00:00", "07:00:00"), *windows(range(5, 7), "00:00:00", "24:00:00")), 106),
        # Four days of 14 hours and two of 17.
        (BAR, 90),
        (windows(EVERY_DAY, "06:00:00", "06:00:00"), 168),
        (windows(EVERY_DAY, "00:00:00", "00:00:00"), 168),
        # Thursdays 00:00-02:30 and 18:15 to Friday 02:30.
        ((Window("s", 3, "00:00:00", "02:30:00"), Window("s", 3, "18:15:00", "02:30:00")), 10.75),
        *(
            (windows(range(2, 3), "10:00:00", closes), 14)
            for closes in ("24:00:00", "00:00:00", "23:59:00", "23:59:59")
        ),
    ],
)
def test_hours_over_midnight(hours_open: tuple[Window, ...], expected: float) -> None:
    polls = every(HOUR, utc("2025-03-01T00:05"), utc("2025-03-18T12:00"), [])
    found = account_before(polls, polls[-1].at, WEEK, windows=hours_open, zone="America/Chicago")
    assert (found.up, found.open, found.unknown) == (expected * HOUR, expected * HOUR, timedelta())


def test_polls_after_the_hours_of_a_week_tell_nothing_about_them() -> None:
    # Open on Tuesday and Wednesday; the first polls are on the Sunday after, which is the last day of the week.
    assert date(2024, 9, 22).weekday() == 6
    polls = [Poll("s", utc("2024-09-22T10:00"), "inactive"), Poll("s", utc("2024-09-22T11:00"), "active")]
    for opens, closes, zone, expected in (
        ("08:00:00", "18:00:00", "America/New_York", 20),
        ("09:00:00", "17:00:00", "America/Chicago", 16),
    ):
        hours_open = windows(range(1, 3), opens, closes)
        found = account_before(polls, utc("2024-09-22T11:30"), WEEK, windows=hours_open, zone=zone)
        assert (found.unknown, found.open) == (expected * HOUR, expected * HOUR)


def test_two_windows_of_a_monday_before_the_first_poll_are_unknown() -> None:
    hours_open = (Window("s", 0, "08:00:00", "12:00:00"), Window("s", 0, "18:00:00", "22:00:00"))
    polls = [Poll("s", utc("2023-01-01T08:00"), "active"), Poll("s", utc("2023-01-01T20:00"), "inactive")]
    found = account_before(polls, utc("2023-01-01T21:00"), WEEK, windows=hours_open, zone="America/New_York")
    assert (found.unknown, found.open) == (8 * HOUR, 8 * HOUR)
