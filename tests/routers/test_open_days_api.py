"""When an entity is open, date by date, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import LoadText, api

HOURS = "store_id,day,start_time_local,end_time_local"

FILES = (
    (
        "hours",
        "store_id,day,start_time_local,end_time_local,valid_from\n1,3,22:00,02:00,\n1,4,09:00,17:00,2026-12-01\n",
    ),
    ("timezones", "store_id,timezone_str\n1,Europe/Berlin\n"),
    ("calendars", "store_id,calendar\n1,public:DE-BY\n"),
    ("holidays", "calendar,date,name\npublic:DE-BY,2026-12-25,Christmas\n"),
    ("exceptions", "store_id,date,what,start_time_local,end_time_local,name\n1,2026-12-26,hours,10:00,12:00,Sale\n"),
)


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def test_each_date_tells_what_opens_on_it_and_which_rule_says_so(client: TestClient, load_text: LoadText) -> None:
    for kind, content in FILES:
        load_text(kind, content)
    answer = client.get("/entities/store/1/open", params={"from": "2026-12-24", "to": "2026-12-28"})
    assert answer.status_code == 200, answer.text
    usual = {"rule": "weekly_hours", "name": None, "calendar": None}
    assert answer.json() == {
        "days": [
            {"on": "2026-12-24", "reason": "weekly hours from 2026-12-01", **usual, "open": []},
            {
                "on": "2026-12-25",
                "reason": "holiday: Christmas (public:DE-BY)",
                "rule": "holiday",
                "name": "Christmas",
                "calendar": "public:DE-BY",
                "open": [],
            },
            {
                "on": "2026-12-26",
                "reason": "exception: Sale",
                "rule": "exception",
                "name": "Sale",
                "calendar": None,
                "open": [{"opens_at": "2026-12-26T09:00:00Z", "closes_at": "2026-12-26T11:00:00Z"}],
            },
            {"on": "2026-12-27", "reason": "weekly hours from 2026-12-01", **usual, "open": []},
        ]
    }
    (night,) = client.get("/entities/store/1/open", params={"from": "2026-11-26", "to": "2026-11-27"}).json()["days"]
    assert night == {
        "on": "2026-11-26",
        "reason": "weekly hours",
        **usual,
        "open": [{"opens_at": "2026-11-26T21:00:00Z", "closes_at": "2026-11-27T01:00:00Z"}],
    }


def test_a_store_that_nothing_is_said_of_has_default_hours(client: TestClient, load_text: LoadText) -> None:
    before = datetime.now(UTC).isoformat()
    load_text("timezones", "store_id,timezone_str\n1,UTC\n")
    load_text("hours", f"{HOURS}\n1,3,09:00,17:00\n")
    asked = {"from": "2026-11-26", "to": "2026-11-27", "as_known_at": before}
    (day,) = client.get("/entities/store/1/open", params=asked).json()["days"]
    assert (day["reason"], day["rule"]) == ("default hours", "default")


def test_a_date_on_which_a_store_does_not_exist_says_so(client: TestClient, load_text: LoadText) -> None:
    load_text("timezones", "store_id,timezone_str\n1,UTC\n")
    client.put("/entities/store/1", json={"active_from": "2026-11-27"}).raise_for_status()
    days = client.get("/entities/store/1/open", params={"from": "2026-11-26", "to": "2026-11-28"}).json()["days"]
    assert [day["rule"] for day in days] == ["inactive", "default"]


def test_dates_that_are_none_or_too_many_are_refused(client: TestClient, load_text: LoadText) -> None:
    load_text("timezones", "store_id,timezone_str\n1,UTC\n")
    for last in ("2026-11-26", "2026-01-01", "2028-11-26"):
        answer = client.get("/entities/store/1/open", params={"from": "2026-11-26", "to": last})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
        assert "at most 400 days" in answer.text
