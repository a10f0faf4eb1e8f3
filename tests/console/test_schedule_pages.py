"""Pages of schedules: made, shown, changed, run, paused, resumed, removed; what is refused, at its field."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, load_file
from tests.console.browsing import (
    browser_of,
    cannot,
    error_at,
    local_browser,
    main_of,
    opened,
    rows_of,
    said,
    sent,
)

WEEKLY = {
    "name": "weekly",
    "kind": "uptime",
    "params": '{"charts": true}',
    "every": "week",
    "on": "monday",
    "at": "06:30",
    "timezone": "Europe/Berlin",
    "as_of": "start_of_day",
    "catch_up": "none",
    "do": "save",
}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    with local_browser(resources, slots=0) as client:
        yield client


def test_one_is_made_shown_changed_paused_resumed_and_removed(client: TestClient) -> None:
    assert "Nothing starts automatically yet." in opened(client, "/console/schedules").text
    made = sent(client, "/console/schedules/new", **WEEKLY)
    assert said(made) == "It was added."
    row = rows_of(opened(client, "/console/schedules"), "Schedules")[0]
    assert row[:3] == ["weekly", "uptime", "At 06:30 on Monday Europe/Berlin"]
    assert row[3].count("6:30") == 3
    stored = client.get("/schedules/weekly").json()
    assert (stored["params"], stored["as_of"], stored["catch_up"]) == ({"charts": True}, "start_of_day", "none")
    assert said(sent(client, "/console/schedules/weekly/pause")) == "It is paused until somebody resumes it."
    paused = opened(client, "/console/schedules/weekly")
    assert "It is paused: it starts nothing. Paused by local." in paused.one("p", class_="warnings").text

    form = opened(client, "/console/schedules/weekly/edit").one("form", method="post")
    fields = {one["name"]: one.attributes.get("value") or "" for one in form.all("input")}
    fields |= {one["name"]: one.one("option", selected=None)["value"] for one in form.all("select")}  # type: ignore[arg-type]
    fields |= {one["name"]: one.text for one in form.all("textarea")}
    assert (fields["cron"], fields["every"], fields["kind"]) == ("30 6 * * 1", "", "uptime")
    changed = sent(client, "/console/schedules/weekly/edit", **{**fields, "name": "weekly-2", "cron": "0 7 * * 1"})
    assert said(changed) == "The change was saved."
    after = client.get("/schedules/weekly-2").json()
    assert (after["words"], after["enabled"], after["params"]) == ("At 07:00 on Monday", False, {"charts": True})
    assert after["schedule_id"] == stored["schedule_id"]
    assert (after["as_of"], after["catch_up"]) == ("start_of_day", "none")

    assert said(sent(client, "/console/schedules/weekly-2/resume")) == "It was resumed."
    assert said(sent(client, "/console/schedules/weekly-2/delete")) == "It was removed."
    assert client.get("/schedules").json() == {"schedules": []}


def test_run_now_leads_to_the_report_that_it_begins(client: TestClient) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    answer = client.post("/console/schedules/weekly/run")
    assert said(main_of(answer)) == "It was started."
    last = client.get("/schedules/weekly").json()["last"]["job_id"]
    assert answer.url.path == f"/console/reports/{last}"
    link = next(one for one in opened(client, "/console/schedules").all("a") if last in one["href"])
    assert link.text == "… queued"


def test_when_it_would_be_due_is_shown_before_anything_is_saved(client: TestClient) -> None:
    main = sent(client, "/console/schedules/new", **{**WEEKLY, "name": "", "do": "preview"})
    preview = main.one("section", id="preview")
    assert "At 06:30 on Monday, Europe/Berlin." in preview.text
    asked = {name: WEEKLY[name] for name in ("every", "on", "at", "timezone")}
    shown = client.get("/schedules/preview", params=asked).json()["next"]
    assert len(preview.all("time")) == len(shown) == 3
    assert main.one(id="field-params").text == WEEKLY["params"]
    assert client.get("/schedules").json() == {"schedules": []}
    wrong = main_of(client.post("/console/schedules/new", data={**WEEKLY, "do": "preview", "at": "6.30"}), 422)
    assert "is not a time of day" in error_at(wrong, "at")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "No good"}, "name", "is not a name of a schedule"),
        ({"name": ""}, "name", "is not a name of a schedule"),
        ({"at": "25:00"}, "at", "is not a time of day"),
        ({"on": "moonday"}, "on", "is not a day of the week"),
        ({"cron": "0 6 * * *"}, "every", "cannot be combined with cron"),
        ({"every": "", "on": "", "at": "", "cron": "0 6"}, "cron", "five fields"),
        ({"timezone": "Berlin"}, "timezone", "is not a time zone"),
        ({"params": "{"}, "params", "is no JSON"),
        ({"params": "[1]"}, "params", "is not an object"),
        ({"params": '{"as_of": "2026-01-01T00:00:00Z"}'}, "as_of", "has another instant"),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_that_was_typed_is_lost(
    client: TestClient, changes: dict[str, str], field: str, words: str
) -> None:
    sent_fields = {**WEEKLY, **changes}
    main = main_of(client.post("/console/schedules/new", data=sent_fields), 422)
    assert words in error_at(main, field)
    for name in ("name", "at", "on", "cron", "timezone"):
        assert (main.one(id=f"field-{name}").attributes.get("value") or "") == sent_fields.get(name, "")
    assert main.one(id="field-params").text == sent_fields["params"]
    assert client.get("/schedules").json() == {"schedules": []}


def test_what_is_wrong_with_a_parameter_of_the_report_stands_at_the_parameters(client: TestClient) -> None:
    main = main_of(client.post("/console/schedules/new", data={**WEEKLY, "params": '{"accounting": "x"}'}), 422)
    assert 'accounting: "x" is not one of hourly, exact.' in main.one(id="error-params").text
    assert main.one(id="field-params")["aria-invalid"] == "true"


def test_a_name_that_is_taken_is_told(client: TestClient) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    again = main_of(client.post("/console/schedules/new", data=WEEKLY), 409)
    assert "There is a schedule 'weekly' already" in again.one(id="refused").text
    assert again.one(id="field-name")["value"] == "weekly"


def test_the_form_of_a_report_can_be_saved_as_a_schedule(client: TestClient) -> None:
    fields = {"kind": "uptime", "do": "schedule", "html": "true"}
    main = main_of(client.post("/console/reports/new", data=fields))
    assert main.one("h1").text == "New schedule"
    assert main.one(id="field-params").text == '{"html": true}'
    assert main.one(id="field-kind").one("option", value="uptime").attributes.get("selected", "") is None


def test_one_that_is_called_as_an_address_is_found_by_its_id(client: TestClient) -> None:
    main = sent(client, "/console/schedules/new", **{**WEEKLY, "name": "new"})
    assert main.one("h1").text == "Schedule new"
    link = rows_of(opened(client, "/console/schedules"), "Schedules")
    assert link[0][0] == "new"
    href = next(one["href"] for one in opened(client, "/console/schedules").all("a") if one.text == "new")
    assert opened(client, href).one("h1").text == "Schedule new"


def test_the_list_is_narrowed_to_a_state(client: TestClient) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    assert rows_of(opened(client, "/console/schedules?state=active"), "Schedules")
    assert "No schedule fits this choice." in opened(client, "/console/schedules?state=paused").text


def test_one_that_the_service_has_paused_says_why(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    reason = "uptime: <img src=x onerror=alert(1)>"
    with resources.engine.begin() as connection:
        query = "UPDATE schedule SET enabled = false, next_at = NULL, paused_reason = :reason"
        connection.execute(text(query), {"reason": reason})
    for address in ("/console/schedules", "/console/schedules/weekly"):
        main = opened(client, address)
        assert reason in main.text
        assert not main.all("img")


def test_whoever_may_not_change_one_reads_which_role_may(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    viewer = browser_of(resources, "viewer")
    reason = "Needs one of the roles: operator, admin."
    for label in ("Run now", "Pause", "Edit", "Remove"):
        assert cannot(opened(viewer, "/console/schedules/weekly"), label) == reason
    assert cannot(opened(viewer, "/console/schedules"), "New schedule") == reason
    assert cannot(opened(viewer, "/console/schedules/new"), "Save the schedule") == reason
    for action in ("run", "pause", "resume", "delete", "edit"):
        refused = main_of(viewer.post(f"/console/schedules/weekly/{action}", data=WEEKLY), 403)
        assert refused.one("h1").text == "You may not do this"
    assert client.get("/schedules/weekly").json()["enabled"]


def test_an_unknown_one_is_a_page_that_tells_what_was_meant(client: TestClient) -> None:
    sent(client, "/console/schedules/new", **WEEKLY)
    missing = main_of(client.get("/console/schedules/weekli"), 404)
    assert "weekly" in missing.text
