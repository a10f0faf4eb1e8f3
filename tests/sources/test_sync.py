"""Syncs of GitHub: what they read, keep and write, and how they go on."""

from collections.abc import Iterator

import pytest

from app.storage.resources import Resources
from tests.catalogue.bringing import keys_below
from tests.github import World, serve
from tests.github import truth as truth_of
from tests.github.changes import Changes
from tests.github.server import Github
from tests.sources.syncing import TOKEN, add_source, one, rows, sync

PULLS = (
    "SELECT key, number, author, created_at, merged_at, closed_at FROM pull_request JOIN entity ON id = repo_id "
    "ORDER BY 1, 2"
)


@pytest.fixture
def github() -> Iterator[Github]:
    world = World(seed=1)
    world.token(TOKEN)
    for name in ("acme/api", "acme/web"):
        world.create_repository(name)
    Changes(world, 1).steps(80)
    world.pass_seconds(3600)
    with serve(world) as fake:
        fake.most_per_page = 5
        yield fake


def truth(github: Github) -> list[tuple[object, ...]]:
    told, _ = truth_of.KINDS["pull_requests"]
    names = ("repo", "number", "author", "created_at", "merged_at", "closed_at")
    return sorted(tuple(row[name] for name in names) for row in told(github.world))


def test_a_sync_brings_all_pull_requests_and_the_next_one_asks_for_news_only(
    resources: Resources, github: Github
) -> None:
    add_source(resources, github.address)
    assert sync(resources, asked=False) == 1
    assert rows(resources, PULLS) == truth(github)
    assert one(resources, "SELECT synced_at IS NOT NULL AND error_code IS NULL FROM source")
    asked = len(github.asked)
    sync(resources)
    assert [address for address in github.addresses()[asked:] if "per_page" not in address] == []
    assert len(github.asked) - asked == 3, "the list of the organisation, and one page of each repository"
    assert rows(resources, PULLS) == truth(github)


def test_pages_are_kept_and_become_a_dataset(resources: Resources, github: Github) -> None:
    add_source(resources, github.address)
    sync(resources, asked=False)
    prefix, outcome, count = rows(resources, "SELECT raw_key, outcome, rows_accepted FROM dataset")[0]
    assert prefix.startswith("raw/github.pull_requests/20")
    assert outcome == "ready"
    assert count == len(truth(github))
    assert keys_below(resources, prefix)
