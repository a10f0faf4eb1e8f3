"""The repaired rules against figures worked out by hand: from cases that people reported, and beside each rule."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.pull_request_phases import (
    PullRequest,
    Wait,
    as_they_stood,
    is_bot,
    kaplan_meier_median,
    phases,
    review,
    wait_for_review,
)
from tests.reference.pull_request_states import age, hourly, hourly_range, waiting_for
from tests.reference.pull_requests import FOREVER
from tests.reference.uptime import Window
from tests.strategies import examples

FOLDER = Path(__file__).parent.parent / "cases" / "pulls" / "a-hand"

BERLIN = "Europe/Berlin"

HOURS = 3600

PHASES = ("coding", "pickup", "review", "merge", "cycle")

#: What the repaired rules change in the figures worked out before them; New York opens 13:00Z-21:00Z in June.
REPAIRED: dict[str, dict[str, Fraction | int | None]] = {
    # Monday 09:15 to 17:00 and an hour of Tuesday: 7:45 + 1:00.
    "case/a01-draft-gap": {"draft": 31500},
    # A review during the draft is early feedback: pickup is 0. The draft is Monday's 8 h and an hour of Tuesday, the
    # review goes from ready, 10:00, to the approval, 15:00. 9 + 0 + 5 + 1 = 15 h.
    "case/a04-review-before-ready": {"draft": 32400, "pickup": 0, "review": 18000, "pickup_wall": 0, "inconsistent": 0},
    # The first commit is two days later than the creation, as after a rebase: the cycle begins with the creation, as
    # worked out before (17:30 + 0:15 + 0:15 = 18 h); no coding time, and that is inconsistent.
    "case/a05-commit-after-creation": {},
    # Reviewed and approved three hours after the merge: both end nothing, nothing is inconsistent.
    "case/a06-review-after-merge": {"inconsistent": 0},
    # The approval is the first review: 4 h of pickup, a review over at once, as worked out before.
    "case/a07-approval-only": {},
    # Closed, never merged: 44 days of 8 h, which are no cycle time.
    "case/a08-stale-closed": {"cycle": None, "closed_unmerged": 1267200},
}


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _of_the_files() -> Iterator[tuple[PullRequest, list[Window], str, dict[str, str]]]:
    hours = [
        Window(row["team"], int(row["day"]), f"{row['start_time_local']}:00", f"{row['end_time_local']}:00")
        for row in _rows("team_hours.csv")
    ]
    zones = {row["team"]: row["timezone_str"] for row in _rows("team_timezones.csv")}
    for row, expected in zip(_rows("prs.csv"), _rows("expected_by_hand.csv"), strict=True):
        assert (row["repo"], row["number"]) == (expected["repo"], expected["number"])
        instants: dict[str, Any] = {
            name: datetime.fromisoformat(text) for name, text in row.items() if name.endswith("_at") and text
        }
        pr = PullRequest(row["repo"], int(row["number"]), row["team"], row["author"], **instants)
        yield pr, [window for window in hours if window.store_id == pr.team], zones[row["team"]], expected


@pytest.mark.parametrize(
    ("pr", "hours", "zone", "expected"),
    [pytest.param(*case, id=f"{case[0].repo}-{case[0].number}") for case in _of_the_files()],
)
def test_the_figures_worked_out_by_hand(
    pr: PullRequest, hours: list[Window], zone: str, expected: dict[str, str]
) -> None:
    durations, inconsistent = phases(pr, hours, zone)
    known = {
        name: Fraction(text) if text else None for name, text in expected.items() if name not in ("repo", "number")
    }
    known |= {"draft": None, "closed_unmerged": None} | REPAIRED.get(pr.repo, {})
    got: dict[str, Fraction | int | None] = {name: durations[f"{name}_time"][1] for name in (*PHASES, "draft")}
    got["closed_unmerged"] = durations["closed_unmerged"][1]
    got |= {"inconsistent": len(inconsistent), "pickup_wall": durations["pickup_time"][0]}
    assert got == known


def utc(text: str) -> datetime:
    """On Tuesday 2024-06-04, or on a day of that month; Berlin is open 07:00Z-15:00Z."""
    day, _, clock = text.rpartition("T")
    return datetime.fromisoformat(f"2024-06-{day or '04'}T{clock}").replace(tzinfo=UTC)


def pull_request(created: str = "08:00", *, is_draft: bool | None = None, **instants: str) -> PullRequest:
    later: dict[str, Any] = {f"{name}_at": utc(text) for name, text in instants.items()}
    return PullRequest("shop", 1, "search", "ada", utc(created), is_draft=is_draft, **later)


def wall(pr: PullRequest, as_of: datetime = FOREVER) -> dict[str, Fraction | None]:
    """Hours of the phases that are known."""
    durations, _ = phases(pr, [], BERLIN, as_of=as_of)
    return {name: of[0] / HOURS for name, of in durations.items() if of[0] is not None}


def test_every_phase_from_end_to_end() -> None:
    whole = pull_request(first_commit="06:00", ready="09:00", first_review="09:30", approved="14:45", merged="16:00")
    durations, inconsistent = phases(whole, [], BERLIN)
    assert inconsistent == set()
    assert {name: tuple(of) for name, of in durations.items()} == {
        "coding_time": (2 * HOURS, HOURS),  # open from 07:00Z on
        "draft_time": (HOURS, HOURS),
        "pickup_time": (HOURS / 2, HOURS / 2),
        "review_time": (5.25 * HOURS, 5.25 * HOURS),
        "merge_time": (1.25 * HOURS, 0.25 * HOURS),  # closed from 15:00Z on
        "cycle_time": (10 * HOURS, 8 * HOURS),
        "closed_unmerged": (None, None),
    }


def test_what_is_still_a_draft_has_no_phase_but_its_coding() -> None:
    draft = pull_request(is_draft=True, first_commit="07:00", first_review="09:00")
    assert wall(draft) == {"coding_time": 1}
    assert wait_for_review(draft, [], BERLIN, utc("12:00")) is None
    # Without a word about drafts an empty ready_at is what was never one.
    assert wall(pull_request(first_review="09:00")) == {"pickup_time": 1}
    # One that becomes ready after the instant of the report is a draft at that instant.
    later = pull_request(ready="12:00", first_review="09:00")
    assert wall(later, as_of=utc("11:00")) == {}
    assert wall(later) == {"draft_time": 4, "pickup_time": 0}


def test_several_stretches_as_a_draft_are_their_sum_and_their_working_time_is_unknown() -> None:
    pr = pull_request(ready="12:00")
    for seconds, working in ((2 * HOURS, None), (4 * HOURS, 4 * HOURS)):
        several = PullRequest("shop", 1, "search", "ada", pr.created_at, ready_at=pr.ready_at, draft_seconds=seconds)
        assert phases(several, [], BERLIN)[0]["draft_time"] == (seconds, working)


def test_an_approval_during_the_draft_counts_from_when_it_was_ready() -> None:
    pr = pull_request(ready="10:00", approved="09:00", merged="11:00")
    expected = {"draft_time": 2, "pickup_time": 0, "review_time": 0, "merge_time": 1, "cycle_time": 3}
    assert wall(pr) == expected


def test_a_review_before_the_creation_is_inconsistent() -> None:
    pr = pull_request(first_review="07:00", approved="09:00", merged="10:00")
    durations, inconsistent = phases(pr, [], BERLIN)
    assert inconsistent == {"pickup_time"}
    assert durations["pickup_time"] == (None, None)
    assert wall(pr) == {"review_time": 1, "merge_time": 1, "cycle_time": 2}


@pytest.mark.parametrize("over", ["merged", "closed"])
def test_a_review_at_the_end_or_later_is_none(over: str) -> None:
    for at in ("10:00", "11:00"):
        pr = pull_request(first_review=at, approved=at, **{over: "10:00"})
        assert review(pr) is None
        assert wall(pr) == {"cycle_time" if over == "merged" else "closed_unmerged": 2}
        assert wait_for_review(pr, [], BERLIN, utc("12:00")) == (2 * HOURS, False)
    before = pull_request(first_review="09:59:59", **{over: "10:00"})
    assert review(before) == utc("09:59:59")
    assert wait_for_review(before, [], BERLIN, utc("12:00")) == (2 * HOURS - 1, True)


def test_the_review_before_the_end_stands_when_its_approval_comes_after() -> None:
    pr = pull_request(first_review="09:00", approved="11:00", merged="10:00")
    assert wall(pr) == {"pickup_time": 1, "review_time": 1, "cycle_time": 2}


def test_a_review_at_the_creation_is_picked_up_at_once() -> None:
    assert wall(pull_request(first_review="08:00")) == {"pickup_time": 0}


def test_who_is_a_bot() -> None:
    def by(author: str, *, kind: bool | None = None) -> PullRequest:
        return PullRequest("shop", 1, None, author, utc("08:00"), author_is_bot=kind)

    assert is_bot(by("renovate[bot]"))
    assert is_bot(by("app/renovate", kind=True))
    assert is_bot(by("ci-account"), names=["ci-account"])
    assert not is_bot(by("robot"))
    assert not is_bot(by("", kind=False))


_AT = st.integers(0, 2 * 24 * 60).map(lambda minutes: utc("03T12:00") + timedelta(minutes=minutes))


@settings(max_examples=examples(60))
@given(moments=st.lists(_AT, min_size=6, max_size=6).map(sorted), draft=st.booleans(), order=st.permutations(range(4)))
def test_the_phases_of_what_was_merged_reviewed_and_approved_sum_to_its_cycle(
    *, moments: list[datetime], draft: bool, order: list[int]
) -> None:
    created, *between, merged = moments
    ready_at, first_review, approved, first_commit = (between[place] for place in order)
    if max(approved, first_review, ready_at) == merged:
        merged += timedelta(minutes=1)
    pr = PullRequest(
        *("shop", 1, "search", "ada", created),
        first_commit_at=first_commit - timedelta(days=1),
        ready_at=ready_at if draft else None,
        first_review_at=first_review,
        approved_at=approved,
        merged_at=merged,
    )
    durations, inconsistent = phases(pr, [], BERLIN)
    parts = ["draft_time", "pickup_time", "review_time", "merge_time"]
    if first_commit - timedelta(days=1) <= created:
        parts.append("coding_time")
    for clock in (0, 1):
        assert sum(durations[name][clock] or 0 for name in parts) == durations["cycle_time"][clock]
    assert inconsistent <= {"coding_time"}


def test_the_series_begins_with_the_first_hour_in_a_state_and_leaves_drafts_out() -> None:
    as_of = utc("12:30")
    draft = pull_request("06:00", is_draft=True)
    early = pull_request("07:00", ready="10:10", first_review="09:00", approved="11:00")
    swift = pull_request("05:00", ready="09:00", merged="08:00")  # over before it was ready: in no state ever
    prs = as_they_stood([draft, early, swift], as_of)
    assert hourly_range(prs, as_of) == (utc("10:00"), utc("13:00"))
    assert hourly_range([draft, swift], as_of) is None
    rows = hourly(prs, "search", [], BERLIN, as_of, first_hour=utc("10:00"), last_hour=utc("13:00"))
    # Reviewed as a draft: in review as soon as it is ready, 50 minutes of the first hour.
    assert rows == [(utc("10:00"), 0, 1, 0), (utc("11:00"), 0, 0, 1), (utc("12:00"), 0, 0, 1)]


def test_what_an_open_pull_request_waits_for() -> None:
    as_of = utc("12:00")
    assert waiting_for(pull_request(), as_of) == "review"
    assert waiting_for(pull_request(first_review="09:00"), as_of) == "review"
    assert waiting_for(pull_request(first_review="09:00", changes_requested="09:30"), as_of) == "changes"
    assert waiting_for(pull_request(approved="09:00"), as_of) == "merge"
    assert waiting_for(pull_request(changes_requested="09:00", approved="10:00"), as_of) == "merge"
    assert waiting_for(pull_request(approved="09:00", changes_requested="10:00"), as_of) == "changes"
    assert waiting_for(pull_request(is_draft=True, first_review="09:00"), as_of) is None
    assert waiting_for(pull_request(ready="13:00"), as_of) is None


def test_the_age_of_an_open_one_counts_from_its_creation() -> None:
    # Berlin closes at 15:00Z and opens at 07:00Z the next day.
    assert age(pull_request(ready="14:30"), [], BERLIN, utc("05T08:00")) == (24 * HOURS, 8 * HOURS)


@pytest.mark.parametrize(
    ("waits", "median"),
    [
        ([], None),
        ([(5, False)], None),
        ([(5, True)], 5),
        # 3/4, then 2/4: half of them.
        ([(1, True), (2, True), (3, True), (4, True)], 2),
        # 4/5 at 1; three are there for the review at 3: 4/5 x 2/3 = 8/15; two for that at 4: 8/15 x 1/2 = 4/15.
        ([(1, True), (2, False), (3, True), (4, True), (9, False)], 4),
        # Those who leave at 2 were there for the review at 2: 2/3; then 0.
        ([(2, True), (2, False), (3, True)], 3),
        # Two of three at once: 1/3.
        ([(2, True), (2, True), (7, False)], 2),
        # 2/3 and no more reviews: the middle one still waits.
        ([(1, True), (5, False), (5, False)], None),
    ],
)
def test_kaplan_meier_by_hand(waits: list[Wait], median: int | None) -> None:
    assert kaplan_meier_median(waits) == median


def test_waiting_ones_move_the_median_that_forgets_them() -> None:
    # One reviewed after an hour, two wait since three and four: the plain median is 1 h, this one is not reached.
    prs = [pull_request("11:00", first_review="12:00"), pull_request("12:00"), pull_request("11:00")]
    waits = [wait_for_review(pr, [], BERLIN, utc("15:00")) for pr in prs]
    assert waits == [(HOURS, True), (3 * HOURS, False), (4 * HOURS, False)]
    assert kaplan_meier_median([wait for wait in waits if wait]) is None
