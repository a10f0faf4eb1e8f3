"""The engineering report: its rows, its summary, its gaps, its pictures and its page."""

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import InvalidParameters, UnknownMetric
from app.metrics.service import MetricService
from app.reports.kinds.engineering import ENGINEERING
from app.reports.page import NO_FIGURE
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.kinds import context_of
from tests.reports.test_for_people import Page

#: A Wednesday: of the week of the 18th nothing is over.
AS_OF = "2024-11-20T12:00:00Z"
WEEKS = {"since": "2024-11-04", "until": "2024-11-18"}

_PULLS = (
    "repo,number,team,author,author_id,created_at,first_review_at,merged_at,closed_at,additions,deletions\n"
    # Monday the 4th, 09:00 in Berlin, reviewed an hour later, merged on Tuesday.
    "acme/api,1,Core,ada,1,2024-11-04T08:00:00Z,2024-11-04T09:00:00Z,2024-11-05T10:00:00Z,2024-11-05T10:00:00Z,10,5\n"
    "acme/api,2,Core,ben,2,2024-11-04T08:00:00Z,2024-11-04T11:00:00Z,2024-11-06T10:00:00Z,2024-11-06T10:00:00Z,400,50\n"
    # Merged on Sunday the 10th at 23:30 UTC, which is Monday the 11th in Berlin.
    "acme/api,3,Core,ada,1,2024-11-08T08:00:00Z,,2024-11-10T23:30:00Z,2024-11-10T23:30:00Z,1,1\n"
    "acme/web,1,Web,cem,3,2024-11-12T08:00:00Z,,,2024-11-13T08:00:00Z,3,3\n"
    "acme/web,2,Web,dependabot[bot],9,2024-10-01T08:00:00Z,,,,1,1\n"
)
_RUNS = (
    "repo,run_id,attempt,workflow,event,branch,conclusion,started_at,head_sha\n"
    "acme/api,1,1,CI,pull_request,x,failure,2024-11-05T08:00:00Z,a\n"
    "acme/api,1,2,CI,pull_request,x,success,2024-11-05T09:00:00Z,a\n"
    "acme/api,2,1,CI,pull_request,x,success,2024-11-05T08:00:00Z,b\n"
    "acme/api,3,1,CI,pull_request,x,cancelled,2024-11-05T08:00:00Z,c\n"
    "acme/api,4,1,Nightly,schedule,main,success,2024-11-12T02:00:00Z,d\n"
)


@pytest.fixture
def loaded(resources: Resources, load_text: LoadText) -> Resources:
    load_text("timezones", "team,timezone_str\nCore,Europe/Berlin\nWeb,UTC\n")
    load_text("hours", "team,day,start_time_local,end_time_local\n" + "".join(
        f"{team},{day},09:00:00,17:00:00\n" for team in ("Core", "Web") for day in range(5)
    ))  # fmt: skip
    load_text("pull_requests", _PULLS)
    load_text("workflow_runs", _RUNS)
    return resources


