"""What the pull-request report selects, groups and compares, and what it says of those that are open."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidParameters
from app.flow.summary import FlowSummary
from app.reports.kinds import pull_requests
from app.reports.kinds.pull_requests import PullRequestParams
from app.reports.outline import outline
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.kinds import context_of
from tests.reports.test_pull_requests import make, rows_of, summary_of

HOUR = 3600

#: All of the same hours: the default, Monday to Friday 09:00-17:00 in Chicago, 15:00Z-23:00Z in winter. 4 November 2024
#: is a Monday.
HEADER = (
    "repo,number,team,author,created_at,first_review_at,approved_at,merged_at,closed_at,labels,additions,deletions\n"
)
PULLS = (
    HEADER
    + """\
org/a,1,Web,ada,2024-11-04T15:00:00Z,2024-11-04T17:00:00Z,2024-11-04T18:00:00Z,2024-11-04T19:00:00Z,,bug;ui,5,4
org/a,2,Web,bob,2024-11-05T15:00:00Z,2024-11-05T19:00:00Z,,2024-11-12T16:00:00Z,,ui,20,9
org/a,3,Data,ada,2024-11-05T16:00:00Z,,,,2024-11-06T16:00:00Z,,90,10
org/b,4,Data,eve,2024-11-11T15:00:00Z,2024-11-11T16:00:00Z,,,,bug,400,100
org/b,5,,,2024-11-12T15:00:00Z,,,,,,999,1
org/b,6,Web,renovate[bot],2024-11-12T15:00:00Z,2024-11-12T15:30:00Z,,2024-11-12T16:00:00Z,,,1,1
"""
)
AS_OF = "2024-11-13T15:00:00Z"


def report(resources: Resources, folder: Path, **params: Any) -> tuple[dict[str, list[dict[str, str]]], FlowSummary]:
    """The rows of each file, and the summary."""
    files = make(resources, folder, **{"as_of": AS_OF, **params})
    rows = {name: rows_of(file) for name, file in files.items() if name.endswith(".csv")}
    return rows, summary_of(files)


def numbers(rows: dict[str, list[dict[str, str]]], file: str = "pull_requests.csv") -> list[int]:
    return [int(row["number"]) for row in rows[file]]


#: Parameters, and the numbers of the pull requests that they select.
SELECTED: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5]),
    ({"include_bots": True}, [1, 2, 3, 4, 5, 6]),
    ({"state": "open"}, [4, 5]),
    ({"state": "merged"}, [1, 2]),
    ({"state": "closed"}, [3]),
    ({"labels": ["bug"]}, [1, 4]),
    ({"labels": ["bug", "ui"]}, [1, 2, 4]),
    ({"exclude_authors": ["ada"]}, [2, 4, 5]),
    ({"merged_since": "2024-11-05T00:00:00Z"}, [2]),
    ({"merged_until": "2024-11-05T00:00:00Z"}, [1]),
    ({"merged_since": "2024-11-01", "since": "2024-11-05"}, [2]),
    ({"period": "2024-W45"}, [1, 2, 3]),
    ({"period": "2024-W46", "dated_by": "merged"}, [2]),
    # Monday begins at 06:00Z in Chicago; in Kiritimati, 14 hours ahead, it is Tuesday at 15:00Z.
    ({"period": "2024-11-04"}, [1]),
    ({"period": "2024-11-05", "zone": "Pacific/Kiritimati"}, [1]),
    ({"since": "2024-11-05", "until": "2024-11-06", "zone": "UTC"}, [2, 3]),
    # As of Tuesday evening the second one was not merged yet, and the third not closed.
    ({"state": "open", "as_of": "2024-11-05T23:00:00Z"}, [2, 3]),
]


def test_selected_are_those_that_fulfil_every_filter(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    for number, (params, expected) in enumerate(SELECTED):
        rows, _ = report(resources, tmp_path / str(number), **params)
        assert numbers(rows) == expected, params


def test_bots_are_left_out_and_counted_where_they_would_have_been_selected(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS + "org/c,7,,app/dependabot,2024-11-12T15:00:00Z,,,,,,,\n")
    load_text("pull_requests", "repo,number,created_at,author,author_is_bot\norg/c,8,2024-11-12T15:00:00Z,x,true\n")
    resources = replace(resources, settings=resources.settings.model_copy(update={"bot_logins": "eve, nobody"}))
    rows, summary = report(resources, tmp_path / "all")
    assert numbers(rows) == [1, 2, 3, 5]
    assert summary.selected is not None
    assert summary.selected.bots_left_out == 4
    assert numbers(rows, "open.csv") == [5]
    _, merged = report(resources, tmp_path / "merged", state="merged")
    assert merged.selected is not None
    assert merged.selected.bots_left_out == 1


#: The groups of each kind, in order, and how many pull requests they have.
GROUPS: dict[str, list[tuple[str, int]]] = {
    "team": [("Data", 2), ("Web", 2), ("", 1)],
    "repo": [("org/a", 3), ("org/b", 2)],
    "author": [("ada", 2), ("bob", 1), ("eve", 1), ("", 1)],
    "size": [("XS", 1), ("S", 1), ("L", 1), ("XL", 1), ("XXL", 1)],
    "week": [("2024-W45", 3), ("2024-W46", 2)],
    "month": [("2024-11", 5)],
}


def test_groups_have_a_row_each_in_their_order(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    for by, groups in GROUPS.items():
        rows, summary = report(resources, tmp_path / by, by=by)
        assert [(row[by], int(row["count"])) for row in rows["groups.csv"]] == groups
        assert [(one.group or "", one.count) for one in summary.groups] == groups


def test_weeks_follow_each_other_and_what_has_no_date_stands_last(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    far = "org/a,8,Web,ada,2024-10-14T15:00:00Z,,,2024-10-15T15:00:00Z,,,,\n"
    load_text("pull_requests", PULLS + far)
    rows, _ = report(resources, tmp_path / "report", by="week", dated_by="merged")
    assert [(row["week"], row["count"]) for row in rows["groups.csv"]] == [
        *(("2024-W42", "1"), ("2024-W43", "0"), ("2024-W44", "0"), ("2024-W45", "1"), ("2024-W46", "1")),
        ("", "3"),
    ]


def test_a_group_has_its_numbers_and_both_clocks(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    rows, summary = report(resources, tmp_path / "report")
    data, web, _ = rows["groups.csv"]
    assert (web["without_review"], web["without_ci"], data["without_review"], data["without_ci"]) == (
        "0",
        "2",
        "1",
        "2",
    )
    assert [web[f"pickup_time_working_{name}"] for name in ("count", "median_seconds")] == ["2", str(3 * HOUR)]
    # 4 hours of Tuesday, a Monday of 8 in between and an hour of Tuesday: in all 4 days and 1 hour from Tuesday on.
    assert web["cycle_time_working_count"] == "2"
    assert float(web["cycle_time_working_p90_seconds"]) == pytest.approx((4 + 0.9 * (41 - 4)) * HOUR)
    assert float(web["cycle_time_wall_median_seconds"]) == (4 + 169) / 2 * HOUR
    assert (data["closed_unmerged_working_count"], data["cycle_time_working_count"]) == ("1", "0")
    assert data["closed_unmerged_working_median_seconds"] == str(8 * HOUR)
    figures = {one.group: one for one in summary.groups}
    assert figures["Web"].phases["pickup_time"].model_dump() == {
        "n": 2,
        "median": 3 * HOUR,
        "p75": 3.5 * HOUR,
        "p90": pytest.approx(3.8 * HOUR),
    }


def test_the_median_that_does_not_forget_who_waits_stands_beside_the_plain_one(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS)
    _, summary = report(resources, tmp_path / "report")
    assert summary.whole is not None
    # Reviewed after 2, 4 and 1 hours; closed unreviewed after 8; one still waits, since a day of 8 hours.
    # 4/5 after 1 hour, 3/5 after 2, 2/5 after 4.
    assert summary.whole.first_review.model_dump() == {
        "reviewed": 3,
        "still_waiting": 1,
        "ended_without_review": 1,
        "median": 2 * HOUR,
        "kaplan_meier_median": 4 * HOUR,
    }
    nobody = next(one for one in summary.groups if one.group is None)
    assert nobody.first_review.model_dump() == {
        "reviewed": 0,
        "still_waiting": 1,
        "ended_without_review": 0,
        "median": None,
        "kaplan_meier_median": None,
    }


def test_open_ones_are_told_whenever_they_were_created_the_oldest_first(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS)
    load_text(
        "pull_requests",
        "repo,number,created_at,is_draft,approved_at,first_review_at,changes_requested_at\n"
        "org/c,7,2024-11-12T15:00:00Z,true,,,\n"
        "org/c,8,2024-11-12T16:00:00Z,,2024-11-12T17:00:00Z,2024-11-12T17:00:00Z,\n"
        "org/c,9,2024-11-12T17:00:00Z,,2024-11-12T18:00:00Z,2024-11-12T18:00:00Z,2024-11-12T19:00:00Z\n"
        "org/c,10,2024-11-12T18:00:00Z,,,,2024-11-14T18:00:00Z\n",
    )
    rows, summary = report(resources, tmp_path / "report", period="2024-W45")
    assert numbers(rows) == [1, 2, 3]
    names = ("number", "state", "waiting_for", "age_working_seconds", "age_wall_seconds")
    # As of Wednesday at 09:00 in Chicago: Tuesday's hours, and Monday's.
    assert [tuple(row[name] for name in names) for row in rows["open.csv"]] == [
        ("4", "open", "review", str(16 * HOUR), str(48 * HOUR)),
        ("5", "open", "review", str(8 * HOUR), str(24 * HOUR)),
        ("7", "draft", "", str(8 * HOUR), str(24 * HOUR)),
        ("8", "open", "merge", str(7 * HOUR), str(23 * HOUR)),
        ("9", "open", "changes", str(6 * HOUR), str(22 * HOUR)),
        ("10", "open", "review", str(5 * HOUR), str(21 * HOUR)),
    ]
    assert summary.open_now is not None
    assert summary.open_now.model_dump() == {
        "count": 6,
        "drafts": 1,
        "waiting_for": {"review": 3, "changes": 1, "merge": 1},
    }


def test_a_period_is_compared_with_the_one_before(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    for params in (
        {"period": "2024-W46"},
        {"since": "2024-11-11", "until": "2024-11-18"},
        {"since": "2024-11-11T06:00:00Z", "until": "2024-11-18T06:00:00Z"},
    ):
        folder = tmp_path / "-".join(params)
        rows, summary = report(resources, folder, by="repo", compare_to="previous", **params)
        assert numbers(rows) == [4, 5]
        found = [(row["repo"], row["count"], row["count_before"]) for row in rows["groups.csv"]]
        assert found == [("org/a", "0", "3"), ("org/b", "2", "0")]
        a, b = summary.groups
        assert (a.previous and a.previous.count, b.previous and b.previous.count) == (3, 0)
        assert summary.whole is not None
        assert summary.whole.previous is not None
        # Reviewed after an hour now, after 2 and 4 hours then.
        assert summary.whole.phases["pickup_time"].median == HOUR
        assert summary.whole.previous.medians["pickup_time"] == 3 * HOUR


def test_a_week_is_compared_with_the_whole_one_before_it(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS)
    rows, summary = report(resources, tmp_path / "all", by="week", compare_to="previous")
    names = ("week", "count", "count_before", "pickup_time_working_median_change_seconds")
    first, second = (tuple(row[name] for name in names) for row in rows["groups.csv"])
    assert first == ("2024-W45", "3", "0", "")
    assert second == ("2024-W46", "2", "3", str(-2 * HOUR))
    assert summary.whole is not None
    assert summary.whole.previous is None
    # Also where the report begins later than the week.
    rows, _ = report(resources, tmp_path / "from", by="week", compare_to="previous", since="2024-11-12")
    assert [(row["week"], row["count"], row["count_before"]) for row in rows["groups.csv"]] == [("2024-W46", "1", "3")]


@pytest.mark.parametrize(
    ("hours", "zone", "told"),
    [
        (False, False, {"default_team_hours": 5, "default_team_zone": 5}),
        # Of five pull requests one, without a team, is more than a tenth.
        (True, True, {"default_team_hours": 1, "default_team_zone": 1}),
    ],
)
def test_a_report_says_when_many_pull_requests_are_measured_in_default_hours(
    load_text: LoadText, resources: Resources, tmp_path: Path, *, hours: bool, zone: bool, told: dict[str, int]
) -> None:
    load_text("pull_requests", PULLS)
    if hours:
        load_text("hours", "team,day,start_time_local,end_time_local\nWeb,0,09:00,17:00\nData,0,09:00,17:00\n")
    if zone:
        load_text("timezones", "team,timezone_str\nWeb,Europe/Berlin\nData,Europe/Berlin\n")
    _, summary = report(resources, tmp_path / "report")
    assert {one.code: one.count for one in summary.warnings} == told
    if hours:
        _, of_teams = report(resources, tmp_path / "teams", teams=["Web", "Data"])
        assert of_teams.warnings == []


def test_holidays_are_no_working_time(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    load_text("exceptions", "team,date,what\nWeb,2024-11-11,closed\n")
    rows, _ = report(resources, tmp_path / "report")
    # From Tuesday, the 5th, to Tuesday, the 12th: four days and an hour, without the Monday.
    assert float(rows["pull_requests.csv"][1]["cycle_time_working_seconds"]) == 33 * HOUR


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"since": "2024-11-05", "until": "2024-11-05"}, "until: '2024-11-05' must be later than since"),
        ({"merged_since": "2024-11-05T00:00:00Z", "merged_until": "2024-11-04"}, "must be later than merged_since"),
        ({"period": "2024-13"}, "period: '2024-13'"),
        ({"zone": "Mars/Phobos"}, "zone: 'Mars/Phobos' is not a time zone"),
    ],
)
def test_what_cannot_be_is_refused(resources: Resources, params: dict[str, Any], words: str) -> None:
    with resources.engine.connect() as connection, pytest.raises(InvalidParameters) as caught:
        pull_requests.resolve(connection, PullRequestParams.model_validate(params))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"period": "2024-11", "since": "2024-11-05"}, "period cannot be combined with since"),
        ({"compare_to": "previous"}, "compare_to needs one range"),
        ({"compare_to": "previous", "since": "2024-11-01", "merged_since": "2024-11-01"}, "since and merged_since"),
    ],
)
def test_what_does_not_go_together_is_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PullRequestParams.model_validate(params)


def test_people_read_the_groups_how_many_have_each_time_and_who_waits(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS)
    _, summary = report(resources, tmp_path / "report", by="author")
    table = outline(summary)
    assert table.columns[:3] == ("author", "count", "")
    assert [row[:3] for row in table.rows if row[0]] == [
        *(("ada", "2", "median"), ("bob", "1", "median"), ("eve", "1", "median"), ("(none)", "1", "median")),
        ("(all)", "5", "median"),
    ]
    pickup = table.columns.index("pickup\ntime")
    assert [row[pickup] for row in table.rows[:3]] == ["2.0 h", "2.0 h", "1"]
    assert table.notes[-3:] == [
        "Time to first review including those still waiting (Kaplan-Meier): median 4.0 h, of 5; still waiting: 1.",
        "Open: 2; waiting: 2 for review, 0 for changes, 0 for merge; drafts: 0. open.csv lists them.",
        "Left out because bots wrote them: 1.",
    ]


def test_the_same_report_is_the_same_again(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    asked = PullRequestParams.model_validate({"charts": False, "period": "last_month", "compare_to": "previous"})
    with resources.engine.connect() as connection:
        resolved, _ = pull_requests.resolve(connection, asked)
    assert resolved.period not in (None, "last_month")
    assert (resolved.zone, resolved.dated_by) == ("entity", "created")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pull_requests.produce(context_of(resources, tmp_path / name), resolved)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
