"""What requests ask Redis while it is away, and when it is back."""

from time import monotonic

import pytest

from app.jobs.dispatch import Dispatch
from app.jobs.status import Live, LiveStatus
from app.storage.redis_client import build_redis
from app.storage.resources import Resources


def test_a_redis_that_was_away_is_not_believed_until_what_it_remembers_is_stale(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    LiveStatus(resources.redis).update("x", Live("computing", 0.5), kind="dummy")
    redis = build_redis("redis://127.0.0.1:1/0", timeout_seconds=0.2)
    asked, failed_at = Dispatch(redis), monotonic()
    assert asked.live("x", ("dummy",)) is None
    redis.close()
    redis.connection_pool = resources.redis.connection_pool  # it is back
    for later in (2, 15):
        monkeypatch.setattr("app.storage.redis_client.monotonic", lambda later=later: failed_at + later)
        assert asked.live("x", ("dummy",)) is None
    monkeypatch.setattr("app.storage.redis_client.monotonic", lambda: monotonic() + 21)
    assert asked.live("x", ("dummy",)) == Live("computing", 0.5)
