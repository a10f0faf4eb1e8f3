"""Exact accounting's twin against the rules: every expected value is worked out by hand, in the comment beside it.

All times are UTC, on Monday 2023-01-23 unless a date is given.
"""

from datetime import timedelta
from fractions import Fraction

import pytest

from tests.reference.by_hand import MINUTE, account_of, minutes, polls, utc
from tests.reference.exact import account, suggested_max_gap
from tests.reference.uptime import MICROSECOND, Window, open_intervals


def test_every_poll_starts_a_stretch_of_its_status_at_its_instant() -> None:
    # Up 09:00-09:10, down 09:10-09:35, up again to 10:00.
    assert minutes(account_of("09:00 up, 09:10 down, 09:35 up", last="10:00")) == (35, 25, 0)


def test_a_poll_outside_open_hours_starts_a_stretch_too() -> None:
    # From 08:50 for an hour, of which 09:00-09:50 is open; then unknown to 10:00.
    assert minutes(account_of("08:50 down", "09:00 17:00", first="08:00", last="10:00")) == (0, 50, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00 down", (0, 60, 420)),  # after max_gap, an hour
        ("09:00 down, 09:30 up", (60, 30, 390)),  # at the next poll
        ("09:00 down, 09:30 down", (0, 90, 390)),  # of the same status, too
        ("09:00 down, 10:00 up", (60, 60, 360)),  # at both at once: nothing is unknown between
        ("16:40 down", (0, 20, 460)),  # at the end
    ],
)
def test_a_stretch_ends_at_the_next_poll_or_after_max_gap_or_at_the_end(
    text: str, expected: tuple[Fraction, ...]
) -> None:
    assert minutes(account_of(text)) == expected


def test_a_stretch_ends_at_as_of_and_so_does_the_range() -> None:
    # 09:00 to 09:40 and no open time after it, though the poll would hold and the range goes on.
    found = account_of("09:00 down", as_of="09:40")
    assert (found.open, minutes(found)) == (40 * MINUTE, (0, 40, 0))


def test_a_range_that_begins_at_or_after_as_of_has_nothing() -> None:
    for as_of in ("09:00", "08:00"):
        found = account_of("07:59 down", as_of=as_of)
        assert (found.open, minutes(found), found.outages) == (timedelta(), (0, 0, 0), [])


def test_before_the_first_poll_is_unknown() -> None:
    assert minutes(account_of("09:20 up", last="10:00")) == (40, 0, 20)


def test_a_store_without_polls_is_unknown_throughout() -> None:
    assert minutes(account_of("")) == (0, 0, 480)


def test_an_unknown_poll_ends_the_stretch_before_it_and_starts_unknown_time() -> None:
    # Up 09:00-09:15, unknown to 09:40, down 09:40-10:00.
    assert minutes(account_of("09:00 up, 09:15 paused, 09:40 down", last="10:00")) == (15, 20, 25)


def test_the_later_of_two_lines_for_one_instant_counts() -> None:
    assert minutes(account_of("09:00 up, 09:00 down", last="10:00")) == (0, 60, 0)
    assert minutes(account_of("09:00 down, 09:00 up", last="10:00")) == (60, 0, 0)
    # The later line, not the later of the two polls in time: 09:30 stands first.
    assert minutes(account_of("09:30 up, 09:00 up, 09:00 down, 09:30 down", last="10:00")) == (0, 60, 0)
    assert minutes(account_of("09:00 up, 09:30 down, 09:30 paused", last="10:00")) == (30, 0, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:30 down", (0, 30, 0)),  # within the lookback of an hour
        ("08:00 down", (0, 30, 0)),  # exactly at it
        ("07:59:59.999999 down", (0, 0, 30)),
    ],
)
def test_polls_before_the_range_count_within_the_lookback(text: str, expected: tuple[Fraction, ...]) -> None:
    assert minutes(account_of(text, last="09:30", max_gap=120, lookback_hours=1)) == expected


def test_polls_after_the_end_do_not_count() -> None:
    # One minute apart before 10:00, then an hour: three times a minute is less than 5 minutes, the hour is not seen.
    for later in ("10:00:00.000001 down", "11:00 down"):
        found = account_of(f"09:58 up, 09:59 up, {later}", last="10:00", as_of="12:00", max_gap=None)
        assert (found.max_gap, minutes(found), found.polls) == (5 * MINUTE, (2, 0, 58), 2)


def test_a_poll_at_as_of_counts_though_no_time_follows_it() -> None:
    # Two intervals of 10 and 40 minutes, median 25: 75 minutes. Without the last poll it is 30.
    found = account_of("09:10 down, 09:20 down, 10:00 up", as_of="10:00", max_gap=None)
    assert (found.max_gap, minutes(found), found.polls) == (75 * MINUTE, (0, 50, 10), 2)
    assert found.outages[0].ended_at == utc("10:00")


def test_figures_are_to_the_microsecond() -> None:
    found = account_of("09:00:00.000001 down, 09:00:00.000003 up", last="09:00:00.000010")
    assert (found.up, found.down, found.unknown) == (7 * MICROSECOND, 2 * MICROSECOND, MICROSECOND)


