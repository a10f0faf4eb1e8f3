"""The HTTP contract of entities: what is listed and shown, and what can be mended."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.errors import RejectedFile
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.conftest import LoadText, api, fresh_resources

HOURS = "store_id,day,start_time_local,end_time_local\n"
ZONES = "store_id,timezone_str\n"
POLLS = "store_id,status,timestamp_utc\n"

NOTHING_SAID = dict.fromkeys(("now", "name", "group", "max_gap_minutes", "active_from", "active_to"))


@pytest.fixture(scope="module")
def shared(servers: Addresses, session_settings: Settings) -> Iterator[tuple[Resources, TestClient]]:
    with fresh_resources(servers, session_settings) as fresh, api(fresh, slots=1) as client:
        yield fresh, client


@pytest.fixture
def resources(shared: tuple[Resources, TestClient]) -> Iterator[Resources]:
    """Servers that the tests share, without any entity."""
    yield shared[0]
    with shared[0].engine.begin() as connection:
        connection.execute(text("TRUNCATE entity, poll CASCADE"))


@pytest.fixture
def client(shared: tuple[Resources, TestClient], resources: Resources) -> TestClient:
    return shared[1]


def window(day: Any, start: Any, end: Any) -> dict[str, Any]:
    return {"day": day, "start_time_local": start, "end_time_local": end}


def address(key: str, part: str = "") -> str:
    return f"/entities/store/{quote(key, safe='/')}{part}"


def make(resources: Resources, kind: str, *keys: str) -> None:
    with resources.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO entity (kind, key) SELECT :kind, unnest(CAST(:keys AS text[]))"),
            {"kind": kind, "keys": list(keys)},
        )


def keys_of(client: TestClient, **query: Any) -> list[str]:
    response = client.get("/entities", params=query)
    assert response.status_code == 200, response.text
    return [entity["key"] for entity in response.json()["entities"]]


def test_an_entity_is_shown_with_zone_hours_and_polls(client: TestClient, load_text: LoadText) -> None:
    load_text("hours", HOURS + "007,6,18:00,02:00\n007,0,9:00,12:00:00\n007,0,13:30:00.5,24:00\n")
    load_text("timezones", ZONES + "007,Asia/Kathmandu\n")
    load_text(
        "polls",
        POLLS
        + "007,active,2023-01-22T12:00:00Z\n"
        + "007,active,2023-03-01 10:00:00.25 UTC\n"
        + "007,inactive,2022-12-31T23:30:00-01:00\n"
        + "007,inactive,2023-01-22T12:00:00Z\n"
        + "8,active,2024-01-01T00:00:00Z\n",
    )
    response = client.get("/entities/store/007")
    assert response.status_code == 200
    assert response.json() == {
        "kind": "store",
        "key": "007",
        "timezone": "Asia/Kathmandu",
        "timezone_is_default": False,
        **NOTHING_SAID,
        "open_24x7": False,
        "hours": [
            window(0, "09:00:00", "12:00:00"),
            window(0, "13:30:00.5", "24:00:00"),
            window(6, "18:00:00", "02:00:00"),
        ],
        "hours_are_default": False,
        "first_poll": "2023-01-01T00:30:00Z",
        "last_poll": "2023-03-01T10:00:00.250000Z",
        "polls": 3,
    }


def test_an_entity_that_is_only_named_is_open_around_the_clock_in_the_default_zone(
    client: TestClient, resources: Resources
) -> None:
    make(resources, "store", "7")
    assert client.get("/entities/store/7").json() == {
        "kind": "store",
        "key": "7",
        "timezone": resources.settings.default_timezone,
        "timezone_is_default": True,
        **NOTHING_SAID,
        "open_24x7": True,
        "hours": [],
        "hours_are_default": True,
        "first_poll": None,
        "last_poll": None,
        "polls": 0,
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_list_every_entity_once_in_the_order_of_keys(
    client: TestClient, resources: Resources, limit: int
) -> None:
    keys = ["b", "a", "a/1", "Z", "é", "10", "9"]
    make(resources, "store", *keys)
    make(resources, "team", "another")
    found: list[str] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = client.get("/entities", params=query).json()
        assert len(page["entities"]) <= limit
        found += [entity["key"] for entity in page["entities"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sorted(keys)


def test_the_list_says_which_zone_counts(client: TestClient, resources: Resources, load_text: LoadText) -> None:
    load_text("timezones", ZONES + "1,Asia/Tokyo\n")
    make(resources, "store", "2")
    default = resources.settings.default_timezone
    assert client.get("/entities").json() == {
        "entities": [
            {"kind": "store", "key": "1", "timezone": "Asia/Tokyo", "timezone_is_default": False, "now": None},
            {"kind": "store", "key": "2", "timezone": default, "timezone_is_default": True, "now": None},
        ],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["%x", "10", "100", "1_0", "a/b"]),
        ("1", ["10", "100", "1_0"]),
        ("10", ["10", "100"]),
        ("1_", ["1_0"]),
        ("%", ["%x"]),
        ("a/", ["a/b"]),
        ("0", []),
        ("\x00", []),
        ("1\x00", []),
    ],
)
def test_keys_are_found_by_their_beginning(
    client: TestClient, resources: Resources, prefix: str, found: list[str]
) -> None:
    make(resources, "store", "10", "100", "1_0", "%x", "a/b")
    assert keys_of(client, prefix=prefix) == found


def test_kinds_are_what_the_data_has(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "1")
    make(resources, "team", "2", "3")
    make(resources, "site", "4")
    assert keys_of(client) == ["1"]
    assert keys_of(client, kind="team") == ["2", "3"]
    assert client.get("/entities/site/4").json()["kind"] == "site"
    for response in (
        client.get("/entities", params={"kind": "shop"}),
        client.get("/entities/shop/1"),
        client.put("/entities/shop/1/hours", json={"hours": []}),
        client.put("/entities/shop/1/timezone", json={"timezone": None}),
        client.put("/entities/shop/1", json={}),
    ):
        assert response.status_code == 404
        problem = response.json()
        assert problem["code"] == "unknown_entity_kind"
        assert problem["detail"] == "There is no entity kind 'shop'; known kinds: site, store, team."
        assert problem["allowed"] == ["site", "store", "team"]


def test_before_anything_is_loaded_there_are_no_stores(client: TestClient) -> None:
    assert client.get("/entities").json() == {"entities": [], "next_cursor": None}
    assert client.get("/entities/store/1").json()["code"] == "unknown_entity"
    problem = client.get("/entities/team/1").json()
    assert problem["detail"] == "There is no entity kind 'team'; no loaded file has named an entity yet."


@pytest.mark.parametrize("limit", [0, 1001, "x"])
def test_a_page_has_a_size(client: TestClient, limit: Any) -> None:
    assert client.get("/entities", params={"limit": limit}).json()["code"] == "malformed_request"


@pytest.mark.parametrize("cursor", ["x", "!", "AA==", "_w==", "", "Y Q=="])
def test_what_is_no_cursor_is_refused(client: TestClient, cursor: str) -> None:
    response = client.get("/entities", params={"cursor": cursor})
    assert response.status_code == 422
    assert response.json()["detail"] == f"cursor: {cursor!r} is not the next_cursor of an earlier page."


@pytest.mark.parametrize(
    "key", ["a/b", "a/hours", "a/hours/b/timezone", "/", "a b", "50%", "a?b#c", "ключ", "=cmd|x", "'"]
)
def test_keys_may_hold_any_characters(client: TestClient, resources: Resources, key: str) -> None:
    make(resources, "store", key)
    for spelt in (key, quote(key, safe="")):
        path = f"/entities/store/{quote(key, safe='/')}" if spelt == key else f"/entities/store/{spelt}"
        assert client.get(path).json()["key"] == key
        changed = client.put(f"{path}/timezone", json={"timezone": "Asia/Tokyo"})
        assert changed.status_code == 200, changed.text
        assert (changed.json()["key"], changed.json()["timezone"]) == (key, "Asia/Tokyo")
        assert client.put(f"{path}/hours", json={"hours": [window(0, "9:00", "10:00")]}).json()["key"] == key


@pytest.mark.parametrize("part", ["hours", "timezone", "exceptions", "calendars", "open"])
def test_a_key_that_ends_as_a_route_does_is_told_from_it_by_its_encoded_slash(
    client: TestClient, resources: Resources, part: str
) -> None:
    keys = ["a", f"a/{part}", f"a/{part}/{part}"]
    make(resources, "store", *keys)
    for key in keys:
        path = f"/entities/store/{quote(key, safe='')}"
        assert client.get(path).json()["key"] == key
        assert client.put(path, json={"name": f"The store {key}"}).json()["key"] == key
        lower = path.replace("%2F", "%2f")
        assert client.get(f"{lower}/open", params={"from": "2026-12-24", "to": "2026-12-25"}).status_code == 200
        assert client.put(f"{lower}/timezone", json={"timezone": "Asia/Tokyo"}).json()["key"] == key
    told = [client.get(f"/entities/store/{quote(key, safe='')}").json() for key in keys]
    assert [one["name"] for one in told] == [f"The store {key}" for key in keys]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("8419537941919820733", ["8419537941919820732"]),
        ("841953794191982073", ["8419537941919820732"]),
        ("STORE-1", ["store-1", "store-2"]),
        (" store-2 ", ["store-2", "store-1"]),
        ("store-3", ["store-2", "store-1"]),
        ("x\x00", []),
        ("zzz", []),
    ],
)
def test_an_unknown_key_is_answered_with_those_like_it(
    client: TestClient, resources: Resources, asked: str, nearest: list[str]
) -> None:
    make(resources, "store", "8419537941919820732", "54515546588432327", "store-1", "store-2")
    for response in (
        client.get(address(asked)),
        client.put(address(asked, "/hours"), json={"hours": []}),
        client.put(address(asked, "/timezone"), json={"timezone": None}),
        client.put(address(asked), json={"name": "New"}),
    ):
        assert response.status_code == 404
        problem = response.json()
        assert problem["code"] == "unknown_entity"
        assert problem["received"] == asked
        assert problem["nearest"] == nearest
        hint = f" Did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
        assert problem["detail"] == f"There is no store {asked!r}: no loaded file has named it.{hint}"


def test_hours_are_replaced_as_by_a_file(client: TestClient, load_text: LoadText) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n1,1,09:00,17:00\n2,0,10:00,11:00\n")
    new = [window(5, "18:00", "2:00:00"), window(0, "09:00:00", "24:00"), window(5, "18:00:00", "02:00")]
    changed = client.put("/entities/store/1/hours", json={"hours": new})
    assert changed.status_code == 200
    assert changed.json()["hours"] == [window(0, "09:00:00", "24:00:00"), window(5, "18:00:00", "02:00:00")]
    assert client.get("/entities/store/1").json() == changed.json()
    assert client.get("/entities/store/2").json()["hours"] == [window(0, "10:00:00", "11:00:00")]
    load_text(
        "hours", HOURS + "".join(f"3,{one['day']},{one['start_time_local']},{one['end_time_local']}\n" for one in new)
    )
    assert client.get("/entities/store/3").json()["hours"] == changed.json()["hours"]


def test_details_are_replaced_whole(client: TestClient, load_text: LoadText) -> None:
    load_text("entities", "store_id,name,group\na/1,Main Street,North\n2,Park,North\n")
    before = client.get("/entities/store/a/1").json()
    assert before | NOTHING_SAID | {"name": "Main Street", "group": "North"} == before
    said = {"name": "Station", "group": None, "max_gap_minutes": 0, "active_from": "2023-01-14"}
    changed = client.put("/entities/store/a/1", json=said | {"active_to": "2023-01-14"})
    assert (changed.status_code, changed.json()) == (200, before | said | {"active_to": "2023-01-14"})
    assert client.get("/entities/store/a/1").json() == changed.json()
    assert client.put("/entities/store/a/1", json={"group": "South"}).json() == (
        before | NOTHING_SAID | {"group": "South"}
    )
    assert client.put("/entities/store/a/1", json={}).json() == before | NOTHING_SAID
    other = client.get("/entities/store/2").json()
    assert (other["name"], other["group"]) == ("Park", "North")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"active_from": "2024-01-02", "active_to": "2024-01-01"}, "invalid_parameters", "is before active_from 2024"),
        ({"active_to": "1969-12-31"}, "invalid_parameters", "active_to: '1969-12-31' is not between 1970 and 2100"),
        ({"max_gap_minutes": -1}, "invalid_parameters", "'-1' is not a whole number of minutes from 0 to 525,600"),
        ({"max_gap_minutes": 525_601}, "invalid_parameters", "is not a whole number of minutes from 0 to 525,600"),
        ({"name": " x"}, "invalid_parameters", "name: ' x' begins or ends with a space"),
        ({"name": "x\x00"}, "invalid_parameters", "has invisible characters"),
        ({"name": "", "group": "y" * 256}, "invalid_parameters", "group: "),
        ({"max_gap_minutes": "5"}, "malformed_request", "max_gap_minutes"),
        ({"max_gap_minutes": True}, "malformed_request", "max_gap_minutes"),
        ({"active_from": 5}, "malformed_request", "is not a date such as 2026-12-24"),
        ({"nmae": "x"}, "malformed_request", "nmae"),
        ([], "malformed_request", ""),
    ],
)
def test_details_that_a_file_may_not_have_change_nothing(
    client: TestClient, load_text: LoadText, body: Any, code: str, said: str
) -> None:
    load_text("entities", "store_id,name\n1,Main Street\n")
    before = client.get("/entities/store/1").json()
    refused = client.put("/entities/store/1", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert said in refused.json()["detail"]
    assert client.get("/entities/store/1").json() == before


def test_no_hours_are_around_the_clock(client: TestClient, load_text: LoadText) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n")
    for _ in range(2):
        changed = client.put("/entities/store/1/hours", json={"hours": []}).json()
        assert (changed["open_24x7"], changed["hours"]) == (True, [])


def test_a_team_without_hours_has_those_of_the_settings(
    client: TestClient, resources: Resources, load_text: LoadText
) -> None:
    assert resources.settings.team_hours == "Mon-Fri 09:00-17:00"
    make(resources, "team", "Core Tools")
    usual = [window(day, "09:00:00", "17:00:00") for day in range(5)]
    path = "/entities/team/Core%20Tools"
    before = client.get(path).json()
    assert before == {
        "kind": "team",
        "key": "Core Tools",
        "timezone": resources.settings.default_timezone,
        "timezone_is_default": True,
        **NOTHING_SAID,
        "open_24x7": False,
        "hours": usual,
        "hours_are_default": True,
        "first_poll": None,
        "last_poll": None,
        "polls": 0,
    }
    changed = client.put(f"{path}/hours", json={"hours": [window(5, "22:00", "06:00")]})
    assert changed.status_code == 200
    assert changed.json() == before | {"hours": [window(5, "22:00:00", "06:00:00")], "hours_are_default": False}
    assert client.get(path).json() == changed.json()
    assert client.put(f"{path}/hours", json={"hours": []}).json() == before
    assert client.get(path).json() == before
    load_text("hours", "team,day,start_time_local,end_time_local\nCore Tools,6,10:00,12:00\n")
    assert client.get(path).json() == before | {
        "hours": [window(6, "10:00:00", "12:00:00")],
        "hours_are_default": False,
    }


def test_the_hours_of_teams_are_set_for_all_that_have_none(servers: Addresses, session_settings: Settings) -> None:
    hours = {"team_hours": "Sat-Sun 22:00-06:30, Mon 00:00-24:00"}
    with (
        fresh_resources(servers, session_settings.model_copy(update=hours)) as own,
        api(own, slots=0) as client,
    ):
        make(own, "team", "Night")
        make(own, "store", "1")
        assert client.get("/entities/team/Night").json()["hours"] == [
            window(5, "22:00:00", "06:30:00"),
            window(6, "22:00:00", "06:30:00"),
            window(0, "00:00:00", "24:00:00"),
        ]
        store = client.get("/entities/store/1").json()
        assert (store["hours"], store["hours_are_default"], store["open_24x7"]) == ([], True, True)


def test_a_report_counts_the_hours_that_were_mended(client: TestClient, load_text: LoadText) -> None:
    load_text("polls", POLLS + "1,active,2024-02-01T01:10:00Z\n1,inactive,2024-02-07T03:00:00Z\n")
    hours = [window(day, "10:00", "11:30") for day in range(7)]  # from 01:00 to 02:30 UTC
    client.put("/entities/store/1/hours", json={"hours": hours})
    client.put("/entities/store/1/timezone", json={"timezone": "Asia/Tokyo"})
    answer = client.post("/trigger_report?wait=30", json={"params": {"as_of": "2024-02-08T00:00:00Z"}}).json()
    (shown,) = csv.DictReader(httpx2.get(answer["url"]).raise_for_status().text.splitlines())
    assert [shown[f"{part}time_last_week"] for part in ("up", "down")] == ["10.50", "0.00"]
    assert [shown[f"{part}time_last_day"] for part in ("up", "down")] == ["1.50", "0.00"]


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (7, "09:00", "17:00"),
        (-1, "09:00", "17:00"),
        (0, "24:00", "17:00"),
        (0, "25:00", "17:00"),
        (0, "9", "17:00"),
        (0, "", "17:00"),
        (0, "09:60", "17:00"),
        (0, "09:00", "24:01"),
        (0, "09:00", "5pm"),
        (0, "09:00", "١٧:٠٠"),  # noqa: RUF001 - meant
        (0, "09:00", "17:00\u202e"),
    ],
)
def test_a_window_that_a_file_may_not_have_is_refused_in_the_same_words(
    client: TestClient, load_text: LoadText, day: int, start: str, end: str
) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n")
    with pytest.raises(RejectedFile) as rejected:
        load_text("hours", HOURS + f"1,{day},{start},{end}\n")
    response = client.put(
        "/entities/store/1/hours", json={"hours": [window(1, "8:00", "9:00"), window(day, start, end)]}
    )
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid_parameters"
    (error,) = problem["errors"]
    assert error["reason"] in rejected.value.message
    assert error["parameter"].startswith("hours.1.")
    assert error["received"] in {str(day), start, end}
    assert client.get("/entities/store/1").json()["hours"] == [window(0, "09:00:00", "17:00:00")]


def test_every_wrong_value_is_named(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "1")
    wrong = [window(9, "09:00", "17:00"), window(0, "x", "25:00")]
    problem = client.put("/entities/store/1/hours", json={"hours": wrong}).json()
    assert problem["detail"] == (
        "hours.0.day: '9' is not a weekday from 0 (Monday) to 6 (Sunday); "
        "hours.1.start_time_local: 'x' is not a time of day such as 09:00 or 09:00:00, from 00:00 to 23:59:59; "
        "hours.1.end_time_local: '25:00' is not a time of day such as 17:00 or 17:00:00, from 00:00 to 24:00"
    )


def test_of_very_many_wrong_values_the_first_are_named(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "1")
    problem = client.put("/entities/store/1/hours", json={"hours": [window(7, "9:00", "10:00")] * 1000}).json()
    assert [error["parameter"] for error in problem["errors"]] == [f"hours.{number}.day" for number in range(20)]
    assert problem["detail"].endswith("; and 980 more")


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        {"hours": None},
        {"hours": {}},
        {"hours": [{}]},
        {"hours": [{"day": 0, "start_time_local": "9:00"}]},
        {"hours": [window("0", "9:00", "10:00")]},
        {"hours": [window(True, "9:00", "10:00")]},
        {"hours": [window(0.5, "9:00", "10:00")]},
        {"hours": [window(0, 9, "10:00")]},
        {"hours": [window(0, "9:00", None)]},
        {"hours": [window(0, "9:00", "10:00") | {"store_id": "1"}]},
        {"hours": [], "more": 1},
        {"hours": [window(0, "9:00", "10:00")] * 1001},
    ],
)
def test_a_body_that_is_no_hours_changes_nothing(client: TestClient, load_text: LoadText, body: Any) -> None:
    load_text("hours", HOURS + "1,0,09:00,17:00\n")
    response = client.put("/entities/store/1/hours", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "malformed_request"
    assert client.get("/entities/store/1").json()["hours"] == [window(0, "09:00:00", "17:00:00")]


def test_a_zone_is_set_and_left_to_the_default_again(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "1")
    for zone in ("Australia/Lord_Howe", "Europe/Paris", "Europe/Paris"):
        changed = client.put("/entities/store/1/timezone", json={"timezone": zone}).json()
        assert (changed["timezone"], changed["timezone_is_default"]) == (zone, False)
        assert client.get("/entities/store/1").json() == changed
    changed = client.put("/entities/store/1/timezone", json={"timezone": None}).json()
    assert (changed["timezone"], changed["timezone_is_default"]) == (resources.settings.default_timezone, True)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "europe/paris", "../../etc/passwd", "UTC+1", "a\x00b", "Europe/Paris "]
)
def test_a_zone_that_a_file_may_not_have_is_refused_in_the_same_words(
    client: TestClient, resources: Resources, zone: str
) -> None:
    make(resources, "store", "1")
    response = client.put("/entities/store/1/timezone", json={"timezone": zone})
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid_parameters"
    assert problem["errors"][0]["parameter"] == "timezone"
    assert problem["errors"][0]["received"] == zone
    assert "is not a zone of the IANA time zone database such as America/Chicago" in problem["detail"]
    assert ("did you mean Europe/Paris?" in problem["detail"]) == (zone.strip().lower() == "europe/paris")
    assert client.get("/entities/store/1").json()["timezone_is_default"]


@pytest.mark.parametrize("body", [None, {}, {"timezone": 5}, {"timezone": "UTC", "x": 1}, {"zone": "UTC"}])
def test_a_body_that_is_no_zone_is_refused(client: TestClient, resources: Resources, body: Any) -> None:
    make(resources, "store", "1")
    assert client.put("/entities/store/1/timezone", json=body).json()["code"] == "malformed_request"


def test_the_list_has_those_that_are_in_a_zone_today(
    client: TestClient, resources: Resources, load_text: LoadText
) -> None:
    load_text("timezones", ZONES + "a,Asia/Tokyo\nb,Europe/Oslo\n")
    make(resources, "store", "c")
    moved = {"timezone": "Asia/Tokyo"}
    client.put(address("b", "/timezone"), json=moved, params={"valid_from": "2020-01-01"}).raise_for_status()
    load_text("timezones", ZONES + "d,Asia/Tokyo\n")
    client.put(
        address("d", "/timezone"), json={"timezone": "Europe/Oslo"}, params={"valid_from": "2020-01-01"}
    ).raise_for_status()
    assert keys_of(client, timezone="Asia/Tokyo") == ["a", "b"]
    assert keys_of(client, timezone="Asia/Tokyo", prefix="b") == ["b"]
    assert keys_of(client, timezone="Europe/Oslo") == ["d"]
    default = resources.settings.default_timezone
    assert keys_of(client, timezone=default) == ["c"]
    client.put(address("a", "/timezone"), json={"timezone": default}).raise_for_status()
    assert keys_of(client, timezone=default) == ["a", "c"]
    answer = client.get("/entities", params={"timezone": "Asia/Tokio"})
    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == ["timezone"]
    assert "did you mean Asia/Tokyo" in answer.json()["detail"]


def test_the_list_has_those_with_an_exception_to_come(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "a", "b", "c")
    today = datetime.now(UTC).date()
    for key, days in (("a", 5), ("b", -30)):
        row = {"date": str(today + timedelta(days=days)), "what": "closed"}
        client.put(address(key, "/exceptions"), json={"exceptions": [row]}).raise_for_status()
    assert keys_of(client, exceptions=True) == ["a"]
    assert keys_of(client, exceptions=False) == ["a", "b", "c"]
    client.put(address("a", "/exceptions"), json={"exceptions": []}).raise_for_status()
    assert keys_of(client, exceptions=True) == []


def test_the_list_tells_who_is_open_now_if_it_is_asked(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "always", "never", "rarely")
    zone, today = {"timezone": "UTC"}, datetime.now(UTC).date()
    for key in ("always", "never", "rarely"):
        client.put(address(key, "/timezone"), json=zone).raise_for_status()
    client.put(address("never"), json={"active_to": "2020-01-01"}).raise_for_status()
    coming = (today.weekday() + 2) % 7
    client.put(address("rarely", "/hours"), json={"hours": [window(coming, "10:00", "11:00")]}).raise_for_status()
    told = {one["key"]: one["now"] for one in client.get("/entities", params={"now": True}).json()["entities"]}
    assert told == {
        "always": {"is_open": True, "changes_at": None},
        "never": {"is_open": False, "changes_at": None},
        "rarely": {"is_open": False, "changes_at": f"{today + timedelta(days=2)}T10:00:00Z"},
    }
    assert {key: client.get(address(key), params={"now": True}).json()["now"] for key in told} == told
    assert client.get(address("always")).json()["now"] is None


def test_an_entity_is_open_now_as_was_known_at_an_instant(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "a")
    before = datetime.now(UTC)
    client.put(address("a"), json={"active_to": "2020-01-01"}).raise_for_status()
    asked = {"now": True, "as_known_at": before.isoformat()}
    assert client.get(address("a"), params=asked).json()["now"]["is_open"] is True
    assert client.get(address("a"), params={"now": True}).json()["now"]["is_open"] is False


def of(client: TestClient, *keys: str) -> dict[str, tuple[str, list[dict[str, object]]]]:
    """The zones and the uses of calendars of stores."""
    return {
        key: (client.get(address(key)).json()["timezone"], client.get(address(key, "/calendars")).json()["calendars"])
        for key in keys
    }


def test_several_get_a_zone_and_a_calendar(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "a", "b", "c")
    since = {"valid_from": "2024-01-01"}
    client.put(address("a", "/timezone"), json={"timezone": "Asia/Tokyo"}, params=since).raise_for_status()
    spring = {"calendar": "ours", "valid_from": "2024-03-01", "valid_to": "2024-05-31"}
    theirs = {"calendar": "theirs", "valid_from": None, "valid_to": None}
    client.put(address("a", "/calendars"), json={"calendars": [theirs]}).raise_for_status()
    client.put(address("b", "/calendars"), json={"calendars": [theirs, spring]}).raise_for_status()
    before = datetime.now(UTC)
    sent = {"keys": ["b", "a", "b"], "timezone": "Europe/Paris", "add_calendar": "ours"}
    for _ in range(2):  # once more is no more
        answer = client.patch("/entities", json=sent)
        assert answer.status_code == 200, answer.text
        zone = {"kind": "store", "timezone": "Europe/Paris", "timezone_is_default": False}
        assert answer.json() == {"entities": [{**zone, "key": "a"}, {**zone, "key": "b"}]}
    always = {"calendar": "ours", "valid_from": None, "valid_to": None}
    assert of(client, "a", "b", "c") == {
        "a": ("Europe/Paris", [theirs, always]),
        "b": ("Europe/Paris", [theirs, spring]),  # it uses it, though not always
        "c": (resources.settings.default_timezone, []),
    }
    zones = client.get(address("a", "/timezone")).json()["timezones"]
    assert zones == [{"valid_from": None, "timezone": "Europe/Paris"}]
    known = {"as_known_at": before.isoformat()}
    assert client.get(address("a", "/calendars"), params=known).json()["calendars"] == [theirs]


def test_several_are_changed_all_or_none_and_each_wrong_one_is_named(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "Main Street", "Kiosk")
    before = of(client, "Main Street", "Kiosk")
    keys = ["Kiosk", "Main Stret", "Main Street", "zzz", "nul\x00"]
    answer = client.patch("/entities", json={"keys": keys, "timezone": "Europe/Paris", "add_calendar": "ours"})
    assert answer.status_code == 422
    errors = {one["received"]: one.get("nearest") for one in answer.json()["errors"]}
    assert errors == {"Main Stret": ["Main Street"], "zzz": [], "nul\x00": []}
    assert "'Main Stret' (did you mean 'Main Street'?)" in answer.json()["detail"]
    wrong = {"keys": ["Kiosk"], "timezone": "Europe/Pariss", "add_calendar": ""}
    refused = client.patch("/entities", json=wrong).json()
    assert [one["parameter"] for one in refused["errors"]] == ["timezone", "add_calendar"]
    assert of(client, "Main Street", "Kiosk") == before
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit WHERE outcome = 'done' AND object_id = 'Kiosk'")) == 0


@pytest.mark.parametrize(
    ("sent", "parameter"),
    [
        ({"keys": ["a"]}, "timezone"),
        ({"keys": [], "timezone": "UTC"}, "body.keys"),
        ({"keys": ["a"] * 1001, "timezone": "UTC"}, "body.keys"),
        ({"timezone": "UTC"}, "body.keys"),
        ({"keys": ["a"], "timezone": "UTC", "calendar": "x"}, "body.calendar"),
    ],
)
def test_what_several_cannot_be_given_is_refused(
    client: TestClient, resources: Resources, sent: dict[str, object], parameter: str
) -> None:
    make(resources, "store", "a")
    answer = client.patch("/entities", json=sent)
    assert answer.status_code == 422
    assert [one["parameter"].removeprefix("body.") for one in answer.json()["errors"]] == [
        parameter.removeprefix("body.")
    ]


def test_several_of_a_kind_that_nobody_named(client: TestClient) -> None:
    answer = client.patch("/entities", json={"kind": "stoer", "keys": ["a"], "timezone": "UTC"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_entity_kind")


def test_several_changes_are_audited_one_by_one(client: TestClient, resources: Resources) -> None:
    make(resources, "store", "North 1", "North 2")
    sent = {"keys": ["North 1", "North 2"], "timezone": "Europe/Paris", "add_calendar": "ours"}
    client.patch("/entities", json=sent).raise_for_status()
    with resources.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT action, object_id, detail FROM audit WHERE object_id LIKE 'North %' ORDER BY object_id, action"
            )
        )
        told = [tuple(row) for row in rows]
    zone, calendar = {"timezone": "Europe/Paris"}, {"added": "ours"}
    assert told == [
        ("calendars.set", "North 1", calendar),
        ("timezone.set", "North 1", zone),
        ("calendars.set", "North 2", calendar),
        ("timezone.set", "North 2", zone),
    ]
