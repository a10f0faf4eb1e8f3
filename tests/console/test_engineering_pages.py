"""Pages of metrics: figures by pillar in every state, each with what it is made of, and definitions that are mended."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.access.scopes import Scope
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.asking import report_of, reported
from tests.catalogue.bringing import bring
from tests.conftest import SAMPLE_DATA, fresh_resources, resources_like
from tests.console.browsing import browser_of, cannot, local_browser, main_of, opened, rows_of, said, sent
from tests.console.html import Element

DATES = {"since": "2024-09-30", "until": "2024-12-02", "charts": False}
DASH = "–"  # noqa: RUF001 - a dash

MERGED: dict[str, Any] = {
    "pillar": "team",
    "title": "Merged",
    "summary": "What was merged.",
    "from": "pull_requests",
    "when": "merged_at",
    "value": {"count": "*"},
}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with local_browser(resources, slots=1) as client:
        yield client


@pytest.fixture(scope="module")
def model(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    """The sample's pull requests."""
    with fresh_resources(servers, session_settings) as fresh:
        with local_browser(fresh, slots=1) as client:
            rows = (SAMPLE_DATA / "pull_requests.csv").read_text()
            assert bring(client, rows, kind="pull_requests")["rows_accepted"] == 300
        yield fresh


@pytest.fixture
def copied(model: Resources, servers: Addresses) -> Iterator[Resources]:
    with resources_like(model, servers) as copy:
        yield copy


@pytest.fixture
def pulls(copied: Resources) -> Iterator[TestClient]:
    """With a copy of these pull requests."""
    # Two slots: the source that a test adds is read at once, and in vain for a quarter of a minute.
    with local_browser(copied, slots=2) as client:
        yield client


def figured(client: TestClient, **params: Any) -> str:
    """A complete report; its id."""
    done = reported(client, report="engineering", params={**DATES, **params})
    assert done["status"] == "Complete", done
    found: str = done["report_id"]
    return found


def card(main: Element, metric: str) -> Element:
    """What the overview says of a metric."""
    cards = main.all("li")
    return next(
        one for one in cards if any(re.search(f"/engineering/{metric}(?!\\w)", a["href"]) for a in one.all("a"))
    )


def newest(client: TestClient) -> Any:
    """The newest report of the kind, when it has ended."""
    report_id = client.get("/reports?kind=engineering&limit=1").json()["reports"][0]["report_id"]
    assert report_of(client, report_id)["status"] == "Complete"
    return client.get(f"/reports/{report_id}").json()


def read_until_november(resources: Resources) -> None:
    """Have the source know a repository whose pull requests it has read up to an instant."""
    with resources.engine.begin() as connection:
        (source_id,) = connection.execute(text("SELECT id FROM source")).one()
        told = {"source": source_id, "until": datetime(2024, 11, 1, tzinfo=UTC)}
        into = "INSERT INTO source_repository (source_id, repo_id, full_name) VALUES (:source, 1, 'payments-api')"
        connection.execute(text(into), told)
        into = "INSERT INTO source_cursor (source_id, stream, scope, position, watermark) "
        connection.execute(text(into + "VALUES (:source, 'pull_requests', '1', '{}', :until)"), told)


def texts(document: dict[str, Any]) -> dict[str, str]:
    return {"document": json.dumps(document, indent=1)}


def test_without_figures_the_page_makes_them(client: TestClient) -> None:
    main = opened(client, "/console/engineering")
    assert "There are no figures yet." in main.text
    form = next(one for one in main.all("a") if one.text == "With other parameters")
    assert main_of(client.get(form["href"])).one(id="field-by")
    nothing = opened(client, "/console/engineering/pickup_time")
    assert "There is no report of the metrics yet." in nothing.text
    assert '"when": "merged_at"' in nothing.one("pre").text
    assert main_of(client.post("/console/engineering"), 422), "no page sends nothing"
    assert said(sent(client, "/console/engineering", report="")) == "It was started."
    newest(client)
    assert [one.text for one in opened(client, "/console/engineering").all("h2")] == [
        *("Version control", "Compatibility", "Infrastructure", "Team"),
    ]


