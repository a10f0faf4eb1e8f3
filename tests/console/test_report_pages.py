"""The pages of reports: one that runs, one that ended well or badly, its rows, who may do what, and its JSON."""

import csv
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.access.scopes import Role
from app.console.first_rows import ROWS
from app.storage.resources import Resources
from tests.asking import report_of, reported
from tests.conftest import api
from tests.console.browsing import PAGE, local_browser
from tests.console.conftest import Guarded
from tests.console.html import Element, read
from tests.kinds import DUMMY, beside
from tests.local_client import LocalClient

JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def idle(loaded: Resources) -> Iterator[TestClient]:
    """A service in which nothing runs, so that what was asked for waits."""
    with local_browser(loaded, slots=0, follows=False) as client:
        yield client


@pytest.fixture(scope="module")
def done(console: TestClient) -> Any:
    """A report with more rows than a page shows."""
    found = reported(console, report="uptime", params={"html": True})
    assert found["status"] == "Complete"
    return found["report_id"]


@pytest.fixture(scope="module")
def lines(console: TestClient, done: str) -> list[list[str]]:
    """The rows of its file."""
    text = console.get(f"/reports/{done}/files/uptime.csv").text
    return list(csv.reader(text.splitlines()))


def main_of(client: TestClient, address: str, status: int = 200) -> Element:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return read(answer.text).one("main")


def rows_of(document: Element) -> list[list[str]]:
    """What the table of rows shows."""
    table = document.one("div", **{"aria-label": "Rows"})
    return [[cell.text for cell in row.all() if cell.tag in {"td", "th"}] for row in table.one("tbody").all("tr")]


def waiting(client: TestClient) -> str:
    answer = client.post("/console/reports/new", data={"kind": "uptime", "do": "run"})
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    assert address.startswith("/console/reports/")
    return address


def test_a_report_that_waits_asks_for_its_progress_until_it_has_ended(idle: TestClient, loaded: Resources) -> None:
    address = waiting(idle)
    document = main_of(idle, address)
    piece = document.one(id="progress")
    assert (piece["hx-get"], piece["hx-trigger"]) == (f"{address}/progress", "every 1s")
    assert piece["aria-busy"] == "true"
    assert piece.one("p", role="status").text == "It waits for its turn."
    again = idle.get(piece["hx-get"])
    assert read(again.text).one(id="progress").attributes == piece.attributes
    assert "hx-refresh" not in again.headers
    with api(loaded, slots=1) as working:
        report_of(working, address.rpartition("/")[2])
    ended = idle.get(piece["hx-get"])
    assert (ended.status_code, ended.headers["hx-refresh"], ended.text) == (200, "true", "")
    assert main_of(idle, address).all(id="progress") == []


def test_a_report_that_waits_reloads_itself_without_scripts(idle: TestClient) -> None:
    document = read(idle.get(waiting(idle)).text)
    assert document.one("noscript").one("meta")["http-equiv"] == "refresh"


