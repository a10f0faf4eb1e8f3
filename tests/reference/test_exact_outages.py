"""Outages of exact accounting's twin against the rules, worked out by hand; times are UTC on Monday 2023-01-23."""

import pytest

from tests.reference.by_hand import MINUTE, account_of, minutes
from tests.reference.exact import Account

#: A day and the next morning.
OFFICE = ("09:00 17:00", "2023-01-24T09:00 2023-01-24T17:00")

TUESDAY = "2023-01-24T"


def outages(found: Account) -> list[tuple]:
    """Beginning, end, open minutes, first and last poll; times as HH:MM, on another day with its date."""

    def short(text: str) -> str:
        return text.removeprefix("2023-01-23T").removesuffix(":00+00:00")

    return [
        (
            short(outage.began_at.isoformat()),
            None if outage.ended_at is None else short(outage.ended_at.isoformat()),
            outage.open / MINUTE,
            short(outage.first_poll_at.isoformat()),
            short(outage.last_poll_at.isoformat()),
        )
        for outage in found.outages
    ]


def test_an_outage_lasts_from_the_first_poll_that_says_inactive_to_the_next_that_says_active() -> None:
    found = account_of("09:00 up, 09:10 down, 09:20 down, 09:30 up, 09:40 down, 09:50 up")
    assert outages(found) == [("09:10", "09:30", 20, "09:10", "09:20"), ("09:40", "09:50", 10, "09:40", "09:40")]


def test_an_outage_that_nothing_has_ended_is_ongoing() -> None:
    assert outages(account_of("09:10 down", last="10:00")) == [("09:10", None, 50, "09:10", "09:10")]
    # As of 09:30 within the range, and when max_gap ends it exactly at the end.
    assert outages(account_of("09:10 down", as_of="09:30")) == [("09:10", None, 20, "09:10", "09:10")]
    assert outages(account_of("09:10 down", last="10:10")) == [("09:10", None, 60, "09:10", "09:10")]


def test_what_follows_a_range_is_not_read() -> None:
    # The report of the morning is the same at noon as at 10:00.
    found = account_of("09:10 down, 10:00:01 up", last="10:00", as_of="12:00")
    assert outages(found) == [("09:10", None, 50, "09:10", "09:10")]


@pytest.mark.parametrize(
    ("said", "ended_at", "last_poll_at"),
    [("up", "10:00", "09:10"), ("down", None, "10:00"), ("paused", None, "09:10")],
)
def test_a_poll_exactly_at_the_end_can_end_an_outage(said: str, ended_at: str | None, last_poll_at: str) -> None:
    found = account_of(f"09:10 down, 10:00 {said}", last="10:00")
    assert outages(found) == [("09:10", ended_at, 50, "09:10", last_poll_at)]


def test_a_poll_that_says_inactive_exactly_at_the_end_is_no_outage_by_itself() -> None:
    assert outages(account_of("09:00 up, 10:00 down", last="10:00")) == []


def test_unknown_time_ends_an_outage() -> None:
    # The hour of the first poll is over at 10:10.
    found = account_of("09:10 down, 10:30 down, 10:40 up")
    assert outages(found) == [("09:10", "10:10", 60, "09:10", "09:10"), ("10:30", "10:40", 10, "10:30", "10:30")]
    # A microsecond is enough; none is not.
    assert len(account_of("09:10 down, 10:10:00.000001 down, 10:40 up").outages) == 2
    assert outages(account_of("09:10 down, 10:10 down, 10:40 up")) == [("09:10", "10:40", 90, "09:10", "10:10")]


def test_a_poll_that_says_unknown_ends_an_outage() -> None:
    found = account_of("09:10 down, 09:20 paused, 09:30 down, 09:40 up")
    assert outages(found) == [("09:10", "09:20", 10, "09:10", "09:10"), ("09:30", "09:40", 10, "09:30", "09:30")]


def over_night(text: str, **arguments: object) -> list[tuple]:
    return outages(account_of(text, *OFFICE, last="2023-01-24T17:00", **arguments))


def test_closed_time_does_not_end_an_outage() -> None:
    # 16:50-17:00 and 09:00-09:20: 30 minutes of open time.
    found = over_night(f"16:50 down, {TUESDAY}09:20 up", max_gap=24 * 60)
    assert found == [("16:50", f"{TUESDAY}09:20", 30, "16:50", "16:50")]


@pytest.mark.parametrize("at_night", ["", "17:00 paused, ", f"20:00 paused, {TUESDAY}03:00 down, "])
def test_a_monitor_that_sleeps_while_the_store_is_closed_sees_one_outage(at_night: str) -> None:
    # The hour of 16:50 ends in the night, but unknown time is open time, and none of it is unknown.
    found = over_night(f"16:50 down, {at_night}{TUESDAY}09:00 down, {TUESDAY}09:20 up")
    assert found == [("16:50", f"{TUESDAY}09:20", 30, "16:50", f"{TUESDAY}09:00")]


def test_a_monitor_that_wakes_after_opening_sees_two_outages() -> None:
    found = over_night(f"16:50 down, {TUESDAY}09:01 down, {TUESDAY}09:20 up")
    assert found == [
        ("16:50", "17:00", 10, "16:50", "16:50"),
        (f"{TUESDAY}09:01", f"{TUESDAY}09:20", 19, f"{TUESDAY}09:01", f"{TUESDAY}09:01"),
    ]


