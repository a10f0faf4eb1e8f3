"""What the list of reports says that each was asked for."""

from typing import Any

import pytest

from app.console.asked_words import asked_words
from app.console.texts import texts_in

CREATED = "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, []),
        ({}, []),
        ({"zone": "entity", "by": "total", "sum": [], "charts": True, "teams": None}, []),
        ({"from": "2026-02-01", "to": "2026-03-01"}, ["From: 2026-02-01", "To: 2026-03-01"]),
        ({"teams": ["Mobile", "Search"]}, ["Teams: Mobile, Search"]),
        ({"stores": ["1", "2", "3", "4"]}, ["Stores: 1, 2, 3, …"]),
        ({"datasets": ["0" * 24 + "cafe0123"]}, ["Tables: cafe0123"]),
        ({"metrics": [f"m{at}@0" for at in range(48)]}, []),
        ({"metrics": ["ci_success@2"]}, ["Metrics: ci_success@2"]),
        ({"include_bots": True, "count": False}, ["Include bots", "Count: no"]),
        ({"as_known_at": "2026-03-01T09:59:59.5Z"}, []),
        ({"as_known_at": "2026-02-01T00:00:00Z"}, ["Hours and calendars as known at: 2026-02-01T00:00:00Z"]),
        ({"period": "x" * 100}, [f"Period: {'x' * 60}…"]),
        ({"lookback_hours": 12}, ["Look back, hours: 12"]),
    ],
)
def test_what_nobody_asked_for_is_left_out(asked: dict[str, Any] | None, words: list[str]) -> None:
    assert asked_words(texts_in("en"), {"asked": asked, "created_at": CREATED}) == words
