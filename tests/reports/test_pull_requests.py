"""The pull-request report from CSV to files: its numbers, its filters, its summary."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from app.charts.colours import TEAMS
from app.errors import InvalidParameters
from app.files.artifact import Artifact
from app.flow.phases import PHASES
from app.flow.summary import NOTHING_LEFT, FlowSummary
from app.reports.kinds import pull_requests
from app.reports.kinds.pull_requests import PullRequestParams
from app.storage.resources import Resources
from tests.asking import reported
from tests.conftest import GOLDEN, SAMPLE_DATA, LoadText, api, load_file
from tests.kinds import context_of
from tests.reference import pull_requests as reference
from tests.reference.pull_request_phases import PullRequest, phases, review
from tests.reference.uptime import Window

SAMPLE_ID = "0" * 31 + "1"

#: Statistics are floats; the twin's are exact.
CLOSE = 1e-9


def make(resources: Resources, folder: Path, **params: object) -> dict[str, Artifact]:
    """The files of a report by name, without charts unless they are asked for."""
    asked = PullRequestParams.model_validate({"charts": False} | params)
    with resources.engine.connect() as connection:
        resolved, as_of = pull_requests.resolve(connection, asked)
    assert as_of.tzinfo is not None
    folder.mkdir(exist_ok=True)
    return {one.path.name: one for one in pull_requests.produce(context_of(resources, folder), resolved)}


def rows_of(artifact: Artifact) -> list[dict[str, str]]:
    with artifact.path.open(newline="") as file:
        return list(csv.DictReader(file))


def summary_of(files: Mapping[str, Artifact]) -> FlowSummary:
    return FlowSummary.model_validate_json(files["summary.json"].path.read_bytes())


def load_sample_data(resources: Resources) -> None:
    for kind, name in (("hours", "team_hours"), ("timezones", "team_timezones"), ("pull_requests", "pull_requests")):
        load_file(resources, kind, SAMPLE_DATA / f"{name}.csv")


def sample_pulls() -> list[PullRequest]:
    """The sample as its file has it."""
    with (SAMPLE_DATA / "pull_requests.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    instants = {name for name in rows[0] if name.endswith("_at")}
    return [
        PullRequest(
            **{
                name: (datetime.fromisoformat(text) if text else None) if name in instants else text or None
                for name, text in row.items()
                if name != "number"
            },
            number=int(row["number"]),
        )
        for row in rows
    ]


def sample_teams() -> tuple[list[Window], dict[str, str]]:
    with (SAMPLE_DATA / "team_hours.csv").open(newline="") as file:
        windows = [
            Window(row["team"], int(row["day"]), row["start_time_local"], row["end_time_local"])
            for row in csv.DictReader(file)
        ]
    with (SAMPLE_DATA / "team_timezones.csv").open(newline="") as file:
        return windows, {row["team"]: row["timezone_str"] for row in csv.DictReader(file)}


def test_the_sample_data_agrees_with_the_reference(resources: Resources, tmp_path: Path) -> None:
    """Every tenth row: the twin counts minutes, and some of these took weeks."""
    load_sample_data(resources)
    files = make(resources, tmp_path)
    rows, pulls = rows_of(files["pull_requests.csv"]), sample_pulls()
    pulls.sort(key=lambda pull: (pull.repo, pull.number))
    windows, zones = sample_teams()
    assert [(row["repo"], int(row["number"])) for row in rows] == [(pull.repo, pull.number) for pull in pulls]
    for pull, row in list(zip(pulls, rows, strict=True))[::10]:
        own = [window for window in windows if window.store_id == pull.team]
        durations, inconsistent = phases(pull, own, zones.get(str(pull.team)))
        for name, both in durations.items():
            got = [row[f"{name}_{clock}_seconds"] for clock in ("wall", "working")]
            assert [float(text) if text else None for text in got] == list(both), (pull.number, name)
        assert int(row["inconsistent"]) == len(inconsistent)


def test_the_summary_is_what_the_rows_come_to(resources: Resources, tmp_path: Path) -> None:
    load_sample_data(resources)
    for clock in ("working", "wall"):
        files = make(resources, tmp_path / clock, clock=clock)
        rows, summary = rows_of(files["pull_requests.csv"]), summary_of(files)
        groups = {team: [row for row in rows if row["team"] == team] for team in {row["team"] for row in rows}}
        assert sorted(groups) == summary.teams == list(summary.per_team)
        for found, of in [(summary.stats, rows), *((summary.per_team[team], groups[team]) for team in groups)]:
            assert found.count == len(of)
            for phase in PHASES:
                texts = [row[f"{phase}_{clock}_seconds"] for row in of]
                expected = reference.statistics(float(text) if text else None for text in texts)
                assert found.counts[phase] == expected["count"]
                for name in ("mean", "median", "mode", "p75", "p90", "p95"):
                    value = expected[name]
                    got = getattr(found, name)[phase]
                    assert got == (None if value is None else pytest.approx(float(value), rel=CLOSE)), (phase, name)
        assert summary.total_num_observations == len(rows) == files["pull_requests.csv"].rows == 300
        assert summary.num_prs_without_review == sum(review(pull) is None for pull in sample_pulls())
        assert summary.num_prs_without_ci == sum(not row["ci_finished_at"] for row in rows)
        assert sum(summary.num_inconsistent.values()) == sum(int(row["inconsistent"]) for row in rows)
        created = [row["created_at"] for row in rows]
        assert summary.date_interval.begin == min(created)
        assert summary.date_interval.end == max(created)
        assert summary.notes == []


def test_the_published_figures_of_a_real_sample_are_reproduced(resources: Resources, tmp_path: Path) -> None:
    folder = GOLDEN / "review_times"
    load_file(resources, "review_times", folder / "t1.csv", dataset_id=SAMPLE_ID)
    files = make(resources, tmp_path, source=SAMPLE_ID)
    got = json.loads(files["summary.json"].path.read_text())
    expected = json.loads((folder / "t1_expected.json").read_text())
    assert files["pull_requests.csv"].rows == 96
    _assert_rounds_to(got, expected, "summary")


def _assert_rounds_to(got: Any, expected: Any, where: str) -> None:
    """Every published member is there, with the figure that rounds to the published one."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            _assert_rounds_to(got[name], value, f"{where}.{name}")
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, abs=0.05 + 1e-9), where
    else:
        assert got == expected, where