def test_a_report_that_waits_is_followed_and_one_that_failed_is_told(resources: Resources) -> None:
    with local_browser(resources, slots=0) as idle:
        main = sent(idle, "/console/engineering", report="")
        assert "Newer figures are being computed." in main.text
        assert main.one(id="progress")["hx-trigger"] == "every 1s"
        link = next(one for one in main.all("a") if one.text == "Follow the report")
        assert "engineering" in opened(idle, link["href"]).one("h1").text
        assert [one.text for one in main.all("button")] == []
        report_id = link["href"].rpartition("/")[2]
        with resources.engine.begin() as connection:
            failed = "UPDATE report SET status = 'failed', error_code = 'disk_full', error_message = 'The disk is full'"
            connection.execute(text(f"{failed}, finished_at = now() WHERE id = :id"), {"id": report_id})
        main = opened(idle, "/console/engineering")
        assert "The newest report failed: The disk is full" in main.text
        assert [one.text for one in main.all("button")] == ["Make the figures"]


def test_each_metric_has_its_figure_how_many_it_is_of_and_how_it_went(pulls: TestClient) -> None:
    report_id = figured(pulls)
    summary = pulls.get(f"/reports/{report_id}/summary").json()
    told = {one["metric"]: one for pillar in summary["pillars"] for one in pillar["metrics"]}
    main = opened(pulls, "/console/engineering")
    merged = card(main, "pull_requests_merged")
    whole = told["pull_requests_merged"]["whole"][0]
    assert merged.one("strong").text == str(whole["n"]) == "237"
    assert "n 237" in merged.text
    picture = merged.one("svg")
    assert picture["role"] == "img"
    assert picture["aria-label"].startswith("From 2024-W40 to 2024-W48: at first ")
    assert picture.one("polyline")["points"].count(",") == 9
    pickup = card(main, "pickup_time").one("strong").text
    assert pickup == f"{told['pickup_time']['whole'][0]['value'] / 3600:.1f} h"
    assert card(main, "acceptance").one("strong").text.endswith(" %")
    assert card(main, "ci_duration").text.count(DASH) <= 1
    assert "OPENHOURS_INCIDENT_LABELS defines incidents: change_fail_rate" in main.text


def test_of_one_team_there_are_its_figures_and_its_own_lines(pulls: TestClient) -> None:
    figured(pulls)
    main = opened(pulls, "/console/engineering")
    assert [one["value"] for one in main.one(id="field-group").all("option")] == ["", "Mobile", "Payments", "Search"]
    of = opened(pulls, "/console/engineering?group=Payments")
    whole, own = (card(one, "pull_requests_merged").one("svg")["aria-label"] for one in (main, of))
    assert "between" in own
    assert own != whole
    figure = card(of, "pull_requests_merged").one("strong").text
    link = card(of, "pull_requests_merged").one("a")["href"]
    metric = opened(pulls, link)
    assert rows_of(metric, "Team")[-1] == ["Payments", figure, figure, ""]
    assert {row[1] for row in rows_of(metric, "Rows that count")} == {"Payments"}


def test_a_metric_has_its_groups_periods_definition_and_rows(pulls: TestClient) -> None:
    figured(pulls)
    main = opened(pulls, "/console/engineering/pull_requests_merged")
    assert main.one("h1").text == "Pull requests merged"
    groups = {row[0]: int(row[1]) for row in rows_of(main, "Team")}
    assert groups["all together"] == sum(groups[name] for name in ("Mobile", "Payments", "Search")) == 237
    periods = rows_of(main, "By period, all together")
    assert sum(int(row[1]) for row in periods) == 237
    assert periods[0][0] == "2024-W40"
    definition = pulls.get("/metrics-definitions/pull_requests_merged").json()["document"]
    assert json.loads(main.one("pre").text) == {name: definition[name] for name in definition if name != "metric"}
    rows = rows_of(main, "Rows that count")
    assert len(rows) == 20
    assert any(re.fullmatch(r"person \d+", cell) for cell in rows[0])
    more = next(one for one in main.all("a") if one.text == "Show more rows")
    assert len(rows_of(opened(pulls, more["href"]), "Rows that count")) == 200
    assert "No data is known to be missing." in main.text


