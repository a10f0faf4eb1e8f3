"""The queue on a real Redis, and what is left of it when Redis forgets."""

from collections.abc import Iterator
from contextlib import closing
from time import sleep

import pytest
from redis import Redis

from app.errors import RedisUnavailable
from app.jobs.queue import GROUP, STREAM, Queue
from app.jobs.status import TTL_SECONDS, Live, LiveStatus
from app.storage.redis_client import build_redis
from app.storage.resources import Addresses, Resources
from tests.chaos.fault_proxy import fault_proxy
from tests.commands import wait_until

KINDS = ("dummy",)


@pytest.fixture
def redis(servers: Addresses, resources: Resources) -> Iterator[Redis]:
    client = build_redis(servers.redis_url, timeout_seconds=1)
    yield client
    client.close()


def test_something_else_at_the_name_of_the_stream_is_replaced(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(redis)
    for other in (lambda: redis.set(STREAM, "x"), lambda: redis.lpush(STREAM, "x")):
        redis.delete(STREAM)
        other()
        assert not queue.wait("one", wait_ms=10)
        redis.delete(STREAM)
        other()
        queue.add("a")
        assert queue.wait("one", wait_ms=10)
    assert caplog.text.count("it is deleted, and a stream made") == 4


def test_each_call_wakes_one_consumer(redis: Redis) -> None:
    queue = Queue(redis)
    for name in "abc":
        queue.add(name)
    assert [queue.wait(consumer, wait_ms=10) for consumer in ("one", "two", "one", "two")] == [True, True, True, False]


def test_looking_for_a_call_without_waiting_returns_at_once(redis: Redis) -> None:
    queue = Queue(redis)
    assert not queue.wait("one", wait_ms=None)
    queue.add("a")
    assert queue.wait("one", wait_ms=None)


def test_a_call_that_was_heard_leaves_nothing_in_the_stream(redis: Redis) -> None:
    queue = Queue(redis)
    queue.add("a")
    assert queue.wait("one", wait_ms=10)
    assert redis.xlen(STREAM) == 0
    assert redis.xpending(STREAM, GROUP)["pending"] == 0


def test_workers_of_the_version_before_find_the_id_of_the_job_in_its_field(redis: Redis) -> None:
    Queue(redis).add("a")
    assert [fields for _, fields in redis.xrange(STREAM)] == [{"report": "a"}]


def test_the_group_is_made_again_after_redis_forgot_everything(redis: Redis) -> None:
    queue = Queue(redis)
    queue.add("a")
    assert queue.wait("one", wait_ms=10)
    redis.flushall()
    queue.add("b")
    assert queue.wait("one", wait_ms=10)


@pytest.mark.parametrize("fields", [{"report": "x" * 1000}, {"other": "y"}, {"report": "\0", "more": "z"}])
def test_an_entry_that_is_no_jobs_is_a_call_like_any_other_and_gone_when_it_is_read(
    redis: Redis, fields: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    queue = Queue(redis)
    for _ in range(2):
        redis.xadd(STREAM, fields)
        assert queue.wait("one", wait_ms=10)
    assert redis.xlen(STREAM) == 0
    (line,) = caplog.messages
    assert line.startswith("an entry of openhours:queue in Redis names no job: {")
    assert len(line) < 300


def test_a_call_for_a_job_is_not_told(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(redis)
    queue.add("0" * 32)
    assert queue.wait("one", wait_ms=10)
    assert caplog.messages == []


def test_progress_is_told_and_forgotten(redis: Redis) -> None:
    status = LiveStatus(redis)
    assert status.get("x", KINDS) is None
    status.update("x", Live("loading", 0.25), kind="dummy")
    assert status.get("x", KINDS) == Live("loading", 0.25)
    status.forget("x")
    assert status.get("x", KINDS) is None


def test_progress_of_a_report_that_has_ended_is_never_shown_again(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("loading", 0.25), kind="dummy")
    status.end("x")
    status.update("x", Live("computing", 0.5), kind="dummy")
    assert status.get("x", KINDS) is None


def test_progress_of_another_kind_or_of_one_that_is_not_told_is_not_shown(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("loading", 0.25), kind="other")
    assert status.get("x", KINDS) is None
    redis.hdel("openhours:report:x", "kind")  # as a worker of the version before tells it
    assert status.get("x", KINDS) is None


def test_a_share_that_cannot_be_is_shown_as_what_comes_closest(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("polishing", 1.25), kind="dummy")
    assert status.get("x", KINDS) == Live("polishing", 1.0)


def test_progress_that_is_stale_is_not_believed(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("loading", 0.25), kind="dummy")
    redis.expire("openhours:report:x", TTL_SECONDS - 60)
    assert status.get("x", KINDS) is None


def test_progress_that_reaches_redis_late_has_its_age(redis: Redis) -> None:
    port = redis.connection_pool.connection_kwargs["port"]
    with fault_proxy(port) as proxy, closing(build_redis(redis_url(redis, proxy.port), timeout_seconds=0.2)) as distant:
        status = LiveStatus(distant)
        status.update("x", Live("loading", 0.25), kind="dummy")
        with proxy.hanging():
            with pytest.raises(RedisUnavailable):
                status.update("y", Live("loading", 0.25), kind="dummy")
            sleep(1)
        wait_until(lambda: bool(redis.exists("openhours:report:y")))
    assert redis.pttl("openhours:report:y") < (TTL_SECONDS - 1) * 1000


def redis_url(redis: Redis, port: int) -> str:
    """The same server through a proxy."""
    how = redis.connection_pool.connection_kwargs
    return f"redis://{how.get('username') or ''}:{how.get('password') or ''}@127.0.0.1:{port}/{how['db']}"


def test_a_redis_that_is_not_there_is_an_error_of_ours() -> None:
    client = build_redis("redis://127.0.0.1:1/0", timeout_seconds=1)
    with pytest.raises(RedisUnavailable):
        Queue(client).add("a")
    with pytest.raises(RedisUnavailable):
        Queue(client).wait("one", wait_ms=10)
    with pytest.raises(RedisUnavailable):
        LiveStatus(client).get("a", KINDS)
    client.close()
