"""Redis at its limit of memory: work goes on, the log says so once, and what ended makes room."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY
from redis import Redis

from app.jobs import worker
from app.jobs.status import TTL_SECONDS, Live, LiveStatus
from app.reports.service import ReportService
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import working
from tests.jobs.test_fork_server import completed
from tests.kinds import KINDS


@contextmanager
def full(redis: Redis) -> Iterator[None]:
    """It takes nothing more."""
    redis.config_set("maxmemory", "1")
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


@pytest.fixture
def redis(resources: Resources) -> Redis:
    return resources.redis


def is_up() -> float | None:
    return REGISTRY.get_sample_value("openhours_server_up", {"server": "redis"})


def test_work_goes_on_while_redis_refuses_and_the_metric_and_one_line_of_the_log_say_so(
    resources: Resources, redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr("app.replica.replica.REACHABILITY_SECONDS", 0.2)
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        completed(service, service.trigger("dummy", {}))
        with full(redis):
            for report_id in [service.trigger("dummy", {}) for _ in range(4)]:
                completed(service, report_id)
            wait_until(lambda: is_up() == 0)
        wait_until(lambda: is_up() == 1)
    told = [record.getMessage() for record in caplog.records if "redis" in record.getMessage().lower()]
    assert len(told) == 2
    assert "Redis has no memory left" in told[0]
    assert told[1] == "redis answers again"


def test_a_full_redis_forgets_a_job_that_has_ended(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("computing", 0.5), kind="dummy")
    with full(redis):
        status.end("x")
        assert status.get("x", KINDS) is None
    assert redis.exists("openhours:report:x") == 0


def test_what_redis_has_of_a_report_that_nobody_polls_is_gone_within_minutes(
    resources: Resources, redis: Redis
) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        completed(service, service.trigger("dummy", {}))
    left = {key: redis.ttl(key) for key in redis.keys("openhours:report:*")}
    assert len(left) == 1
    assert all(0 < seconds <= 15 * 60 for seconds in left.values()), left


def test_progress_that_lives_longer_than_ours_is_not_believed(redis: Redis) -> None:
    status = LiveStatus(redis)
    status.update("x", Live("computing", 0.5), kind="dummy")
    assert status.get("x", KINDS) is not None
    redis.expire("openhours:report:x", 24 * 3600)  # as workers of earlier versions tell it, who knows when
    assert status.get("x", KINDS) is None
    assert TTL_SECONDS < 24 * 3600
