"""The queue on a real Redis, and what is left of it when Redis forgets."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.errors import RedisUnavailable
from app.jobs.queue import GROUP, STREAM, Entry, Queue
from app.jobs.status import TTL_SECONDS, Live, LiveStatus
from app.storage.redis_client import build_redis
from app.storage.resources import Addresses, Resources


@pytest.fixture
def redis(servers: Addresses, resources: Resources) -> Iterator[Redis]:
    client = build_redis(servers.redis_url, timeout_seconds=1)
    yield client
    client.close()


def reports(entries: list[Entry]) -> list[str]:
    return [entry.report_id for entry in entries]


def test_entries_come_out_in_order_each_to_one_consumer(redis: Redis) -> None:
    queue = Queue(redis)
    for name in "abc":
        queue.add(name)
    assert reports(queue.take("one", count=2, wait_ms=10)) == ["a", "b"]
    assert reports(queue.take("two", count=2, wait_ms=10)) == ["c"]
    assert queue.take("two", count=2, wait_ms=10) == []


def test_an_entry_that_is_done_leaves_nothing_in_the_stream(redis: Redis) -> None:
    queue = Queue(redis)
    queue.add("a")
    (entry,) = queue.take("one", count=1, wait_ms=10)
    queue.done(entry)
    assert redis.xlen(STREAM) == 0
    assert redis.xpending(STREAM, GROUP)["pending"] == 0


def test_the_group_is_made_again_after_redis_forgot_everything(redis: Redis) -> None:
    queue = Queue(redis)
    queue.add("a")
    queue.take("one", count=1, wait_ms=10)
    redis.flushall()
    queue.add("b")
    assert reports(queue.take("one", count=1, wait_ms=10)) == ["b"]


def test_an_entry_of_a_worker_that_died_before_its_claim_is_found(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(redis)
    queue.add("a")
    queue.take("dead", count=1, wait_ms=10)
    assert queue.take_abandoned("alive", count=10) == []
    monkeypatch.setattr("app.jobs.queue.ABANDONED_MS", 0)
    assert reports(queue.take_abandoned("alive", count=10)) == ["a"]


def test_progress_is_told_and_forgotten(redis: Redis) -> None:
    status = LiveStatus(redis)
    assert status.get("x") is None
    status.update("x", Live("loading", 0.25))
    assert status.get("x") == Live("loading", 0.25)
    status.forget("x")
    assert status.get("x") is None


def test_progress_of_a_report_that_has_ended_is_never_shown_again(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("loading", 0.25))
    status.end("x")
    status.update("x", Live("computing", 0.5))
    assert status.get("x") is None


def test_progress_that_no_answer_has_room_for_is_shown_as_what_comes_closest(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("polishing", 1.25))
    assert status.get("x") == Live("computing", 1.0)


def test_progress_that_is_stale_is_not_believed(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("loading", 0.25))
    redis.expire("openhours:report:x", TTL_SECONDS - 60)
    assert status.get("x") is None


def test_a_redis_that_is_not_there_is_an_error_of_ours() -> None:
    client = build_redis("redis://127.0.0.1:1/0", timeout_seconds=1)
    with pytest.raises(RedisUnavailable):
        Queue(client).add("a")
    with pytest.raises(RedisUnavailable):
        Queue(client).take("one", count=1, wait_ms=10)
    with pytest.raises(RedisUnavailable):
        LiveStatus(client).get("a")
    client.close()
