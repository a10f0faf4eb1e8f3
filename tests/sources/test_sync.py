"""Syncs of GitHub: what they read, keep and write, and how they go on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.catalogue.prefixes import BUCKET_PREFIXES
from app.jobs.cleanup import clean_up
from app.replica.registry import job_kinds
from app.sources import reading
from app.sources.api import client
from app.storage.resources import Resources
from tests.catalogue.bringing import ended, keys_below
from tests.conftest import api
from tests.github import World, serve
from tests.github import truth as truth_of
from tests.github.changes import Changes
from tests.github.server import Github
from tests.sources.syncing import TOKEN, add_source, one, rows, sync

PULLS = (
    "SELECT key, number, author, created_at, merged_at, closed_at FROM pull_request JOIN entity ON id = repo_id "
    "ORDER BY 1, 2"
)

#: All faults of one answer after which the same sync goes on.
MENDED = ("502", "503", "504", "500", "401 once", "cut", "broken json", "200 html", "429")

#: Those that a later sync makes good.
MENDED_LATER = ("empty", "404", "403 forbidden", "409", "301 elsewhere")


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(reading, "EMPTY_PAUSES", (0.01, 0.01))


@pytest.fixture
def github() -> Iterator[Github]:
    world = World(seed=1)
    world.token(TOKEN)
    for name in ("acme/api", "acme/web"):
        world.create_repository(name)
    Changes(world, 1, only=("open", "review", "merge", "close")).steps(60)
    world.pass_seconds(3600)
    with serve(world) as fake:
        fake.most_per_page = 5
        yield fake


def truth(github: Github) -> list[tuple[object, ...]]:
    told, _ = truth_of.KINDS["pull_requests"]
    names = ("repo", "number", "author", "created_at", "merged_at", "closed_at")
    return sorted(tuple(row[name] for name in names) for row in told(github.world))


def gaps(resources: Resources) -> list[tuple[object, ...]]:
    return rows(resources, "SELECT stream, scope, code FROM source_gap WHERE closed_at IS NULL ORDER BY 1, 2, 3")


def wait_is_over(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET not_before = NULL"))
        connection.execute(text("UPDATE source_budget SET blocked_until = NULL, reset_at = now() WHERE remaining >= 0"))


def test_a_sync_brings_all_pull_requests_and_the_next_one_asks_for_news_only(
    resources: Resources, github: Github
) -> None:
    add_source(resources, github.address)
    assert sync(resources, asked=False) == 1
    assert rows(resources, PULLS) == truth(github)
    assert one(resources, "SELECT synced_at IS NOT NULL AND error_code IS NULL FROM source")
    asked = len(github.asked)
    sync(resources)
    assert len(github.asked) - asked == 3, "the list of the organisation, and one page of each repository"
    assert github.charged() <= len(github.asked) - 2, "a page that has not changed costs nothing"
    assert rows(resources, PULLS) == truth(github)


def test_pages_are_kept_and_become_a_dataset_that_is_reloaded_and_removed_as_any_other(
    resources: Resources, github: Github
) -> None:
    add_source(resources, github.address)
    sync(resources, asked=False)
    query = "SELECT id, raw_key, outcome, rows_accepted FROM dataset WHERE kind = 'pull_requests'"
    dataset_id, prefix, outcome, count = rows(resources, query)[0]
    assert prefix.startswith("raw/github.pull_requests/20")
    assert (outcome, count) == ("ready", len(truth(github)))
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    assert keys_below(resources, prefix), "a clean-up leaves pages alone that a dataset has"
    asked = len(github.asked)
    with api(resources, slots=1) as http:
        assert http.get("/datasets").json()["datasets"][0]["status"] == "ready"
        with resources.engine.begin() as connection:
            connection.execute(text("DELETE FROM pull_request"))
        assert http.post(f"/datasets/{dataset_id}/reload").status_code == 202
        assert ended(http, dataset_id)["rows_accepted"] == count
        assert rows(resources, PULLS) == truth(github)
        assert http.delete(f"/datasets/{dataset_id}", params={"rows": True}).status_code == 202
        while http.get(f"/datasets/{dataset_id}", params={"wait": 5}).status_code == 200:
            pass
        assert rows(resources, PULLS) == []
        assert keys_below(resources, prefix), "they stay while reviews are made of them, too"
        for (other,) in rows(resources, "SELECT id FROM dataset"):
            assert http.delete(f"/datasets/{other}", params={"rows": False}).status_code == 200
    assert keys_below(resources, prefix) == []
    assert len(github.asked) == asked, "all of this without a request"


def test_pages_without_a_dataset_are_removed_when_they_are_old(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    sync(resources, asked=False)
    with resources.engine.begin() as connection:
        connection.execute(text("DELETE FROM dataset"))
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES)
    assert keys_below(resources, "raw/github.pull_requests/")
    clean_up(resources, job_kinds({}), prefixes=BUCKET_PREFIXES, orphan_hours=-1)
    assert keys_below(resources, "raw/github.pull_requests/") == []


@pytest.mark.parametrize(("name", "most", "syncs"), [("sync_records", 6, 3), ("sync_requests", 30, 3)])
def test_what_one_sync_may_not_take_the_next_ones_do(
    resources: Resources, github: Github, name: str, most: int, syncs: int
) -> None:
    resources.settings.__dict__[name], before = most, resources.settings.__dict__[name]
    try:
        add_source(resources, github.address)
        assert sync(resources, asked=False) >= syncs
    finally:
        resources.settings.__dict__[name] = before
    assert rows(resources, PULLS) == truth(github)
    assert one(resources, "SELECT synced_at IS NOT NULL FROM source")


def test_a_token_whose_hour_is_spent_is_waited_for_without_a_slot(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    github.world.tokens[TOKEN].limit = github.world.tokens[TOKEN].used + 15
    assert sync(resources, asked=False) == 1
    waits = one(resources, "SELECT not_before - now() FROM report WHERE status = 'queued'")
    assert timedelta(minutes=50) < waits < timedelta(minutes=61)
    assert 0 < len(rows(resources, PULLS)) < len(truth(github)), "what was read before is there already"
    for _ in range(20):
        github.world.pass_seconds(3700)
        wait_is_over(resources)
        if not sync(resources, asked=False):
            break
    assert rows(resources, PULLS) == truth(github)


def test_answers_that_go_wrong_are_made_good_in_the_same_sync(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    github.faults.plan(MENDED[0], "/orgs.*")
    paths = (".*/pulls[?].*", ".*/timeline.*", ".*/reviews.*", "/repositories/[0-9]+/pulls/[0-9]+")
    for number, fault in enumerate(MENDED[1:]):
        github.faults.plan(fault, paths[number % len(paths)], after=2 * (number // len(paths)))
    assert sync(resources, asked=False) == 1
    assert len(github.faults.happened) == len(MENDED)
    assert rows(resources, PULLS) == truth(github)
    assert gaps(resources) == []


@pytest.mark.parametrize("fault", MENDED_LATER)
def test_what_a_sync_could_not_read_is_in_the_ledger_until_a_later_one_has(
    resources: Resources, github: Github, fault: str
) -> None:
    add_source(resources, github.address)
    github.faults.plan(fault, ".*/pulls[?].*&page=2.*", times=3 if fault == "empty" else 1)
    sync(resources, asked=False)
    assert github.faults.happened
    assert gaps(resources)
    sync(resources)
    assert rows(resources, PULLS) == truth(github)
    assert gaps(resources) == []


def test_a_token_that_is_refused_pauses_the_source_and_says_so(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    github.faults.plan("401 expired", ".*/reviews.*", after=3)
    sync(resources, asked=False)
    enabled, reason, code = rows(resources, "SELECT enabled, paused_reason, error_code FROM source")[0]
    assert (enabled, code) == (False, "token_refused")
    assert "does not accept the token" in reason
    assert len(rows(resources, PULLS)) == 3, "what was read before it ended is kept"


def test_a_renamed_repository_keeps_its_rows_and_another_may_take_its_name(
    resources: Resources, github: Github
) -> None:
    add_source(resources, github.address)
    sync(resources, asked=False)
    entity = one(resources, "SELECT id FROM entity WHERE key = 'acme/api'")
    world = github.world
    api_repository, web = (world.find(f"acme/{name}") for name in ("api", "web"))
    assert api_repository is not None
    assert web is not None
    world.rename(api_repository, "acme/passing")
    world.rename(web, "acme/api")
    world.rename(api_repository, "acme/web")
    sync(resources)
    assert one(resources, "SELECT id FROM entity WHERE key = 'acme/web'") == entity
    assert rows(resources, PULLS) == truth(github)


def test_a_repository_that_is_gone_is_a_state_and_a_gap_until_it_is_there_again(
    resources: Resources, github: Github
) -> None:
    add_source(resources, github.address)
    sync(resources, asked=False)
    repository = github.world.find("acme/api")
    assert repository is not None
    github.world.delete_repository(repository)
    sync(resources)
    state = "SELECT state FROM source_repository WHERE full_name = 'acme/api'"
    assert one(resources, state) == "gone"
    assert gaps(resources) == [("pull_requests", str(repository.id), "gone")]
    asked = len(github.asked)
    sync(resources)
    assert len(github.asked) - asked == 2, "the list of the organisation, and the other repository"
    repository.state = "ok"
    sync(resources)
    sync(resources)
    assert one(resources, state) == "ok"
    assert gaps(resources) == []


def test_an_owner_that_nobody_knows_is_in_the_ledger(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    with resources.engine.begin() as connection:
        connection.execute(
            text("UPDATE source SET options = jsonb_set(options, '{repositories}', '[\"acme/*\", \"acne/*\"]')")
        )
    sync(resources, asked=False)
    assert gaps(resources) == [("repositories", "acne", "gone")]
    assert rows(resources, PULLS) == truth(github)


def test_commits_of_a_quiet_repository_are_known_up_to_the_last_sync(resources: Resources, github: Github) -> None:
    add_source(resources, github.address, streams=["commits"])
    known = "SELECT key, until FROM repo_seen JOIN entity ON id = entity_id ORDER BY key"
    sync(resources)
    first = dict(rows(resources, known))
    sync(resources)
    second = dict(rows(resources, known))
    assert first.keys() == second.keys() == {"acme/api", "acme/web"}
    assert all(second[key] > first[key] for key in first)


def test_a_repository_without_commits_lacks_nothing_whenever_it_is_asked_for(
    resources: Resources, github: Github
) -> None:
    github.world.create_repository("acme/new", empty=True)
    add_source(resources, github.address, repositories=["acme/new"], streams=["commits", "files", "issues"])
    for _ in range(2):
        sync(resources)
        assert gaps(resources) == []
        with resources.engine.begin() as connection:  # as if the turn of each list had come
            connection.execute(text("UPDATE source_cursor SET position = '{}', updated_at = now() - interval '9 days'"))
    assert one(resources, "SELECT count(*) FROM source_cursor WHERE watermark IS NULL") == 0
    assert one(resources, "SELECT state FROM source_repository") == "empty"