def test_the_definition_is_that_of_the_report_and_it_is_said_when_that_is_gone(pulls: TestClient) -> None:
    assert pulls.put("/metrics-definitions/mine", json=MERGED).status_code == 200
    figured(pulls)
    assert pulls.put("/metrics-definitions/mine", json={**MERGED, "title": "Other"}).status_code == 200
    main = opened(pulls, "/console/engineering/mine")
    assert main.one("h1").text == "Merged"
    assert "Version 1" in main.text
    assert json.loads(main.one("pre").text)["title"] == "Merged"
    assert pulls.delete("/metrics-definitions/mine").status_code == 204
    gone = opened(pulls, "/console/engineering/mine")
    assert "The version that the report has used is no longer stored" in gone.text
    assert rows_of(gone, "Team")
    assert "no metric" in main_of(pulls.get("/console/engineering/nobody_knows_it"), 404).text.lower()


def test_a_metric_that_is_newer_than_the_report_has_rows_and_no_figures_yet(pulls: TestClient) -> None:
    figured(pulls)
    assert pulls.put("/metrics-definitions/mine", json=MERGED).status_code == 200
    main = opened(pulls, "/console/engineering/mine")
    assert main.one("h1").text == "Merged"
    assert "The report does not contain it: it is newer, or was not requested." in main.text
    assert json.loads(main.one("pre").text) == MERGED
    needing = opened(pulls, "/console/engineering/change_fail_rate")
    assert "It is not shown until OPENHOURS_INCIDENT_LABELS defines incidents." in needing.text


def test_what_was_not_read_is_a_gap_in_the_line_and_is_named(pulls: TestClient, copied: Resources) -> None:
    figured(pulls)
    assert not card(opened(pulls, "/console/engineering"), "pull_requests_merged").all("rect")
    source = {"name": "github", "kind": "github", "repositories": ["acme/*"], "address": "http://127.0.0.1:1"}
    assert pulls.post("/sources", params={"check": False}, json=source).status_code == 201
    read_until_november(copied)
    figured(pulls)
    main = opened(pulls, "/console/engineering")
    assert "Repositories whose stream pull_requests was not read completely: 1. payments-api" in main.text
    merged = card(main, "pull_requests_merged")
    assert "not everything was read" in merged.text
    assert len(merged.all("rect")) == 5
    metric = opened(pulls, merged.one("a")["href"])
    gaps = metric.text.partition("The stream pull_requests of these repositories")[2]
    assert "payments-api" in gaps
    link = next(one for one in metric.all("a") if one.text == "github")
    assert link["href"] == "/console/sources/github#gaps"


def test_newer_figures_are_asked_for_as_those_of_the_report_were(pulls: TestClient) -> None:
    first = figured(pulls, by="repo", each="month", pillars=["team"])
    assert pulls.put("/metrics-definitions/mine", json=MERGED).status_code == 200
    sent(pulls, "/console/engineering", report=first)
    then, now = pulls.get(f"/reports/{first}").json(), newest(pulls)
    for name in ("by", "each", "pillars", "since", "until", "zone"):
        assert now["params"][name] == then["params"][name], name
    assert set(now["params"]["metrics"]) - set(then["params"]["metrics"]) == {"mine@1"}
    assert now["as_of"] > then["as_of"]


