"""Hours and zones by date, exceptions and calendars of an entity, and calendars, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.conftest import LoadText, api

STORE = "/entities/store/1"
WEEK = [{"day": day, "start_time_local": "09:00:00", "end_time_local": "17:00:00"} for day in range(7)]
EVENING = [{"day": 3, "start_time_local": "18:00:00", "end_time_local": "22:00:00"}]


@pytest.fixture
def client(resources: Resources, load_text: LoadText) -> Iterator[TestClient]:
    load_text("timezones", "store_id,timezone_str\n1,UTC\n")
    with api(resources, slots=0) as client:
        yield client


def put(client: TestClient, path: str, body: Any, **query: str) -> Any:
    answer = client.put(path, json=body, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def opened(client: TestClient, first: str, last: str) -> list[tuple[str, str, list[str]]]:
    days = client.get(f"{STORE}/open", params={"from": first, "to": last}).json()["days"]
    return [(day["on"], day["reason"], [one["opens_at"][11:16] for one in day["open"]]) for day in days]


def test_hours_hold_between_their_dates_and_leave_others(client: TestClient) -> None:
    put(client, f"{STORE}/hours", {"hours": WEEK})
    put(client, f"{STORE}/hours", {"hours": EVENING}, valid_from="2026-07-02", valid_to="2026-07-02")
    assert client.get(f"{STORE}/hours").json() == {
        "versions": [
            {"valid_from": None, "valid_to": None, "hours": WEEK},
            {"valid_from": "2026-07-02", "valid_to": "2026-07-02", "hours": EVENING},
        ]
    }
    assert opened(client, "2026-07-01", "2026-07-04") == [
        ("2026-07-01", "weekly hours", ["09:00"]),
        ("2026-07-02", "weekly hours from 2026-07-02 to 2026-07-02", ["18:00"]),
        ("2026-07-03", "weekly hours", ["09:00"]),
    ]
    put(client, f"{STORE}/hours", {"hours": []}, valid_from="2026-07-02", valid_to="2026-07-02")
    assert len(client.get(f"{STORE}/hours").json()["versions"]) == 1


def test_a_zone_from_a_date_on_leaves_the_history_before_it(client: TestClient) -> None:
    put(client, f"{STORE}/timezone", {"timezone": "Asia/Tokyo"}, valid_from="2026-07-01")
    put(client, f"{STORE}/timezone", {"timezone": "Europe/Oslo"}, valid_from="2026-06-01")
    zones = [{"valid_from": None, "timezone": "UTC"}, {"valid_from": "2026-06-01", "timezone": "Europe/Oslo"}]
    assert client.get(f"{STORE}/timezone").json() == {"timezones": zones}
    put(client, f"{STORE}/timezone", {"timezone": None}, valid_from="2026-06-01")
    assert client.get(f"{STORE}/timezone").json() == {"timezones": zones[:1]}
    put(client, f"{STORE}/timezone", {"timezone": "Asia/Tokyo"})
    assert client.get(f"{STORE}/timezone").json() == {"timezones": [{"valid_from": None, "timezone": "Asia/Tokyo"}]}


def test_exceptions_are_replaced_whole(client: TestClient) -> None:
    assert client.get(f"{STORE}/exceptions").json() == {"exceptions": []}
    put(client, f"{STORE}/exceptions", {"exceptions": [{"date": "2026-12-31", "what": "closed"}]})
    sale = {"start_time_local": "10:00", "end_time_local": "12:00", "name": "Sale"}
    rows = [{"date": "2026-12-26", "what": "hours"} | sale, {"date": "2026-12-25", "what": "closed"}]
    closed = {"start_time_local": None, "end_time_local": None, "name": None}
    shown = {
        "exceptions": [
            {"date": "2026-12-25", "what": "closed"} | closed,
            {"date": "2026-12-26", "what": "hours", "start_time_local": "10:00:00", "end_time_local": "12:00:00"}
            | {"name": "Sale"},
        ]
    }
    assert put(client, f"{STORE}/exceptions", {"exceptions": rows}) == shown
    assert client.get(f"{STORE}/exceptions").json() == shown
    assert opened(client, "2026-12-25", "2026-12-27") == [
        ("2026-12-25", "exception", []),
        ("2026-12-26", "exception: Sale", ["10:00"]),
    ]
    put(client, f"{STORE}/exceptions", {"exceptions": []})
    assert opened(client, "2026-12-25", "2026-12-26") == [("2026-12-25", "default hours", ["00:00"])]


def test_calendars_are_used_in_their_order(client: TestClient) -> None:
    put(client, "/calendars/a", {"days": [{"date": "2026-12-25", "name": "Christmas"}]})
    put(client, "/calendars/b", {"days": [{"date": "2026-12-25", "name": "Noël"}, {"date": "2026-12-24"}]})
    uses = {"calendars": [{"calendar": "a", "valid_from": "2026-01-01", "valid_to": None}, {"calendar": "b"}]}
    shown = {"calendars": [uses["calendars"][0], {"calendar": "b", "valid_from": None, "valid_to": None}]}
    assert put(client, f"{STORE}/calendars", uses) == shown
    assert client.get(f"{STORE}/calendars").json() == shown
    assert opened(client, "2026-12-24", "2026-12-26") == [
        ("2026-12-24", "holiday: without a name (b)", []),
        ("2026-12-25", "holiday: Christmas (a)", []),
    ]
    assert put(client, f"{STORE}/calendars", {"calendars": []}) == {"calendars": []}


def test_calendars_are_listed_replaced_and_removed(client: TestClient, load_text: LoadText) -> None:
    load_text("holidays", "calendar,date,name\npublic:DE-BY,2026-12-25,Christmas\npublic:DE-BY,2026-01-06,\n")
    load_text("calendars", "store_id,calendar\n1,own/one\n")
    one = {"date": "2026-12-24", "what": "hours", "start_time_local": "09:00:00", "end_time_local": "12:00:00"}
    own = {"name": "own/one", "source": "a request", "days": 1, "first": "2026-12-24", "last": "2026-12-24"}
    put(client, "/calendars/own/one", {"days": [{"date": "2026-12-31"}]})
    answer = put(client, "/calendars/own/one", {"days": [one, one | {"start_time_local": "13:00:00"}]})
    assert answer["calendar"] == own | {"entities": 1}
    assert client.get("/calendars/own/one").json() == answer
    assert answer["days"][0] == one | {"name": None}
    public = {"name": "public:DE-BY", "source": "a file of holidays", "days": 2}
    public |= {"first": "2026-01-06", "last": "2026-12-25", "entities": 0}
    assert client.get("/calendars").json() == {"calendars": [own | {"entities": 1}, public]}

    refused = client.delete("/calendars/own/one")
    assert (refused.status_code, refused.json()["code"], refused.json()["entities"]) == (409, "calendar_in_use", 1)
    assert client.delete("/calendars/public:DE-BY").status_code == 204
    assert [one["name"] for one in client.get("/calendars").json()["calendars"]] == ["own/one"]
    gone = client.get("/calendars/public:DE-BY")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_calendar")
    assert client.get("/calendars/own/on").json()["nearest"] == ["own/one"]


def test_everything_is_told_as_it_was_known(client: TestClient) -> None:
    """Each answer of before a change is the answer of later, as known at an instant between."""
    paths = [*(f"{STORE}/{name}" for name in ("hours", "timezone", "exceptions", "calendars")), STORE, f"{STORE}/open"]
    paths += ["/calendars", "/calendars/a"]
    dates = {"from": "2026-12-24", "to": "2026-12-26"}

    def answers(**query: str) -> dict[str, Any]:
        asked = {path: query | (dates if path.endswith("/open") else {}) for path in paths}
        return {path: client.get(path, params=params).json() for path, params in asked.items()}

    put(client, "/calendars/a", {"days": [{"date": "2026-12-25", "name": "Christmas"}]})
    put(client, f"{STORE}/calendars", {"calendars": [{"calendar": "a"}]})
    put(client, f"{STORE}/hours", {"hours": WEEK})
    put(client, f"{STORE}/timezone", {"timezone": "Asia/Tokyo"})
    put(client, f"{STORE}/exceptions", {"exceptions": [{"date": "2026-12-24", "what": "closed"}]})
    put(client, STORE, {"name": "Main Street", "max_gap_minutes": 15})
    before, between = answers(), datetime.now(UTC).isoformat()
    put(client, f"{STORE}/calendars", {"calendars": []})
    put(client, f"{STORE}/hours", {"hours": EVENING})
    put(client, f"{STORE}/timezone", {"timezone": "Europe/Oslo"})
    put(client, f"{STORE}/exceptions", {"exceptions": []})
    put(client, STORE, {"name": "Station"})
    assert client.delete("/calendars/a").status_code == 204
    after = answers()
    assert not [path for path in paths if before[path] == after[path]]
    assert answers(as_known_at=between) == before
    assert after["/calendars/a"]["code"] == "unknown_calendar"
    assert (before[STORE]["name"], after[STORE]["name"]) == ("Main Street", "Station")
    unknown = answers(as_known_at="2020-01-01T00:00:00Z")
    assert unknown["/calendars"] == {"calendars": []}
    assert (unknown[STORE]["name"], unknown[STORE]["timezone_is_default"]) == (None, True)


def test_an_instant_needs_its_zone(client: TestClient) -> None:
    for path in ("/hours", "/timezone", "/exceptions", "/calendars", ""):
        refused = client.get(STORE + path, params={"as_known_at": "2020-01-01T00:00:00"})
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed_request")
        assert "as_known_at" in refused.json()["detail"]


def ics(*events: str) -> str:
    whole = "".join(f"BEGIN:VEVENT\nUID:1\n{one}END:VEVENT\n" for one in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\n{whole}END:VCALENDAR\n"


def test_a_calendar_is_imported_from_all_day_events(client: TestClient) -> None:
    put(client, "/calendars/own/one", {"days": [{"date": "2026-12-31"}]})
    put(client, f"{STORE}/calendars", {"calendars": [{"calendar": "own/one"}]})
    once = "SUMMARY:Inventory\nDTSTART;VALUE=DATE:20270104\nDTEND;VALUE=DATE:20270106\n"
    yearly = "DTSTART;VALUE=DATE:20201224\nRRULE:FREQ=YEARLY;UNTIL=20201225\n"
    answer = client.post("/calendars/own/one/import", content=ics(once, yearly))
    assert answer.status_code == 200, answer.text
    own = {"name": "own/one", "source": "an .ics file", "days": 2, "first": "2027-01-04", "last": "2027-01-05"}
    closed = {"what": "closed", "start_time_local": None, "end_time_local": None, "name": "Inventory"}
    days = [{"date": f"2027-01-0{day}"} | closed for day in (4, 5)]
    assert answer.json() == {"calendar": own | {"entities": 1}, "days": days}
    assert client.get("/calendars/own/one").json() == answer.json()
    assert opened(client, "2027-01-05", "2027-01-06") == [("2027-01-05", "holiday: Inventory (own/one)", [])]
    assert client.post("/calendars/new/import", content=ics(once)).json()["calendar"]["name"] == "new"


def test_a_body_that_is_no_calendar_changes_nothing(client: TestClient) -> None:
    put(client, "/calendars/own", {"days": [{"date": "2026-12-31"}]})
    before = client.get("/calendars/own").json()
    for body, said in (
        ("", "The body is not an iCalendar file"),
        ("date,name\n2026-12-24,Eve\n", "The body is not an iCalendar file"),
        (ics("SUMMARY:Meeting\nDTSTART:20270104T090000Z\n"), "event 'Meeting': is not all day"),
        (ics("DTSTART;VALUE=DATE:20270104\nRRULE:FREQ=SECONDLY\n"), "repeats otherwise than FREQ=YEARLY"),
        (ics("DTSTART;VALUE=DATE:19690104\n"), "days.0.date: '1969-01-04' is not between 1970 and 2100"),
        (ics("DTSTART;VALUE=DATE:20270104\n") * 2, "The body is not an iCalendar file"),
        ("BEGIN:VEVENT\n" * 80_000, "The body has 80,000 events; at most 2,000 are read."),
        ("BEGIN:VEVENT\n" * 90_000, "The body is larger than 1,048,576 bytes"),
    ):
        refused = client.post("/calendars/own/import", content=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameters")
        assert said in refused.json()["detail"]
        assert client.get("/calendars/own").json() == before


@pytest.mark.parametrize(
    ("path", "body", "query", "said"),
    [
        ("/hours", {"hours": []}, {"valid_from": "2026-07-02", "valid_to": "2026-07-01"}, "is before valid_from"),
        ("/hours", {"hours": []}, {"valid_from": "1900-01-01"}, "is not between 1970 and 2100"),
        ("/timezone", {"timezone": "UTC"}, {"valid_from": "2100-01-01"}, "is not between 1970 and 2100"),
        ("/exceptions", {"exceptions": [{"date": "2101-12-25", "what": "closed"}]}, {}, "exceptions.0.date"),
        ("/exceptions", {"exceptions": [{"date": 5, "what": "closed"}]}, {}, "is not a date such as 2026-12-24"),
        (
            "/exceptions",
            {"exceptions": [{"date": "2026-12-25", "what": "hours", "start_time_local": "9"}]},
            {},
            "exceptions.0.start_time_local",
        ),
        (
            "/exceptions",
            {"exceptions": [{"date": "2026-12-25", "what": "hours"}]},
            {},
            "store 1, 2026-12-25: hours needs start_time_local and end_time_local",
        ),
        (
            "/exceptions",
            {"exceptions": [{"date": "2026-12-25", "what": what} for what in ("closed", "usual")]},
            {},
            "closed beside usual; keep one of them",
        ),
        ("/calendars", {"calendars": [{"calendar": " a"}]}, {}, "calendars.0.calendar"),
        (
            "/calendars",
            {"calendars": [{"calendar": "a", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}]},
            {},
            "calendars.0.valid_to",
        ),
    ],
)
def test_what_a_file_may_not_say_is_refused(
    client: TestClient, path: str, body: Any, query: dict[str, str], said: str
) -> None:
    before = {name: client.get(f"{STORE}/{name}").json() for name in ("hours", "timezone", "exceptions", "calendars")}
    answer = client.put(STORE + path, json=body, params=query)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert before == {name: client.get(f"{STORE}/{name}").json() for name in before}


def test_a_name_or_dates_that_a_calendar_may_not_have_are_refused(client: TestClient) -> None:
    assert client.put("/calendars/%20a", json={"days": []}).json()["code"] == "invalid_parameters"
    hours = {"what": "hours", "start_time_local": "09:00", "end_time_local": "12:00"}
    twice = [{"date": "2026-12-25"}, {"date": "2026-12-25"} | hours]
    refused = client.put("/calendars/a", json={"days": twice})
    assert "a, 2026-12-25: closed beside hours" in refused.json()["detail"]
    assert client.get("/calendars").json() == {"calendars": []}


def test_a_dry_run_tells_what_a_calendar_would_have_and_changes_nothing(client: TestClient) -> None:
    days = [{"date": "2026-12-25", "name": "Christmas"}]
    told = client.put("/calendars/own", json={"days": days, "source": "me"}, params={"dry_run": True})
    assert told.status_code == 200, told.text
    assert told.json()["calendar"] == {
        "name": "own",
        "source": "me",
        "days": 1,
        "first": "2026-12-25",
        "last": "2026-12-25",
        "entities": 0,
    }
    assert client.get("/calendars").json() == {"calendars": []}
    put(client, "/calendars/own", {"days": days, "source": "me"})
    before = client.get("/calendars/own").json()
    other = ics("SUMMARY:Day\nDTSTART;VALUE=DATE:20270104\n")
    told = client.post("/calendars/own/import", content=other, params={"dry_run": True})
    assert [day["date"] for day in told.json()["days"]] == ["2027-01-04"]
    assert client.get("/calendars/own").json() == before
    assert client.get("/audit").json()["entries"][0]["action"] == "calendar.set"
    assert len([one for one in client.get("/audit").json()["entries"] if one["action"] == "calendar.set"]) == 1


def test_a_dry_run_refuses_what_would_be_refused(client: TestClient) -> None:
    days = [{"date": "1969-12-25"}]
    for query in ({}, {"dry_run": True}):
        answer = client.put("/calendars/own", json={"days": days}, params=query)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "days.0.date")
