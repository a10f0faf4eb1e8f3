"""Pages of rules: the form of each kind, what is wrong now, changes, pauses; what is refused, at its field."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.automation.registry import RULE_KINDS
from app.automation.rule_kind import RuleKind
from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, load_file
from tests.console.browsing import (
    HOSTILE,
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
from tests.console.filling import filled
from tests.web.test_addressed import with_settings

DOWN = {"kind": "store_down", "name": "stores-down", "minutes": "45", "notify": "ops, other"}

#: Of kinds whose examples are about weeks that the sample data does not reach.
LATE: Mapping[str, Mapping[str, Any]] = {"report_on_dataset": {"params": {"charts": True}}}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    with local_browser(with_settings(resources, webhook_allow="127.0.0.1"), slots=0) as made:
        for name in ("ops", "other"):
            assert made.post("/webhooks", json={"name": name, "url": "http://127.0.0.1:1/"}).status_code == 201
        yield made


def stored(client: TestClient, name: str) -> Any:
    return client.get(f"/rules/{name}", headers={"accept": "application/json"}).json()


def fields_of(client: TestClient, address: str, values: Mapping[str, Any]) -> dict[str, str]:
    """What a browser sends of the form there, filled in."""
    return filled(opened(client, address).one("form", method="post"), values)


@pytest.mark.parametrize("kind", RULE_KINDS.values(), ids=RULE_KINDS)
def test_each_kind_has_a_form_that_makes_one_and_shows_it_again(client: TestClient, kind: RuleKind) -> None:
    link = next(one for one in opened(client, "/console/rules/new").all("a") if one.text == kind.name)
    whom = {"notify": "ops"} if kind.alerts else {}
    example = {**kind.example, **LATE.get(kind.name, {})}
    fields = fields_of(client, link["href"], {"name": "mine", **example, **whom})
    assert said(main_of(client.post("/console/rules/new", data=fields))) == "It was added."
    options = kind.options.model_validate(example).model_dump(mode="json")
    made = stored(client, "mine")
    assert (made["kind"], made["options"]) == (kind.name, options)
    assert made["notify"]["to"] == (["ops"] if kind.alerts else [])
    again = fields_of(client, "/console/rules/mine/edit", {})
    assert said(main_of(client.post("/console/rules/mine/edit", data=again))) == "The change was saved."
    assert {**stored(client, "mine"), "updated_at": ""} == {**made, "updated_at": ""}, "nothing was touched"


def test_one_is_shown_changed_paused_resumed_and_removed(client: TestClient) -> None:
    assert client.delete("/rules/review-times-samples").status_code == 204  # the one that is shipped
    assert "There is no rule yet." in opened(client, "/console/rules").text
    assert said(sent(client, "/console/rules/new", **DOWN)) == "It was added."
    row = rows_of(opened(client, "/console/rules"), "Rules")[0]
    assert row == ["stores-down", "store_down", "active", "0", "ops, other"]
    shown = opened(client, "/console/rules/stores-down")
    assert "Down at most, open minutes45" in shown.one("dl").text
    assert "It has no open findings." in shown.text
    fields = fields_of(client, "/console/rules/stores-down/edit", {"minutes": "50", "notify": ["other"]})
    assert said(sent(client, "/console/rules/stores-down/edit", **fields)) == "The change was saved."
    after = stored(client, "stores-down")
    assert (after["options"]["minutes"], after["notify"]["to"], after["enabled"]) == (50, ["other"], True)
    paused = sent(client, "/console/rules/stores-down/pause")
    assert said(paused) == "It is paused until somebody resumes it."
    assert "It is paused: it does nothing. Paused by local." in paused.one("p", class_="warnings").text
    sent(client, "/console/rules/stores-down/edit", **fields)
    assert not stored(client, "stores-down")["enabled"], "a change resumes nothing"
    assert said(sent(client, "/console/rules/stores-down/resume")) == "It was resumed."
    assert said(sent(client, "/console/rules/stores-down/delete")) == "It was removed."
    assert client.get("/rules").json() == {"rules": []}


def test_what_is_wrong_now_is_listed_with_a_link(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/rules/new", **DOWN)
    with resources.engine.begin() as connection:
        query = "INSERT INTO episode (rule_id, subject, told) SELECT id, :about, 'x' FROM rule"
        connection.execute(text(query), [{"about": name} for name in ("a/b", *HOSTILE)])
    assert rows_of(opened(client, "/console/rules"), "Rules")[0][3] == "✗ 4"
    main = opened(client, "/console/rules/stores-down")
    assert not main.all("img")
    assert sorted(row[0] for row in rows_of(main, "Wrong now")) == sorted([*HOSTILE, "a/b"])
    links = {one.text: one["href"] for one in main.one("div", aria_label="Wrong now").all("a")}
    assert links["a/b"] == "/console/entities/store/a/b"


def test_what_a_schedule_misses_goes_by_the_name_of_the_schedule(client: TestClient, resources: Resources) -> None:
    weekly = {"name": "weekly", "kind": "uptime", "every": "week", "at": "06:30"}
    schedule = client.post("/schedules", json=weekly).json()["schedule_id"]
    fields = {
        "kind": "target_missed",
        "name": "missed",
        "schedule": "weekly",
        "target_percent": "99,5",
        "notify": "ops",
    }
    sent(client, "/console/rules/new", **fields)
    with resources.engine.begin() as connection:
        query = "INSERT INTO episode (rule_id, subject, told) SELECT id, :about, 'x' FROM rule"
        connection.execute(text(query), {"about": schedule})
    main = opened(client, "/console/rules/missed")
    assert rows_of(main, "Wrong now")[0][0] == "weekly"
    link = main.one("div", aria_label="Wrong now").one("a")["href"]
    assert opened(client, link).one("h1").text == "Schedule weekly"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "No good"}, "name", "is not a name of a rule"),
        ({"name": "kinds"}, "name", "is not a name of a rule"),
        ({"minutes": "-1"}, "minutes", "-1 is not a number"),
        ({"minutes": "soon"}, "minutes", "soon"),
        ({"minutes": "1,500"}, "minutes", "is not clear"),
        ({"stores": "nobody\nknows"}, "stores", "nobody"),
        ({"notify": ""}, "notify", "only notifies somebody"),
        ({"notify": "ops\r\noops"}, "notify", "oops"),
        ({"notify": "ops@example.org"}, "notify", "OPENHOURS_SMTP_URL"),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_that_was_typed_is_lost(
    client: TestClient, changes: dict[str, str], field: str, words: str
) -> None:
    fields = {**DOWN, **changes}
    main = main_of(client.post("/console/rules/new", data=fields), 422)
    assert words in error_at(main, field)
    for name in ("name", "minutes"):
        assert main.one(id=f"field-{name}")["value"] == fields[name]
    assert main.one(id="field-notify").text == " ".join(fields["notify"].split())
    assert [one["name"] for one in client.get("/rules").json()["rules"]] == ["review-times-samples"]


def test_one_that_is_called_as_an_address_is_found_by_its_id(client: TestClient) -> None:
    assert sent(client, "/console/rules/new", **{**DOWN, "name": "new"}).one("h1").text == "Rule new"
    link = next(one["href"] for one in opened(client, "/console/rules").all("a") if one.text == "new")
    assert opened(client, link).one("h1").text == "Rule new"


def test_an_unknown_kind_leads_to_the_kinds(client: TestClient) -> None:
    assert opened(client, "/console/rules/new?kind=nothing").one("ul", class_="choices")
    assert main_of(client.post("/console/rules/new", data={"kind": "nothing"})).one("h1").text == "New rule"


def test_whoever_may_not_change_one_reads_which_role_may(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/rules/new", **DOWN)
    viewer = browser_of(resources, "viewer")
    reason = "Needs one of the roles: operator, admin."
    for label in ("Pause", "Edit", "Remove"):
        assert cannot(opened(viewer, "/console/rules/stores-down"), label) == reason
    assert cannot(opened(viewer, "/console/rules"), "New rule") == reason
    assert cannot(opened(viewer, "/console/rules/new?kind=store_down"), "Save the rule") == reason
    for action in ("new", *(f"stores-down/{one}" for one in ("pause", "resume", "delete", "edit"))):
        assert main_of(viewer.post(f"/console/rules/{action}", data=DOWN), 403)
    assert stored(client, "stores-down")["enabled"]