def test_a_poll_that_says_active_ends_an_outage_also_while_the_store_is_closed() -> None:
    # It ends at the closing, as the night is no time that counts; the next begins at the opening.
    found = over_night(f"16:50 down, 20:00 up, {TUESDAY}08:55 down, {TUESDAY}09:20 up")
    assert found == [
        ("16:50", "17:00", 10, "16:50", "16:50"),
        (f"{TUESDAY}09:00", f"{TUESDAY}09:20", 20, f"{TUESDAY}08:55", f"{TUESDAY}08:55"),
    ]


def test_an_outage_that_recovers_exactly_at_a_closing_ends_there() -> None:
    found = over_night(f"16:50 down, 17:00 up, {TUESDAY}09:00 down, {TUESDAY}09:05 up")
    assert [(began_at, ended_at) for began_at, ended_at, *_ in found] == [
        ("16:50", "17:00"),
        (f"{TUESDAY}09:00", f"{TUESDAY}09:05"),
    ]


def test_an_outage_is_ongoing_while_the_store_is_closed() -> None:
    # At 20:00 nothing has said that it is over, though max_gap ended the stretch at 17:50.
    found = account_of("16:50 down", *OFFICE, last="20:00")
    assert outages(found) == [("16:50", None, 10, "16:50", "16:50")]


def test_an_outage_in_closed_time_alone_is_none() -> None:
    assert over_night(f"16:50 up, 17:00 down, {TUESDAY}09:00 up") == []


def test_polls_of_an_outage_may_lie_in_closed_time() -> None:
    found = account_of("08:20 down, 08:50 down, 16:55 up", *OFFICE, first="00:00", max_gap=600)
    assert outages(found) == [("09:00", "16:55", 475, "08:20", "08:50")]
    found = account_of("16:50 down, 17:30 down, 17:40 up", *OFFICE, last="20:00")
    assert outages(found) == [("16:50", "17:00", 10, "16:50", "17:30")]


def test_an_outage_that_began_before_the_range_is_there_with_the_open_time_inside() -> None:
    found = account_of("08:40 down, 09:10 up")
    assert (minutes(found), outages(found)) == ((60, 10, 410), [("08:40", "09:10", 10, "08:40", "08:40")])


def test_an_outage_begins_no_earlier_than_the_polls_that_count() -> None:
    found = account_of("07:30 down, 08:20 down, 09:10 up", lookback_hours=1)
    assert outages(found) == [("08:20", "09:10", 10, "08:20", "08:20")]


def test_an_outage_without_open_time_in_the_range_is_not_there() -> None:
    assert outages(account_of("08:40 down, 09:00 up")) == []
    # Still down, but closed for the whole range.
    assert outages(account_of("16:50 down, 18:00 down", *OFFICE, first="17:00", last="20:00")) == []


def test_an_outage_is_in_every_period_in_which_it_has_open_time() -> None:
    text = "09:50 down, 10:20 up"
    assert outages(account_of(text, period=("09:00", "10:00"))) == [("09:50", "10:20", 10, "09:50", "09:50")]
    assert outages(account_of(text, period=("10:00", "11:00"))) == [("09:50", "10:20", 20, "09:50", "09:50")]
    assert outages(account_of(text, period=("11:00", "12:00"))) == []


def test_outages_with_less_open_time_than_the_limit_count_as_up() -> None:
    # 5 minutes and 10 minutes, limit 10: the second stays.
    found = account_of("09:00 up, 09:10 down, 09:15 up, 09:20 down, 09:30 up", last="10:00", ignore=10)
    assert (minutes(found), len(found.outages)) == ((50, 10, 0), 1)
    assert outages(found) == [("09:20", "09:30", 10, "09:20", "09:20")]


def test_a_short_outage_counts_as_up_also_next_to_unknown_time_and_while_it_lasts() -> None:
    found = account_of("09:10 down, 09:15 paused, 09:57 down", last="10:00", ignore=10)
    assert (minutes(found), found.outages) == ((8, 0, 52), [])


def test_for_the_limit_all_open_time_of_an_outage_counts_and_closed_time_does_not() -> None:
    # 6 minutes before the range and 6 in it; 6 in each of two periods; 6 in the evening and 6 in the morning.
    assert minutes(account_of("08:54 down, 09:06 up", last="10:00", ignore=10)) == (54, 6, 0)
    # 3 and 3, of which only those in the range become uptime.
    assert minutes(account_of("08:57 down, 09:03 up", last="10:00", ignore=10)) == (60, 0, 0)
    text = "09:00 up, 09:54 down, 10:06 up"
    assert minutes(account_of(text, ignore=10, period=("09:00", "10:00"))) == (54, 6, 0)
    found = over_night(f"16:54 down, {TUESDAY}09:06 up", max_gap=24 * 60, ignore=10)
    assert [open_minutes for _, _, open_minutes, *_ in found] == [12]
    assert over_night(f"16:54 down, {TUESDAY}09:03 up", max_gap=24 * 60, ignore=10) == []