def test_chosen_metrics_stay_chosen_in_newer_figures_with_the_newest_version(pulls: TestClient) -> None:
    assert pulls.put("/metrics-definitions/mine", json=MERGED).status_code == 200
    first = figured(pulls, metrics=["mine", "pickup_time"])
    assert pulls.put("/metrics-definitions/mine", json={**MERGED, "title": "Other"}).status_code == 200
    sent(pulls, "/console/engineering", report=first)
    assert newest(pulls)["params"]["metrics"] == ["mine@2", "pickup_time@0"]


def test_usual_dates_move_on_in_newer_figures(pulls: TestClient) -> None:
    usual = reported(pulls, report="engineering", params={"charts": False})["report_id"]
    form = next(one for one in opened(pulls, "/console/engineering").all("a") if one.text == "With other parameters")
    assert "since" not in form["href"]
    sent(pulls, "/console/engineering", report=usual)
    assert newest(pulls)["params"]["since"] == pulls.get(f"/reports/{usual}").json()["params"]["since"]


def test_a_report_of_another_kind_has_no_such_figures(pulls: TestClient) -> None:
    other = reported(pulls, report="pull_requests", params={"charts": False})["report_id"]
    assert "is not a complete report" in main_of(pulls.get(f"/console/engineering?report={other}"), 422).text
    assert main_of(pulls.post("/console/engineering", data={"report": other}), 422)


def test_a_wrong_definition_is_refused_with_each_place_and_stored_when_it_is_mended(client: TestClient) -> None:
    wrong = {**MERGED, "where": [["autor", "=", "x"], ["lines", "like", 1]], "value": {"sum": "author"}}
    typed = json.dumps(wrong, indent=1)
    form = {"name": "mine", "document": typed, "do": "store"}
    main = main_of(client.post("/console/new-metric", data=form), 422)
    listed = [one.text for one in main.one(id="error-document").all("li")]
    lines = [line.strip(" ,") for line in typed.splitlines()]
    author, total = lines.index('"autor"') + 1, lines.index('"sum": "author"') + 1
    assert [one.partition(" (")[0] for one in listed] == ["value.sum", "where.0.0"]
    assert f"(line {author})" in listed[1]
    assert '"autor" is not a column of pull_requests. Allowed: number, author,' in listed[1]
    assert f"(line {total})" in listed[0]
    assert listed[1].endswith("Did you mean author?")
    field = main.one(id="field-document")
    assert field["aria-describedby"] == "error-document"
    assert "".join(field._texts()).strip() == typed
    assert main.one(id="refused").all("a", href="#field-document")
    assert main.one(id="field-name")["value"] == "mine"
    assert client.get("/metrics-definitions/mine").status_code == 404

    short = {name: MERGED[name] for name in MERGED if name != "when"}
    missing = main_of(client.post("/console/new-metric", data={**form, **texts(short)}), 422)
    assert missing.one(id="error-document").text == "when: is missing."

    mended = {**form, **texts(MERGED)}
    checked = sent(client, "/console/new-metric", **{**mended, "do": "check"})
    assert said(checked) == "Nothing is wrong with it. Stored, it is version 1; nothing was stored yet."
    assert client.get("/metrics-definitions/mine").status_code == 404
    assert said(sent(client, "/console/new-metric", **mended)) == "It was saved."
    assert client.get("/metrics-definitions/mine").json()["document"] == MERGED


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("{", "The text is no JSON"), ("[]", "object"), ('{"a": NaN}', "NaN is no JSON"), ("", "JSON")],
)
def test_what_is_no_definition_at_all_is_refused_at_the_text(client: TestClient, typed: str, reason: str) -> None:
    for address, more in (("/console/new-metric", {"name": "mine"}), ("/console/metrics/ci_success", {})):
        main = main_of(client.post(address, data={**more, "document": typed}), 422)
        assert reason in main.one(id="error-document").text
        assert "".join(main.one(id="field-document")._texts()).strip() == typed


