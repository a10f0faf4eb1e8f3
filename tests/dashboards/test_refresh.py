"""The views say what the reports say, and a refresh after a late load corrects what it touched and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.dashboards import due, stamps
from app.dashboards import refresh as refresh_module
from app.dashboards.job import JOB_KIND, RefreshParams, produce
from app.dashboards.tables import VIEWS, dashboard_reader
from app.errors import AttemptSuperseded
from app.jobs import lifecycle
from app.jobs.records import backlog
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.commands import wait_until
from tests.conftest import api
from tests.dashboards.world import (
    NOW,
    as_text,
    bring_samples,
    bring_text,
    filled,
    refreshed,
    report,
    uptime_of_weeks,
    view,
)
from tests.kinds import context_of

#: The weeks that the sample polls touch by any clock.
WEEKS = [date(2023, 1, 16), date(2023, 1, 23)]

VIEWS_OF_UPTIME = {"hourly": "openhours_uptime_day", "exact": "openhours_uptime_day_exact"}

HEADER = "store_id,status,timestamp_utc\n"


@pytest.fixture(scope="module")
def world(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """Sample data that is loaded and refreshed; tests only read it."""
    with filled(servers, session_settings, tmp_path_factory.mktemp("world"), bring_samples) as fresh:
        yield fresh


def uptime(resources: Resources, accounting: str) -> list[dict[str, str]]:
    rows = [as_text(row) for row in view(resources, VIEWS_OF_UPTIME[accounting])]
    return sorted(rows, key=lambda row: (row["store_id"], row["day"]))


def written(resources: Resources) -> dict[tuple[str, str, date], tuple[str, tuple[Any, ...]]]:
    """Of each row of uptime the transaction that wrote it, and what it says."""
    with resources.engine.connect() as connection:
        rows = connection.execute(text("SELECT xmin::text, * FROM uptime_day")).all()
    return {(row.accounting, row.store_id, row.day): (row.xmin, tuple(row)[1:]) for row in rows}


@pytest.mark.parametrize("accounting", VIEWS_OF_UPTIME)
def test_uptime_is_that_of_the_report_by_day_of_each_week(world: Resources, tmp_path: Path, accounting: str) -> None:
    first_poll = view(world, "poll_week")[0]["first_at"].isoformat()
    reported = [row for row in uptime_of_weeks(world, tmp_path, accounting, WEEKS) if row["day_end"] > first_poll[:19]]
    found = uptime(world, accounting)
    assert len(found) > 200
    assert {row["day"] for row in found} >= {"2023-01-18", "2023-01-24"}
    assert found == [{name: row[name] for name in found[0]} for row in reported]
    assert found[0].keys() == reported[0].keys()


def test_days_that_were_over_before_anybody_looked_have_no_row(world: Resources) -> None:
    first = view(world, "poll_week")[0]["first_at"]
    ends = [row["day_end"] for row in view(world, "openhours_uptime_day")]
    assert first < min(ends) < first + timedelta(days=1)


def test_pull_requests_are_those_of_the_report_with_bots_and_without(world: Resources, tmp_path: Path) -> None:
    found = view(world, "openhours_pull_request", order="repo, number")
    for number, (kept, asked) in enumerate([(True, {"include_bots": True}), (False, {})]):
        reported = report(world, "pull_requests", tmp_path / str(number), charts=False, **asked)
        rows = [as_text(row) for row in found if kept or not row["is_bot"]]
        assert len(rows) == len(reported) > 100
        same = rows[0].keys() - {"is_bot"}
        assert reported[0].keys() - same == {"author"}
        for mine, theirs in zip(rows, reported, strict=True):
            numbers = {name for name in same if name.endswith("_seconds")}
            assert {name: mine[name] for name in same - numbers} == {name: theirs[name] for name in same - numbers}
            for name in numbers:
                assert (mine[name] and float(mine[name])) == (theirs[name] and float(theirs[name])), name
    assert any(row["pickup_time_working_seconds"] for row in found)


@pytest.mark.parametrize(("kind", "of"), [("project", "project"), ("repository", "repo")])
def test_activity_is_that_of_the_report_by_day(world: Resources, tmp_path: Path, kind: str, of: str) -> None:
    reported = report(
        world, "activity", tmp_path / "report", of=of, by="day", months=120, as_of=NOW.isoformat(), charts=False
    )
    ever = {row[of] for row in reported if row["state"] == "complete"}
    counted = [row for row in reported if row["state"] != "before_first" and row[of] in ever]
    found = [as_text(row) for row in view(world, "openhours_activity", f"kind = '{kind}'", "name, day")]
    in_report = [row for row in found if row["day"] < "2025-06-01"]  # which ends with the month before
    same = set(reported[0]) - {"project", "repo", "period", "days_covered", "ci_share_at_least"}
    assert [(row["name"], row["day"], *(row[name] for name in sorted(same))) for row in in_report] == [
        (row[of], row["period"], *(row[name] for name in sorted(same))) for row in counted
    ]
    shares = [(row.get("ci_share_at_least") or "0") for row in counted]
    assert [float(row["ci_share_at_least"] or 0) for row in in_report] == [float(share) for share in shares]
    assert {row["state"] for row in found} >= {"complete", "no_data"}
    assert max(row["day"] for row in found) == "2025-06-14"


def test_a_refresh_says_as_of_when_its_figures_are(world: Resources) -> None:
    rows = {row["view_name"]: row for row in view(world, "openhours_refresh", order="1")}
    assert rows.keys() == {*VIEWS} - {"openhours_uptime_day_exact", "openhours_refresh"}
    (latest,) = view(world, "(SELECT max(last_at) AS at FROM poll_week) x", order="1")
    assert rows["openhours_uptime_day"]["as_of"] == latest["at"]
    assert rows["openhours_activity"]["as_of"] == rows["openhours_engineering_week"]["as_of"] == NOW
    assert {row["weeks_due"] for row in rows.values()} == {0}


def test_a_second_refresh_writes_nothing(world: Resources, tmp_path: Path) -> None:
    before = view(world, "openhours_refresh", order="1")
    done = refreshed(world, tmp_path)
    assert (done.rows, done.weeks, done.weeks_due) == ({}, 0, 0)
    assert view(world, "openhours_refresh", order="1") == before


@pytest.fixture
def changing(resources: Resources, tmp_path: Path) -> Resources:
    """Two stores with hourly polls of four weeks, refreshed."""
    first = datetime(2024, 11, 4, tzinfo=UTC)
    polls = "".join(
        f"{store},{'inactive' if hour % 29 == 0 else 'active'},{(first + timedelta(hours=hour)):%Y-%m-%dT%H:%M:%SZ}\n"
        for store in ("a", "b")
        for hour in range(28 * 24)
    )
    bring_text(resources, "polls", HEADER + polls, tmp_path)
    bring_text(resources, "timezones", "store_id,timezone_str\na,Asia/Tokyo\nb,America/New_York\n", tmp_path)
    refreshed(resources, tmp_path)
    return resources


MONDAYS = [date(2024, 10, 28) + timedelta(days=7 * number) for number in range(6)]


def assert_as_reported(resources: Resources, folder: Path) -> None:
    for number, accounting in enumerate(VIEWS_OF_UPTIME):
        reported = uptime_of_weeks(resources, folder / str(number), accounting, MONDAYS)
        found = uptime(resources, accounting)
        kept = {(row["store_id"], row["day"]) for row in found}
        assert found == [
            {name: row[name] for name in found[0]} for row in reported if (row["store_id"], row["day"]) in kept
        ]
        assert {row["day"] for row in found if row["store_id"] == "a"} >= {"2024-11-04", "2024-12-01"}


def test_a_late_load_changes_the_rows_that_it_touched_and_no_others(changing: Resources, tmp_path: Path) -> None:
    for name in ("0", "1"):
        (tmp_path / name).mkdir()
    assert_as_reported(changing, tmp_path)
    before = written(changing)
    bring_text(
        changing, "polls", f"{HEADER}a,inactive,2024-11-13T03:20:00Z\na,inactive,2024-11-13T03:40:00Z\n", tmp_path
    )
    done = refreshed(changing, tmp_path)
    after = written(changing)
    rewritten = {key for key in after if before[key][0] != after[key][0]}
    assert after.keys() == before.keys()
    assert rewritten == {key for key in after if before[key][1] != after[key][1]}
    assert {key[1] for key in rewritten} == {"a"}
    assert {key[2] for key in rewritten if key[0] == "hourly"} == {date(2024, 11, 13)}
    assert done.rows == {"openhours_uptime_day": len(rewritten)}
    assert done.weeks == 3  # that of the load, and those whose clocks or lookback may reach it
    assert_as_reported(changing, tmp_path)


def test_a_late_review_changes_the_row_of_its_pull_request_alone(resources: Resources, tmp_path: Path) -> None:
    def written_by() -> dict[int, str]:
        with resources.engine.connect() as connection:
            rows = connection.execute(text("SELECT number, xmin::text FROM pull_request_course")).all()
            return {row.number: row.xmin for row in rows}

    header = "repo,number,author,created_at,first_review_at,merged_at\n"
    both = "acme/api,1,ada,2024-11-05T15:00:00Z,,\nacme/api,2,bob,2024-11-05T15:00:00Z,,\n"
    bring_text(resources, "pull_requests", header + both, tmp_path)
    refreshed(resources, tmp_path)
    before = written_by()
    late = "acme/api,2,bob,2024-11-05T15:00:00Z,2024-11-05T16:30:00Z,2024-11-06T16:00:00Z\n"
    bring_text(resources, "pull_requests", header + late, tmp_path)
    done = refreshed(resources, tmp_path)
    assert done.rows["openhours_pull_request"] == 1
    assert {number for number, by in written_by().items() if before[number] != by} == {2}
    first, second = view(resources, "openhours_pull_request", order="number")
    assert (first["state"], first["pickup_time_working_seconds"]) == ("open", None)
    assert (second["state"], second["pickup_time_working_seconds"]) == ("merged", 5400.0)
    assert second["pickup_time_wall_seconds"] == 5400.0


def test_another_zone_of_a_store_changes_its_rows_alone(changing: Resources, tmp_path: Path) -> None:
    for name in ("0", "1"):
        (tmp_path / name).mkdir()
    before = written(changing)
    bring_text(changing, "timezones", "store_id,timezone_str\nb,Europe/Berlin\n", tmp_path)
    refreshed(changing, tmp_path)
    after = written(changing)
    changed = {key for key in before if after.get(key, ("", ()))[1] != before[key][1]}
    assert {key[1] for key in changed} == {"b"}
    assert_as_reported(changing, tmp_path)


def test_a_later_poll_completes_the_days_before_it_and_an_earlier_one_begins_them(
    resources: Resources, tmp_path: Path
) -> None:
    def days(month: int) -> list[tuple[int, bool]]:
        rows = view(resources, "openhours_uptime_day", order="day")
        return [(row["day"].day, row["complete"]) for row in rows if row["day"].month == month]

    bring_text(resources, "polls", f"{HEADER}a,active,2024-11-13T15:00:00Z\n", tmp_path)
    refreshed(resources, tmp_path)
    assert days(11) == [(13, False)]
    bring_text(resources, "polls", f"{HEADER}a,active,2024-12-20T15:00:00Z\n", tmp_path)
    refreshed(resources, tmp_path)
    assert days(11) == [(day, True) for day in range(13, 31)]
    assert days(12) == [*((day, True) for day in range(1, 20)), (20, False)]
    bring_text(resources, "polls", f"{HEADER}a,active,2024-10-02T15:00:00Z\n", tmp_path)
    refreshed(resources, tmp_path)
    assert days(10) == [(day, True) for day in range(2, 32)]
    assert days(11) == [(day, True) for day in range(1, 31)]


def test_polls_that_are_gone_are_gone_from_the_views(resources: Resources, tmp_path: Path) -> None:
    bring_text(resources, "polls", f"{HEADER}a,active,2024-11-13T03:20:00Z\n", tmp_path)
    refreshed(resources, tmp_path)
    assert {row["store_id"] for row in view(resources, "openhours_uptime_day")} == {"a"}
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM poll"))
        connection.execute(text("DELETE FROM poll_week"))  # as retention leaves it
    refreshed(resources, tmp_path)
    assert view(resources, "openhours_uptime_day") == []
    (row,) = view(resources, "openhours_refresh", "view_name = 'openhours_uptime_day'", "1")
    assert row["as_of"] is None


def test_a_run_computes_some_weeks_newest_first_and_says_how_many_are_left(
    changing: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with changing.engine.begin() as connection:
        for table in ("dashboard_week", "uptime_day"):
            connection.execute(text(f"DELETE FROM {table}"))
    monkeypatch.setattr(refresh_module, "MOST_WEEKS", 2)
    done = refreshed(changing, tmp_path)
    (row,) = view(changing, "openhours_refresh", "view_name = 'openhours_uptime_day'", "1")
    assert done.weeks == 2
    assert done.weeks_due == row["weeks_due"] > 0
    days = {one["day"] for one in view(changing, "openhours_uptime_day")}
    assert min(days) >= MONDAYS[4]
    while refreshed(changing, tmp_path).weeks_due:
        pass
    (row,) = view(changing, "openhours_refresh", "view_name = 'openhours_uptime_day'", "1")
    assert row["weeks_due"] == 0
    assert min(one["day"] for one in view(changing, "openhours_uptime_day")) < MONDAYS[2]


def test_weeks_that_are_too_old_are_not_kept(
    changing: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "KEPT_WEEKS", 1)
    done = refreshed(changing, tmp_path)
    assert done.weeks == 0
    assert done.rows["openhours_uptime_day"] > 0
    assert min(one["day"] for one in view(changing, "openhours_uptime_day")) >= MONDAYS[4]


def test_an_attempt_that_was_overtaken_writes_nothing(resources: Resources, tmp_path: Path) -> None:
    bring_text(resources, "polls", f"{HEADER}a,active,2024-11-13T03:20:00Z\n", tmp_path)

    def fence(_: object) -> None:
        raise AttemptSuperseded("it was")

    context = context_of(resources, tmp_path)
    with pytest.raises(AttemptSuperseded):
        produce(replace(context, fence=fence), RefreshParams())
    assert view(resources, "openhours_uptime_day") == view(resources, "openhours_refresh", order="1") == []


def queued(resources: Resources) -> int:
    with resources.engine.connect() as connection:
        return backlog(connection, [JOB_KIND]).queued


def let_somebody_read(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(dashboard_reader.insert().values(role="somebody", is_ours=False))


def test_a_run_is_queued_once_while_somebody_reads_and_something_is_due(resources: Resources, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    due.look(resources, now=now)
    assert queued(resources) == 0  # nobody reads
    let_somebody_read(resources)
    for _ in range(2):
        due.look(resources, now=now)
        assert queued(resources) == 1
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM report"))
    refreshed(resources, tmp_path, now=now)
    due.look(resources, now=now)
    assert queued(resources) == 0  # nothing is due
    bring_text(resources, "polls", f"{HEADER}a,active,2024-11-13T03:20:00Z\n", tmp_path)
    due.look(resources, now=now)
    assert queued(resources) == 1


def test_after_a_run_that_failed_the_next_one_waits_an_hour(resources: Resources) -> None:
    let_somebody_read(resources)
    with resources.engine.begin() as connection:
        job_id = lifecycle.queue(connection, kind=JOB_KIND, params={})
        claim = lifecycle.claim(connection, job_id, owner="a")
        assert claim is not None
        lifecycle.fail(connection, claim, code="x", message="y")
    now = datetime.now(UTC)
    due.look(resources, now=now)
    assert queued(resources) == 0
    due.look(resources, now=now + due.RETRY_AFTER + timedelta(minutes=1))
    assert queued(resources) == 1


def test_a_replica_refreshes_after_a_load_and_after_its_removal(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "LOOK_SECONDS", 0.2)
    let_somebody_read(resources)
    polls = bring_text(resources, "polls", f"{HEADER}a,inactive,2024-11-13T03:20:00Z\n", tmp_path)
    pulls = bring_text(resources, "pull_requests", "repo,number,created_at\nx/y,1,2024-11-05T15:00:00Z\n", tmp_path)
    with api(resources, slots=1) as client:
        wait_until(lambda: [row["downtime_hours"] > 0 for row in view(resources, "openhours_uptime_day")] == [True])
        assert [row["number"] for row in view(resources, "openhours_pull_request")] == [1]
        for dataset_id in (polls, pulls):
            assert client.delete(f"/datasets/{dataset_id}", params={"rows": True}).is_success
        wait_until(lambda: not view(resources, "openhours_uptime_day"))
        wait_until(lambda: not view(resources, "openhours_pull_request"))
