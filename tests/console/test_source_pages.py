"""Pages of sources: added, shown, changed, synced, paused, removed; their tokens are on no page."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, text

from app.sources.register import access_of, named
from app.sources.secrets import source_secrets
from app.sources.tables import source_budget, source_cursor, source_gap, source_repository
from app.storage.resources import Resources
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
from tests.github import World, serve

TOKEN = "ghp_zyxwvutsrqponmlkjihgfedcba9876543210"

#: Nobody listens there, and no look is taken.
ACME = {"name": "acme", "repositories": "acme/*\n!acme/old-*", "address": "http://127.0.0.1:1", "token": TOKEN}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with local_browser(resources, slots=0) as client:
        yield client


def test_one_is_added_changed_synced_paused_resumed_and_removed(client: TestClient) -> None:
    assert "There is no source yet." in opened(client, "/console/sources").text
    main = sent(client, "/console/sources/new/github", **ACME)
    assert said(main) == "It was added."
    assert main.one("div", id="progress")["hx-get"] == "/console/sources/acme/progress"
    stored = client.get("/sources/acme").json()
    assert (stored["repositories"], stored["token"]) == (["acme/*", "!acme/old-*"], "stored")
    assert said(sent(client, "/console/sources/acme/sync")) == "It was started."
    assert said(sent(client, "/console/sources/acme/pause")) == "It is paused until somebody resumes it."
    assert "paused" in rows_of(opened(client, "/console/sources"), "Sources")[0][3]
    assert said(sent(client, "/console/sources/acme/resume")) == "It was resumed."

    form = opened(client, "/console/sources/acme/edit")
    assert form.one(id="field-repositories").text == "acme/* !acme/old-*"
    assert "value" not in form.one(id="field-token").attributes or not form.one(id="field-token")["value"]
    changed = {"repositories": "acme/shop", "address": ACME["address"], "streams": "pull_requests\ncommits"}
    assert said(sent(client, "/console/sources/acme/edit", **changed)) == "The change was saved."
    after = client.get("/sources/acme").json()
    assert (after["repositories"], after["token"]) == (["acme/shop"], "stored")
    assert set(after["streams"]) == {"pull_requests", "commits"}
    assert said(sent(client, "/console/sources/acme/delete")) == "It was removed."
    assert client.get("/sources").json() == {"sources": []}


def test_its_token_is_on_no_page(client: TestClient) -> None:
    refused = client.post("/console/sources/new/github", data={**ACME, "repositories": "acme"})
    told = [refused, client.post("/console/sources/new/github", data=ACME)]
    told += [client.post("/console/sources/acme/edit", data={**ACME, "repositories": "?"})]
    told += [client.get(f"/console/sources{path}") for path in ("", "/acme", "/acme/edit", "/acme/repositories")]
    assert [one.status_code for one in told] == [422, 200, 422, 200, 200, 200, 200]
    assert not [one.url for one in told if TOKEN in one.text]
    field = main_of(refused, 422).one(id="field-token")
    assert (field["type"], field["autocomplete"]) == ("password", "new-password")


def test_what_a_look_has_found_is_told_whether_it_was_saved_or_not(client: TestClient) -> None:
    world = World()
    world.token(TOKEN)
    world.create_repository("acme/web")
    with serve(world) as github:
        there = {**ACME, "address": github.address, "check": "true"}
        misspelt = main_of(client.post("/console/sources/new/github", data={**there, "repositories": "acne/*"}), 422)
        assert misspelt.one(id="refused")
        assert any("acne" in one.text for one in misspelt.all("li"))
        assert misspelt.one(id="field-repositories").text == "acne/*"
        assert client.get("/sources").json() == {"sources": []}
        mixed = {**there, "repositories": "acme/*", "token": TOKEN}
        stored = sent(client, "/console/sources/new/github", **mixed)
        assert stored.one("h1").text in {"Source acme", "The source was saved"}
        assert [one["name"] for one in client.get("/sources").json()["sources"]] == ["acme"]


@pytest.mark.parametrize(
    ("kind", "changes", "field", "words"),
    [
        ("github", {"name": "No good"}, "name", "is not a name of a source"),
        ("github", {"repositories": "acme"}, "repositories", "is not a pattern such as org/*"),
        ("github", {"repositories": ""}, "repositories", "names nothing that github could read"),
        ("github", {"streams": "pull_request"}, "streams", "is not a stream of github"),
        ("github", {"address": "http://git.acme.example"}, "address", "would send the token unencrypted"),
        ("github", {"app_id": "a/b", "app_installation": "1"}, "app_id", "is not a text of the form"),
        ("github", {"app_id": "1", "app_installation": "x"}, "app_installation", "is not a number in digits"),
        ("pypistats", {"projects": "no good"}, "projects", "is not a name of a project"),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_else_is_lost(
    client: TestClient, kind: str, changes: dict[str, str], field: str, words: str
) -> None:
    fields = (ACME if kind == "github" else {"name": "installs"}) | changes
    main = main_of(client.post(f"/console/sources/new/{kind}", data=fields), 422)
    assert words in error_at(main, field)
    for name, value in fields.items():
        if name != "token":
            shown = main.one(id=f"field-{name}")
            assert (shown.attributes.get("value") or " ".join(shown.text.split())) == " ".join(value.split())
    assert client.get("/sources").json() == {"sources": []}


def test_a_page_tells_streams_gaps_budget_and_repositories(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    hostile = HOSTILE[0]
    with resources.engine.begin() as connection:
        own = {"source_id": connection.scalar(text("SELECT id FROM source"))}
        secrets = source_secrets(resources.settings)
        token = access_of(named(connection, "acme"), secrets, resources.engine).token_hash
        repository = {"repo_id": 1, "full_name": "acme/shop", "state": "ok", "default_branch": "main"}
        connection.execute(insert(source_repository).values(**own, **repository))
        cursor = {"stream": "pull_requests", "scope": "1", "position": {}, "watermark": now}
        connection.execute(insert(source_cursor).values(**own, **cursor))
        gap = {"code": "unexpected_answer", "message": hostile, "stream": "pull_requests", "scope": "1"}
        connection.execute(insert(source_gap).values(**own, **gap))
        budget = {"allowed": 5000, "remaining": 4321, "reset_at": now}
        connection.execute(insert(source_budget).values(token=token, **budget))
    main = opened(client, "/console/sources/acme")
    assert not main.all("img")
    gap = rows_of(main, "Gaps")[0]
    assert (gap[0], gap[2]) == ("pull_requests", hostile)
    listed = rows_of(opened(client, "/console/sources/acme/repositories"), "Repositories")
    assert [row[:2] for row in listed] == [["acme/shop", "ok"]]
    assert listed[0][3] == "main"
    streams = {row[0]: row[1] for row in rows_of(main, "Streams")}
    assert streams["pull_requests"].startswith("Mar 1, 2026, 12:00")
    assert rows_of(main, "Budget")[0][:3] == ["core", "4,321", "5,000"]


def test_without_anything_read_the_page_says_so(client: TestClient) -> None:
    sent(client, "/console/sources/new/pypistats", name="installs", projects="requests")
    main = opened(client, "/console/sources/installs")
    assert rows_of(main, "Streams")[0][:2] == ["downloads", "not yet"]
    assert "No data is known to be missing." in main.text
    assert "something is not read yet" in main.text
    assert "It knows no repository yet" in opened(client, "/console/sources/installs/repositories").text
    assert opened(client, "/console/sources/installs/edit").one(id="field-projects").text == "requests"


def test_while_a_sync_goes_on_its_piece_is_asked_for_and_then_the_page(
    client: TestClient, resources: Resources
) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    piece = client.get("/console/sources/acme/progress")
    assert "A sync waits for its turn." in piece.text
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET status = 'cancelled', finished_at = now() WHERE kind = 'sync'"))
    assert client.get("/console/sources/acme/progress").headers["hx-refresh"] == "true"
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET status = 'complete', as_of = now() WHERE kind = 'sync'"))
        failed = "UPDATE source SET error_code = 'source_unavailable', error_message = 'Nothing answers.'"
        connection.execute(text(failed))
    main = opened(client, "/console/sources/acme")
    assert "Nothing answers." in main.one("div", class_="refused").text
    assert "✗ failed" in main.one("dl").text
    assert "✓" not in main.text


def test_only_administrators_may_and_others_read_so(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    operator = browser_of(resources, "operator")
    reason = "Needs one of the roles: admin."
    labels = ("Sync now", "Pause", "Edit, or give a new token", "Set up events", "Remove")
    for label in (*labels, "Read everything again", "Make the rows anew"):
        assert cannot(opened(operator, "/console/sources/acme"), label) == reason
    assert cannot(opened(operator, "/console/sources"), "New source: GitHub") == reason
    assert cannot(opened(operator, "/console/sources/new/github"), "Add the source") == reason
    for action in ("sync", "pause", "resume", "delete", "edit", "reset", "reprocess", "events"):
        main_of(operator.post(f"/console/sources/acme/{action}", data=ACME), 403)
    assert client.get("/sources/acme").json()["enabled"]


def test_one_is_read_again_and_its_rows_are_made_anew(client: TestClient, resources: Resources) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    question = opened(client, "/console/sources/acme").one("form", action="/console/sources/acme/reset")
    assert "Its position is reset" in question.text
    streams = [one["value"] for one in question.one(id="field-reset_stream").all("option")]
    assert streams == ["", *client.get("/sources/acme").json()["streams"]]
    since = {"reset_stream": "pull_requests", "reset_since": "2026-01-01"}
    assert said(sent(client, "/console/sources/acme/reset", **since)) == "It was started."
    assert said(sent(client, "/console/sources/acme/reprocess", reprocess_stream="", reprocess_since="")) == (
        "It was started."
    )
    main = opened(client, "/console/sources/acme")
    assert "are being rebuilt from the stored pages" in main.one("dl").text
    with resources.engine.connect() as connection:
        told = dict(connection.execute(text("SELECT action, detail FROM audit WHERE action LIKE 'source.re%'")).all())
        synced = connection.scalar(text("SELECT count(*) FROM report WHERE kind = 'sync' AND status = 'queued'"))
    assert told["source.reset"]["streams"] == ["pull_requests"]
    assert told["source.reset"]["since"] == "2026-01-01T00:00:00+00:00"
    assert (told["source.reprocess"]["stream"], told["source.reprocess"]["since"]) == (None, None)
    assert synced == 1


@pytest.mark.parametrize("what", ["reset", "reprocess"])
@pytest.mark.parametrize(
    ("field", "value", "words"), [("since", "yesterday", "yesterday"), ("stream", "pull_request", "is not a stream")]
)
def test_what_is_not_read_again_is_refused_at_its_field(
    client: TestClient, what: str, field: str, value: str, words: str
) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    main = main_of(client.post(f"/console/sources/acme/{what}", data={f"{what}_{field}": value}), 422)
    assert words in error_at(main, f"{what}_{field}")
    forms = {one.all("form")[0]["action"]: one for one in main.all("details", class_="confirm")}
    assert "open" in forms[f"/console/sources/acme/{what}"].attributes
    assert sum("open" in one.attributes for one in forms.values()) == 1
    if field == "since":
        assert main.one(id=f"field-{what}_since")["value"] == value


def test_one_that_is_paused_is_not_read_again(client: TestClient) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    sent(client, "/console/sources/acme/pause")
    main = main_of(client.post("/console/sources/acme/reset"), 409)
    assert "Resume it first." in main.one(id="refused").text
    assert rows_of(main, "Streams")


def test_what_is_entered_at_github_is_shown_on_demand(client: TestClient) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    told = client.get("/sources/acme/event_secret").json()
    assert told["secret"] not in client.get("/console/sources/acme").text
    answer = client.post("/console/sources/acme/events")
    assert answer.headers["cache-control"] == "no-store"
    main = main_of(answer)
    address, secret = main.all("code", class_="secret")
    assert (address.text, secret.text) == (told["address"], told["secret"])
    assert ("data-path" in address.attributes, "data-path" in secret.attributes) == (True, False)
    assert [one.text for one in main.one("ul").all("code")] == told["events"]
    sent(client, "/console/sources/new/pypistats", name="installs", projects="requests")
    assert "Set up events" not in opened(client, "/console/sources/installs").text


def test_what_does_not_exist_is_a_page(client: TestClient) -> None:
    sent(client, "/console/sources/new/github", **ACME)
    assert "acme" in main_of(client.get("/console/sources/acne"), 404).one(id="refused").text
    assert "github, pypistats" in main_of(client.get("/console/sources/new/gitlab"), 404).text
    assert main_of(client.get("/console/sources/nobody/edit"), 404)
