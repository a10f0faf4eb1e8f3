"""Schedules over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.schedules import firing
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import api

WEEKLY: dict[str, Any] = {
    "name": "weekly",
    "kind": "pull_requests",
    "params": {"charts": False},
    "every": "week",
    "on": "monday",
    "at": "06:30",
    "timezone": "Europe/Berlin",
}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


@pytest.fixture(scope="module")
def refusing(untouched: Resources) -> Iterator[TestClient]:
    with api(untouched, slots=0) as client:
        yield client


def code_of(answer: Any) -> str:
    return f"{answer.status_code} {answer.json().get('code')}"


def test_one_that_is_made_is_told_with_its_next_instants_on_its_own_clock(client: TestClient) -> None:
    answer = client.post("/schedules", json=WEEKLY)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["cron"], made["words"]) == ("30 6 * * 1", "At 06:30 on Monday")
    assert (made["enabled"], made["paused_reason"], made["last"], made["skipped"]) == (True, None, None, 0)
    assert (made["created_by"], made["runs_as"]) == ("local", "local")
    instants = [datetime.fromisoformat(at) for at in made["next"]]
    zone = ZoneInfo("Europe/Berlin")
    assert [(at.weekday(), f"{at:%H:%M}", at.utcoffset()) for at in instants] == [
        (0, "06:30", at.astimezone(zone).utcoffset()) for at in instants
    ]
    assert timedelta() < instants[0] - datetime.now(UTC) <= timedelta(days=7, hours=1)
    assert {after.date() - before.date() for before, after in pairwise(instants)} == {timedelta(days=7)}
    assert client.get(answer.headers["Location"]).json() == client.get("/schedules/weekly").json() == made


def test_they_are_listed_by_name_and_by_state(client: TestClient, resources: Resources) -> None:
    for name in ("b", "a", "c"):
        client.post("/schedules", json=WEEKLY | {"name": name})
    client.post("/schedules/b/pause")
    client.post("/schedules/c/run")
    with resources.engine.begin() as connection:
        failed = "UPDATE report SET status = 'failed', error_code = 'worker_crashed', error_message = 'It died.'"
        connection.execute(text(failed))

    def names(**query: str) -> list[str]:
        return [one["name"] for one in client.get("/schedules", params=query).json()["schedules"]]

    assert names() == ["a", "b", "c"]
    assert names(state="active") == ["a", "c"]
    assert names(state="paused") == ["b"]
    assert names(state="failed") == ["c"]
    last = client.get("/schedules/c").json()["last"]
    assert (last["status"], last["error"]) == ("failed", "It died.")


def test_all_of_one_is_set_anew_its_name_too(client: TestClient) -> None:
    made = client.post("/schedules", json=WEEKLY).json()
    new = {"name": "hourly", "kind": "pull_requests", "cron": "15 * * * *"}
    put = client.put("/schedules/weekly", json=new)
    assert put.status_code == 200
    assert client.get("/schedules/weekly").status_code == 404
    now = client.get(f"/schedules/{made['schedule_id']}").json()
    assert (now["name"], now["cron"], now["timezone"], now["params"]) == ("hourly", "15 * * * *", "UTC", {})


def test_one_that_is_paused_says_who_paused_it_and_goes_on_from_now(client: TestClient) -> None:
    client.post("/schedules", json=WEEKLY)
    paused = client.post("/schedules/weekly/pause").json()
    assert (paused["enabled"], paused["next"], paused["paused_reason"]) == (False, [], "Paused by local.")
    resumed = client.post("/schedules/weekly/resume").json()
    assert (resumed["enabled"], len(resumed["next"]), resumed["paused_reason"]) == (True, 3, None)


def test_one_that_is_removed_leaves_what_it_began(client: TestClient) -> None:
    client.post("/schedules", json=WEEKLY)
    job_id = client.post("/schedules/weekly/run").json()["job_id"]
    assert client.delete("/schedules/weekly").status_code == 204
    assert code_of(client.get("/schedules/weekly")) == "404 unknown_schedule"
    assert client.get("/get_report", params={"report_id": job_id}).json()["status"] == "Running"


def test_what_is_run_by_hand_is_a_report_of_now_and_changes_no_instant(client: TestClient) -> None:
    made = client.post("/schedules", json=WEEKLY).json()
    before = datetime.now(UTC)
    answer = client.post("/schedules/weekly/run")
    assert answer.status_code == 202
    report = client.get(f"/reports/{answer.json()['job_id']}").json()
    as_of = datetime.fromisoformat(report["as_of"])
    assert abs(as_of - before) < timedelta(minutes=1)
    now = client.get("/schedules/weekly").json()
    assert now["next"] == made["next"]
    assert (now["last"]["job_id"], now["last"]["status"]) == (report["report_id"], "queued")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "No good"}, "name: 'No good' is not a name of a schedule"),
        ({"name": "preview"}, "name: 'preview' is not a name"),
        ({"at": None}, "at: is missing"),
        ({"cron": "0 6 * * *"}, "every: 'week' cannot be combined with cron"),
        ({"timezone": "Berlin"}, "timezone: 'Berlin' is not a time zone (did you mean 'Europe/Berlin'?)"),
        ({"as_of": "noon"}, "as_of: 'noon' is not one of"),
        ({"params": {"clok": "wall"}}, "pull_requests: clok: is not known (did you mean 'clock'?)"),
        ({"params": {"as_of": "2026-01-01T00:00:00Z"}}, "as_of of the schedule itself"),
        ({"params": {"teams": ["nobody"]}}, "teams: no loaded file has named the team 'nobody'"),
        ({"does": "backup"}, "does: 'backup' is not one of"),
        ({"evry": "day"}, "evry: is not known (did you mean 'every'?)"),
    ],
)
def test_one_that_could_not_begin_anything_is_refused(
    refusing: TestClient, changes: dict[str, Any], words: str
) -> None:
    answer = refusing.post("/schedules", json=WEEKLY | changes)
    assert answer.status_code in {404, 422}
    assert words in answer.json()["detail"]
    assert refusing.get("/schedules").json() == {"schedules": []}


def test_a_name_is_taken_once(client: TestClient) -> None:
    client.post("/schedules", json=WEEKLY)
    client.post("/schedules", json=WEEKLY | {"name": "other"})
    assert code_of(client.post("/schedules", json=WEEKLY)) == "409 name_taken"
    assert code_of(client.put("/schedules/other", json=WEEKLY)) == "409 name_taken"
    assert code_of(client.post("/schedules", json=WEEKLY | {"name": "third", "kind": "uptme"})) == (
        "404 unknown_report_kind"
    )


def test_a_schedule_can_be_looked_at_before_it_is_made(client: TestClient) -> None:
    found = client.get("/schedules/preview", params={"cron": "0 12 29 2 *", "timezone": "Asia/Tokyo"}).json()
    assert (found["cron"], found["words"]) == ("0 12 29 2 *", "At 12:00 on February 29")
    leap_days = [f"{year}-02-29T12:00:00+09:00" for year in range(2024, 2100, 4)]
    assert found["next"] == [day for day in leap_days if datetime.fromisoformat(day) > datetime.now(UTC)][:3]
    monthly = client.get("/schedules/preview", params={"every": "month", "on": "last", "at": "23:00"}).json()
    assert (monthly["cron"], monthly["timezone"]) == ("0 23 L * *", "UTC")


def test_what_is_due_begins_by_itself(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firing, "LOOK_SECONDS", 0.1)
    with api(resources, slots=0) as client:
        client.post("/schedules", json=WEEKLY)
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE schedule SET next_at = now() - interval '1 second'"))
        wait_until(lambda: client.get("/schedules/weekly").json()["last"] is not None)
        assert [one["report"] for one in client.get("/reports").json()["reports"]] == ["pull_requests"]


def test_metrics_tell_of_schedules_that_are_late_and_of_what_became_of_those_that_were_due(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 'openhours_scheduled_total{does="report",outcome="begun"}'
    monkeypatch.setattr(firing, "LOOK_SECONDS", 3600)
    with api(resources, slots=0) as client:

        def shown(name: str) -> float:
            lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
            return float(lines[0].split()[-1]) if lines else 0

        for name in ("first", "second", "third"):
            client.post("/schedules", json=WEEKLY | {"name": name})
        client.post("/schedules/second/pause")
        assert (shown('openhours_schedules{state="active"}'), shown('openhours_schedules{state="paused"}')) == (2, 1)
        assert shown("openhours_schedule_delay_seconds") == 0
        with resources.engine.begin() as connection:
            late = "UPDATE schedule SET enabled = name = 'first', next_at = now() - interval '30 minutes'"
            connection.execute(text(late))
        assert 1800 <= shown("openhours_schedule_delay_seconds") < 2000
    monkeypatch.setattr(firing, "LOOK_SECONDS", 0.1)
    with api(resources, slots=0) as client:
        before = shown(begun)
        wait_until(lambda: client.get("/schedules/first").json()["last"] is not None)
        wait_until(lambda: shown(begun) == before + 1)
