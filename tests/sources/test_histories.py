"""Histories with changes between the pages: after two quiet syncs the tables equal the truth in every field."""

from dataclasses import replace

import pytest

from app.storage.resources import Resources
from tests.github import reviewing
from tests.sources.histories import STREAMS, History, history
from tests.strategies import PROFILE

#: How many histories are lived through with pull requests alone, and how many with everything.
PULL_REQUESTS = {"check": 1, "": 3, "long": 300}[PROFILE]
EVERYTHING = {"check": 1, "": 1, "long": 300}[PROFILE]


def lived_through(lived: History, *, syncs: int, changes: int) -> None:
    for _ in range(syncs):
        lived.sync(changes=changes)
    lived.quiet_syncs()


@pytest.mark.parametrize("seed", range(PULL_REQUESTS))
def test_no_pull_request_is_lost_stale_or_twice_though_all_changes_while_it_is_read(
    untouched: Resources, seed: int
) -> None:
    with history(untouched, seed, repositories=1, steps=30) as lived:
        lived_through(lived, syncs=3, changes=12)
        assert lived.differences() == []
        assert lived.told() > 0


@pytest.mark.parametrize("seed", range(1000, 1000 + EVERYTHING))
def test_nothing_is_lost_stale_or_twice_though_all_changes_while_it_is_read(untouched: Resources, seed: int) -> None:
    with history(untouched, seed, streams=list(STREAMS), repositories=1, steps=50) as lived:
        lived_through(lived, syncs=2, changes=15)
        assert lived.differences() == []
        asked = len(lived.github.asked)
        lived.reprocess()
        assert lived.differences() == []
        assert len(lived.github.asked) == asked, "the pages that were kept are enough"
        assert lived.told() > 20


@pytest.mark.parametrize(("seed", "most_records"), [(2000, 50_000), (2001, 3)])
def test_commits_that_were_rewritten_and_forgotten_are_gone_when_all_are_read_anew(
    untouched: Resources, seed: int, most_records: int
) -> None:
    """With few records a sync, the passes that read everything from nothing are cut, and go on in the next one."""
    resources = replace(untouched, settings=untouched.settings.model_copy(update={"sync_records": most_records}))
    with history(resources, seed, streams=["commits"], repositories=1, steps=0) as lived:
        repository = next(iter(lived.world.repositories.values()))
        somebody = next(iter(lived.world.users.values()))
        for _ in range(9):
            reviewing.push_to_default(lived.world, repository, somebody)
        lived.quiet_syncs()
        onto = repository.git.log(repository.head or "")[4]
        made = reviewing.commit(lived.world, repository, onto.sha, somebody)
        branch = repository.default_branch
        reviewing.move_branch(lived.world, repository, branch, made.sha, somebody, kind="force_push")
        repository.git.forget()
        lived.github.most_per_page = 3
        assert (lived.sync() > 1) == (most_records == 3)
        lived.quiet_syncs()
        assert lived.differences() == []
        assert lived.gaps() == []
        lived.reprocess()
        assert lived.differences() == []
