"""Sources over HTTP: added, viewed, changed, paused, removed; their tokens are never shown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import insert, select, text

from app.jobs.tables import job
from app.settings import Settings
from app.sources.register import access_of, named
from app.sources.secrets import source_secrets
from app.sources.tables import source_budget, source_cursor, source_gap, source_repository
from app.storage.resources import Resources
from tests.access.secrets_seen import dump_of
from tests.conftest import api
from tests.github import World, serve

TOKEN = "ghp_zyxwvutsrqponmlkjihgfedcba9876543210"

#: Nobody listens there.
NOWHERE = "http://127.0.0.1:1"

ACME = {"name": "acme", "repositories": ["acme/*", "!acme/old-*"], "address": NOWHERE, "token": TOKEN}

#: Without a look at what is there.
UNCHECKED = {"check": False}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with api(resources, slots=0) as client:
        yield client


def added(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/sources", params=UNCHECKED, json={**ACME, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def syncs(resources: Resources) -> list[tuple[str, str]]:
    with resources.engine.connect() as connection:
        query = select(job.c.status, job.c.concurrency_key).where(job.c.kind == "sync").order_by(job.c.created_at)
        return [(row.status, row.concurrency_key) for row in connection.execute(query)]


def source_id(resources: Resources) -> str:
    with resources.engine.connect() as connection:
        return str(connection.execute(text("SELECT id FROM source")).scalar_one())


def test_a_source_is_added_and_its_first_sync_waits(client: TestClient, resources: Resources) -> None:
    found = added(client)
    assert {name: found[name] for name in ("name", "kind", "address", "repositories", "token", "enabled")} == {
        "name": "acme",
        "kind": "github",
        "address": NOWHERE,
        "repositories": ["acme/*", "!acme/old-*"],
        "token": "stored",
        "enabled": True,
    }
    assert "pull_requests" in found["streams"]
    assert found.pop("findings") == []
    assert client.get("/sources").json() == {"sources": [found]}
    assert syncs(resources) == [("queued", f"sync {source_id(resources)}")]
    status = client.get("/sources/acme").json()
    assert (status["last_sync"]["status"], status["watermark"], status["lag_seconds"]) == ("queued", None, None)
    assert client.post("/sources/acme/sync").json() == {"source": "acme", "sync_id": status["last_sync"]["sync_id"]}


def test_a_source_is_looked_at_before_it_is_stored(client: TestClient, resources: Resources) -> None:
    world = World()
    world.token(TOKEN)
    world.create_repository("acme/web")
    with serve(world) as github:
        there = {**ACME, "address": github.address}
        wrong = client.post("/sources", json={**there, "token": "ghp_that_nobody_knows_0123456789"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "token_refused")
        misspelt = client.post("/sources", json={**there, "repositories": ["acne/*"]})
        assert (misspelt.status_code, misspelt.json()["code"]) == (422, "source_refused")
        assert [one["level"] for one in misspelt.json()["findings"]] == ["ok", "error"]
        assert (client.get("/sources").json(), syncs(resources)) == ({"sources": []}, [])
        found = client.post("/sources", json=there)
        assert found.status_code == 201
        assert {"level": "ok", "message": "acme: 1 repository is read: acme/web."} in found.json()["findings"]
        changed = client.put("/sources/acme", json={"repositories": ["acme/wep"], "address": github.address})
        assert (changed.status_code, changed.json()["code"]) == (422, "source_refused")
        assert client.get("/sources/acme").json()["repositories"] == ["acme/*", "!acme/old-*"]
    away = client.post("/sources", json={**ACME, "name": "away"})
    assert (away.status_code, away.json()["code"]) == (503, "source_unavailable")


def test_no_answer_and_no_row_has_the_token_and_the_sync_gets_it(client: TestClient, resources: Resources) -> None:
    told = [
        client.post("/sources", params=UNCHECKED, json=ACME).text,
        client.put("/sources/acme", params=UNCHECKED, json={**ACME, "name": 1}).text,
    ]
    told += [client.get(f"/sources{path}").text for path in ("", "/acme", "/acme/gaps", "/acme/repositories")]
    told += [
        client.post("/sources", params=UNCHECKED, json={**ACME, "name": "no name"}).text,
        dump_of(resources.engine),
    ]
    told += [client.post("/sources", params=UNCHECKED, json={**ACME, "token": [TOKEN]}).text]
    told += [client.post("/sources", params=UNCHECKED, json={**ACME, "token": f"{TOKEN} {TOKEN}"}).text]
    assert [place for place, text in enumerate(told) if TOKEN in text] == []
    secrets = source_secrets(resources.settings)
    with resources.engine.connect() as connection:
        access = access_of(named(connection, "acme"), secrets, resources.engine)
    assert (access.token(), access.base_url) == (TOKEN, NOWHERE)
    assert TOKEN not in repr(access)


def test_a_token_goes_to_no_other_address_than_it_was_given_for(client: TestClient) -> None:
    added(client)
    elsewhere = {"repositories": ["acme/*"], "address": "http://127.0.0.1:2"}
    refused = client.put("/sources/acme", params=UNCHECKED, json=elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameters")
    assert refused.json()["detail"] == (
        "address: the token of acme was given for http://127.0.0.1:1; give the token again to have it sent to another "
        "address."
    )
    assert (
        client.put("/sources/acme", params=UNCHECKED, json={**elsewhere, "token": TOKEN}).json()["address"]
        == "http://127.0.0.1:2"
    )
    kept = client.put(
        "/sources/acme", params=UNCHECKED, json={"repositories": ["acme/web"], "address": "http://127.0.0.1:2/"}
    )
    assert (kept.json()["repositories"], kept.json()["token"]) == (["acme/web"], "stored")


def test_a_token_may_be_read_from_a_variable_that_is_for_tokens(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENHOURS_TOKEN_ACME", TOKEN)
    by_name = {**ACME, "token": None, "token_from": "env:OPENHOURS_TOKEN_ACME"}
    assert client.post("/sources", params=UNCHECKED, json=by_name).json()["token"] == "env:OPENHOURS_TOKEN_ACME"
    both = client.post("/sources", params=UNCHECKED, json={**by_name, "name": "both", "token": TOKEN}).json()
    assert both["detail"] == "Give either token or token_from, not both."
    other = client.post(
        "/sources", params=UNCHECKED, json={**by_name, "name": "b", "token_from": "env:OPENHOURS_TOKEN_NONE"}
    ).json()
    assert (other["code"], "env:OPENHOURS_TOKEN_NONE" in other["detail"]) == ("token_unavailable", True)
    assert [one["name"] for one in client.get("/sources").json()["sources"]] == ["acme"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"name": "Acme"}, "name: 'Acme' is not a name of a source"),
        ({"kind": "gitlab"}, "kind: 'gitlab' is not a kind of source (did you mean 'github'?)"),
        ({"repositories": []}, "repositories"),
        ({"repositories": ["acme"]}, "'acme' is not a pattern such as org/*"),
        ({"streams": ["pull_request"]}, "did you mean 'pull_requests'?"),
        ({"address": "http://git.acme.example"}, "would send the token unencrypted"),
        ({"repos": ["acme/*"]}, "repos: is not known (did you mean 'repositories'?)"),
        ({"token": "two words"}, "token: the text of 9 characters is not a token"),
    ],
)
def test_what_cannot_be_a_source_is_refused_and_nothing_begins(
    client: TestClient, resources: Resources, changes: dict[str, Any], detail: str
) -> None:
    refused = client.post("/sources", params=UNCHECKED, json={**ACME, **changes})
    assert refused.status_code == 422
    assert detail in refused.json()["detail"]
    assert (client.get("/sources").json(), syncs(resources)) == ({"sources": []}, [])


def test_a_name_belongs_to_one_source_and_an_unknown_one_tells_what_was_meant(client: TestClient) -> None:
    added(client)
    again = client.post("/sources", params=UNCHECKED, json=ACME)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    for answer in (client.get("/sources/acne"), client.delete("/sources/acne"), client.post("/sources/acne/sync")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_source")
        assert answer.json()["detail"] == "There is no source 'acne' (did you mean 'acme'?); there are acme."
    assert client.get("/sources/%00").status_code == 404


def test_a_paused_source_syncs_only_after_it_is_resumed(client: TestClient, resources: Resources) -> None:
    added(client)
    paused = client.post("/sources/acme/pause").json()
    assert (paused["enabled"], paused["paused_reason"]) == (False, "Paused by local.")
    assert [status for status, _ in syncs(resources)] == ["cancelled"]
    refused = client.post("/sources/acme/sync")
    assert (refused.status_code, refused.json()["code"]) == (409, "source_paused")
    assert refused.json()["detail"] == "The source acme is paused: Paused by local. Resume it first."
    assert client.post("/sources/acme/resume").json()["paused_reason"] is None
    assert client.post("/sources/acme/resume").json()["enabled"]
    assert [status for status, _ in syncs(resources)] == ["cancelled", "queued"]


def test_what_is_removed_syncs_no_more_and_its_name_is_free(client: TestClient, resources: Resources) -> None:
    added(client)
    assert client.delete("/sources/acme").status_code == 204
    assert client.get("/sources/acme").status_code == 404
    assert [status for status, _ in syncs(resources)] == ["cancelled"]
    added(client)
    assert [status for status, _ in syncs(resources)] == ["cancelled", "queued"]


def test_the_status_has_watermark_lag_budget_repositories_and_gaps(client: TestClient, resources: Resources) -> None:
    added(client, streams=["pull_requests", "releases"])
    now = datetime.now(UTC)
    early, late, older = (now - timedelta(hours=hours) for hours in (3, 1, 9))
    own = {"source_id": source_id(resources)}
    with resources.engine.begin() as connection:
        token = access_of(named(connection, "acme"), source_secrets(resources.settings), resources.engine).token_hash
        connection.execute(
            insert(source_repository),
            [
                {**own, "repo_id": number, "full_name": f"acme/{name}", "state": state}
                for number, name, state in ((1, "web", "ok"), (2, "api", "ok"), (3, "old", "gone"))
            ],
        )
        read = {
            ("pull_requests", "1"): (late, None),
            ("pull_requests", "2"): (early, None),
            ("pull_requests", "3"): (older, None),
            ("releases", "1"): (late, {"page": 2}),
            ("releases", "2"): (older, None),
            ("issues", "1"): (older, None),
        }
        for (stream, scope), (watermark, under_way) in read.items():
            row = {"stream": stream, "scope": scope, "position": {}, "pass": under_way, "watermark": watermark}
            connection.execute(insert(source_cursor).values(**own, **row))
        gap = {**own, "code": "forbidden", "message": "No."}
        connection.execute(insert(source_gap).values(**gap, stream="releases", scope="2"))
        connection.execute(insert(source_gap).values(**gap, stream="teams", closed_at=now))
        connection.execute(insert(source_budget).values(token=token, allowed=5000, remaining=4321, reset_at=now))
        connection.execute(insert(source_budget).values(token="of another", allowed=1, remaining=0))
    found = client.get("/sources/acme").json()
    assert datetime.fromisoformat(found["watermark"]) == early
    assert 3 * 3600 <= found["lag_seconds"] <= 3 * 3600 + 60
    assert [(one["name"], one["scopes"], one["unfinished"], one["missing"]) for one in found["cursors"]] == [
        ("pull_requests", 2, 0, 0),
        ("releases", 1, 1, 1),
    ]
    assert [(one["resource"], one["allowed"], one["remaining"]) for one in found["budget"]] == [("core", 5000, 4321)]
    assert (found["repository_states"], found["open_gaps"]) == ({"gone": 1, "ok": 2}, 1)
    gaps = client.get("/sources/acme/gaps").json()["gaps"]
    assert [(one["stream"], one["repository"], one["message"]) for one in gaps] == [("releases", "acme/api", "No.")]
    every = client.get("/sources/acme/gaps", params={"closed": True}).json()["gaps"]
    assert {(one["stream"], one["repository"]) for one in every} == {("teams", None), ("releases", "acme/api")}
    repositories = client.get("/sources/acme/repositories").json()["repositories"]
    assert [(one["full_name"], one["state"]) for one in repositories] == [
        ("acme/api", "ok"),
        ("acme/old", "gone"),
        ("acme/web", "ok"),
    ]


@pytest.mark.parametrize("unread", ["a pass is not complete", "a repository is new", "a stream is new"])
def test_something_that_was_not_read_yet_leaves_the_watermark_open(
    client: TestClient, resources: Resources, unread: str
) -> None:
    added(client, streams=["pull_requests"] if unread != "a stream is new" else ["pull_requests", "releases"])
    own, now = {"source_id": source_id(resources)}, datetime.now(UTC)
    with resources.engine.begin() as connection:
        for number in (1, 2):
            repository = {"repo_id": number, "full_name": f"acme/{number}"}
            connection.execute(insert(source_repository).values(**own, **repository))
        cursor = insert(source_cursor).values(**own, position={}, stream="pull_requests")
        connection.execute(cursor.values(scope="1", watermark=now))
        if unread != "a repository is new":
            connection.execute(cursor.values(scope="2", watermark=now if unread == "a stream is new" else None))
    assert client.get("/sources/acme").json()["watermark"] is None


def test_a_change_encrypts_the_token_under_the_newest_key(resources: Resources) -> None:
    def with_keys(keys: str) -> Resources:
        return replace(resources, settings=resources.settings.model_copy(update={"secret_key": SecretStr(keys)}))

    unchanged = {"repositories": ["acme/*"], "address": NOWHERE}
    with api(with_keys("o" * 32), slots=0) as client:
        added(client)
    with api(with_keys(f"{'n' * 32},{'o' * 32}"), slots=0) as client:
        assert client.put("/sources/acme", params=UNCHECKED, json=unchanged).status_code == 200
    new = with_keys("n" * 32)
    with resources.engine.connect() as connection:
        assert access_of(named(connection, "acme"), source_secrets(new.settings), resources.engine).token() == TOKEN


def test_a_lost_secret_key_is_no_secret_to_the_status(resources: Resources) -> None:
    with api(resources, slots=0) as client:
        added(client)
    other = Settings.model_copy(resources.settings, update={"secret_key": SecretStr("k" * 32)})
    with api(replace(resources, settings=other), slots=0) as client:
        found = client.get("/sources/acme").json()
        assert (found["token"], found["budget"]) == ("stored", [])
