"""The view of metrics by week says what the reports by team and by repository say, and changes as little as it must."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.dashboards.engineering import KEPT_WEEKS
from app.metrics.service import MetricService
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import SAMPLE_DATA, resources_like
from tests.dashboards.world import (
    NOW,
    bring,
    bring_engineering,
    bring_samples,
    bring_text,
    filled,
    refreshed,
    report,
    view,
)

VIEW = "openhours_engineering_week"

#: The running week, and the first of those that are kept.
RUNNING = NOW.date() - timedelta(days=NOW.weekday())
FIRST = RUNNING - timedelta(weeks=KEPT_WEEKS)

#: Counts deployments, and whom by something that no shipped metric counts.
DEFINITION = {
    "pillar": "infrastructure",
    "title": "Deployments of anything",
    "from": "deployments",
    "when": "created_at",
    "value": {"count": "*"},
}

LATE = "repo,deployment_id,environment,created_at,succeeded_at\npayments-api,9000,production,{at}:00Z,{at}:30Z\n"


#: Of a source that reads nothing else.
_OPTIONS = '{"streams": ["deployments"]}'


@pytest.fixture(scope="module")
def world(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """Sample data that is loaded and refreshed; tests only read it."""
    settings = session_settings.model_copy(update={"incident_labels": "incident"})
    with filled(servers, settings, tmp_path_factory.mktemp("world"), bring_samples, bring_engineering) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def model(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """What those tests begin with that change something; it takes them seconds to bring, and is copied."""
    folder = tmp_path_factory.mktemp("model")
    with filled(servers, session_settings, folder, bring_pull_requests, bring_engineering) as fresh:
        yield fresh


def bring_pull_requests(resources: Resources, _: Path) -> None:
    bring(resources, "pull_requests", SAMPLE_DATA / "pull_requests.csv")


@pytest.fixture
def changing(model: Resources, servers: Addresses) -> Iterator[Resources]:
    with resources_like(model, servers) as copy:
        yield copy


def written(resources: Resources) -> dict[tuple[Any, ...], str]:
    """The transaction that wrote each row."""
    with resources.engine.connect() as connection:
        rows = connection.execute(text("SELECT metric, of, week, group_name, part, xmin::text FROM engineering_week"))
        return {tuple(row)[:5]: row.xmin for row in rows}


def reported(resources: Resources, folder: Path, by: str) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows of the report that a week is of and that say something, as the view should have them."""
    rows = report(
        resources,
        "engineering",
        folder,
        by=by,
        since=FIRST.isoformat(),
        until=(RUNNING + timedelta(weeks=1)).isoformat(),
        as_of=NOW.isoformat(),
        charts=False,
    )
    monday = {
        "{:04}-W{:02}".format(*day.isocalendar()[:2]): day.isoformat()
        for day in (FIRST + timedelta(weeks=number) for number in range(KEPT_WEEKS + 1))
    }
    return {
        (row["metric"], row["of"], row[by], monday[row["period"]], row["part"]): row
        for row in rows
        if row["period"] and (row["value"] or row["n"] != "0" or row["state"] == "partial")
    }


@pytest.mark.parametrize("by", ["team", "repo"])
def test_the_rows_are_those_of_the_report(world: Resources, tmp_path: Path, by: str) -> None:
    theirs = reported(world, tmp_path / by, by)
    mine = {
        (row["metric"], row["of"], row["group_name"] or "", row["week"].isoformat(), row["part"] or ""): row
        for row in view(world, VIEW, f"of IN ('all', '{by}')")
    }
    both = {key for key in mine if by == "team" or key[0] != "after_hours"}  # which is not by repository
    assert len(both) > 5_000
    assert both == theirs.keys()
    for key in both:
        row, other = mine[key], theirs[key]
        for name in ("value", "p75", "p90"):
            assert row[name] == (float(other[name]) if other[name] else None), (key, name)
        note = "too few people" if row["withheld"] else "few values" if row["few"] else ""
        told = (row["pillar"], row["unit"] or "", str(row["n"]), row["state"], note, str(row["version"]))
        assert told == tuple(other[name] for name in ("pillar", "unit", "n", "state", "note", "version")), key


def test_there_is_something_of_each_kind(world: Resources) -> None:
    rows = view(world, VIEW)
    assert {row["pillar"] for row in rows} == {"version_control", "compatibility", "infrastructure", "team"}
    assert {row["state"] for row in rows} == {"complete", "running"}
    for name in ("few", "withheld", "part", "group_name", "p90", "unit"):
        assert any(row[name] for row in rows), name
        assert not all(row[name] for row in rows), name
    assert all(row["caveat"] for row in rows)
    weeks = {row["week"] for row in rows}
    assert (min(weeks), max(weeks), len(weeks)) == (FIRST, RUNNING, KEPT_WEEKS + 1)
    assert {row["state"] for row in rows if row["week"] == RUNNING} == {"running"}
    assert {row["metric"] for row in rows} >= {"change_fail_rate", "incidents"}


def test_what_all_have_is_there_once(world: Resources) -> None:
    rows = view(world, VIEW, "of = 'all' AND group_name IS NOT NULL")
    assert rows == []
    keys = [(row["metric"], row["week"], row["part"]) for row in view(world, VIEW, "of = 'all'")]
    assert len(keys) == len(set(keys)) > 500


def test_without_a_convention_nothing_is_said_of_failures(changing: Resources) -> None:
    assert view(changing, VIEW, "metric IN ('change_fail_rate', 'incidents', 'recovery_time')") == []


