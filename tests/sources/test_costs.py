"""What a source costs in requests: counts, not times."""

from app.storage.resources import Resources
from tests.sources.histories import history


def test_a_quiet_sync_of_fifty_repositories_takes_sixty_requests_at_most(untouched: Resources) -> None:
    with history(untouched, 3000, repositories=50, steps=60) as lived:
        lived.github.most_per_page = 100
        lived.sync()
        asked, charged = len(lived.github.asked), lived.github.charged()
        lived.sync()
        assert len(lived.github.asked) - asked <= 60
        assert lived.github.charged() - charged <= 5, "what has not changed is answered without a charge"
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
