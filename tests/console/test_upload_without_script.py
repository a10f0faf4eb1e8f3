"""Files that a form sends at once, as browsers without script do: choices beside them count, what is odd is asked."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.storage.resources import Resources
from tests.commands import wait_until
from tests.console.browsing import local_browser, main_of, opened, said
from tests.console.html import Element

GERMAN = "Filiale;Zustand;Gemessen am\nKöln;läuft;05.01.2026 08:00\nKöln;steht;05.01.2026 09:00\n".encode("cp1252")
PLAIN = b"store_id,status,timestamp_utc\n1,active,2023-01-25T10:00:00Z\n"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with local_browser(resources, slots=1) as made:
        yield made


def upload(client: TestClient, content: bytes, status: int = 200, **fields: str) -> Element:
    """What follows when the form of the page is sent."""
    page = opened(client, "/console/upload")
    file = {"file": ("odd.csv", content, "text/csv")}
    return main_of(client.post(page.one("form", id="files")["action"], data=fields, files=file), status)


def newest(client: TestClient) -> dict[str, object]:
    found: dict[str, object] = client.get("/datasets").json()["datasets"][0]
    return found


@pytest.mark.parametrize("fields", [{"kind": "polls"}, {}, {"kind": "", "on_error": "", "mapping": ""}])
def test_what_the_file_is_may_be_chosen_or_left_to_be_recognized(client: TestClient, fields: dict[str, str]) -> None:
    assert said(upload(client, PLAIN, **fields)) == "The file has arrived. It is being checked."
    assert newest(client)["kind"] == "polls"


def test_the_choices_beside_the_file_count_without_another_button(client: TestClient) -> None:
    upload(client, PLAIN + b"1,activ,2023-01-25T11:00:00Z\n", kind="polls", on_error="skip_rows")
    wait_until(lambda: newest(client)["status"] == "ready")
    assert newest(client)["rows_rejected"] == 1


def test_a_file_with_other_columns_and_words_is_asked_about_then_read_as_picked(client: TestClient) -> None:
    asked = upload(client, GERMAN, 422, kind="polls")
    assert "Nothing was loaded yet" in asked.one(id="refused").text
    assert client.get("/datasets").json()["datasets"] == []
    kinds = asked.one("select", name="kind").all("option")
    assert [one["value"] for one in kinds if "selected" in one.attributes] == ["polls"]
    columns = [one["value"] for one in asked.one("select", name="store_id__from").all("option")]
    assert columns == ["", "Filiale", "Zustand", "Gemessen am"]
    picks = {
        "picked": asked.one("input", name="picked")["value"],
        "store_id__from": "Filiale",
        "status__from": "Zustand",
        "status__words": "läuft = active\nsteht = inactive",
        "timestamp_utc__from": "Gemessen am",
        "timestamp_utc__date": "DD.MM.YYYY HH:mm",
        "timestamp_utc__zone": "Europe/Berlin",
    }
    arrived = upload(client, GERMAN, kind="polls", **picks)
    assert said(arrived) == "The file has arrived. It is being checked."
    wait_until(lambda: newest(client)["status"] == "ready")
    assert newest(client)["rows_accepted"] == 2


def test_what_cannot_be_recognized_is_not_loaded_as_something_else(client: TestClient) -> None:
    asked = upload(client, b"\0\1\2", 422)
    assert "Select above what the file is" in asked.one(id="refused").text
    assert client.get("/datasets").json()["datasets"] == []


def test_what_was_picked_for_one_kind_is_forgotten_when_another_is_chosen(client: TestClient) -> None:
    picked = json.dumps({"kind": "timezones", "columns": {"store_id": {"from": "store_id"}}})
    upload(client, PLAIN, kind="polls", picked=picked, store_id__from="store_id")
    assert newest(client)["kind"] == "polls"
    assert not newest(client)["options"].get("mapping")  # type: ignore[attr-defined]


def test_a_form_without_a_file_is_refused_on_the_page(client: TestClient) -> None:
    answer = client.post("/console/upload", data={"kind": "polls"})
    assert main_of(answer, answer.status_code).one(id="refused").text
    assert 400 <= answer.status_code < 500


def test_the_words_of_a_refused_file_are_changed_where_it_is_shown(client: TestClient) -> None:
    document = {"kind": "polls", "delimiter": ";", "encoding": "cp1252", "columns": {"store_id": {"from": "Filiale"}}}
    document["columns"] |= {  # type: ignore[operator]
        "status": {"from": "Zustand", "words": {"läuft": "active"}},
        "timestamp_utc": {"from": "Gemessen am", "date": "DD.MM.YYYY HH:mm", "zone": "Europe/Berlin"},
    }
    query = {"kind": "polls", "mapping": json.dumps(document), "wait": 30}
    made = client.post("/datasets", params=query, content=GERMAN).json()["dataset_id"]
    page = main_of(client.get(f"/console/files/{made}"))
    text = page.one("textarea", name="document").text
    assert json.loads(text) == document
    assert "läuft" in text
    assert "not among the words of the mapping, 1 time" in page.text
    action = next(one["action"] for one in page.all("form") if one["action"].endswith("/accept"))
    broken = main_of(client.post(action, data={"document": text[:-1]}), 422)
    assert "no JSON" in broken.one(id="refused").text
    assert broken.one("textarea", name="document").text == text[:-1].strip()
    client.post(action, data={"document": text.replace('"läuft": "active"', '"läuft": "active", "steht": "inactive"')})
    wait_until(lambda: newest(client)["status"] == "ready")
    assert newest(client)["rows_accepted"] == 2