def test_a_new_metric_needs_a_name_that_no_other_has(client: TestClient) -> None:
    for name, reason in (("", "needs a name"), ("ci_success", "There is a metric of this name"), ("A b", "not a name")):
        main = main_of(client.post("/console/new-metric", data={"name": name, **texts(MERGED)}), 422)
        assert reason in main.one(id="refused").text, main.text
    assert client.get("/metrics-definitions/ci_success").json()["version"] == 0


def test_a_copy_of_a_shipped_one_is_stored_by_another_name(client: TestClient) -> None:
    main = opened(client, "/console/metrics/ci_success")
    link = next(one for one in main.all("a") if one.text == "Start your own metric from it")
    form = opened(client, link["href"])
    typed = "".join(form.one(id="field-document")._texts())
    assert form.one(id="field-name")["value"] == "my_ci_success"
    sent(client, "/console/new-metric", name="my_ci_success", document=typed, do="store")
    shipped = client.get("/metrics-definitions/ci_success").json()["document"]
    copied = client.get("/metrics-definitions/my_ci_success").json()["document"]
    assert copied == {name: shipped[name] for name in shipped if name != "metric"}


def test_versions_are_led_to_and_removed_all_together(client: TestClient) -> None:
    for title in ("One", "Two"):
        page = sent(client, "/console/metrics/ci_success", **texts({**MERGED, "title": title}), do="store")
        assert said(page) == "It was saved."
    main = opened(client, "/console/metrics/ci_success")
    assert [one.text for one in main.one("nav").all("a")] == ["2", "1", "the shipped one"]
    first = opened(client, "/console/metrics/ci_success?version=1")
    assert "This is an earlier version; version 2 applies." in first.text
    assert json.loads(first.one(id="field-document").text)["title"] == "One"
    assert said(sent(client, "/console/metrics/ci_success/delete")) == "It was removed."
    main = opened(client, "/console/metrics/ci_success")
    assert "comes with the program" in main.text
    assert "Remove it" not in main.text


def test_the_list_and_the_help_have_everything_that_the_api_has(client: TestClient) -> None:
    names = {one["name"] for one in client.get("/metrics-definitions").json()["metrics"]}
    assert {one.text for one in opened(client, "/console/metrics").all("code")} >= names
    grammar, shown = client.get("/metrics-facts").json(), opened(client, "/console/new-metric").text
    for fact in grammar["facts"]:
        assert fact["summary"] in shown
        assert all(column["about"] in shown for column in fact["columns"])
    assert all(one["name"] in shown for one in grammar["operators"] + grammar["values"])


def test_a_viewer_sees_everything_and_changes_nothing(pulls: TestClient, copied: Resources) -> None:
    figured(pulls)
    viewer = browser_of(copied, "viewer")
    main = opened(viewer, "/console/engineering")
    assert cannot(main, "Newer figures") == "Needs one of the roles: operator, admin."
    assert viewer.post("/console/engineering").status_code == 403
    for address in ("/console/metrics/ci_success", "/console/new-metric"):
        assert cannot(opened(viewer, address), "Check it") == "Needs one of the roles: operator, admin."
        assert viewer.post(address, data=texts(MERGED)).status_code == 403
    assert rows_of(opened(viewer, "/console/engineering/pull_requests_merged"), "Rows that count")


def test_without_the_scope_for_data_figures_are_shown_without_rows(pulls: TestClient, copied: Resources) -> None:
    figured(pulls)
    reader = browser_of(copied, "viewer", scopes=[Scope.REPORTS_READ])
    main = opened(reader, "/console/engineering/pull_requests_merged")
    assert rows_of(main, "Team")
    assert "Not shown: definition, rows. That needs the scope data:read" in main.text
    assert not main.all("pre")
    main_of(reader.get("/console/metrics"), 403)
    other = browser_of(copied, "viewer", scopes=[Scope.DATA_READ])
    main_of(other.get("/console/engineering"), 403)
    assert opened(other, "/console/metrics").all("table")
