"""Events of GitHub: signed ones make a source be synced sooner, and nothing else.

recorded_events.json has the first payload of each event of the npm package @octokit/webhooks-examples 7.6.1 (MIT).
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from app.jobs.tables import job
from app.sources import hints
from app.storage.resources import Resources
from tests.access.audit_rows import last_id, rows_of
from tests.conftest import api

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded_events.json").read_text())
URL = "/sources/github/events"


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def added(client: TestClient, name: str, *patterns: str) -> str:
    """A source that was synced long ago; returns the secret of its events."""
    body = {"name": name, "repositories": patterns, "address": "http://127.0.0.1:1"}
    assert client.post("/sources", params={"check": False}, json=body).status_code == 201
    secret: str = client.get(f"/sources/{name}/event_secret").json()["secret"]
    return secret


def synced_long_ago(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(
            text("UPDATE report SET status = 'complete', created_at = now() - interval '1 hour' WHERE kind = 'sync'")
        )


def sent(client: TestClient, body: bytes, secret: str, event: str = "push", scheme: str = "sha256") -> Any:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"{scheme}={signature}",
        "Content-Type": "application/json",
    }
    return client.post(URL, content=body, headers=headers)


def waiting(resources: Resources) -> int:
    with resources.engine.connect() as connection:
        return len(connection.execute(select(job.c.id).where(job.c.kind == "sync", job.c.status == "queued")).all())


@pytest.mark.parametrize("event", RECORDED)
def test_a_recorded_event_has_its_source_synced_at_once(client: TestClient, resources: Resources, event: str) -> None:
    secret = added(client, "hello", "Codertocat/*", "Octocoders/*")
    synced_long_ago(resources)
    before = last_id(resources.engine)
    answer = sent(client, json.dumps(RECORDED[event]).encode(), secret, event)
    assert (answer.status_code, answer.json()) == (200, {"sources": ["hello"]})
    assert waiting(resources) == 1
    rows = rows_of(resources.engine, after=before)
    assert [(row.action, row.detail) for row in rows] == [("source.hint", {"name": "hello", "event": event})]


def test_many_events_make_one_sync_and_none_right_after_another(client: TestClient, resources: Resources) -> None:
    secret = added(client, "hello", "Codertocat/*")
    body = json.dumps(RECORDED["push"]).encode()
    before = last_id(resources.engine)
    for _ in range(5):
        assert sent(client, body, secret).json() == {"sources": ["hello"]}
    assert waiting(resources) == 1  # the first sync, which was waiting before
    assert len(rows_of(resources.engine, after=before)) == 1
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET status = 'complete', started_at = now() WHERE kind = 'sync'"))
    hints.look(resources)
    assert waiting(resources) == 0
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET started_at = now() - interval '121 seconds' WHERE kind = 'sync'"))
    for _ in range(2):
        hints.look(resources)
        assert waiting(resources) == 1


def test_only_the_source_with_that_secret_and_repository_is_meant(client: TestClient, resources: Resources) -> None:
    secret = added(client, "hello", "Codertocat/*")
    other = added(client, "other", "acme/*")
    synced_long_ago(resources)
    body = json.dumps(RECORDED["push"]).encode()
    assert sent(client, body, other).json() == {"sources": []}
    assert waiting(resources) == 0
    assert sent(client, body, secret).json() == {"sources": ["hello"]}
    of_nobody = json.dumps({"action": "added", "team": {}, "organization": {"login": "acme"}}).encode()
    assert sent(client, of_nobody, other, "membership").json() == {"sources": ["other"]}
    client.post("/sources/hello/pause")
    assert sent(client, body, secret).json() == {"sources": []}


def test_a_ping_and_events_of_which_nothing_is_read_are_answered_and_begin_nothing(
    client: TestClient, resources: Resources
) -> None:
    secret = added(client, "hello", "Codertocat/*")
    synced_long_ago(resources)
    body = json.dumps(RECORDED["push"]).encode()
    for event in ("ping", "star", "", "no_such_event"):
        answer = sent(client, body, secret, event)
        assert (answer.status_code, answer.json()) == (200, {"sources": []})
    assert waiting(resources) == 0


def test_what_is_not_signed_with_the_secret_is_refused_and_begins_nothing(
    client: TestClient, resources: Resources
) -> None:
    secret = added(client, "hello", "Codertocat/*")
    synced_long_ago(resources)
    body = json.dumps(RECORDED["push"]).encode()
    event = {"X-GitHub-Event": "push"}
    refused = [
        client.post(URL, content=body, headers=event),
        client.post(URL, content=body, headers={**event, "X-Hub-Signature-256": "sha256="}),
        client.post(URL, content=body, headers={**event, "X-Hub-Signature-256": f"sha256={secret}"}),
        sent(client, body, secret[:-1]),
        sent(client, body, secret, scheme="sha1"),
        sent(client, body, "é" * 64),
    ]
    good = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    refused.append(client.post(URL, content=body + b" ", headers={**event, "X-Hub-Signature-256": f"sha256={good}"}))
    assert {(one.status_code, one.json()["code"]) for one in refused} == {(403, "event_not_signed")}
    assert waiting(resources) == 0
    broken = [sent(client, text, secret) for text in (b"payload=%7B%7D", b"[]", b"\xff", b"[" * 100_000)]
    assert {(one.status_code, one.json()["code"]) for one in broken} == {(422, "invalid_parameters")}
    large = client.post(URL, content=b"x" * 600_000, headers=event)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_the_secret_is_told_with_the_address_and_is_another_for_each_source(client: TestClient) -> None:
    first, second = added(client, "hello", "acme/*"), added(client, "other", "acme/*")
    assert first != second
    told = client.get("/sources/hello/event_secret")
    assert told.headers["Cache-Control"] == "no-store"
    assert told.json()["address"] == "/sources/github/events"
    assert "pull_request_review" in told.json()["events"]
    assert first not in client.get("/sources/hello").text