def test_a_report_is_cancelled(idle: TestClient) -> None:
    address = waiting(idle)
    form = main_of(idle, address).one("form", method="post")
    assert form["action"] == f"{address}/delete"
    answer = idle.post(form["action"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?said=cancelled")
    document = main_of(idle, answer.headers["location"])
    assert document.one("p", role="status").text == "It was cancelled."
    assert "cancelled" in document.one("span", **{"class": "status is-cancelled"}).text
    assert "hx-refresh" in idle.get(f"{address}/progress").headers
    assert document.all("form", method="post") == [], "the API keeps it until it is old"


def test_a_report_is_removed(console: TestClient) -> None:
    address = f"/console/reports/{reported(console, report='uptime')['report_id']}"
    form = main_of(console, address).one("form", method="post")
    answer = console.post(form["action"], follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/reports?said=removed")
    assert main_of(console, answer.headers["location"]).one("p", role="status").text == "It was removed."
    main_of(console, address, 404)


def test_a_report_that_failed_says_why_and_what_to_do(console: TestClient) -> None:
    params = {"datasets": ["plays_table.csv"], "by": ["Date"], "sum": ["Song"]}
    failed = reported(console, report="rollup", params=params)
    told = console.get(f"/reports/{failed['report_id']}", headers=JSON).json()
    assert told["status"] == "failed"
    document = main_of(console, f"/console/reports/{failed['report_id']}")
    refused = document.one("div", **{"class": "refused"})
    message, advice, code = [one.text for one in refused.all("p")]
    assert message == told["error"]["message"]
    assert code == f"Code {told['error']['code']}."
    assert told["error"]["code"] == "rejected_file"
    assert advice == "Correct the rows that the message names, upload the file again, then run it again."
    (again,) = [link for link in document.all("a", role="button") if link.text == "Run again"]
    assert main_of(console, again["href"]).one("textarea", name="sum").text == "Song"


def test_rows_are_the_first_of_the_file(console: TestClient, done: str, lines: list[list[str]]) -> None:
    document = main_of(console, f"/console/reports/{done}")
    header, *rows = lines
    shown = rows_of(document)
    assert shown == [[" ".join(text.split()) for text in row] for row in rows[:ROWS]]
    table = document.one("div", **{"aria-label": "Rows"})
    assert [cell.text for cell in table.one("thead").all("th")] == header
    assert ("These are the first" in document.text) == (len(rows) > ROWS)


@pytest.mark.parametrize("descending", [False, True])
def test_rows_are_sorted_by_what_their_column_has(
    console: TestClient, done: str, lines: list[list[str]], *, descending: bool
) -> None:
    header, *rows = lines
    for at, name in enumerate(header):
        query = {"sort": name, **({"desc": "1"} if descending else {})}
        answer = console.get(f"/console/reports/{done}", params=query)
        document = read(answer.text).one("main")
        column = [row[at] for row in rows_of(document)]
        assert sorted(column) == sorted(row[at] for row in rows[:ROWS])
        numbers = [float(text) for text in column if text] if at else [float(text) for text in column]
        assert numbers == sorted(numbers, reverse=descending)
        (sorted_by,) = [one for one in document.all("th") if "aria-sort" in one.attributes]
        assert (sorted_by.text, sorted_by["aria-sort"]) == (name, "descending" if descending else "ascending")
        other = console.get(sorted_by.one("a")["href"].partition("#")[0])
        assert f'aria-sort="{"ascending" if descending else "descending"}"' in other.text


def test_a_column_that_is_none_sorts_nothing(console: TestClient, done: str) -> None:
    plain = rows_of(main_of(console, f"/console/reports/{done}"))
    document = main_of(console, f"/console/reports/{done}?sort=no+such&desc=1")
    assert rows_of(document) == plain
    assert [one for one in document.all("th") if "aria-sort" in one.attributes] == []


def test_a_larger_file_shows_its_first_hundred_rows_and_says_so(kept: Resources) -> None:
    stores = 20_000
    content = "store_id,status,timestamp_utc\n" + "".join(
        f"store-{number:05},active,2023-01-25T10:00:00Z\n" for number in range(stores)
    )
    with local_browser(kept, slots=2) as client:
        query = {"kind": "polls", "wait": 30}
        loaded = client.post("/datasets", params=query, content=content.encode(), headers=JSON).json()
        assert loaded["status"] == "ready", loaded
        report_id = reported(client, report="uptime")["report_id"]
        document = main_of(client, f"/console/reports/{report_id}?sort=store_id&desc=1")
        size = client.get(f"/reports/{report_id}", headers=JSON).json()["files"][0]["bytes"]
    assert size > 256 * 1024, "the file is read whole"
    assert [row[0] for row in rows_of(document)] == [f"store-{number:05}" for number in reversed(range(ROWS))]
    assert f"These are the first {ROWS} rows" in document.text
    assert "20,000" in document.one("div", **{"aria-label": "Files"}).text


def test_a_report_without_rows_says_so(loaded: Resources) -> None:
    with api(loaded, slots=2, kinds=beside({}, {DUMMY.name: DUMMY})) as client:
        report_id = reported(client, report=DUMMY.name, params={"lines": 0})["report_id"]
        client.headers["accept"] = PAGE
        document = main_of(client, f"/console/reports/{report_id}")
    assert "The report has no rows" in document.text


def test_its_address_has_its_json(console: TestClient, done: str) -> None:
    answer = console.get(f"/console/reports/{done}", params={"sort": "store_id", "desc": "1"}, headers=JSON)
    assert answer.headers["content-type"] == "application/json"
    told = console.get(f"/reports/{done}", headers=JSON).json()
    assert {**answer.json(), "files": None} == {**told, "files": None}  # links are signed anew each time
    assert [one["name"] for one in answer.json()["files"]] == [one["name"] for one in told["files"]]


@pytest.mark.parametrize("report_id", ["no-such", "0" * 32, "%3Cb%3E"])
def test_an_unknown_report_is_not_found_as_a_page_and_as_json(console: TestClient, report_id: str) -> None:
    answer = console.get(f"/console/reports/{report_id}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    document = read(answer.text).one("main")
    assert document.one("h1").text == "Not found"
    told = console.get(f"/console/reports/{report_id}", headers=JSON)
    assert told.status_code == 404
    assert told.headers["content-type"].startswith("application/problem+json")
    assert told.json()["code"] in document.text
    assert console.get(f"/console/reports/{report_id}/progress").status_code == 404
    assert console.post(f"/console/reports/{report_id}/delete").status_code == 404


@pytest.fixture(scope="module")
def people(loaded: Resources) -> dict[Role, LocalClient]:
    """A browser of each role, on the same data."""
    guarded = Guarded(loaded)
    return {role: guarded.browser(guarded.accounts.person(f"a {role}", role)) for role in Role}


def test_a_viewer_sees_what_they_may_not_do_with_the_reason(people: dict[Role, LocalClient], done: str) -> None:
    document = main_of(people[Role.VIEWER], f"/console/reports/{done}")
    disabled = [one.text for one in document.all("button") if "disabled" in one.attributes]
    assert disabled == ["Run again", "Make a schedule", "Remove it", "Who was told"]
    reasons = [one.text for one in document.all("small", **{"class": "reason"})]
    assert len(reasons) == len(disabled)
    assert all(reason.startswith("Needs one of the roles: ") and "admin" in reason for reason in reasons)
    assert document.all("form", method="post") == []
    form = main_of(people[Role.VIEWER], "/console/reports/new?kind=uptime")
    assert all("disabled" in one.attributes for one in form.one("form", action="/console/reports/new").all("button"))


def test_who_may_not_is_refused_also_without_the_button(people: dict[Role, LocalClient], done: str) -> None:
    viewer = people[Role.VIEWER]
    for address, data in (
        (f"/console/reports/{done}/delete", {}),
        ("/console/reports/new", {"kind": "uptime", "do": "run"}),
    ):
        answer = viewer.post(address, data=data)
        assert answer.status_code == 403
        assert read(answer.text).one("h1").text == "You may not do this"
    assert main_of(viewer, f"/console/reports/{done}").one("h1").text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_others_may_run_it_again(people: dict[Role, LocalClient], done: str, role: Role) -> None:
    document = main_of(people[role], f"/console/reports/{done}")
    assert "Run again" in [one.text for one in document.all("a", role="button")]
    answer = people[role].post("/console/reports/new", data={"kind": "uptime", "do": "run"})
    assert answer.status_code == 303