def test_a_poll_at_an_opening_holds_from_it_and_one_at_a_closing_for_nothing() -> None:
    # Open 09-12 and 13-17. Up from 09:00, the 12:00 poll holds through the break only, the 13:00 poll from 13:00.
    found = account_of("09:00 up, 12:00 down, 13:00 up", "09:00 12:00", "13:00 17:00", max_gap=240)
    assert (minutes(found), found.outages) == ((420, 0, 0), [])
    # It holds into the afternoon without the poll at 13:00.
    assert minutes(account_of("09:00 up, 12:00 down", "09:00 12:00", "13:00 17:00", max_gap=240)) == (180, 180, 60)


def test_open_time_is_that_of_hourly_accounting() -> None:
    # New York, 12 March 2023: Saturday 22:00 is 03Z, Sunday 06:00 is 10Z: seven hours, as 02:00 is skipped.
    windows = [Window("s", 5, "22:00:00", "06:00:00")]
    first, last = utc("2023-03-11T12:00"), utc("2023-03-12T12:00")
    intervals = open_intervals(windows, "America/New_York", first, last)
    down = polls("2023-03-12T06:30 down")
    found = account(down, intervals, first=first, last=last, as_of=last, max_gap=60 * MINUTE)
    assert (found.open, minutes(found)) == (420 * MINUTE, (0, 60, 360))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00, 09:10, 09:30", 45),  # 10 and 20: their mean is 15
        ("09:00, 09:10, 09:30, 10:30", 60),  # 10, 20, 60: the one in the middle
        ("09:00, 09:01, 09:02", 5),  # 3 is too little
        ("09:00, 17:00, 2023-01-24T01:20", 24 * 60 + 30),  # 480 and 500 minutes: 490
        ("09:00, 2023-01-24T09:00", 25 * 60),  # three days are too much
        ("2023-01-20T09:00, 09:00, 09:20", 25 * 60),  # 4320 and 20: 2170
        ("09:00", 5),
        ("", 5),
    ],
)
def test_without_a_value_max_gap_is_three_median_intervals_within_bounds(text: str, expected: int) -> None:
    instants = [utc(at.strip()) for at in text.split(",") if at]
    assert suggested_max_gap(instants) == expected * MINUTE


def test_half_a_microsecond_of_max_gap_is_cut_off() -> None:
    # 600 s and 600.000001 s: the mean is 600.0000005, three times it 1800.0000015.
    instants = [utc("09:00"), utc("09:10"), utc("09:20:00.000001")]
    assert suggested_max_gap(instants) == 30 * MINUTE + MICROSECOND


def test_max_gap_comes_from_polls_of_any_status_in_open_hours_or_not_each_instant_once() -> None:
    # 10, 20 and 10 minutes; then 6 minutes between 08:00 and 08:06, which is before the lookback.
    text = "08:00 up, 08:06 up, 08:30 up, 08:40 paused, 09:00 up, 09:00 down, 09:10 up"
    found = account_of(text, "09:00 17:00", first="09:10", max_gap=None, lookback_hours=1)
    # From 08:10 on: 08:30, 08:40, 09:00, 09:10. The median of 10, 10, 20 is 10.
    assert found.max_gap == 30 * MINUTE


def test_a_stores_own_max_gap_comes_before_the_parameter_and_that_before_the_polls() -> None:
    text = "09:00 up, 09:20 up"
    assert account_of(text, max_gap=None).max_gap == 60 * MINUTE
    assert account_of(text, max_gap=2).max_gap == 2 * MINUTE
    assert account_of(text, max_gap=2, own=3000).max_gap == 3000 * MINUTE
    # 09:00-09:02, 09:20-09:22.
    assert minutes(account_of(text, max_gap=2)) == (4, 0, 476)


def test_a_max_gap_of_zero_holds_until_changed() -> None:
    for gap, own in ((None, 0), (5, 0), (0, None)):
        found = account_of("2023-01-20T09:00 up, 12:00 down", max_gap=gap, own=own)
        assert (found.max_gap, minutes(found)) == (None, (180, 300, 0))
    assert account_of("09:00 up", max_gap=0, own=5).max_gap == 5 * MINUTE


def test_a_status_that_holds_until_changed_does_not_come_from_before_the_lookback() -> None:
    assert minutes(account_of("07:00 up, 12:00 down", own=0, lookback_hours=1)) == (0, 300, 180)


def test_a_period_has_the_max_gap_of_its_range_and_cuts_its_stretches() -> None:
    # Every 20 minutes to 10:00, so an hour; the period 10-12 alone would have one poll and 5 minutes.
    text = "09:00 up, 09:20 up, 09:40 up, 10:00 down"
    found = account_of(text, max_gap=None, period=("10:00", "12:00"))
    assert (found.max_gap, minutes(found), found.polls) == (60 * MINUTE, (0, 60, 60), 1)
    assert minutes(account_of(text, max_gap=None, period=("09:30", "10:30"))) == (30, 30, 0)
    # As of 10:20, the period is still running.
    assert minutes(account_of(text, max_gap=None, period=("10:00", "12:00"), as_of="10:20")) == (0, 20, 0)
