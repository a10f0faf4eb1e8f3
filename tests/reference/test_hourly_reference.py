"""Hourly accounting's additions against the rules, worked out by hand; times are UTC on Monday 2023-01-23."""

import pytest

from tests.reference.by_hand import polls, utc
from tests.reference.hourly import HourOfStore, hourly_series, uptime_row
from tests.reference.uptime import Intervals

ALWAYS: Intervals = [(utc("2023-01-01T00:00"), utc("2023-02-01T00:00"))]


def hours_of(
    text: str, *hours: str, intervals: Intervals = ALWAYS, max_fill_hours: int | None = None
) -> list[HourOfStore]:
    """The named hours of the series as of 18:00."""
    series = hourly_series(polls(text), intervals, as_of=utc("18:00"), max_fill_hours=max_fill_hours)
    return [series[utc(hour)] for hour in hours]


def durations(text: str, intervals: Intervals = ALWAYS, max_fill_hours: int | None = None) -> dict[str, list]:
    """Minutes of the last hour, hours of the last day and week, as of 18:00."""
    series = hourly_series(polls(text), intervals, as_of=utc("18:00"), max_fill_hours=max_fill_hours)
    row = uptime_row(intervals, series, as_of=utc("18:00"))
    names = ("uptime", "downtime", "unknown", "carried")
    return {name: [row[f"{name}_last_{window}"] for window in ("hour", "day", "week")] for name in names}


def test_an_unknown_poll_has_no_vote() -> None:
    # One of each is a tie, which is down; with two unknown ones it still is.
    text = "09:10 up, 09:20 paused, 09:30 down, 09:40 paused"
    assert hours_of(text, "09:00") == [HourOfStore("inactive", 2, 1, carried=False)]


def test_an_hour_of_unknown_polls_alone_carries_the_status_before_it() -> None:
    found = hours_of("09:10 up, 10:10 paused", "08:00", "09:00", "10:00", "11:00")
    assert found == [
        HourOfStore("unknown", 0, 0, carried=False),
        HourOfStore("active", 1, 1, carried=False),
        HourOfStore("active", 0, 0, carried=True),
        HourOfStore("active", 0, 0, carried=True),
    ]


def test_a_later_line_that_says_unknown_takes_the_vote_of_its_instant_away() -> None:
    assert hours_of("09:10 up, 09:20 down, 09:20 paused", "09:00") == [HourOfStore("active", 1, 1, carried=False)]


def test_active_polls_are_the_votes_for_up() -> None:
    text = "09:10 up, 09:20 up, 09:30 down, 09:40 up, 09:40 down, 10:05 down"
    assert [(hour.polls, hour.active_polls) for hour in hours_of(text, "09:00", "10:00")] == [(4, 2), (1, 0)]


def test_carried_time_is_open_time_whose_status_an_earlier_hour_gave() -> None:
    # Votes at 13Z and 16Z: 14Z and 15Z carried down, 17Z carried up. Before 13Z unknown, which is not carried.
    assert durations("13:10 down, 16:10 up") == {
        "uptime": [60, 2, 2],
        "downtime": [0, 3, 3],
        "unknown": [0, 19, 163],
        "carried": [60, 3, 3],
    }


def test_carried_time_is_open_time_only() -> None:
    # Open 13:00-14:30: 13Z has the vote, half an hour of 14Z is carried.
    intervals = [(utc("13:00"), utc("14:30"))]
    assert durations("13:10 down", intervals)["carried"] == [0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("max_fill_hours", "carried"), [(None, 7), (0, 0), (1, 1), (2, 2), (6, 6), (7, 7), (8, 7), (1000, 7)]
)
def test_max_fill_hours_ends_the_carrying_and_the_rest_is_unknown(max_fill_hours: int | None, carried: int) -> None:
    # The vote of 10:50 is for 10Z; 11Z to 17Z are seven hours.
    found = durations("10:50 up", max_fill_hours=max_fill_hours)
    assert [found[name][1] for name in ("uptime", "unknown", "carried")] == [1 + carried, 23 - carried, carried]


def test_after_the_end_of_carrying_the_next_vote_counts_and_carries_anew() -> None:
    found = hours_of("10:50 up, 14:10 down", *(f"{hour}:00" for hour in range(10, 17)), max_fill_hours=1)
    assert [hour.status for hour in found] == [*["active"] * 2, *["unknown"] * 2, *["inactive"] * 2, "unknown"]


def test_max_fill_hours_counts_closed_hours_too() -> None:
    # Closed 12-16Z. Six hours after 11Z is 17Z; five hours are not enough.
    intervals = [(utc("09:00"), utc("12:00")), (utc("16:00"), utc("18:00"))]
    for max_fill_hours, carried in ((6, 2), (5, 1), (4, 0)):
        found = durations("11:10 up", intervals, max_fill_hours)
        assert (found["carried"][1], found["uptime"][1]) == (carried, 1 + carried)
