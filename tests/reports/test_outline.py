"""The table that people are shown of a report about pull requests."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from app.flow.statistics import per_team, statistics
from app.flow.summary import DateInterval, FlowSummary
from app.reports.outline import outline


def summary(seconds: list[float], team: list[int], names: list[str], **changed: Any) -> FlowSummary:
    durations = {"review_time": np.array(seconds)}
    given: dict[str, Any] = {
        "source": "pull_requests",
        "clock": "working",
        "as_of": datetime(2024, 11, 4, tzinfo=UTC),
        "total_num_observations": len(seconds),
        "teams": names,
        "date_interval": DateInterval(begin=None, end=None),
        "stats": statistics(durations, rows=len(seconds)),
        "per_team": per_team(durations, np.array(team), names),
        "num_prs_without_review": 0,
        "num_prs_without_ci": 0,
        "num_missing_values": {},
        "num_inconsistent": {},
        "notes": [],
    }
    return FlowSummary(**given | changed)


def test_lines_of_teams_and_of_those_without_add_up_to_all() -> None:
    table = outline(summary([60, 7200, 30, 45], [0, 1, -1, -1], ["Core", "all"]))
    assert table.columns == ("team", "count", "", "review\ntime")
    assert table.rows == [
        ("Core", "1", "median", "1.0 min"),
        ("", "", "p90", "1.0 min"),
        ("", "", "n", "1"),
        ("all", "1", "median", "2.0 h"),
        ("", "", "p90", "2.0 h"),
        ("", "", "n", "1"),
        ("(no team)", "2", "", ""),
        ("(all)", "4", "median", "52.5 s"),
        ("", "", "p90", "1.4 h"),
        ("", "", "n", "4"),
    ]
    assert table.notes == [
        "Median and 90th percentile of working time; n is the number of rows that have it.",
        "Rows without a team count only in (all).",
    ]


def test_a_summary_in_which_all_have_a_team_has_no_line_of_others() -> None:
    table = outline(summary([60], [0], ["Core"], clock="wall", notes=["Something else."]))
    assert [row[0] for row in table.rows] == ["Core", "", "", "(all)", "", ""]
    assert table.notes == [
        "Median and 90th percentile of elapsed time; n is the number of rows that have it.",
        "Something else.",
    ]


def test_a_sample_has_times_of_its_own() -> None:
    assert outline(summary([60], [0], ["Core"], clock=None)).notes == [
        "Median and 90th percentile of the times of the sample; n is the number of rows that have it."
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (59.9, "59.9 s"),
        (59.96, "1.0 min"),
        (60, "1.0 min"),
        (3594, "59.9 min"),
        (3599, "1.0 h"),
        (90 * 3600, "90.0 h"),
        (1234.56 * 3600, "1,234.6 h"),
        (float("nan"), "-"),
    ],
)
def test_a_duration_is_told_in_the_unit_of_its_size(seconds: float, told: str) -> None:
    rows = outline(summary([seconds], [0], ["Core"])).rows
    assert [row[3] for row in rows if row[2] != "n"] == [told] * 4
