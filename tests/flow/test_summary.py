"""summary.json: what it takes from the rows, and what it says of itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from app.flow.observations import Observations
from app.flow.statistics import per_team
from app.flow.summary import NOTHING_LEFT, OtherTeams, as_json, summarise, teams_table
from app.reports.outline import outline

AS_OF = datetime(2024, 11, 4, 12, 30, tzinfo=UTC)


def observations(seconds: list[float], team: list[int]) -> Observations:
    durations = {name: np.array(seconds, float) for name in ("review_time", "merge_time")}
    return Observations(
        table=pa.table({}),
        teams=["A", "B"] if team else [],
        team=np.array(team, np.int64),
        durations=durations,
        ordinary=np.ones(len(team), bool),
        begin=None,
        end=None,
        without_review=1,
        without_ci=2,
        missing={"team": team.count(-1)},
        inconsistent={},
    )


def test_rows_without_a_team_count_in_all_alone() -> None:
    found = summarise(observations([1, 2, 30], [0, 1, -1]), source="pull_requests", clock="wall", as_of=AS_OF)
    assert (found.total_num_observations, found.stats.count, found.stats.mean["review_time"]) == (3, 3, 11)
    assert {team: (of.count, of.mean["review_time"]) for team, of in found.per_team.items()} == {
        "A": (1, 1),
        "B": (1, 2),
    }
    assert found.notes == []


def test_a_team_whose_rows_have_no_values_has_nothing_but_their_number() -> None:
    found = summarise(observations([1, float("nan")], [0, 1]), source="pull_requests", clock="wall", as_of=AS_OF)
    assert (found.per_team["B"].count, found.per_team["B"].counts["review_time"]) == (1, 0)
    assert found.per_team["B"].median["review_time"] is None


def test_what_is_written_is_json_without_numbers_that_json_has_not() -> None:
    found = summarise(observations([], []), source="0" * 32, clock=None, as_of=AS_OF)
    written = json.loads(found.model_dump_json(), parse_constant=lambda constant: constant)
    assert written["notes"] == [NOTHING_LEFT]
    assert (written["as_of"], written["clock"], written["source"]) == ("2024-11-04T12:30:00Z", None, "0" * 32)
    assert written["stats"]["median"] == {"review_time": None, "merge_time": None}


def test_of_very_many_teams_the_largest_are_shown_and_the_rest_is_counted() -> None:
    names = [f"team {number:04}" for number in range(1_500)]
    team = [number for number in range(1_500) for _ in range(2 if number >= 700 else 1)] + [-1]
    found = replace(observations([float(at) for at in range(len(team))], team), teams=names)
    summary = summarise(found, source="pull_requests", clock="wall", as_of=AS_OF)
    assert summary.teams == list(summary.per_team) == names[:200] + names[700:]
    assert summary.other_teams == OtherTeams(teams=500, rows=500, file="teams.csv")
    assert summary.notes == ["The 1,000 teams with the most rows; teams.csv has all 1,500."]
    assert len(as_json(summary)) < 1 << 21
    assert outline(summary).rows[-5][:2] == ("(other teams)", "500")
    assert outline(summary).rows[-4][:2] == ("(no team)", "1")
    table = teams_table(per_team(found.durations, found.team, found.teams)).to_pydict()
    assert table["team"] == names
    assert (table["count"][700], table["review_time_mean_seconds"][700]) == (2, 700.5)


def test_of_a_thousand_teams_none_is_left_out_and_nothing_is_said_of_others() -> None:
    found = replace(observations([1.0] * 1000, list(range(1000))), teams=[f"{number:03}" for number in range(1000)])
    summary = summarise(found, source="pull_requests", clock="wall", as_of=AS_OF)
    assert len(summary.per_team) == 1000
    assert "other_teams" not in json.loads(as_json(summary))