def test_a_sample_with_missing_values_counts_what_it_has(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    path = tmp_path / "sample.csv"
    path.write_text("review_time,team,date,merge_time\n1,A,2023-01-14,10\n,B,2023-01-15,20\n2,A,,\n0,,2023-01-16,0\n")
    load_file(resources, "review_times", path, dataset_id=SAMPLE_ID)
    files = make(resources, tmp_path / "report", source=SAMPLE_ID)
    summary = summary_of(files)
    assert summary.num_missing_values == {"review_time": 1, "merge_time": 1, "date": 1, "team": 1}
    assert summary.stats.counts == {"review_time": 3, "merge_time": 3, "total_time": 2}
    assert (summary.num_prs_without_review, summary.num_prs_without_ci) == (1, 1)
    assert summary.stats.mean == {"review_time": 1.0, "merge_time": 10.0, "total_time": 5.5}
    assert (summary.teams, summary.per_team["A"].count) == (["A", "B"], 2)
    assert summary.clock is None
    assert summary.as_of == datetime(2023, 1, 17, tzinfo=UTC)
    assert summary.date_interval.model_dump() == {"begin": "2023-01-14T00:00:00", "end": "2023-01-16T00:00:00"}
    assert files["pull_requests.csv"].path.read_text() == (
        '"team","date","review_time","merge_time","total_time"\n'
        "A,2023-01-14,1,10,11\nB,2023-01-15,,20,\nA,,2,,\n,2023-01-16,0,0,0\n"
    )
    dated = make(resources, tmp_path / "dated", source=SAMPLE_ID, since="2023-01-15T00:00:00Z", teams=["B"])
    assert [row["date"] for row in rows_of(dated["pull_requests.csv"])] == ["2023-01-15"]


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2023-01-14T00:00:00Z", "2023-01-16T00:00:00Z", [14, 15]),
        ("2023-01-14T00:00:00.000001Z", "2023-01-16T00:00:00.000001Z", [15, 16]),
        ("2023-01-13T23:59:59Z", "2023-01-14T23:59:59Z", [14]),
        # Midnight in Tokyo is 15:00 of the day before in UTC, whose days count.
        ("2023-01-15T00:00:00+09:00", "2023-01-16T00:00:00+09:00", [15]),
        ("2023-01-15T09:00:00+09:00", "2023-01-16T09:00:00+09:00", [15]),
        ("2023-01-15T09:00:01+09:00", None, [16]),
        (None, None, [14, 15, 16, None]),
        (None, "2100-01-01T00:00:00Z", [14, 15, 16]),
    ],
)
def test_a_date_is_chosen_by_its_beginning_in_utc(
    resources: Resources, tmp_path: Path, since: str | None, until: str | None, days: list[int | None]
) -> None:
    path = tmp_path / "sample.csv"
    dated = "".join(f",,2023-01-{day},\n" for day in (14, 15, 16))
    path.write_text(f"review_time,team,date,merge_time\n{dated},,,\n")
    load_file(resources, "review_times", path, dataset_id=SAMPLE_ID)
    files = make(resources, tmp_path / "report", source=SAMPLE_ID, since=since, until=until)
    found = [row["date"] for row in rows_of(files["pull_requests.csv"])]
    assert found == ["" if day is None else f"2023-01-{day}" for day in days]