def test_one_more_deployment_changes_its_week_alone(changing: Resources, tmp_path: Path) -> None:
    before = written(changing)
    bring_text(changing, "deployments", LATE.format(at="2024-11-12T10:00"), tmp_path)
    done = refreshed(changing, tmp_path)
    after = written(changing)
    changed = {key for key in after if after[key] != before.get(key)}
    assert done.rows[VIEW] == len(changed) > 0
    assert before.keys() <= after.keys()
    assert {key[0] for key in changed} == {"deployment_frequency"}
    assert {key[2] for key in changed} == {date(2024, 11, 11)}
    assert {key[1] for key in changed} == {"all", "team", "repo"}


def test_a_definition_appears_is_replaced_and_goes(changing: Resources, tmp_path: Path) -> None:
    def rows() -> list[dict[str, Any]]:
        return view(changing, VIEW, "metric = 'deployments_of_anything' AND of = 'all' AND value > 0")

    service = MetricService(changing.engine, changing.settings)
    others = written(changing)
    service.put("deployments_of_anything", DEFINITION)
    refreshed(changing, tmp_path)
    assert {(row["title"], row["version"]) for row in rows()} == {("Deployments of anything", 1)}
    service.put("deployments_of_anything", DEFINITION | {"title": "All deployments"})
    assert refreshed(changing, tmp_path).rows == {VIEW: 0}  # no figure is another one
    assert {(row["title"], row["version"]) for row in rows()} == {("All deployments", 2)}
    service.remove("deployments_of_anything")
    gone = refreshed(changing, tmp_path).rows[VIEW]
    assert gone > 0
    assert rows() == []
    assert written(changing) == others


def test_a_definition_that_cannot_be_read_any_more_is_left_out_and_named_in_the_log(
    changing: Resources, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = written(changing)
    with changing.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO metric_definition (name, version, document) VALUES ('old', 1, '{\"from\": \"moons\"}')")
        )
    assert refreshed(changing, tmp_path).rows == {VIEW: 0}
    assert written(changing) == before
    assert any("openhours_engineering_week" in one and "(old)" in one for one in caplog.messages)


def test_a_metric_that_is_by_team_no_more_has_no_teams(changing: Resources, tmp_path: Path) -> None:
    service = MetricService(changing.engine, changing.settings)
    levels = {"team": ["team", "week", "month"], "repo": ["repo", "week", "month"]}
    for of, by in levels.items():
        service.put("deployments_of_anything", DEFINITION | {"by": by})
        refreshed(changing, tmp_path)
        rows = view(changing, VIEW, "metric = 'deployments_of_anything'")
        assert {row["of"] for row in rows} == {"all", of}


def test_a_day_later_it_is_due_and_nothing_that_is_over_changes(changing: Resources, tmp_path: Path) -> None:
    before = written(changing)
    assert refreshed(changing, tmp_path).rows == {}
    done = refreshed(changing, tmp_path, now=NOW + timedelta(days=1))  # the next Monday
    after = written(changing)
    assert VIEW in done.rows
    changed = {key[2] for key in after if after[key] != before.get(key)}
    assert changed <= {RUNNING, RUNNING + timedelta(weeks=1)}
    assert FIRST not in {key[2] for key in after}


def test_hours_of_a_team_change_what_is_measured_in_them(changing: Resources, tmp_path: Path) -> None:
    hours = "team,day,start_time_local,end_time_local\nPayments,0,10:00:00,11:00:00\n"
    bring_text(changing, "hours", hours, tmp_path)
    before = written(changing)
    refreshed(changing, tmp_path)
    after = written(changing)
    changed = {key for key in after if after[key] != before.get(key)}
    assert {key[0] for key in changed} >= {"pickup_time", "review_time"}
    assert {key[3] for key in changed if key[1] == "team"} == {"Payments"}


def test_what_a_source_has_read_makes_it_due_once_a_week(changing: Resources, tmp_path: Path) -> None:
    mark = "UPDATE source_cursor SET watermark = :at"
    with changing.engine.begin() as connection:
        for statement in (
            f"INSERT INTO source (id, kind, name, options) VALUES ('s', 'github', 'acme', '{_OPTIONS}')",
            "INSERT INTO source_repository (source_id, repo_id, full_name) VALUES ('s', 1, 'payments-api')",
            "INSERT INTO source_cursor (source_id, stream, scope, position) VALUES ('s', 'deployments', '1', '{}')",
        ):
            connection.execute(text(statement))
        connection.execute(text(mark), {"at": "2025-06-10T00:00:00Z"})
    refreshed(changing, tmp_path)
    with changing.engine.begin() as connection:
        connection.execute(text(mark), {"at": "2025-06-11T00:00:00Z"})
    assert refreshed(changing, tmp_path).rows == {}
    with changing.engine.begin() as connection:
        connection.execute(text(mark), {"at": "2025-06-05T00:00:00Z"})
    refreshed(changing, tmp_path)
    partial = view(changing, VIEW, "state = 'partial'")
    assert {row["week"] for row in partial} == {date(2025, 6, 2)}
    assert {row["group_name"] for row in partial if row["of"] == "repo"} == {"payments-api"}
    zeros = view(changing, VIEW, "metric = 'deployment_frequency' AND of = 'all' AND state = 'partial'")
    assert [(row["value"], row["n"]) for row in zeros] == [(None, 0)]


def test_without_teams_and_repositories_there_is_no_row(resources: Resources, tmp_path: Path) -> None:
    assert refreshed(resources, tmp_path).rows[VIEW] == 0
    assert view(resources, VIEW) == []
