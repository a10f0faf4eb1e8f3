"""Pages of entities and calendars, as a browser uses them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from app.access.scopes import Role
from app.storage.resources import Resources
from tests.console.browsing import PAGE
from tests.console.conftest import Guarded
from tests.console.html import Element, has_no_script_or_style_within, labels_its_fields, read
from tests.local_client import LocalClient

STORE = "/console/entities/store/1"

#: What stores, calendars and holidays may be called.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }}{% raw %}%(name)s",
    "a/b?c#d&e=f 100%",
    "\N{ARABIC LETTER ALEF}\N{HEBREW LETTER BET}" * 50,
    "x" * 255,
]

TODAY = datetime.now(UTC).date()


@pytest.fixture
def client(local: LocalClient, kept: Resources) -> Iterator[LocalClient]:
    """In local mode, with a store ``1`` in UTC."""
    make(kept, "store", "1")
    local.put("/entities/store/1/timezone", json={"timezone": "UTC"}).raise_for_status()
    yield local
    with kept.engine.begin() as connection:
        tables = "entity, calendar, calendar_day"
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))


def make(resources: Resources, kind: str, *keys: str) -> None:
    with resources.engine.begin() as connection:
        insert = "INSERT INTO entity (kind, key) SELECT :kind, unnest(CAST(:keys AS text[]))"
        connection.execute(text(insert), {"kind": kind, "keys": list(keys)})


def main_of(answer: Response) -> Element:
    document = read(answer.text)
    has_no_script_or_style_within(document)
    labels_its_fields(document)
    return document.one("main")


def page(client: TestClient, address: str, **query: Any) -> Element:
    answer = client.get(address, params=query or None)
    assert answer.status_code == 200, answer.text
    return main_of(answer)


def said(client: TestClient, answer: Response) -> str:
    """What the page says to which an action leads."""
    assert answer.status_code == 303, answer.text
    return page(client, answer.headers["location"]).one("p", role="status").text


def refused_at(answer: Response, name: str) -> str:
    """What is said at a field, which is marked and linked from the top."""
    assert answer.status_code == 422, answer.text
    document = main_of(answer)
    assert document.one(id=f"field-{name}")["aria-invalid"] == "true"
    assert f"#field-{name}" in [link["href"] for link in document.one(id="refused").all("a")]
    return document.one(id=f"error-{name}").text


def of_table(document: Element, label: str) -> list[list[str]]:
    """The rows of a table by what it is called."""
    body = document.one("div", aria_label=label).one("tbody")
    return [[cell.text for cell in row.all() if cell.tag in {"td", "th"}] for row in body.all("tr")]


def api(client: TestClient, path: str) -> Any:
    answer = client.get(path, headers={"accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def day(number: int) -> str:
    return str(TODAY + timedelta(days=number))


def window(weekday: int, opens: str, closes: str) -> dict[str, Any]:
    return {"day": weekday, "start_time_local": opens, "end_time_local": closes}


# Entities


def test_entities_are_searched(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "10", "11", "2")
    client.put("/entities/store/11/timezone", json={"timezone": "Asia/Tokyo"}).raise_for_status()
    row = {"date": day(3), "what": "closed"}
    client.put("/entities/store/10/exceptions", json={"exceptions": [row]}).raise_for_status()

    def keys(**query: Any) -> list[str]:
        return [cells[1] for cells in of_table(page(client, "/console/entities", **query), "Entities")]

    assert keys() == ["1", "10", "11", "2"]
    assert keys(prefix="1") == ["1", "10", "11"]
    assert keys(timezone="Asia/Tokyo") == ["11"]
    assert keys(exceptions="true") == ["10"]
    assert "Nothing fits" in page(client, "/console/entities", prefix="x").text
    assert "No file has named an entity yet" in page(client, "/console/entities", kind="team").text


def test_a_page_of_entities_leads_to_the_next_one_and_keeps_the_search(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "10", "11", "2")
    first = page(client, "/console/entities", prefix="1", limit=2)
    following = page(client, first.one("a", rel="next")["href"])
    assert [cells[1] for cells in of_table(following, "Entities")] == ["11"]
    assert following.all("a", rel="next") == []
    assert following.one("input", name="prefix")["value"] == "1"


def test_a_zone_that_is_none_is_refused_at_its_field(client: LocalClient) -> None:
    answer = client.get("/console/entities", params={"timezone": "Asia/Tokio"})
    assert "did you mean Asia/Tokyo" in refused_at(answer, "timezone")


def test_the_list_tells_who_is_open(client: LocalClient) -> None:
    assert of_table(page(client, "/console/entities"), "Entities")[0][2].endswith("open")
    client.put("/entities/store/1", json={"active_to": "2020-01-01"}).raise_for_status()
    assert of_table(page(client, "/console/entities"), "Entities")[0][2].endswith("closed")


def test_several_get_a_calendar_and_a_zone_at_once(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "10", "11")
    client.put("/calendars/ours", json={"days": []}).raise_for_status()
    client.put("/entities/store/10/calendars", json={"calendars": [{"calendar": "theirs"}]}).raise_for_status()
    form = {"key": ["1", "10"], "use_calendar": "ours", "set_timezone": "Asia/Tokyo"}
    for _ in range(2):  # once more is no more
        answer = client.post("/console/entities?prefix=1&limit=50", data=form)
        assert said(client, answer) == "It was assigned."
        assert "prefix=1" in answer.headers["location"]
    used = {key: api(client, f"/entities/store/{key}/calendars")["calendars"] for key in ("1", "10", "11")}
    assert {key: [one["calendar"] for one in uses] for key, uses in used.items()} == {
        "1": ["ours"],
        "10": ["theirs", "ours"],
        "11": [],
    }
    assert [one["timezone"] for one in api(client, "/entities?timezone=Asia/Tokyo")["entities"]] == ["Asia/Tokyo"] * 2


def test_nothing_is_set_where_something_is_wrong_or_missing(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "10")
    client.put("/calendars/ours", json={"days": []}).raise_for_status()
    form = {"key": ["1", "10"], "use_calendar": "ours", "set_timezone": "Asia/Tokio"}
    answer = client.post("/console/entities", data=form)
    assert "did you mean Asia/Tokyo" in refused_at(answer, "set_timezone")
    document = main_of(answer)
    assert [box["value"] for box in document.all("input", name="key") if "checked" in box.attributes] == ["1", "10"]
    assert document.one("option", value="ours").attributes.get("selected", "") is None
    nobody = client.post("/console/entities", data={"use_calendar": "ours"})
    assert (nobody.status_code, "tick at least one" in main_of(nobody).one(id="refused").text) == (422, True)
    assert "choose a calendar" in refused_at(client.post("/console/entities", data={"key": ["1"]}), "use_calendar")
    both = {"use_calendar": "ours", "set_timezone": "Asia/Tokyo"}
    gone = client.post("/console/entities", data={"key": ["1", "gone", "10", "lost"], **both})
    assert gone.status_code == 422
    refusal = main_of(gone).one(id="refused")
    assert "no loaded file has named the store 'gone', 'lost'" in refusal.text
    assert refusal.one("a")["href"] == "#field-key"
    assert api(client, "/entities/store/1")["timezone"] == "UTC"
    assert api(client, "/entities/store/1/calendars") == {"calendars": []}


# One entity


def test_what_is_not_there_leads_to_what_may_be_meant(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "Main Street/1")
    answer = client.get("/console/entities/store/Main Street/2")
    assert answer.status_code == 404
    links = [link["href"] for link in main_of(answer).one("ul").all("a")]
    assert links == ["/console/entities/store/Main%20Street/1"]
    assert client.get(links[0]).status_code == 200
    kinds = client.get("/console/entities/stoer/1")
    assert [link["href"] for link in main_of(kinds).one("ul").all("a")] == ["/console/entities?kind=store"]


def test_a_store_without_hours_is_open_around_the_clock(client: LocalClient) -> None:
    document = page(client, STORE)
    assert "It is open now. No hours are set, so it counts as always open." in document.text
    week = of_table(document, "The week, hour by hour")
    assert [row[1:] for row in week] == [["open"] * 24 + ["all day"]] * 7


@pytest.mark.parametrize("minutes", [-30, 30])
def test_it_says_whether_it_is_open_and_until_when(client: LocalClient, minutes: int) -> None:
    now = datetime.now(UTC)
    opens = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    closes = opens + timedelta(hours=2)
    hours = [window(opens.weekday(), f"{opens:%H:%M}", f"{closes:%H:%M}")]
    client.put("/entities/store/1/hours", json={"hours": hours}).raise_for_status()
    paragraph = next(one for one in page(client, STORE).all("p") if "It is" in one.text)
    is_open = minutes < 0
    assert paragraph.text.startswith("It is open now. It closes" if is_open else "It is closed now. It opens")
    edge = closes if is_open else opens
    assert paragraph.one("time")["datetime"] == f"{edge:%Y-%m-%dT%H:%M}:00Z"


def test_a_window_that_began_on_the_day_before_is_open_until_its_end(client: LocalClient) -> None:
    zone = "Pacific/Honolulu"
    client.put("/entities/store/1/timezone", json={"timezone": zone}).raise_for_status()
    # One window of almost a day from each day into the next: only the one of yesterday may be open now.
    local = datetime.now(UTC) - timedelta(hours=10)
    opens, closes = local + timedelta(minutes=61), local + timedelta(minutes=31)
    yesterday = (opens - timedelta(days=1)).weekday()
    hours = [window(yesterday, f"{opens:%H:%M}", f"{closes:%H:%M}")]
    client.put("/entities/store/1/hours", json={"hours": hours}).raise_for_status()
    (now,) = [one["now"] for one in api(client, "/entities?now=true")["entities"]]
    paragraph = next(one for one in page(client, STORE).all("p") if "It is" in one.text)
    assert now["is_open"] is True
    assert "It is open now. It closes" in paragraph.text
    assert paragraph.one("time")["datetime"] == now["changes_at"]


def test_what_is_open_for_longer_than_a_week_or_closed_is_said_so(client: LocalClient) -> None:
    client.put("/entities/store/1", json={"active_to": "2020-01-01"}).raise_for_status()
    paragraph = next(one for one in page(client, STORE).all("p") if "It is" in one.text)
    assert paragraph.text.startswith("It is closed now. That holds for at least a week.")


@pytest.mark.parametrize("key", ["1/hours", "1/open", "1/timezone/hours", "2/calendars"])
def test_a_key_that_ends_like_a_route_is_told_from_a_part_of_another(
    client: LocalClient, kept: Resources, key: str
) -> None:
    make(kept, "store", key)
    address = f"/console/entities/store/{key}"
    main = page(client, address)
    assert main.one("h1").text == key
    form = {"day-0": "09:00-17:00", "when": "always"}
    assert said(client, client.post(f"{address}/hours", data=form)) == "The change was saved."
    zone = {"key": [key], "set_timezone": "Europe/Berlin"}
    assert client.post("/console/entities?kind=store", data=zone).status_code == 303
    told = api(client, address)
    assert (told["key"], told["timezone"], len(told["hours"])) == (key, "Europe/Berlin", 1)
    assert api(client, "/entities/store/1")["hours"] == []
    assert "Europe/Berlin" in page(client, address).one("dl").text


def test_the_next_days_are_told_by_the_clock_of_their_zone(client: LocalClient) -> None:
    hours = [window(weekday, "22:00", "02:00") for weekday in range(7)]
    client.put("/entities/store/1/hours", json={"hours": hours}).raise_for_status()
    moved = {"timezone": "Asia/Tokyo"}
    client.put("/entities/store/1/timezone", json=moved, params={"valid_from": day(5)}).raise_for_status()
    rows = page(client, STORE).one("div", aria_label="The next days").one("tbody").all("tr")
    assert len(rows) == 14
    told = [row.one("td", **{"class": "hours"}).text for row in rows]
    night = "10:00 PM – 2:00 AM"  # noqa: RUF001 - a dash
    # It moves at midnight of the fifth day: the clock jumps from 0:00 to 9:00 and so passes 2:00 at once.
    assert told == [night] * 4 + ["10:00 PM – 12:00 AM"] + [night] * 9  # noqa: RUF001 - a dash
    assert rows[0].all("time")[0]["datetime"] == f"{day(0)}T22:00:00Z"
    assert rows[8].all("time")[0]["datetime"] == f"{day(8)}T13:00:00Z"


def test_hours_are_set_always(client: LocalClient) -> None:
    form = {"day-0": "9:00-12:00, 13:00 – 17:00:30", "day-4": "18:00-02:00", "when": "always"}  # noqa: RUF001
    assert said(client, client.post(f"{STORE}/hours", data=form)) == "The change was saved."
    assert api(client, "/entities/store/1")["hours"] == [
        window(0, "09:00:00", "12:00:00"),
        window(0, "13:00:00", "17:00:30"),
        window(4, "18:00:00", "02:00:00"),
    ]
    document = page(client, STORE)
    assert document.one("input", name="day-0")["value"] == "09:00-12:00, 13:00-17:00:30"
    rows = {row[0]: row[1:] for row in of_table(document, "The week, hour by hour")}
    opened = {name: [hour for hour in range(24) if cells[hour] == "open"] for name, cells in rows.items()}
    assert opened == {
        "Monday": [9, 10, 11, 13, 14, 15, 16, 17],
        "Tuesday": [],
        "Wednesday": [],
        "Thursday": [],
        "Friday": [18, 19, 20, 21, 22, 23],
        "Saturday": [0, 1],
        "Sunday": [],
    }
    assert (rows["Monday"][24], rows["Sunday"][24]) == ("09:00-12:00, 13:00-17:00:30", "closed")
    assert said(client, client.post(f"{STORE}/hours", data={"when": "always"})) == "The change was saved."
    assert api(client, "/entities/store/1")["open_24x7"] is True


def test_what_the_form_shows_can_be_saved_as_it_is(client: LocalClient) -> None:
    hours = [window(2, "00:00:00", "24:00:00"), window(3, "08:15:30", "23:59:59"), window(6, "22:00:00", "22:00:00")]
    client.put("/entities/store/1/hours", json={"hours": hours}).raise_for_status()
    before = api(client, "/entities/store/1")
    form = {f"day-{one}": page(client, STORE).one("input", name=f"day-{one}")["value"] for one in range(7)}
    assert client.post(f"{STORE}/hours", data=form).status_code == 303
    assert api(client, "/entities/store/1") == before


def test_hours_hold_from_a_date_on_and_can_be_taken_back(client: LocalClient) -> None:
    client.post(f"{STORE}/hours", data={"day-0": "09:00-17:00", "when": "always"})
    answer = client.post(f"{STORE}/hours", data={"day-1": "10:00-12:00", "when": "from", "valid_from": day(30)})
    assert said(client, answer) == "The change was saved."
    document = page(client, STORE)
    rows = of_table(document, "Hours by date")
    assert [row[1] for row in rows] == ["Monday 09:00-17:00", "Tuesday 10:00-12:00"]
    assert "today" in rows[0][0]
    assert "today" not in rows[1][0]
    assert "Hours that apply from a date stay" in document.text
    removed = client.post(f"{STORE}/hours/remove", data={"valid_from": day(30), "valid_to": ""})
    assert said(client, removed) == "The change was saved."
    (left,) = api(client, "/entities/store/1/hours")["versions"]
    assert left["valid_from"] is None


def test_hours_of_a_later_date_alone_are_shown(client: LocalClient) -> None:
    client.post(f"{STORE}/hours", data={"day-1": "10:00-12:00", "when": "from", "valid_from": day(30)})
    document = page(client, STORE)
    assert "No hours are set" in document.text
    ((holds, hours, _),) = of_table(document, "Hours by date")
    assert "today" not in holds
    assert hours == "Tuesday 10:00-12:00"


def test_hours_of_some_dates_are_exceptions_of_these_dates(client: LocalClient) -> None:
    kept = {"date": day(40), "what": "closed"}
    client.put("/entities/store/1/exceptions", json={"exceptions": [kept]}).raise_for_status()
    open_on = (TODAY + timedelta(days=5)).weekday()
    form = {f"day-{open_on}": "10:00-11:00, 12:00-13:00", "when": "dates", "dates_from": day(5), "dates_to": day(6)}
    assert said(client, client.post(f"{STORE}/hours", data=form)) == "The change was saved."
    found = [(one["date"], one["what"], one["start_time_local"]) for one in _exceptions(client)]
    assert found == [
        (day(5), "hours", "10:00:00"),
        (day(5), "hours", "12:00:00"),
        (day(6), "closed", None),
        (day(40), "closed", None),
    ]


def test_hours_that_are_wrong_are_refused_at_their_day(client: LocalClient) -> None:
    form = {"day-2": "09:00-12:00, nine to five", "day-4": "09:00-17:00"}
    answer = client.post(f"{STORE}/hours", data=form)
    assert "“nine to five” is not written like" in refused_at(answer, "day-2")
    assert main_of(answer).one("input", name="day-4")["value"] == "09:00-17:00"
    opened = [one for one in main_of(answer).all("details") if "open" in one.attributes]
    assert [one.one("summary").text for one in opened] == ["Change the hours"]
    wrong = {"day-0": "09:00-12:00", "day-2": "09:00-25:00"}
    assert "25:00" in refused_at(client.post(f"{STORE}/hours", data=wrong), "day-2")
    dates = {"when": "dates", "dates_from": day(1), "dates_to": day(8)}
    assert "25:00" in refused_at(client.post(f"{STORE}/hours", data=wrong | dates), "day-2")
    assert api(client, "/entities/store/1/hours") == {"versions": []}
    assert _exceptions(client) == []


@pytest.mark.parametrize(
    ("form", "name", "reason"),
    [
        ({"when": "from", "valid_from": ""}, "valid_from", "is not a date"),
        ({"when": "from", "valid_from": "soon"}, "valid_from", "is not a date"),
        ({"when": "from", "valid_from": "1969-01-01"}, "valid_from", "is not between 1970 and 2100"),
        ({"when": "dates", "dates_from": "soon", "dates_to": "2026-01-01"}, "dates_from", "is not a date"),
        ({"when": "dates", "dates_from": "2026-02-01", "dates_to": "2026-01-01"}, "dates_to", "up to 61 days later"),
        ({"when": "dates", "dates_from": "2026-02-01", "dates_to": "2027-02-01"}, "dates_to", "up to 61 days later"),
    ],
)
def test_dates_of_hours_are_refused_at_their_field(
    client: LocalClient, form: dict[str, str], name: str, reason: str
) -> None:
    answer = client.post(f"{STORE}/hours", data={"day-0": "09:00-17:00", **form})
    assert reason in refused_at(answer, name)
    assert main_of(answer).one("input", name=name)["value"] == form[name]
    assert api(client, "/entities/store/1/hours") == {"versions": []}


def test_a_week_without_hours_from_a_date_on_says_what_to_do(client: LocalClient) -> None:
    answer = client.post(f"{STORE}/hours", data={"when": "from", "valid_from": day(5)})
    assert "when it ceases to exist" in refused_at(answer, "valid_from")


def test_a_zone_is_set_with_its_history(client: LocalClient) -> None:
    answer = client.post(f"{STORE}/timezone", data={"timezone": "Europe/Oslo", "zone_from": "2020-01-01"})
    assert said(client, answer) == "The change was saved."
    items = [item.text for item in page(client, STORE).all("li")]
    assert "UTC (always)" in items
    assert any(item.startswith("Europe/Oslo (from") for item in items)
    form = {"timezone": "CET/Berlin", "zone_from": ""}
    answer = client.post(f"{STORE}/timezone", data=form)
    assert "is not a zone" in refused_at(answer, "timezone")
    assert main_of(answer).one("input", name="timezone")["value"] == "CET/Berlin"
    late = client.post(f"{STORE}/timezone", data={"timezone": "UTC", "zone_from": "2101-01-01"})
    assert "is not between 1970 and 2100" in refused_at(late, "zone_from")
    said(client, client.post(f"{STORE}/timezone", data={"timezone": "", "zone_from": ""}))
    assert api(client, "/entities/store/1")["timezone_is_default"] is True


def test_exceptions_are_added_and_removed(client: LocalClient) -> None:
    closed = {"date": day(3), "what": "closed", "name": "Inventory", "start_time_local": "", "end_time_local": ""}
    assert said(client, client.post(f"{STORE}/exceptions", data=closed)) == "The change was saved."
    for opens, closes in (("10:00", "12:00"), ("14:00", "15:00")):
        form = {"date": day(2), "what": "hours", "start_time_local": opens, "end_time_local": closes, "name": ""}
        said(client, client.post(f"{STORE}/exceptions", data=form))
    rows = of_table(page(client, STORE), "Exceptions")
    assert [row[1:3] for row in rows] == [
        ["open at these times only: 10:00-12:00", ""],
        ["open at these times only: 14:00-15:00", ""],
        ["closed all day", "Inventory"],
    ]
    said(client, client.post(f"{STORE}/exceptions", data={"date": day(2), "what": "usual"}))
    assert [(one["date"], one["what"]) for one in _exceptions(client)] == [(day(2), "usual"), (day(3), "closed")]
    said(client, client.post(f"{STORE}/exceptions/remove", data={"date": day(2)}))
    assert [one["date"] for one in _exceptions(client)] == [day(3)]


def test_only_exceptions_of_the_next_twelve_months_are_shown(client: LocalClient) -> None:
    rows = [{"date": day(at), "what": "closed"} for at in (-2, 0, 365, 370, 800)]
    client.put("/entities/store/1/exceptions", json={"exceptions": rows}).raise_for_status()
    document = page(client, STORE)
    assert len(of_table(document, "Exceptions")) == 2
    assert "After the next twelve months: 2." in document.text


@pytest.mark.parametrize(
    ("form", "name", "reason"),
    [
        ({"date": "soon", "what": "closed"}, "date", "is not a date"),
        ({"date": "1969-12-24", "what": "closed"}, "date", "is not between 1970 and 2100"),
        (
            {"date": "2027-12-24", "what": "hours", "start_time_local": "9", "end_time_local": "12:00"},
            "start_time_local",
            "9",
        ),
        ({"date": "2027-12-24", "what": "odd"}, "what", "odd"),
    ],
)
def test_an_exception_is_refused_at_its_field(
    client: LocalClient, form: dict[str, str], name: str, reason: str
) -> None:
    answer = client.post(f"{STORE}/exceptions", data=form)
    assert reason in refused_at(answer, name)
    assert main_of(answer).one("input", name="date")["value"] == form["date"]
    assert _exceptions(client) == []


def test_an_exception_without_its_times_is_refused_in_words(client: LocalClient) -> None:
    answer = client.post(f"{STORE}/exceptions", data={"date": day(2), "what": "hours"})
    assert answer.status_code == 422
    assert main_of(answer).one(id="refused").text


def test_calendars_are_used_and_their_holidays_shown(client: LocalClient) -> None:
    days = [{"date": day(at), "name": f"Day {at}"} for at in (-5, 10, 200, 500)]
    client.put("/calendars/a/b", json={"days": days}).raise_for_status()
    before = {"calendars": [{"calendar": "old", "valid_from": "2020-01-01", "valid_to": None}]}
    client.put("/entities/store/1/calendars", json=before).raise_for_status()
    answer = client.post(f"{STORE}/calendars", data={"calendars": "a/b\r\n\r\n old \r\n"})
    assert said(client, answer) == "The change was saved."
    uses = api(client, "/entities/store/1/calendars")["calendars"]
    assert [(one["calendar"], one["valid_from"]) for one in uses] == [("a/b", None), ("old", "2020-01-01")]
    document = page(client, STORE)
    assert [row[1:] for row in of_table(document, "Holidays")] == [
        ["closed", "Day 10", "a/b"],
        ["closed", "Day 200", "a/b"],
    ]
    assert "there is no calendar of this name yet" in document.text
    answer = client.post(f"{STORE}/calendars", data={"calendars": "x" * 300})
    assert refused_at(answer, "calendars")
    said(client, client.post(f"{STORE}/calendars", data={"calendars": ""}))
    assert "It uses none, so no holidays apply." in page(client, STORE).text


def test_name_and_group_are_changed(client: LocalClient) -> None:
    form = {"entity_name": "Main Street", "group": "North", "active_from": "2020-01-01", "max_gap_minutes": "90"}
    assert said(client, client.post(f"{STORE}/details", data=form)) == "The change was saved."
    found = api(client, "/entities/store/1")
    assert (found["name"], found["group"], found["active_from"], found["max_gap_minutes"]) == (
        "Main Street",
        "North",
        "2020-01-01",
        90,
    )
    assert page(client, STORE).text.count("Main Street")
    for name, value, reason in (
        ("max_gap_minutes", "many", "many"),
        ("max_gap_minutes", "-1", "-1"),
        ("active_to", "2019-01-01", "is before active_from"),
        ("active_from", "soon", "is not a date"),
        ("entity_name", "x" * 2000, ""),
    ):
        assert reason in refused_at(client.post(f"{STORE}/details", data=form | {name: value}), name)
    said(client, client.post(f"{STORE}/details", data={}))
    assert api(client, "/entities/store/1")["name"] is None


def test_outages_are_told_as_soon_as_there_is_a_report(client: LocalClient) -> None:
    link = next(one for one in page(client, STORE).all("a") if "Show the outages" in one.text)["href"]
    assert "Outages appear here once there is an uptime report" in page(client, link).text
    piece = client.get(link, headers={"hx-request": "true"})
    assert piece.status_code == 200
    assert "<html" not in piece.text


# Calendars


def _exceptions(client: TestClient) -> list[dict[str, Any]]:
    return list(api(client, "/entities/store/1/exceptions")["exceptions"])


def _save(client: TestClient, answer: Response) -> Response:
    """Press the button below what would change."""
    assert answer.status_code == 200, answer.text
    form = main_of(answer).one("form", action="/console/calendars")
    fields = {field["name"]: field["value"] for field in form.all("input")}
    return client.post("/console/calendars", files={name: (None, value) for name, value in fields.items()})


def _changes(answer: Response) -> list[list[str]]:
    return [row[1:] for row in of_table(main_of(answer), "What would change")]


def _sent(client: TestClient, name: str, content: bytes, filename: str = "days.csv") -> Response:
    return client.post("/console/calendar-of-file", data={"name": name}, files={"file": (filename, content)})


def test_the_list_says_what_to_do_where_there_is_none(client: LocalClient) -> None:
    assert "There is no calendar, so no holidays apply." in page(client, "/console/calendars").text


def test_a_calendar_is_made_from_a_country_and_refreshed(client: LocalClient) -> None:
    chosen = page(client, "/console/calendar-of-country", country="DE")
    states = [option["value"] for option in chosen.one("select", name="subdivision").all("option")]
    assert {"", "BY", "BE"} <= set(states)
    query = {"country": "DE", "subdivision": "BY", "years": "2027", "category": "public", "name": "", "show": "1"}
    shown = client.get("/console/calendar-of-country", params=query)
    assert ["is added", "", "closed Erster Weihnachtstag"] in _changes(shown)
    assert api(client, "/calendars") == {"calendars": []}
    assert said(client, _save(client, shown)) == "The dates were imported."
    made = api(client, "/calendars/public:DE-BY")
    assert (made["calendar"]["source"], made["calendar"]["first"]) == ("holidays of DE-BY", "2027-01-01")
    listed = of_table(page(client, "/console/calendars"), "Calendars")
    assert [(row[0], row[2], row[5]) for row in listed] == [("public:DE-BY", str(len(made["days"])), "0")]

    days = [one for one in made["days"] if one["date"] != "2027-12-25"] + [{"date": "2027-12-31", "name": "Ours"}]
    days = [one | {"name": "Other"} if one["date"] == "2027-01-01" else one for one in days]
    client.put("/calendars/public:DE-BY", json={"days": days}).raise_for_status()
    refresh = next(
        link for link in page(client, "/console/calendars/public:DE-BY").all("a") if link.text == "Refresh it"
    )
    refreshed = client.get(refresh["href"].replace("show=1", "show=1&years=2027"))
    assert _changes(refreshed) == [
        ["is changed", "closed Other", "closed Neujahr"],
        ["is added", "", "closed Erster Weihnachtstag"],
        ["is taken out", "closed Ours", ""],
    ]
    said(client, _save(client, refreshed))
    again = client.get(refresh["href"].replace("show=1", "show=1&years=2027"))
    assert "Nothing: it has these dates already." in main_of(again).text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"country": ""}, "choose one"),
        ({"country": "DE", "years": "soon"}, "a year such as 2026"),
        ({"country": "DE", "category": "odd"}, "has no holidays of category 'odd'"),
    ],
)
def test_a_country_that_has_no_such_holidays_is_refused(
    client: LocalClient, query: dict[str, str], reason: str
) -> None:
    answer = client.get("/console/calendar-of-country", params={**query, "show": "1"})
    assert answer.status_code == 422
    assert reason in main_of(answer).one(id="refused").text


def test_a_state_of_another_country_is_forgotten(client: LocalClient) -> None:
    query = {"country": "FR", "subdivision": "BY", "years": "2027", "show": "1"}
    answer = client.get("/console/calendar-of-country", params=query)
    assert "public:FR" in main_of(answer).text


ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    b"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Inventory\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_a_calendar_is_made_from_an_ics_file(client: LocalClient) -> None:
    shown = _sent(client, "ours/1", ICS, "holidays.ics")
    assert _changes(shown) == [["is added", "", "closed Inventory"]]
    assert api(client, "/calendars") == {"calendars": []}
    assert said(client, _save(client, shown)) == "The dates were imported."
    found = api(client, "/calendars/ours/1")
    assert (found["calendar"]["source"], found["days"][0]["date"]) == ("the file holidays.ics", "2027-01-04")


@pytest.mark.parametrize(
    "content",
    [
        b"date,name\n2027-01-04,Inventory\n2027-01-05,\n",
        b"\xef\xbb\xbfdate;name\r\n2027-01-04;Inventory\r\n2027-01-05;\r\n",
        b"calendar,date,what,name\nours,2027-01-04,closed,Inventory\nours,2027-01-05,closed,\nother,2027-03-03,,No\n",
        b"calendar,date,what,name\nanything,2027-01-04,closed,Inventory\nanything,2027-01-05,closed,\n",
    ],
)
def test_a_calendar_is_made_from_a_csv_file(client: LocalClient, content: bytes) -> None:
    shown = _sent(client, "ours", content)
    assert _changes(shown) == [["is added", "", "closed Inventory"], ["is added", "", "closed"]]
    said(client, _save(client, shown))
    found = [(one["date"], one["name"]) for one in api(client, "/calendars/ours")["days"]]
    assert found == [("2027-01-04", "Inventory"), ("2027-01-05", None)]


def test_a_csv_file_may_have_hours(client: LocalClient) -> None:
    content = b"date,what,start_time_local,end_time_local,name\n2027-12-24,hours,09:00,12:00,Eve\n"
    shown = _sent(client, "ours", content)
    assert _changes(shown) == [["is added", "", "09:00-12:00 Eve"]]
    said(client, _save(client, shown))
    assert "Nothing" in main_of(_sent(client, "ours", content)).text


@pytest.mark.parametrize(
    ("name", "content", "field", "reason"),
    [
        ("", b"date\n2027-01-04\n", "name", "give the calendar a name"),
        ("ours", b"", "file", "has no column “date”"),
        ("ours", b"day\n2027-01-04\n", "file", "it has: day"),
        ("ours", b"date\n\xff\n", "file", "CSV file in UTF-8"),
        ("ours", b"calendar,date\na,2027-01-04\nb,2027-01-04\n", "file", "belongs to other calendars: a, b"),
        ("ours", b"BEGIN:VCALENDAR\nnonsense", "file", "is not an iCalendar file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_its_field(
    client: LocalClient, name: str, content: bytes, field: str, reason: str
) -> None:
    answer = _sent(client, name, content)
    assert reason in refused_at(answer, field)
    assert main_of(answer).one("input", name="name")["value"] == name
    assert api(client, "/calendars") == {"calendars": []}


def test_no_file_is_said_so(client: LocalClient) -> None:
    answer = client.post("/console/calendar-of-file", data={"name": "ours"}, files={"file": ("", b"")})
    assert "choose a file" in refused_at(answer, "file")


def test_a_file_that_is_too_large_is_refused(client: LocalClient) -> None:
    answer = _sent(client, "ours", b"x" * (3 << 20))
    assert "1 MiB" in refused_at(answer, "file")


def test_what_the_checker_says_of_a_file_is_said_before_anything_is_saved(client: LocalClient) -> None:
    answer = _sent(client, "ours", b"date\n2027-01-04\n1969-01-04\n")
    assert answer.status_code == 422
    refused = main_of(answer).one(id="refused").text
    assert "date 2, date" in refused
    assert "is not between 1970 and 2100" in refused


@pytest.mark.parametrize("days", ["", "nonsense", "[1]", '{"a": 1}', "[" * 5000])
def test_a_form_that_is_not_ours_changes_nothing(client: LocalClient, days: str) -> None:
    answer = client.post("/console/calendars", data={"name": "ours", "days": days})
    assert answer.status_code == 422
    assert client.post("/console/calendars", data={"days": "[]"}).status_code == 422
    assert api(client, "/calendars") == {"calendars": []}


def test_dates_are_edited(client: LocalClient) -> None:
    days = [
        {"date": "2027-12-24", "what": "hours", "start_time_local": "09:00", "end_time_local": "12:00:30"},
        {"date": "2027-12-25", "name": "closed shop"},
    ]
    client.put("/calendars/ours", json={"days": days}).raise_for_status()
    before = api(client, "/calendars/ours")["days"]
    field = page(client, "/console/calendars/ours").one("textarea", name="days")
    assert field.text == "2027-12-24 09:00-12:00:30 2027-12-25 closed closed shop"
    written = "2027-12-24 09:00-12:00:30\r\n2027-12-25 closed closed shop\r\n"
    said(client, client.post("/console/calendars/ours/days", data={"days": written}))
    assert api(client, "/calendars/ours")["days"] == before
    said(client, client.post("/console/calendars/ours/days", data={"days": written + "2027-12-26 Boxing day\r\n"}))
    assert api(client, "/calendars/ours")["days"][2]["name"] == "Boxing day"
    said(client, client.post("/console/calendars/ours/days", data={"days": ""}))
    assert "It has no dates" in page(client, "/console/calendars/ours").text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2027-12-24\nChristmas", "line 2 is not written like"),
        ("2027-12-24\n\n1969-12-24 closed", "1969-12-24 closed: is not between 1970 and 2100"),
        ("2027-02-30", "2027-02-30: "),
        ("2027-12-24 09:00-25:00", "2027-12-24 09:00-25:00: "),
        ("2027-12-24 closed\n2027-12-24 09:00-10:00", "contradict each other"),
    ],
)
def test_dates_that_are_wrong_are_refused_with_their_line(client: LocalClient, text: str, reason: str) -> None:
    client.put("/calendars/ours", json={"days": []}).raise_for_status()
    answer = client.post("/console/calendars/ours/days", data={"days": text})
    assert reason in refused_at(answer, "days")
    assert main_of(answer).one("textarea", name="days").text == " ".join(text.split())
    assert api(client, "/calendars/ours")["days"] == []


def test_a_calendar_is_assigned_to_all_or_none(client: LocalClient, kept: Resources) -> None:
    make(kept, "store", "Main Street", "2")
    client.put("/calendars/ours", json={"days": []}).raise_for_status()
    answer = client.post("/console/calendars/ours/assign", data={"kind": "store", "keys": "1\r\nMain Stret\r\n"})
    assert "(did you mean 'Main Street'?)" in refused_at(answer, "keys")
    assert main_of(answer).one("textarea", name="keys").text == "1 Main Stret"
    assert api(client, "/calendars/ours")["calendar"]["entities"] == 0
    assert "is missing" in refused_at(client.post("/console/calendars/ours/assign", data={"keys": " "}), "keys")
    form = {"kind": "store", "keys": "1\r\nMain Street\r\n1\r\n"}
    assert said(client, client.post("/console/calendars/ours/assign", data=form)) == "It was assigned."
    assert api(client, "/calendars/ours")["calendar"]["entities"] == 2


def test_a_calendar_is_removed_unless_it_is_used(client: LocalClient) -> None:
    client.put("/calendars/ours", json={"days": []}).raise_for_status()
    use = {"calendars": [{"calendar": "ours"}]}
    client.put("/entities/store/1/calendars", json=use).raise_for_status()
    used = client.post("/console/calendars/ours/delete")
    assert used.status_code == 409
    assert "is used by 1" in main_of(used).one(id="refused").text
    client.put("/entities/store/1/calendars", json={"calendars": []}).raise_for_status()
    assert said(client, client.post("/console/calendars/ours/delete")) == "It was removed."
    gone = client.get("/console/calendars/ours")
    assert (gone.status_code, main_of(gone).one("h1").text) == (404, "There is none")


def test_a_long_calendar_says_how_much_of_it_is_shown(client: LocalClient) -> None:
    days = [{"date": str(date(2027, 1, 1) + timedelta(days=number))} for number in range(450)]
    client.put("/calendars/ours", json={"days": days}).raise_for_status()
    assert "These are the first 400 of 450 rows" in page(client, "/console/calendars/ours").text


# All of them


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_texts(client: LocalClient, kept: Resources, name: str) -> None:
    make(kept, "store", name)
    address = "/entities/store/" + quote(name)
    client.put(address, json={"name": name, "group": name}).raise_for_status()
    days = [{"date": day(4), "name": name}]
    client.put("/calendars/" + quote(name), json={"days": days, "source": name[:200]}).raise_for_status()
    client.put(address + "/calendars", json={"calendars": [{"calendar": name}]}).raise_for_status()
    row = {"date": day(3), "what": "closed", "name": name}
    client.put(address + "/exceptions", json={"exceptions": [row]}).raise_for_status()
    shown = " ".join(name.split())
    for path in ("/console/entities", "/console" + address, "/console/calendars", "/console/calendars/" + quote(name)):
        document = page(client, path)
        assert shown in document.text
        assert document.all("img") == []
        assert "49" not in document.one("h1").text
    for link in page(client, "/console/entities").one("tbody").all("a"):
        assert client.get(link["href"]).status_code == 200
    for link in page(client, "/console/calendars").one("tbody").all("a"):
        assert client.get(link["href"]).status_code == 200
    answer = client.post(f"/console{address}/exceptions/remove", data={"date": day(3)})
    assert said(client, answer) == "The change was saved."


def test_a_viewer_sees_all_and_is_told_who_may_change_it(guarded: Guarded, client: LocalClient) -> None:
    client.put("/calendars/ours", json={"days": [{"date": day(4)}]}).raise_for_status()
    rows = [{"date": day(3), "what": "closed"}]
    client.put("/entities/store/1/exceptions", json={"exceptions": rows}).raise_for_status()
    viewer = guarded.browser(guarded.accounts.person("vera", Role.VIEWER))
    for path in ("/console/entities", STORE, "/console/calendars", "/console/calendars/ours"):
        document = page(viewer, path)
        reasons = {one.text for one in document.all("small", **{"class": "reason"})}
        assert reasons == {"Needs one of the roles: operator, admin."}
        for form in document.all("form", method="post"):
            assert all("disabled" in button.attributes for button in form.all("button"))
    for path in (f"{STORE}/hours", f"{STORE}/timezone", "/console/entities", "/console/calendars/ours/delete"):
        assert viewer.post(path, data={"day-0": "09:00-10:00"}).status_code == 403
    shown = page(viewer, "/console/calendar-of-country", country="DE", years="2027", show="1")
    assert "What would change in" in shown.text
    operator = guarded.browser(guarded.accounts.person("otto", Role.OPERATOR))
    assert said(operator, operator.post(f"{STORE}/hours", data={"day-0": "09:00-10:00"})) == "The change was saved."


def test_the_week_begins_as_the_language_has_it(client: LocalClient) -> None:
    def first(accepted: str) -> str:
        answer = client.get(STORE, headers={"accept": PAGE, "accept-language": accepted})
        table = read(answer.text).all("table")[0]
        return table.one("tbody").all("tr")[0].all("th")[0].text

    assert [first(one) for one in ("en-US", "en-GB", "de-DE")] == ["Sunday", "Monday", "Montag"]
