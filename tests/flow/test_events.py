"""Phases, inconsistencies and counts, against the rules followed slowly."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow import teams as teams_module
from app.flow.clocks import CLOCKS
from app.flow.events import observe
from app.flow.observations import Observations
from app.flow.phases import PHASES
from tests.flow.cases import REPOS, FlowCase, columns, course_of, flow_case, zone_of
from tests.reference import pull_request_phases as reference
from tests.reference.pull_request_phases import PullRequest
from tests.reference.uptime import Window
from tests.strategies import examples


def observed(case: FlowCase, *, clock: Any = "working") -> Observations:
    return observe(course_of(case), REPOS, clock=clock)


def rows(found: Observations) -> list[dict[str, Any]]:
    return found.table.to_pylist()


def in_order(case: FlowCase) -> list[PullRequest]:
    return sorted(case.pulls, key=lambda pull: (pull.repo, pull.number))


@given(case=flow_case())
@settings(max_examples=examples(60))
def test_every_phase_agrees_with_the_reference(case: FlowCase) -> None:
    found = observed(case)
    counted = dict.fromkeys(PHASES, 0)
    for pull, row in zip(in_order(case), rows(found), strict=True):
        durations, inconsistent = reference.phases(
            pull, case.windows_of(pull.team), zone_of(case, pull), as_of=case.as_of
        )
        assert (row["repo"], row["number"], row["team"]) == (pull.repo, pull.number, pull.team)
        assert row["inconsistent"] == len(inconsistent)
        for name, (wall, working) in durations.items():
            assert _exactly(row[f"{name}_wall_seconds"]) == wall, name
            assert _exactly(row[f"{name}_working_seconds"]) == working, name
            counted[name] += name in inconsistent
    assert found.inconsistent == counted


def _exactly(seconds: float | None) -> Fraction | None:
    """Seconds with microseconds as the fraction that they stand for."""
    return None if seconds is None else Fraction(round(seconds * 1_000_000), 1_000_000)


#: Minutes around the night in which the clocks of Chicago, the default zone, go back.
_FRIDAY = datetime(2024, 11, 1, 18, tzinfo=UTC)
_AT = st.integers(0, 3 * 24 * 60).map(lambda minutes: _FRIDAY + timedelta(minutes=minutes))


@given(
    moments=st.lists(_AT, min_size=4, max_size=4).map(sorted),
    order=st.permutations(range(3)),
    is_draft=st.booleans(),
    coded=st.integers(-600, 600),
)
@settings(max_examples=examples(100))
def test_the_phases_of_what_was_merged_reviewed_and_approved_sum_to_its_cycle(
    *, moments: list[datetime], order: list[int], is_draft: bool, coded: int
) -> None:
    created, *between = moments
    ready, reviewed, approved = (between[place] for place in order)
    merged = between[-1] + timedelta(minutes=1)
    first_commit = created + timedelta(minutes=coded)
    ready_at = ready if is_draft else None
    instants = {"first_review_at": reviewed, "approved_at": approved, "merged_at": merged, "ready_at": ready_at}
    pull = PullRequest("org/a", 1, None, "ada", created, first_commit_at=first_commit, **instants)
    course = course_of(FlowCase([pull], [], {}, merged))
    for clock in CLOCKS:
        of = {name: float(values[0]) for name, values in course.durations(clock).items()}
        assert isnan(of["draft_time"]) == (not is_draft)
        assert isnan(of["coding_time"]) == (first_commit > created)
        parts = [of[name] for name in ("pickup_time", "review_time", "merge_time")]
        parts += [0.0 if isnan(of[name]) else of[name] for name in ("coding_time", "draft_time")]
        assert sum(parts) == of["cycle_time"]


@given(case=flow_case())
def test_what_is_missing_is_counted(case: FlowCase) -> None:
    found = observed(case)
    drafts = sum(pull.ready_at is not None and pull.ready_at > case.as_of for pull in case.pulls)
    assert found.missing == {
        name: sum(getattr(pull, name) in (None, "") for pull in case.pulls) + drafts * (name == "ready_at")
        for name in columns()
    }
    assert found.without_review == sum(reference.review(pull) is None for pull in case.pulls)
    assert found.without_ci == sum(pull.ci_finished_at is None for pull in case.pulls)
    created = sorted(pull.created_at for pull in case.pulls)
    ends = [None if end is None else datetime.fromisoformat(end) for end in (found.begin, found.end)]
    assert ends == ([created[0], created[-1]] if created else [None, None])


@given(case=flow_case())
@settings(max_examples=examples(30))
def test_teams_may_be_expanded_one_by_one(case: FlowCase) -> None:
    at_once = rows(observed(case))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teams_module, "TEAM_DAYS", 1)
        assert rows(observed(case)) == at_once


def test_the_worked_example_of_the_rules() -> None:
    created, reviewed = datetime(2024, 11, 1, 20, tzinfo=UTC), datetime(2024, 11, 4, 14, 30, tzinfo=UTC)
    pull = PullRequest("org/a", 1, "Web", "ada", created, first_review_at=reviewed)
    windows = [Window("Web", weekday, "09:00:00", "17:00:00") for weekday in range(5)]
    for own in (windows, []):  # the default is the same
        (row,) = rows(observed(FlowCase([pull], own, {"Web": "America/New_York"}, reviewed)))
        assert row["pickup_time_wall_seconds"] == 66.5 * 3600
        assert row["pickup_time_working_seconds"] == 1.5 * 3600
        assert row["created_at"] == "2024-11-01T20:00:00Z"


def test_a_review_after_the_merge_ends_nothing_and_the_pull_request_counts_as_without_one() -> None:
    times = [datetime(2024, 11, 4, hour, tzinfo=UTC) for hour in (15, 16, 17)]
    pull = PullRequest("org/a", 1, "Web", "ada", times[0], first_review_at=times[2], merged_at=times[1])
    found = observed(FlowCase([pull], [], {}, times[2]), clock="wall")
    (row,) = rows(found)
    assert (row["first_review_at"], row["inconsistent"]) == ("2024-11-04T17:00:00Z", 0)
    assert found.without_review == 1
    assert [name for name, values in found.durations.items() if not isnan(values[0])] == ["cycle_time"]


def test_a_draft_that_was_reviewed_has_no_pickup_time_until_it_is_ready_and_then_none_to_wait() -> None:
    created, reviewed, as_of, ready = (datetime(2024, 11, 4, hour, 30, tzinfo=UTC) for hour in (15, 16, 18, 20))
    pull = PullRequest("org/a", 1, "Web", "ada", created, ready_at=ready, first_review_at=reviewed)
    (row,) = rows(observed(FlowCase([pull], [], {}, as_of)))
    assert (row["ready_at"], row["pickup_time_wall_seconds"], row["inconsistent"]) == (None, None, 0)
    assert (row["draft_time_wall_seconds"], row["is_draft"]) == (None, True)
    (row,) = rows(observed(FlowCase([pull], [], {}, ready)))
    assert (row["pickup_time_wall_seconds"], row["draft_time_wall_seconds"]) == (0, 5 * 3600)
    assert (row["is_draft"], row["inconsistent"]) == (False, 0)


def test_what_was_closed_unmerged_has_its_own_time_and_no_cycle() -> None:
    created, closed = datetime(2024, 11, 4, 15, tzinfo=UTC), datetime(2024, 11, 4, 17, tzinfo=UTC)
    pull = PullRequest("org/a", 1, "Web", "ada", created, closed_at=closed)
    (row,) = rows(observed(FlowCase([pull], [], {}, closed)))
    assert (row["cycle_time_working_seconds"], row["closed_unmerged_working_seconds"]) == (None, 2 * 3600)
    assert row["state"] == "closed"


def test_new_columns_stand_behind_those_that_were_there_before() -> None:
    at = datetime(2024, 11, 4, tzinfo=UTC)
    names = observed(FlowCase([PullRequest("org/a", 1, None, "ada", at)], [], {}, at)).table.column_names
    old = ["coding_time", "pickup_time", "review_time", "merge_time", "cycle_time"]
    new = [f"{name}_{clock}_seconds" for name in ("draft_time", "closed_unmerged") for clock in ("wall", "working")]
    assert names == [
        *columns(),
        *(f"{name}_{clock}_seconds" for name in old for clock in ("wall", "working")),
        *("inconsistent", *new, "state", "is_draft", "size"),
    ]


def test_the_clock_chooses_what_is_counted() -> None:
    friday, monday = datetime(2024, 11, 1, 20, tzinfo=UTC), datetime(2024, 11, 4, 16, tzinfo=UTC)
    case = FlowCase([PullRequest("org/a", 1, "Web", "ada", friday, first_review_at=monday)], [], {}, monday)
    assert observed(case, clock="wall").durations["pickup_time"].tolist() == [68 * 3600]
    # Chicago, the default zone: Friday 15:00 to 17:00, Monday 09:00 to 10:00.
    assert observed(case, clock="working").durations["pickup_time"].tolist() == [3 * 3600]


def test_texts_that_a_spreadsheet_would_run_are_marked() -> None:
    at = datetime(2024, 11, 4, tzinfo=UTC)
    (row,) = rows(observed(FlowCase([PullRequest("org/a", 1, None, "=bob", at)], [], {}, at)))
    assert (row["author"], row["team"]) == ("'=bob", None)
