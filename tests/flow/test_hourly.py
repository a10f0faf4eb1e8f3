"""The hourly series of pull requests, against the rules followed slowly."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from app.flow import teams as teams_module
from app.flow.hourly import hourly
from tests.engine import micros
from tests.flow.cases import FlowCase, course_of, flow_case
from tests.reference import pull_request_states as reference
from tests.reference.pull_request_phases import PullRequest
from tests.reference.uptime import Window
from tests.strategies import examples


def series(case: FlowCase) -> list[tuple[Any, ...]]:
    course = course_of(case)
    tables = hourly(course.at, course.teams, course.team, as_of=micros(case.as_of))
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def expected(case: FlowCase) -> list[tuple[Any, ...]]:
    of_teams = [pull for pull in case.pulls if pull.team is not None]
    span = reference.hourly_range(of_teams, case.as_of) if of_teams else None
    if span is None:
        return []
    first, last = span
    return [
        (team, f"{hour:%Y-%m-%dT%H:%M:%SZ}", *counts)
        for team in sorted({str(pull.team) for pull in of_teams})
        for hour, *counts in reference.hourly(
            of_teams,
            team,
            case.windows_of(team),
            case.zones.get(team),
            case.as_of,
            first_hour=first,
            last_hour=last,
        )
    ]


@given(case=flow_case())
@settings(max_examples=examples(60))
def test_every_hour_agrees_with_the_reference(case: FlowCase) -> None:
    assert series(case) == expected(case)


@given(case=flow_case())
@settings(max_examples=examples(30))
def test_teams_may_be_expanded_one_by_one(case: FlowCase) -> None:
    at_once = series(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teams_module, "TEAM_DAYS", 1)
        assert series(case) == at_once


def test_what_is_still_open_is_counted_in_the_hour_of_the_report() -> None:
    def at(hour: int, minute: int) -> datetime:
        return datetime(2024, 11, 4, hour, minute, tzinfo=UTC)

    def last_row(as_of: datetime, **instants: datetime) -> tuple[Any, ...]:
        pull = PullRequest("org/a", 1, "Web", "ada", at(9, 0), **instants)
        return series(FlowCase([pull], [Window("Web", 0, "08:00:00", "15:00:00")], {"Web": "Europe/London"}, as_of))[-1]

    assert last_row(at(10, 10)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)
    # Of these ten minutes: six and four; five and five, a tie; four and six.
    assert last_row(at(10, 10), first_review_at=at(10, 6)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)
    assert last_row(at(10, 10), first_review_at=at(10, 5)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)
    assert last_row(at(10, 10), first_review_at=at(10, 4)) == ("Web", "2024-11-04T10:00:00Z", 0, 1, 0)
    # Over for most of them, or not.
    assert last_row(at(10, 10), merged_at=at(10, 4)) == ("Web", "2024-11-04T10:00:00Z", 0, 0, 0)
    assert last_row(at(10, 10), merged_at=at(10, 6)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)
    # What is merged at the very instant of the report is not over before it.
    assert last_row(at(10, 10), merged_at=at(10, 10)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)
    assert last_row(at(11, 0)) == ("Web", "2024-11-04T10:00:00Z", 1, 0, 0)


def test_an_hour_counts_in_the_state_of_most_of_it_and_a_tie_in_the_earlier_one() -> None:
    def at(hour: int, minute: int) -> datetime:
        return datetime(2024, 11, 4, hour, minute, tzinfo=UTC)

    pull = PullRequest(
        "org/a", 1, "Web", "ada", at(9, 40), first_review_at=at(10, 30), approved_at=at(12, 29), merged_at=at(13, 31)
    )
    windows = [Window("Web", 0, "08:00:00", "15:00:00")]
    got = series(FlowCase([pull], windows, {"Web": "Europe/London"}, at(14, 0)))
    assert got == [
        ("Web", "2024-11-04T09:00:00Z", 0, 0, 0),  # not there for 40 of 60 minutes
        ("Web", "2024-11-04T10:00:00Z", 1, 0, 0),  # 30 and 30: the earlier one
        ("Web", "2024-11-04T11:00:00Z", 0, 1, 0),
        ("Web", "2024-11-04T12:00:00Z", 0, 0, 1),  # 29 in review, 31 approved
        ("Web", "2024-11-04T13:00:00Z", 0, 0, 1),  # 31 approved, 29 merged
    ]
