"""One entity of a report over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app.commands.explained_text import lines
from app.ids import new_id
from app.storage.resources import Resources
from tests.conftest import LoadText, api
from tests.routers.test_reports_api import assert_problem

STORE = "6077660293503601866"


@pytest.fixture(scope="module")
def client(loaded: Resources) -> Iterator[TestClient]:
    with api(loaded, slots=0) as client:
        yield client


def trigger(client: TestClient, kind: str = "uptime", **params: object) -> str:
    answer = client.post("/trigger_report", json={"report": kind, "params": params})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["report_id"])


def test_a_store_is_explained_by_the_parameters_of_the_report(client: TestClient) -> None:
    report_id = trigger(client, as_of="2023-01-24T00:00:00Z", accounting="exact", max_gap_minutes=90)
    said = client.get(f"/reports/{report_id}/entities/{STORE}").raise_for_status().json()
    assert (said["store_id"], said["timezone"]) == (STORE, "America/Chicago")
    assert (said["accounting"], said["max_gap_minutes"], said["max_gap_source"]) == ("exact", 90, "parameter")
    assert (said["as_of"], said["start"]) == ("2023-01-23T18:00:00-06:00", "2023-01-16T18:00:00-06:00")
    assert [period["period"] for period in said["periods"]] == ["last_hour", "last_day", "last_week"]
    assert {one["status"] for one in said["stretches"]} == {"up", "down", "unknown"}
    assert {one["ended_by"] for one in said["outages"]} <= {"next_poll", "max_gap", "report_end"}


def test_a_store_that_nobody_has_named_is_not_explained(client: TestClient) -> None:
    problem = assert_problem(client.get(f"/reports/{trigger(client)}/entities/a/b"), 404, "unknown_entity")
    assert problem["received"] == "a/b"


def test_a_key_that_nothing_can_have_is_unknown(client: TestClient) -> None:
    assert_problem(client.get(f"/reports/{trigger(client)}/entities/%00"), 404, "unknown_entity")


def test_an_unknown_report_explains_nothing(client: TestClient) -> None:
    assert_problem(client.get(f"/reports/{new_id(datetime.now(UTC))}/entities/{STORE}"), 404, "unknown_report")
    assert_problem(client.get(f"/reports/nonsense/entities/{STORE}"), 404, "unknown_report")


def test_a_report_of_another_kind_says_which_can_be_explained(client: TestClient) -> None:
    report_id = trigger(client, "pull_requests", charts=False)
    problem = assert_problem(client.get(f"/reports/{report_id}/entities/Core"), 404, "no_explanation")
    assert problem["detail"] == "A report of kind pull_requests cannot be explained; those of kind uptime can."


def test_the_days_of_a_store_are_a_picture_and_its_specification(client: TestClient) -> None:
    report_id = trigger(client, as_of="2023-01-24T00:00:00Z")
    picture = client.get(f"/reports/{report_id}/entities/{STORE}/chart.png?date=2023-01-20").raise_for_status()
    assert picture.headers["content-type"] == "image/png"
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture.content[16:20], "big") == 1600
    source = client.get(f"/reports/{report_id}/entities/{STORE}/chart.vl.json").raise_for_status()
    assert source.headers["content-type"] == "application/vnd.vegalite.v6+json"
    assert source.json()["title"]["text"] == f"Store {STORE}"
    late = client.get(f"/reports/{report_id}/entities/{STORE}/chart.png?date=2023-02-20")
    assert_problem(late, 422, "invalid_parameters")


def test_a_store_is_explained_and_drawn_in_the_periods_of_a_range(client: TestClient) -> None:
    report_id = trigger(client, period="2023-01-20", by="hour", zone="UTC", accounting="exact")
    said = client.get(f"/reports/{report_id}/entities/{STORE}").raise_for_status().json()
    assert (said["start"], said["end"]) == ("2023-01-19T18:00:00-06:00", "2023-01-20T18:00:00-06:00")
    assert [one["period"] for one in said["periods"]] == [f"2023-01-20T{hour:02}" for hour in range(24)]
    source = client.get(f"/reports/{report_id}/entities/{STORE}/chart.vl.json?date=2023-01-20").raise_for_status()
    assert source.json()["title"]["text"] == f"Store {STORE}"
    late = client.get(f"/reports/{report_id}/entities/{STORE}/chart.vl.json?date=2023-01-21")
    problem = assert_problem(late, 422, "invalid_parameters")
    assert "a date from 2023-01-19 to 2023-01-20, local" in str(problem)


def test_dates_that_are_not_as_the_week_is_are_named_with_what_decided_them(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("polls", "store_id,status,timestamp_utc\n1,active,2024-01-02 10:00:00 UTC\n")
    load_text("timezones", "store_id,timezone_str\n1,Europe/Berlin\n")
    windows = "".join(f"1,{day},09:00,17:00\n" for day in range(7))
    load_text("hours", f"store_id,day,start_time_local,end_time_local\n{windows}")
    load_text("exceptions", "store_id,date_from,date_to,what,name\n1,2024-01-03,2024-01-04,closed,Inventory\n")
    load_text("entities", "store_id,max_gap_minutes\n1,0\n")
    with api(resources, slots=0) as client:
        asked = {"from": "2024-01-02", "to": "2024-01-06", "as_of": "2024-01-07T00:00:00Z", "accounting": "exact"}
        said = client.get(f"/reports/{trigger(client, **asked)}/entities/1").raise_for_status().json()
    assert [tuple(one.values()) for one in said["dates"]] == [
        ("2024-01-02", "version", "weekly hours", True),
        ("2024-01-03", "exception", "exception: Inventory", False),
        ("2024-01-04", "exception", "exception: Inventory", False),
        ("2024-01-05", "version", "weekly hours", True),
    ]
    assert (said["max_gap_minutes"], said["max_gap_source"]) == (None, "entity")
    told = list(lines(said))
    assert "  Wed 3 Jan 2024 to Thu 4 Jan 2024: closed, exception: Inventory" in told
    assert "A poll is valid until the next one: its own." in told
