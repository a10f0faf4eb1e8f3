"""Histories with changes between the pages: after two quiet syncs the tables equal the truth in every field."""

import pytest

from app.storage.resources import Resources
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