PULLS = """repo,number,team,created_at,first_review_at,merged_at
org/b,2,Web,2024-11-04T15:00:00Z,2024-11-04T16:00:00Z,2024-11-04T18:00:00Z
org/a,10,Data,2024-11-05T15:00:00Z,2024-11-05T16:00:00Z,
org/a,9,,2024-11-06T15:00:00Z,,
"""


def numbers(files: Mapping[str, Artifact]) -> list[int]:
    return [int(row["number"]) for row in rows_of(files["pull_requests.csv"])]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [9, 10, 2]),
        ({"repos": ["org/a"]}, [9, 10]),
        ({"teams": ["Web", "Data"]}, [10, 2]),
        ({"teams": ["Web"], "repos": ["org/a"]}, []),
        ({"since": "2024-11-05T15:00:00Z"}, [9, 10]),
        ({"until": "2024-11-05T15:00:00Z"}, [2]),
        ({"since": "2024-11-05T16:00:00+01:00", "until": "2024-11-06T15:00:00Z"}, [10]),
        ({"as_of": "2024-11-05T15:30:00Z"}, [10, 2]),
    ],
)
def test_filters_choose_pull_requests(
    load_text: LoadText, resources: Resources, tmp_path: Path, params: dict[str, Any], expected: Sequence[int]
) -> None:
    load_text("pull_requests", PULLS)
    assert numbers(make(resources, tmp_path / "report", **params)) == list(expected)