def made(resources: Resources, folder: Path, **params: Any) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The rows and the summary of a report."""
    folder.mkdir(exist_ok=True)
    with resources.engine.connect() as connection:
        asked = ENGINEERING.params.model_validate({"as_of": AS_OF, "charts": False, **WEEKS, **params})
        resolved, _ = ENGINEERING.resolve(connection, asked)
    ENGINEERING.produce(context_of(resources, folder), resolved)
    with (folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file)), json.loads((folder / "summary.json").read_text())


def told(rows: list[dict[str, str]], metric: str, *columns: str, by: str = "team") -> list[tuple[str, ...]]:
    """Rows of a metric: whose, when, and some of its columns."""
    shown = ("of", by, "period", *columns)
    return [tuple(row[column] for column in shown) for row in rows if row["metric"] == metric]


def test_counts_are_by_the_weeks_of_each_teams_clock_and_none_is_zero(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report")
    assert told(rows, "pull_requests_merged", "value", "n", "state") == [
        ("all", "", "", "3", "3", "complete"),
        ("all", "", "2024-W45", "2", "2", "complete"),
        ("all", "", "2024-W46", "1", "1", "complete"),
        ("team", "Core", "", "3", "3", "complete"),
        ("team", "Core", "2024-W45", "2", "2", "complete"),
        ("team", "Core", "2024-W46", "1", "1", "complete"),
        ("team", "Web", "", "0", "0", "complete"),
        ("team", "Web", "2024-W45", "0", "0", "complete"),
        ("team", "Web", "2024-W46", "0", "0", "complete"),
    ]


def test_medians_have_quantiles_and_say_that_they_are_of_few(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", each="none", teams=["Core"])
    assert told(rows, "pickup_time", "value", "p75", "p90", "n", "unit", "note") == [
        ("all", "", "", "7200", "9000", "10080", "2", "seconds", "few values"),
        ("team", "Core", "", "7200", "9000", "10080", "2", "seconds", "few values"),
    ]
    large = told(rows, "large_pull_requests", "value", "n")[1]
    assert (float(large[3]), large[4]) == (pytest.approx(100 / 3), "3")


def test_first_attempts_count_and_workflows_are_told_apart(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", by="repo", each="none")
    assert told(rows, "ci_success", "part", "value", "n", by="repo") == [
        ("all", "", "", "CI, pull requests", "50", "2"),
        ("all", "", "", "Nightly, other", "100", "1"),
        ("repo", "acme/api", "", "CI, pull requests", "50", "2"),
        ("repo", "acme/api", "", "Nightly, other", "100", "1"),
    ]
    assert told(rows, "ci_flakiness", "part", "value", by="repo")[0] == ("all", "", "", "CI", "50")


def test_what_waits_counts_at_the_end_of_each_week(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", metrics=["updates_waiting"], since="2024-10-28")
    assert [row[2:] for row in told(rows, "updates_waiting", "value") if row[1] == "Web"] == [
        ("", "1"),
        ("2024-W44", "1"),
        ("2024-W45", "1"),
        ("2024-W46", "1"),
    ]
    earlier, _ = made(loaded, tmp_path / "report", metrics=["updates_waiting"], since="2024-10-21", until="2024-10-28")
    assert {row[3] for row in told(earlier, "updates_waiting", "value")} == {"0"}, "26 days are no 30"


def test_a_week_that_is_not_over_says_so(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", metrics=["pull_requests_merged"], until="2024-11-25")
    assert [row[3] for row in told(rows, "pull_requests_merged", "state") if row[0] == "all"] == [
        "running", "complete", "complete", "running",
    ]  # fmt: skip


@pytest.fixture
def half_read(loaded: Resources) -> Resources:
    """A source that has read the pull requests of acme/api, but not those of acme/web since the 11th."""
    source = {"id": "1" * 32, "api": 1, "web": 2}
    statements = (
        (
            "INSERT INTO source (id, kind, name, options) "
            """VALUES (:id, 'github', 'hub', '{"streams": ["pull_requests"]}')"""
        ),
        "INSERT INTO source_repository (source_id, repo_id, full_name) VALUES (:id, :api, 'acme/api')",
        "INSERT INTO source_repository (source_id, repo_id, full_name) VALUES (:id, :web, 'acme/web')",
        (
            "INSERT INTO source_cursor (source_id, stream, scope, position, watermark) SELECT :id, 'pull_requests', "
            "repo_id::text, '{}', '2024-11-20 11:00Z' FROM source_repository"
        ),
        (
            "INSERT INTO source_gap (source_id, stream, scope, code, message, since) VALUES "
            "(:id, 'pull_requests', '2', 'forbidden', 'may not', '2024-11-11 00:00Z')"
        ),
    )
    with loaded.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), source)
    return loaded


def test_what_was_not_read_is_partial_and_none_is_then_not_zero(half_read: Resources, tmp_path: Path) -> None:
    rows, summary = made(half_read, tmp_path / "report", metrics=["pull_requests_merged"])
    assert told(rows, "pull_requests_merged", "value", "state") == [
        ("all", "", "", "3", "partial"),
        ("all", "", "2024-W45", "2", "complete"),
        ("all", "", "2024-W46", "1", "partial"),
        ("team", "Core", "", "3", "complete"),
        ("team", "Core", "2024-W45", "2", "complete"),
        ("team", "Core", "2024-W46", "1", "complete"),
        ("team", "Web", "", "", "partial"),
        ("team", "Web", "2024-W45", "0", "complete"),
        ("team", "Web", "2024-W46", "", "partial"),
    ]
    assert summary["not_read"] == {"pull_requests": ["acme/web"]}


def test_the_course_of_a_group_is_that_of_its_rows_where_all_was_read(half_read: Resources, tmp_path: Path) -> None:
    rows, summary = made(half_read, tmp_path / "report", metrics=["pull_requests_merged", "merge_time", "ci_success"])
    assert summary["periods"] == ["2024-W45", "2024-W46"]
    of = {(row["metric"], row["team"], row["part"], row["period"]): row for row in rows if row["of"] == "team"}
    seen = set()
    for metric in (one for pillar in summary["pillars"] for one in pillar["metrics"]):
        for group in metric["groups"]:
            for period, value in zip(summary["periods"], group["course"], strict=True):
                key = metric["metric"], group["group"] or "", group["part"] or "", period
                row = of.get(key, {"state": "complete", "value": ""})
                is_known = row["state"] == "complete" and row["value"]
                assert value == (pytest.approx(float(row["value"])) if is_known else None), key
                seen.add(value is None)
    assert seen == {True, False}


def test_many_periods_leave_the_course_of_groups_out(loaded: Resources, tmp_path: Path) -> None:
    years = {"since": "2023-01-02", "until": "2024-11-18", "metrics": ["pull_requests_merged"]}
    _, summary = made(loaded, tmp_path / "weeks", **years)
    assert {one["course"] for one in summary["pillars"][0]["metrics"][0]["groups"]} == {None}
    _, summary = made(loaded, tmp_path / "months", **years, each="month")
    assert {len(one["course"]) for one in summary["pillars"][0]["metrics"][0]["groups"]} == {23}


def warned_of(resources: Resources, folder: Path, asked: dict[str, Any]) -> list[Any]:
    """What a report warns of."""
    warned: list[Any] = []
    context = replace(context_of(resources, folder), warn=warned.append)
    with resources.engine.connect() as connection:
        params = ENGINEERING.params.model_validate({"as_of": AS_OF, "charts": False, **asked})
        ENGINEERING.produce(context, ENGINEERING.resolve(connection, params)[0])
    return warned


def test_what_was_not_read_is_a_warning(half_read: Resources, tmp_path: Path) -> None:
    warned = warned_of(half_read, tmp_path, WEEKS)
    assert [(one["code"], one["count"], one["examples"]) for one in warned] == [("not_read_stream", 1, ["acme/web"])]


def test_dates_in_which_nothing_counts_are_a_warning_if_something_was_loaded(loaded: Resources, tmp_path: Path) -> None:
    assert warned_of(loaded, tmp_path, WEEKS) == []
    warned = warned_of(loaded, tmp_path, {"since": "2023-01-02", "until": "2023-01-16", "metrics": ["merge_time"]})
    assert [(one["code"], one["count"]) for one in warned] == [("nothing_counts", 5)]
    assert "none of them counts from 2023-01-02 to 2023-01-15" in warned[0]["message"]


def test_a_definition_that_cannot_be_read_any_more_is_left_out_and_named(loaded: Resources, tmp_path: Path) -> None:
    with loaded.engine.begin() as connection:
        old = '{"from": "moons", "pillar": "team"}'
        connection.execute(text(f"INSERT INTO metric_definition (name, version, document) VALUES ('old', 1, '{old}')"))
    warned = warned_of(loaded, tmp_path, WEEKS)
    assert [(one["code"], one["examples"]) for one in warned] == [("unreadable_metrics", ["old"])]
    assert not warned_of(loaded, tmp_path, {**WEEKS, "pillars": ["version_control"]})
    with pytest.raises(InvalidParameters, match="moons"):
        warned_of(loaded, tmp_path, {**WEEKS, "metrics": ["old"]})


def test_an_empty_database_is_no_warning(resources: Resources, tmp_path: Path) -> None:
    assert warned_of(resources, tmp_path, WEEKS) == []


def test_incidents_are_not_shown_before_something_says_what_they_are(
    loaded: Resources, load_text: LoadText, tmp_path: Path
) -> None:
    load_text("issues", "repo,number,state,labels,created_at\nacme/api,9,open,outage,2024-11-12T08:00:00Z\n")
    rows, summary = made(loaded, tmp_path / "report")
    assert summary["left_out"] == ["change_fail_rate", "incidents", "recovery_time"]
    assert not {"change_fail_rate", "incidents"} & {row["metric"] for row in rows}
    settings = loaded.settings.model_copy(update={"incident_labels": "incident, outage"})
    rows, summary = made(replace(loaded, settings=settings), tmp_path / "other")
    assert summary["left_out"] == []
    assert told(rows, "incidents", "value")[0] == ("all", "", "", "1")


def test_what_was_never_loaded_is_not_zero(loaded: Resources, tmp_path: Path) -> None:
    rows, summary = made(loaded, tmp_path)
    assert not told(rows, "commits", "value")
    of = {one["metric"]: one for pillar in summary["pillars"] for one in pillar["metrics"]}
    assert of["releases"]["whole"] == []
    assert [one["value"] for one in of["reviews_per_pull_request"]["whole"]] in ([], [None])


def test_a_report_keeps_to_the_versions_that_there_were_when_it_was_asked_for(
    loaded: Resources, tmp_path: Path
) -> None:
    mine = {"pillar": "team", "title": "Mine", "from": "pull_requests", "when": "merged_at", "value": {"count": "*"}}
    service = MetricService(loaded.engine, loaded.settings)
    service.put("mine", mine)
    with loaded.engine.connect() as connection:
        asked = ENGINEERING.params.model_validate({"as_of": AS_OF, "charts": False, **WEEKS, "metrics": ["mine"]})
        first, _ = ENGINEERING.resolve(connection, asked)
    service.put("mine", {**mine, "where": [["lines", ">", 400]]})
    ENGINEERING.produce(context_of(loaded, tmp_path), first)
    summary = json.loads((tmp_path / "summary.json").read_text())
    (metric,) = summary["pillars"][0]["metrics"]
    assert (metric["version"], metric["whole"][0]["value"]) == (1, 3)
    rows, _ = made(loaded, tmp_path / "second", metrics=["mine"], each="none")
    assert told(rows, "mine", "value", "version")[0][3:] == ("1", "2")
    rows, _ = made(loaded, tmp_path / "third", metrics=["mine@1"], each="none")
    assert told(rows, "mine", "value", "version")[0][3:] == ("3", "1")


def test_teams_and_repositories_can_be_chosen(loaded: Resources, tmp_path: Path) -> None:
    rows, _ = made(loaded, tmp_path / "report", teams=["Web"], metrics=["acceptance"], each="none")
    assert told(rows, "acceptance", "value", "n") == [("all", "", "", "0", "1"), ("team", "Web", "", "0", "1")]
    rows, _ = made(loaded, tmp_path / "report", repos=["acme/api"], metrics=["acceptance"], each="none", by="repo")
    assert [row[1] for row in told(rows, "acceptance", "value", by="repo")] == ["", "acme/api"]


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"metrics": ["ci_succes"]}, UnknownMetric, "did you mean 'ci_success'"),
        ({"metrics": ["ci_success@3"]}, UnknownMetric, "of version 3"),
        ({"metrics": ["after_hours"], "by": "repo"}, InvalidParameters, "does not go with after_hours"),
        ({"metrics": ["commits"], "pillars": ["team"]}, InvalidParameters, "none of the metrics that were named"),
        ({"teams": ["Cor"]}, InvalidParameters, "Core"),
        ({"since": "2024-11-18", "until": "2024-11-18"}, InvalidParameters, "must be later than since"),
        ({"since": "2030-01-01", "until": "2030-02-01"}, InvalidParameters, "begins after as_of"),
        ({"since": "1990-01-01"}, InvalidParameters, "more than 3,660 days"),
        ({"zone": "Mars"}, InvalidParameters, "is not a time zone"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    loaded: Resources, params: dict[str, Any], error: type[Exception], words: str
) -> None:
    asked = ENGINEERING.params.model_validate({"as_of": AS_OF, **WEEKS, **params})
    with loaded.engine.connect() as connection, pytest.raises(error, match=words):
        ENGINEERING.resolve(connection, asked)


def test_dates_are_the_twelve_whole_weeks_before_unless_something_else_is_said(loaded: Resources) -> None:
    def dates(**params: Any) -> tuple[str, str]:
        with loaded.engine.connect() as connection:
            asked = ENGINEERING.params.model_validate({"as_of": AS_OF, **params})
            resolved = ENGINEERING.resolve(connection, asked)[0].model_dump(mode="json")
        return resolved["since"] or resolved["period"], resolved["until"] or ""

    assert dates() == ("2024-08-26", "2024-11-18")
    assert dates(since="2024-11-01") == ("2024-11-01", "2024-11-21")
    assert dates(period="last_month") == ("2024-10", "")


def test_the_page_has_each_metric_with_its_caveat_and_no_name_of_a_person(loaded: Resources, tmp_path: Path) -> None:
    made(loaded, tmp_path, html=True)
    page = Page((tmp_path / "report.html").read_text())
    assert {"Version control", "Infrastructure", "Pull requests merged", "Core"} <= set(page.texts)
    assert any(one.startswith("CI success: First attempts that succeeded") for one in page.texts)
    assert NO_FIGURE in page.texts
    assert not {"ada", "ben", "cem"} & set(page.texts)


def test_the_outline_names_what_is_of_few(loaded: Resources, tmp_path: Path) -> None:
    _, summary = made(loaded, tmp_path)
    assert ENGINEERING.outline is not None
    assert ENGINEERING.findings is not None
    outline = ENGINEERING.outline(ENGINEERING.findings.model_validate(summary))
    assert ("Pickup time", "2.0 h*", "2") in outline.rows
    assert ("CI success: CI, pull requests", "50.0 %*", "2") in outline.rows
    assert (
        "Not shown until OPENHOURS_INCIDENT_LABELS is set: change_fail_rate, incidents, recovery_time." in outline.notes
    )


def test_an_empty_database_has_a_report_without_figures(resources: Resources, tmp_path: Path) -> None:
    rows, summary = made(resources, tmp_path)
    assert {row["value"] for row in rows} <= {"", "0"}
    assert [pillar["pillar"] for pillar in summary["pillars"]] == [
        "version_control", "compatibility", "infrastructure", "team",
    ]  # fmt: skip


def test_each_pillar_with_figures_has_a_chart(half_read: Resources, tmp_path: Path) -> None:
    made(half_read, tmp_path, charts=True)
    drawn = {path.name.partition(".")[0] for path in tmp_path.glob("*.png")}
    assert drawn == {"version_control", "infrastructure", "team", "compatibility"}
    spec = json.loads((tmp_path / "version_control.vl.json").read_text())
    marks = [
        mark for rows in spec["datasets"].values() for mark in rows if mark.get("metric") == "Pull requests merged"
    ]
    assert {(mark["period"], mark["is_gap"]) for mark in marks} == {("2024-W45", False), ("2024-W46", True)}


def test_a_team_alone_has_the_figures_that_it_has_among_all_of_what_is_looked_at_day_by_day(
    resources: Resources, load_text: LoadText, tmp_path: Path
) -> None:
    load_text(
        "team_repositories",
        "team,repo,valid_from,valid_to\nCore,acme/api,2024-01-01,2024-11-07\nWeb,acme/api,2024-11-08,\n"
        "Web,acme/web,2024-01-01,\n",
    )
    load_text(
        "branches",
        "repo,branch,seen_on,sha,is_default,is_protected,committed_at\n"
        + "".join(
            f"acme/{repo},old,2024-11-{day:02},a,false,false,2024-01-01T00:00:00Z\n"
            for repo, day in (("api", 5), ("api", 9), ("web", 5))
        ),
    )
    metric = "stale_branches"
    every, _ = made(resources, tmp_path / "all", metrics=[metric], each="none")
    assert ("team", "Web", "", "2") in told(every, metric, "value")
    for team in ("Core", "Web"):
        alone, _ = made(resources, tmp_path / team, metrics=[metric], each="none", teams=[team])
        of_team = [row for row in told(every, metric, "value", "state") if row[1] == team]
        assert [row for row in told(alone, metric, "value", "state") if row[0] == "team"] == of_team
        _, counted = MetricService(resources.engine, resources.settings).rows(
            metric,
            version=None,
            since=date(2024, 11, 4),
            until=date(2024, 11, 18),
            as_of=datetime(2024, 11, 20, tzinfo=UTC),
            limit=10,
            team=team,
        )
        assert len(counted.rows) == (2 if team == "Web" else 0)
