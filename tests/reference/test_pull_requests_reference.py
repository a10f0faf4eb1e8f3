"""The reference against the rules: every expected value is worked out by hand, in the comment beside it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings import Settings
from tests.reference.pull_request_phases import PullRequest, as_they_stood, phases
from tests.reference.pull_request_states import hourly, hourly_range
from tests.reference.pull_requests import DEFAULT_HOURS, DEFAULT_ZONE, state_for_most_of, statistics, working_seconds
from tests.reference.uptime import DAY, HOUR, MICROSECOND, Window, open_by_hour, open_intervals
from tests.strategies import UptimeCase, examples, uptime_case

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
KATHMANDU = "Asia/Kathmandu"
LORD_HOWE = "Australia/Lord_Howe"
APIA = "Pacific/Apia"

MINUTES = 60
HOURS = 3600


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def pull_request(created_at: str, **instants: str) -> PullRequest:
    later: dict[str, Any] = {f"{name}_at": utc(text) for name, text in instants.items()}
    return PullRequest("shop", 1, "search", "ada", utc(created_at), **later)


def window(day: str, opens: str, closes: str) -> Window:
    """On the weekday of a date."""
    return Window("search", datetime.fromisoformat(day).weekday(), opens, closes)


def test_the_worked_example_of_the_rules() -> None:
    # Friday 16:00 is 20:00Z in summer time, Monday 09:30 is 14:30Z without. Friday's last hour, Monday's first half.
    pr = pull_request("2024-11-01T20:00", first_review="2024-11-04T14:30")
    for hours in ([], list(DEFAULT_HOURS)):
        durations, inconsistent = phases(pr, hours, NEW_YORK)
        assert durations["pickup_time"] == (Fraction(665, 10) * HOURS, Fraction(15, 10) * HOURS)
        assert inconsistent == set()


def test_a_phase_that_is_over_at_once_is_zero_and_not_empty() -> None:
    durations, inconsistent = phases(pull_request("2024-06-04T08:00", first_review="2024-06-04T08:00"), [], BERLIN)
    assert durations["pickup_time"] == (0, 0)
    assert inconsistent == set()


def test_a_team_without_a_zone_is_in_the_default_zone() -> None:
    # 09:00 in Chicago in June is 14:00Z; Monday.
    assert working_seconds(utc("2024-06-03T13:00"), utc("2024-06-03T15:00"), [], None) == HOURS
    assert Settings.model_fields["default_timezone"].default == DEFAULT_ZONE == "America/Chicago"


def test_what_is_created_outside_working_hours_counts_from_the_next_opening() -> None:
    # Saturday to Monday 09:10 in Berlin, 07:10Z.
    pr = pull_request("2024-06-01T12:00", first_review="2024-06-03T07:10")
    assert phases(pr, [], BERLIN)[0]["pickup_time"] == (43 * HOURS + 10 * MINUTES, 10 * MINUTES)


COUNTED = [
    # To the microsecond at both ends: New York opens at 14:00Z in winter.
    (NEW_YORK, [], "2024-11-04T13:59:59.999999", "2024-11-04T14:01:00.000001", Fraction(60_000_001, 1_000_000)),
    (NEW_YORK, [], "2024-11-04T21:59:59.25", "2024-11-04T23:00", Fraction(3, 4)),
    (NEW_YORK, [], "2024-11-04T15:00:30", "2024-11-04T15:00:30", 0),
    # Openings that are no whole minutes: from 14:00:01.5Z to 14:00:02.000001Z.
    (
        *(NEW_YORK, [window("2024-11-04", "09:00:01.5", "09:00:02.000001")]),
        *("2024-11-04T13:00", "2024-11-04T15:00", Fraction(500_001, 1_000_000)),
    ),
    # The gap, 02:00-03:00 on 2024-03-10: an opening inside is its end, 07:00Z; 05:00 is 09:00Z.
    (NEW_YORK, [window("2024-03-10", "02:30:00", "05:00:00")], "2024-03-10T05:00", "2024-03-10T12:00", 2 * HOURS),
    # A closing inside is its end, too: from 01:30, 06:30Z, until 07:00Z. Between two times inside there is nothing.
    (NEW_YORK, [window("2024-03-10", "01:30:00", "02:30:00")], "2024-03-10T05:00", "2024-03-10T12:00", HOURS / 2),
    (NEW_YORK, [window("2024-03-10", "02:15:00", "02:45:00")], "2024-03-10T05:00", "2024-03-10T12:00", 0),
    # 01:00-02:00 twice on 2024-11-03: 01:30 is the first, 05:30Z; 02:00 is 07:00Z.
    (NEW_YORK, [window("2024-11-03", "01:30:00", "02:00:00")], "2024-11-03T04:00", "2024-11-03T12:00", 1.5 * HOURS),
    # So a team that closes at 01:30 does not open for the second 01:00-01:30.
    (NEW_YORK, [window("2024-11-03", "00:30:00", "01:30:00")], "2024-11-03T04:00", "2024-11-03T12:00", HOURS),
    # Whole nights around the changes: 22:00-06:00 is 8 hours, 7 in spring, 9 in autumn.
    (BERLIN, [window("2024-03-30", "22:00:00", "06:00:00")], "2024-03-30T12:00", "2024-03-31T12:00", 7 * HOURS),
    (BERLIN, [window("2024-10-26", "22:00:00", "06:00:00")], "2024-10-26T12:00", "2024-10-27T12:00", 9 * HOURS),
    # A night belongs to the day on which it begins: Monday 01:00 in Berlin, 00:00Z, is in Sunday's.
    (BERLIN, [window("2024-11-03", "22:00:00", "06:00:00")], "2024-11-04T00:00", "2024-11-04T12:00", 5 * HOURS),
    (BERLIN, [window("2024-11-04", "22:00:00", "06:00:00")], "2024-11-04T00:00", "2024-11-04T12:00", 0),
    # 23:59 is the end of the day, 09:00-09:00 a whole one; overlapping and touching windows count once.
    (BERLIN, [window("2024-11-04", "23:00:00", "23:59:00")], "2024-11-04T12:00", "2024-11-05T12:00", HOURS),
    (BERLIN, [window("2024-11-04", "09:00:00", "09:00:00")], "2024-11-03T12:00", "2024-11-06T12:00", 24 * HOURS),
    (
        *(BERLIN, [window("2024-11-04", "09:00:00", "12:00:00"), window("2024-11-04", "11:00:00", "13:00:00")]),
        *("2024-11-04T00:00", "2024-11-05T00:00", 4 * HOURS),
    ),
    # A lunch break: 09:00-12:00 and 13:00-17:00, from 11:30 to 13:15, 10:30Z to 12:15Z.
    (
        *(BERLIN, [window("2024-11-04", "09:00:00", "12:00:00"), window("2024-11-04", "13:00:00", "17:00:00")]),
        *("2024-11-04T10:30", "2024-11-04T12:15", 45 * MINUTES),
    ),
    # 09:00 in Kathmandu, 5:45 ahead, is 03:15Z.
    (KATHMANDU, [], "2024-11-04T03:00", "2024-11-04T04:00", 45 * MINUTES),
    # Lord Howe goes back half an hour on 2024-04-07: 01:00 is 14:00Z, 03:00 is 16:30Z.
    (LORD_HOWE, [window("2024-04-07", "01:00:00", "03:00:00")], "2024-04-06T12:00", "2024-04-07T12:00", 2.5 * HOURS),
    # Apia skips Friday 2011-12-30: Thursday's 09:00-17:00 ends at 03:00Z on the 30th, and Monday's begins on 2012-01-01
    # at 19:00Z. Both ends of Friday's are the end of the gap.
    (APIA, [], "2011-12-30T02:00", "2012-01-01T20:00", 2 * HOURS),
    # Two weeks around the change: ten days of eight hours, whatever the clocks do.
    (NEW_YORK, [], "2024-10-28T00:00", "2024-11-11T00:00", 80 * HOURS),
]


@pytest.mark.parametrize(("zone", "hours", "start", "end", "expected"), COUNTED)
def test_working_seconds(zone: str, hours: list[Window], start: str, end: str, expected: Fraction) -> None:
    assert working_seconds(utc(start), utc(end), hours, zone) == expected


@settings(max_examples=examples(40))
@given(
    case=uptime_case(),
    back=st.integers(0, 3 * DAY // MICROSECOND),
    length=st.integers(0, DAY // MICROSECOND),
)
def test_counting_moments_comes_to_what_intervals_come_to(case: UptimeCase, back: int, length: int) -> None:
    start = case.as_of - back * MICROSECOND
    end = start + length * MICROSECOND
    for store_id in {window.store_id for window in case.windows}:
        own = [window for window in case.windows if window.store_id == store_id]
        zone = case.zones.get(store_id, DEFAULT_ZONE)
        intervals = open_intervals(own, zone, start - DAY, end + DAY)
        total = sum(open_by_hour(intervals, start, end).values())
        assert working_seconds(start, end, own, zone) * 1_000_000 == total


def beginnings(**instants: str) -> dict[str, datetime]:
    return {state: utc(f"2024-06-04T{text}") for state, text in instants.items()}


@pytest.mark.parametrize(
    ("instants", "state"),
    [
        ({"awaiting_review": "07:00", "over": "12:00"}, "awaiting_review"),
        # 30 minutes each: the earlier. One microsecond more: the later.
        ({"awaiting_review": "07:00", "in_review": "08:30", "over": "12:00"}, "awaiting_review"),
        ({"awaiting_review": "07:00", "in_review": "08:29:59.999999", "over": "12:00"}, "in_review"),
        # Not ready and over are states, too.
        ({"awaiting_review": "08:30", "over": "12:00"}, "not_ready"),
        ({"awaiting_review": "08:29", "over": "12:00"}, "awaiting_review"),
        ({"awaiting_review": "07:00", "over": "08:30"}, "awaiting_review"),
        ({"awaiting_review": "07:00", "over": "08:29"}, "over"),
        # The longest of three need not be most of the hour: 20, 25 and 15 minutes.
        ({"awaiting_review": "07:00", "in_review": "08:20", "over": "08:45"}, "in_review"),
        # 20 minutes of each of three.
        ({"awaiting_review": "08:00", "in_review": "08:20", "approved": "08:40", "over": "12:00"}, "awaiting_review"),
        # A state that nobody saw begin is left out.
        ({"awaiting_review": "07:00", "approved": "08:10", "over": "12:00"}, "approved"),
        # Approved before the first review: it stays approved. Reviewed before it was ready: it is in review at once.
        ({"awaiting_review": "07:00", "in_review": "08:20", "approved": "07:30", "over": "12:00"}, "approved"),
        ({"awaiting_review": "10:00", "in_review": "07:30", "over": "12:00"}, "in_review"),
        # Over is over, even if a review follows.
        ({"awaiting_review": "07:00", "in_review": "08:10", "over": "07:30"}, "over"),
        # An hour is half-open.
        ({"awaiting_review": "09:00", "over": "12:00"}, "not_ready"),
        ({"awaiting_review": "07:00", "over": "08:00"}, "over"),
    ],
)
def test_the_state_of_most_of_the_hour_from_eight_on(instants: dict[str, str], state: str) -> None:
    assert state_for_most_of(utc("2024-06-04T08:00"), utc("2024-06-04T09:00"), beginnings(**instants)) == state


def test_the_hourly_series_has_the_hours_in_which_the_team_is_open() -> None:
    # Kathmandu 09:00-17:00 is 03:15Z-11:15Z: 03Z and 11Z are open in part. Tuesday 2024-06-04.
    prs = [
        pull_request("2024-06-04T02:10", first_review="2024-06-04T04:20", approved="2024-06-04T05:00"),
        pull_request("2024-06-04T04:00", ready="2024-06-04T04:20", merged="2024-06-04T05:10"),
        PullRequest("shop", 2, "payments", "bo", utc("2024-06-04T03:00"), closed_at=utc("2024-06-04T20:00")),
    ]
    as_of = utc("2024-06-04T06:30")  # until then the first and the third are open
    prs = as_they_stood(prs, as_of)
    first, last = hourly_range(prs, as_of)
    assert (first, last) == (utc("2024-06-04T02:00"), utc("2024-06-04T07:00"))
    rows = hourly(prs, "search", [], KATHMANDU, as_of, first_hour=first, last_hour=last)
    assert rows == [
        (utc("2024-06-04T03:00"), 1, 0, 0),
        (utc("2024-06-04T04:00"), 1, 1, 0),  # 40 minutes in review; 40 minutes ready
        (utc("2024-06-04T05:00"), 0, 0, 1),  # the second is over after 10 minutes
        (utc("2024-06-04T06:00"), 0, 0, 1),  # all of the 30 minutes until the report's instant
    ]
    others = hourly(prs, "payments", [], KATHMANDU, as_of, first_hour=first, last_hour=last)
    assert others == [(utc("2024-06-04T00:00") + hour * HOUR, 1, 0, 0) for hour in range(3, 7)]


def test_the_last_hour_ends_with_the_instant_of_the_report() -> None:
    pr = pull_request("2024-06-04T07:30", first_review="2024-06-04T09:04", approved="2024-06-04T09:10")
    for minute, counts in ((7, (1, 0, 0)), (8, (1, 0, 0)), (10, (0, 1, 0)), (17, (0, 0, 1))):
        as_of = utc(f"2024-06-04T09:{minute:02}")
        first, last = hourly_range([pr], as_of)
        rows = hourly(as_they_stood([pr], as_of), "search", [], BERLIN, as_of, first_hour=first, last_hour=last)
        assert rows[-1] == (utc("2024-06-04T09:00"), *counts), minute


def test_what_happened_later_is_unknown() -> None:
    pr = pull_request("2024-06-04T08:00", first_review="2024-06-04T09:00", merged="2024-06-04T10:00")
    assert as_they_stood([pr], utc("2024-06-04T09:00")) == [replace(pr, merged_at=None)]
    assert as_they_stood([pr], utc("2024-06-04T10:00")) == [pr]
    assert as_they_stood([pr], utc("2024-06-04T07:59")) == []


def test_the_hour_in_which_the_clocks_change_is_an_hour_like_others() -> None:
    # Sunday 00:00-03:00 in New York is 04:00Z-08:00Z on 2024-11-03, four hours.
    pr = pull_request("2024-11-03T04:00", closed="2024-11-03T07:30")
    rows = hourly(
        *([pr], "search", [window("2024-11-03", "00:00:00", "03:00:00")], NEW_YORK, utc("2024-11-05T00:00")),
        first_hour=utc("2024-11-03T00:00"),
        last_hour=utc("2024-11-04T00:00"),
    )
    assert rows == [(utc("2024-11-03T00:00") + hour * HOUR, 1, 0, 0) for hour in range(4, 8)]


def test_the_range_ends_with_the_last_instant_before_the_last_one_is_over() -> None:
    early = pull_request("2024-06-04T08:59:59", merged="2024-06-04T10:00")
    assert hourly_range([early], utc("2024-07-01")) == (utc("2024-06-04T08:00"), utc("2024-06-04T10:00"))
    late = pull_request("2024-06-04T09:00", merged="2024-06-04T10:00:00.000001")
    assert hourly_range([early, late], utc("2024-07-01")) == (utc("2024-06-04T08:00"), utc("2024-06-04T11:00"))
    still_open = pull_request("2024-06-04T07:00")
    assert hourly_range([still_open], utc("2024-06-04T07:00") + timedelta(hours=2.5))[1] == utc("2024-06-04T10:00")


def test_a_draft_begins_when_it_is_ready() -> None:
    draft = pull_request("2024-06-04T08:00", ready="2024-06-05T08:00", merged="2024-06-05T09:00")
    assert hourly_range([draft], utc("2024-07-01"))[0] == utc("2024-06-05T08:00")


def test_statistics_of_nothing() -> None:
    nothing = {"count": 0, "mean": None, "median": None, "mode": None, "p75": None, "p90": None, "p95": None}
    assert statistics([]) == statistics([None, None]) == nothing


def test_statistics_leave_out_what_is_missing() -> None:
    # Sorted: 0 1 3 3 7 7 9. Both 3 and 7 are there twice. Places 4.5, 5.4 and 5.7, counted from 0.
    assert statistics([7, None, 3, 0, 9, 3, None, 7, 1]) == {
        "count": 7,
        "mean": Fraction(30, 7),
        "median": 3,
        "mode": 3,
        "p75": 7,
        "p90": Fraction(78, 10),  # 7 + 0.4 x 2
        "p95": Fraction(84, 10),  # 7 + 0.7 x 2
    }


def test_statistics_of_one_and_of_two() -> None:
    assert statistics([5]) == {"count": 1} | dict.fromkeys(("mean", "median", "mode", "p75", "p90", "p95"), 5)
    # 10 + 0.75 x 10 and so on; each is there once, the smaller is the mode.
    assert statistics([20, 10]) == {
        "count": 2,
        "mean": 15,
        "median": 15,
        "mode": 10,
        "p75": Fraction(175, 10),
        "p90": 19,
        "p95": Fraction(195, 10),
    }