def test_what_happened_after_as_of_is_left_out(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    files = make(resources, tmp_path / "report", as_of="2024-11-04T17:00:00Z", hourly=True)
    (row,) = rows_of(files["pull_requests.csv"])
    assert (row["first_review_at"], row["merged_at"], row["cycle_time_wall_seconds"]) == (
        "2024-11-04T16:00:00Z",
        "",
        "",
    )
    # Chicago, Monday: 15:00Z is 09:00; the review came at 16:00Z.
    assert files["hourly.csv"].path.read_text() == (
        '"team","hour_utc","awaiting_review","in_review","approved"\n'
        '"Web","2024-11-04T15:00:00Z",1,0,0\n"Web","2024-11-04T16:00:00Z",0,1,0\n'
    )


def test_what_is_still_a_draft_at_as_of_is_not_waiting(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text(
        "pull_requests",
        "repo,number,team,created_at,ready_at,first_review_at\n"
        "org/a,1,Web,2024-11-04T15:00:00Z,2024-11-04T20:00:00Z,\n"
        "org/a,2,Web,2024-11-04T15:00:00Z,2024-11-04T20:00:00Z,2024-11-04T16:00:00Z\n"
        "org/a,3,Web,2024-11-04T15:00:00Z,2024-11-04T16:00:00Z,\n",
    )
    files = make(resources, tmp_path / "report", as_of="2024-11-04T18:00:00Z", hourly=True)
    rows = rows_of(files["pull_requests.csv"])
    assert [row["ready_at"] for row in rows] == ["", "", "2024-11-04T16:00:00Z"]
    assert [row["pickup_time_wall_seconds"] for row in rows] == ["", "", ""]
    assert [row["inconsistent"] for row in rows] == ["0", "0", "0"]
    assert summary_of(files).num_missing_values["ready_at"] == 2
    hours = [(row["hour_utc"], row["awaiting_review"], row["in_review"]) for row in rows_of(files["hourly.csv"])]
    assert hours == [("2024-11-04T16:00:00Z", "1", "0"), ("2024-11-04T17:00:00Z", "1", "0")]


def test_the_latest_event_is_the_default_as_of(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    assert summary_of(make(resources, tmp_path / "report")).as_of == datetime(2024, 11, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize("params", [{"teams": ["Web"], "repos": ["org/a"]}, {"until": "2020-01-01T00:00:00Z"}])
def test_a_report_of_nothing_completes_and_says_so(
    load_text: LoadText, resources: Resources, tmp_path: Path, params: dict[str, Any]
) -> None:
    load_text("pull_requests", PULLS)
    files = make(resources, tmp_path / "report", charts=True, hourly=True, **params)
    assert list(files) == ["pull_requests.csv", "hourly.csv", "summary.json", "groups.csv", "open.csv"]
    assert [file.rows for file in files.values()][:4] == [0, 0, 0, 0]
    summary = summary_of(files)
    assert (summary.total_num_observations, summary.teams, summary.notes) == (0, [], [NOTHING_LEFT])
    assert (summary.stats.count, set(summary.stats.mean.values())) == (0, {None})
    assert rows_of(files["pull_requests.csv"]) == []


def test_a_report_before_anything_is_loaded_is_one_of_nothing(resources: Resources, tmp_path: Path) -> None:
    files = make(resources, tmp_path / "report", charts=True)
    assert summary_of(files).notes == [NOTHING_LEFT]


def test_an_unknown_team_is_refused_with_the_nearest(load_text: LoadText, resources: Resources, tmp_path: Path) -> None:
    load_text("pull_requests", PULLS)
    with pytest.raises(InvalidParameters, match=r"teams: no loaded file has named the team 'Wbe' \(did you mean 'Web'"):
        make(resources, tmp_path / "report", teams=["Wbe"])


def test_a_number_of_pull_requests_without_a_team_is_in_the_whole_alone(
    load_text: LoadText, resources: Resources, tmp_path: Path
) -> None:
    load_text("pull_requests", PULLS)
    summary = summary_of(make(resources, tmp_path / "report"))
    assert summary.stats.count == 3
    assert {team: of.count for team, of in summary.per_team.items()} == {"Data": 1, "Web": 1}
    assert summary.num_missing_values["team"] == 1


def test_a_wrong_year_makes_the_report_of_many_teams_no_less_right(resources: Resources, tmp_path: Path) -> None:
    text = io.StringIO()
    text.write("repo,number,team,created_at,first_review_at\n")
    for number in range(1, 41):
        year = 1970 if number == 1 else 2024
        text.write(f"org/a,{number},team {number},{year}-11-04T15:00:00Z,2024-11-04T16:00:00Z\n")
    path = tmp_path / "pulls.csv"
    path.write_text(text.getvalue())
    load_file(resources, "pull_requests", path)
    rows = rows_of(make(resources, tmp_path / "report")["pull_requests.csv"])
    working = np.array([float(row["pickup_time_working_seconds"]) for row in rows])
    assert (working[1:] == 3600).all()
    assert working[0] > 54 * 365 * 5 / 7 * 8 * 3600


OF_SAMPLES = ("review_time_per_team", "merge_time_per_team", "pull_requests_per_team", "mean_times_per_team")
OF_EVENTS = ("review_time_per_team", "merge_time_per_team", "mean_times_per_team")
OF_WAITING = ("first_review_per_group", "first_review_by_week", "who_waits_when")
CHARTS = [*OF_WAITING, *(f"{name}{which}" for which in ("", "_reviewed_and_merged_only") for name in OF_EVENTS)]
SAMPLE_CHARTS = [f"{name}{which}" for which in ("", "_without_outliers") for name in OF_SAMPLES]


def test_charts_are_drawn_each_beside_its_specification(resources: Resources, tmp_path: Path) -> None:
    load_sample_data(resources)
    files = make(resources, tmp_path, charts=True)
    both = [f"{name}{ending}" for name in CHARTS for ending in (".png", ".vl.json")]
    assert list(files) == ["pull_requests.csv", "summary.json", "groups.csv", "open.csv", *both]
    rows = rows_of(files["pull_requests.csv"])
    reviewed = [row for row in rows if row["review_time_working_seconds"]]
    ordinary = [row for row in reviewed if row["merge_time_working_seconds"]]
    assert files["review_time_per_team.png"].rows == len(reviewed)
    assert {files[f"{name}.png"].rows for name in CHARTS[6:]} == {len(ordinary)}
    for name in CHARTS:
        specification = json.loads(files[f"{name}.vl.json"].path.read_text())
        assert specification["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
        picture = files[f"{name}.png"].path.read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20], "big") >= 800


@pytest.mark.usefixtures("undrawn")
def test_outliers_of_a_sample_are_those_that_took_no_time(resources: Resources, tmp_path: Path) -> None:
    load_file(resources, "review_times", GOLDEN / "review_times" / "t1.csv", dataset_id=SAMPLE_ID)
    files = make(resources, tmp_path, source=SAMPLE_ID, charts=True)
    took_time = [
        row for row in rows_of(files["pull_requests.csv"]) if "0" not in (row["review_time"], row["merge_time"])
    ]
    assert files["pull_requests_per_team.png"].rows == 96
    assert {files[f"{name}.png"].rows for name in SAMPLE_CHARTS[4:]} == {len(took_time)}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "working time"),
        ({"clock": "wall"}, "elapsed time"),
        ({"source": SAMPLE_ID}, "as measured in the sample"),
    ],
)
def test_charts_say_what_their_durations_are_measured_in(
    resources: Resources, tmp_path: Path, params: dict[str, Any], words: str
) -> None:
    load_sample_data(resources)
    load_file(resources, "review_times", GOLDEN / "review_times" / "t1.csv", dataset_id=SAMPLE_ID)
    files = make(resources, tmp_path, charts=True, **params)
    specification = json.loads(files["review_time_per_team.vl.json"].path.read_text())
    assert specification["title"]["text"] == f"Review time per team, {words}"


def test_who_asks_for_charts_learns_how_many_teams_they_show() -> None:
    description = PullRequestParams.model_fields["charts"].description or ""
    rules = (Path(__file__).parents[2] / "docs" / "pull-request-rules.md").read_text()
    assert f"the {TEAMS} teams with the most pull requests" in description
    assert f"the {TEAMS} teams with the most rows" in rules


def test_a_report_comes_whole_with_a_link_to_each_file(resources: Resources) -> None:
    load_sample_data(resources)
    with api(resources, slots=1) as client:
        answer = reported(client, report="pull_requests")
        assert answer["status"] == "Complete", answer
        files = answer["files"]
        names = ["pull_requests.csv", "summary.json", "groups.csv", "open.csv", "first_review_per_group.png"]
        assert [file["name"] for file in files][: len(names)] == names
        assert answer["url"] == files[0]["url"]
        assert len({file["url"] for file in files}) == len(files) == 23
        for file in files:
            got = httpx2.get(file["url"]).content
            assert (len(got), hashlib.sha256(got).hexdigest()) == (file["bytes"], file["sha256"])
            if file["name"] == "summary.json":
                assert client.get(f"/reports/{answer['report_id']}/summary").content == got
