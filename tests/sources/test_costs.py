"""What a source costs in requests: counts, not times."""

import pytest

from app.sources import turns
from app.storage.resources import Resources
from tests.github import building, reviewing
from tests.sources.histories import STREAMS, history


def test_a_quiet_sync_of_fifty_repositories_takes_sixty_requests_at_most(untouched: Resources) -> None:
    with history(untouched, 3000, streams=list(STREAMS), repositories=50, steps=60) as lived:
        lived.github.most_per_page = 100
        lived.sync()
        assert lived.differences() == []
        for _ in range(3):
            asked, charged = len(lived.github.asked), lived.github.charged()
            lived.sync()
            assert len(lived.github.asked) - asked <= 60
            assert lived.github.charged() - charged <= 15, "what has not changed is answered without a charge"


def test_what_no_sign_tells_of_is_read_when_its_turn_comes(
    untouched: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "QUIET_REQUESTS", 10)
    streams = [name for name in STREAMS if name != "pull_requests"]
    with history(untouched, 3002, streams=streams, repositories=4, steps=80) as lived:
        lived.github.most_per_page = 100
        lived.sync()
        lived.sync()
        one = next(iter(lived.world.repositories.values()))
        signs = (one.pushed_at, one.updated_at)
        issue = next(iter(one.issues.values()))
        building.change_issue(lived.world, issue, lived.world.user("dev-1"), "say")
        building.publish_release(lived.world, one, lived.world.user("dev-1"))
        assert (one.pushed_at, one.updated_at) == signs
        waited = 0
        while lived.differences():
            asked = len(lived.github.asked)
            lived.sync()
            assert len(lived.github.asked) - asked <= 10 + 2, "but for the release and the issue themselves"
            waited += 1
        # Six lists of each repository that go in turn, one of teams; nine or ten requests a sync.
        assert 1 <= waited <= 4


def test_a_repository_that_was_pushed_to_is_read_by_the_next_sync(
    untouched: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "QUIET_REQUESTS", 0)
    monkeypatch.setattr(turns, "QUIET_REQUESTS_PER_REPOSITORY", 0)
    streams = ["commits", "issues", "workflow_runs", "releases"]
    with history(untouched, 3003, streams=streams, repositories=3, steps=40) as lived:
        lived.github.most_per_page = 100
        lived.sync()
        pushed = next(iter(lived.world.repositories.values()))
        building.publish_release(lived.world, pushed, lived.world.user("dev-1"))
        building.open_issue(lived.world, pushed, lived.world.user("dev-1"))
        reviewing.push_to_default(lived.world, pushed, lived.world.user("dev-1"))
        lived.sync()
        assert lived.differences() == []


def test_a_backfill_takes_four_requests_for_a_pull_request(untouched: Resources) -> None:
    with history(untouched, 3001, repositories=1, pulls=5, steps=20) as lived:
        lived.github.most_per_page = 100
        asked = len(lived.github.asked)
        lived.go_on()
        number = sum(len(one.pulls) for one in lived.world.repositories.values())
        assert number >= 5
        # The organisation, one page of the list; of each a timeline, reviews, comments and the size.
        assert len(lived.github.asked) - asked == 2 + 4 * number
        assert lived.differences() == []
