"""Histories with changes between the pages: after two quiet syncs the tables equal the truth in every field."""

import pytest

from app.storage.resources import Resources
from tests.sources.histories import history

STREAMS = ("pull_requests",)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_stale_or_twice_though_everything_changes_while_it_is_read(
    untouched: Resources, seed: int
) -> None:
    with history(untouched, seed, streams=STREAMS, steps=60) as lived:
        for _ in range(4):
            lived.busy = 2
            lived.sync()
        lived.quiet_syncs()
        assert lived.differences() == []
        assert lived.rows() > 20
