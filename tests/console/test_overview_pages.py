"""The overview: three steps where there is nothing yet, then panels, each of which fails alone; help."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.access.scopes import Scope
from app.deliveries.tables import webhook
from app.sources.tables import source
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import SAMPLE_DATA, load_file
from tests.console.browsing import HOSTILE, browser_of, local_browser, main_of, opened, rows_of
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings

NOWHERE = {"kind": "github", "repositories": ["acme/*"], "address": "http://127.0.0.1:1"}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with local_browser(resources, slots=1) as client:
        yield client


@pytest.fixture
def resting(resources: Resources) -> Iterator[TestClient]:
    """The same without a worker: nothing ends by itself."""
    with local_browser(resources, slots=0) as client:
        yield client


def test_whoever_has_read_nothing_gets_from_nothing_to_a_downloaded_report_by_what_the_pages_say(
    client: TestClient,
) -> None:
    first = opened(client, "/console")
    assert [one.one("strong").text for one in first.one("ol").all("li") if one.all("strong")] == [
        "Upload files",
        "Run a report",
        "Download it",
    ]
    for link in [one for one in first.all("a") if "download" in one.attributes]:
        saved = client.get(link["href"])
        assert saved.content == (SAMPLE_DATA / link.text).read_bytes()
        upload = next(one for one in first.all("a") if one.text == "Upload files")["href"]
        kind = link.text.removesuffix(".csv")
        files = {"file": (link.text, saved.content, "text/csv")}
        arrived = main_of(client.post(upload, params={"kind": kind}, files=files))
        assert "The file has arrived" in arrived.text

    def statuses() -> list[str]:
        return [row[2] for row in rows_of(opened(client, "/console/files"), "Files")]

    # Polls that are loaded before the zones of their stores warn of that.
    wait_until(lambda: [text.startswith("✓ ready") for text in statuses()] == [True] * 3)
    second = opened(client, "/console")
    assert "done" in second.one("ol").all("li")[0].text
    form_at = next(one for one in second.all("a") if one.text == "Run the uptime report")["href"]
    form = opened(client, form_at).one("form")
    fields = {
        one["name"]: one.attributes.get("value") or ""
        for one in form.all("input")
        if one.attributes.get("type") != "checkbox" or "checked" in one.attributes
    }
    begun = client.post(form.attributes.get("action") or form_at, data=fields)
    address = begun.url.path
    done = wait_until(lambda: (page := opened(client, address)).all("figure") and page)
    download = next(one for one in done.all("a") if one.text.startswith("Download uptime") or ".csv" in one["href"])
    assert client.get(download["href"]).text.startswith('"store_id","uptime_last_hour"')
    assert [one for one in done.all("a") if one.text == "Download the page to print and mail"]
    assert rows_of(opened(client, "/console"), "Last reports")[0][1] == "✓ complete"


def test_panels_tell_what_was_last_done_and_what_is_due(resting: TestClient, resources: Resources) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    for name in HOSTILE:
        query = {"kind": "polls", "filename": f"{name}.csv"}
        assert resting.post("/datasets", params=query, content=name.encode()).status_code == 202
    assert resting.post("/trigger_report", json={}).status_code == 202
    for name, at in (("later", "23:59"), ("sooner", ":00")):
        every = "hour" if at == ":00" else "month"
        made = {"name": name, "kind": "uptime", "every": every, "at": at}
        assert resting.post("/schedules", json=made).status_code == 201
    main = opened(resting, "/console")
    assert rows_of(main, "Last reports")[0][:2][1] == "… queued"
    shown = [row[0] for row in rows_of(main, "Last files")]
    assert shown == [f"{name.rpartition('/')[2]}.csv" for name in reversed(HOSTILE)], "of a path the last part is kept"
    assert [row[0] for row in rows_of(main, "Due next")] == ["sooner", "later"]
    assert not main.all("img")
    assert not main.all("h2", id="sources")


def test_a_panel_that_fails_says_so_and_the_others_stay(resting: TestClient, resources: Resources) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    assert resting.post("/trigger_report", json={}).status_code == 202
    with resources.engine.begin() as connection:
        connection.execute(text("ALTER TABLE source RENAME TO source_away"))
    main = opened(resting, "/console")
    assert "This part cannot be shown now." in main.one("p", class_="refused").text
    assert [one.text for one in main.all("h2")] == ["Last reports", "Last files", "Due next", "Sources"]
    assert rows_of(main, "Last reports")


def test_a_source_that_is_late_paused_or_failing_is_told_with_the_reason(
    resting: TestClient, resources: Resources
) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    resting.post("/trigger_report", json={})
    for name in ("failing", "fresh", "late", "paused"):
        assert resting.post("/sources", params={"check": False}, json={**NOWHERE, "name": name}).status_code == 201
    assert "None of them needs attention." in opened(resting, "/console").text
    resting.post("/sources/paused/pause")
    two_days_ago = datetime.now(UTC) - timedelta(days=2)
    with resources.engine.begin() as connection:
        connection.execute(source.update().where(source.c.name == "late").values(synced_at=two_days_ago))
        wrong = {"error_code": "token_refused", "error_message": "The token is refused."}
        connection.execute(source.update().where(source.c.name == "failing").values(**wrong))
    main = opened(resting, "/console")
    panel = next(one for one in main.all("section") if one.one("h2").text == "Sources")
    assert [one.text for one in panel.all("li")] == [
        "failing: the last sync failed. The token is refused.",
        "late: was last read 2 days ago.",
        "paused: paused. Paused by local.",
    ]


def test_webhooks_that_do_not_get_through_are_told_first_to_who_may_mend_them(resources: Resources) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    with local_browser(with_settings(resources, webhook_allow="127.0.0.1"), slots=0) as client:
        assert client.post("/trigger_report", json={}).status_code == 202
        for name in ("failing", "new", "off"):
            hook = {"name": name, "url": "http://127.0.0.1:1/", "enabled": name != "off"}
            assert client.post("/webhooks", json=hook).status_code == 201
        two_days_ago = datetime.now(UTC) - timedelta(days=2)
        with resources.engine.begin() as connection:
            statement = webhook.update().where(webhook.c.name == "failing").values(failing_since=two_days_ago)
            connection.execute(statement)
        banner = opened(client, "/console").one("section", class_="warnings")
        failing, off = [one.text for one in banner.all("li")]
        assert failing.startswith(f"failing: ✗ failing since {two_days_ago:%b} {two_days_ago.day}, {two_days_ago.year}")
        assert off == "off: disabledDisabled by local."
        assert opened(client, banner.all("a")[0]["href"]).one("h1").text == "Webhook failing"
        client.post("/webhooks/off/enable")
        with resources.engine.begin() as connection:
            connection.execute(webhook.update().values(failing_since=None))
        assert not opened(client, "/console").all("section", class_="warnings")
        client.post("/webhooks/off/disable")
        assert "Webhooks" not in opened(browser_of(resources, "operator"), "/console").text


def test_whoever_may_not_read_something_does_not_see_its_panel(resting: TestClient, resources: Resources) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    assert resting.post("/trigger_report", json={}).status_code == 202
    reader = browser_of(resources, "viewer", scopes=[Scope.REPORTS_READ])
    assert [one.text for one in opened(reader, "/console").all("h2")] == [
        *("Last reports", "Due next"),
        "Keys that end soon",  # their own, which ends within an hour
    ]
    other = browser_of(resources, "viewer", scopes=[Scope.DATA_READ])
    assert [one.text for one in opened(other, "/console").all("h2")] == ["Last files", "Keys that end soon"]
    viewer = opened(browser_of(resources, "viewer"), "/console")
    button = next(one for one in viewer.all("button") if one.text == "New report")
    assert "disabled" in button.attributes
    assert "Needs one of the roles: operator, admin." in viewer.text


def test_keys_that_end_soon_are_told_to_their_owners_and_to_administrators(
    resting: TestClient, resources: Resources
) -> None:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    resting.post("/trigger_report", json={})
    people = People(resources.engine)
    ada = people.user("ada", "operator")
    with resources.engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM app_user")) == 1
    soon, later = (people.credential(ada, lasts=days * 86400) for days in (3, 60))
    ended = people.credential(ada, lasts=3 * 86400)
    people.revoke(ended)
    own = browser_of(resources, "viewer")  # has one that ends within an hour

    def told(client: TestClient) -> list[str]:
        sections = opened(client, "/console").all("section")
        panels = [one for one in sections if one.one("h2").text == "Keys that end soon"]
        return [link["href"] for panel in panels for link in panel.one("ul").all("a")]

    assert f"/console/keys/{soon.id}" not in told(own)
    assert len(told(own)) == 1
    of_all = told(resting)
    assert f"/console/keys/{soon.id}" in of_all
    assert len(of_all) == 2
    assert not {f"/console/keys/{one.id}" for one in (later, ended)} & set(of_all)


def test_help_says_what_words_mean_and_leads_to_the_api(resting: TestClient) -> None:
    main = opened(resting, "/console/help")
    words = {one.text for one in main.all("dt")}
    assert {"Entity", "Poll", "Working hours", "Coverage", "As of", "File, or dataset", "Mapping"} <= words
    links = [one["href"] for one in main.all("a")]
    assert {"/docs", "/openapi.json"} <= set(links)
    for link in links:
        assert resting.get(link).status_code == 200, link
