"""What is handed out again, and what is not."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.errors import Unavailable
from app.jobs import lifecycle, records
from app.jobs.pulse import Pulse
from app.jobs.queue import Queue
from app.jobs.sweeper import sweep
from app.replica.replica import Replica
from app.reports.service import ReportService
from app.storage.resources import Resources
from tests.kinds import KINDS


@pytest.fixture
def trigger(resources: Resources) -> Callable[[], str]:
    """Triggers a report that looks as if it had been dispatched a minute ago."""
    service = ReportService(resources, KINDS)

    def run() -> str:
        report_id = service.trigger("dummy", {})
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE report SET dispatched_at = now() - interval '1 minute'"))
        return report_id

    return run


def queued(resources: Resources) -> list[str]:
    return [fields["report"] for _, fields in resources.redis.xrange("openhours:queue")]


def test_reports_that_redis_lost_are_handed_out_again_once(resources: Resources, trigger: Callable[[], str]) -> None:
    ids = [trigger() for _ in range(3)]
    resources.redis.flushall()
    for _ in range(3):
        sweep(resources, consumer="a")
    assert sorted(queued(resources)) == sorted(ids)


def test_reports_that_merely_wait_for_their_turn_are_not_handed_out_again(
    resources: Resources, trigger: Callable[[], str]
) -> None:
    ids = [trigger() for _ in range(3)]
    sweep(resources, consumer="a")
    assert queued(resources) == ids


def test_a_report_whose_worker_died_between_reading_and_claiming_is_handed_out_again(
    resources: Resources, trigger: Callable[[], str]
) -> None:
    ids = [trigger() for _ in range(2)]
    Queue(resources.redis).take("dead", count=1, wait_ms=10)
    sweep(resources, consumer="a")
    assert sorted(queued(resources)[2:]) == [ids[0]]


def test_a_report_that_has_waited_long_is_handed_out_again_although_entries_of_cancelled_ones_hide_its_loss(
    resources: Resources, trigger: Callable[[], str]
) -> None:
    cancelled, lost = trigger(), trigger()
    with resources.engine.begin() as connection:
        lifecycle.cancel(connection, cancelled)
    (newest, _), *_ = resources.redis.xrevrange("openhours:queue", count=1)
    resources.redis.xdel("openhours:queue", newest)
    sweep(resources, consumer="a")
    assert queued(resources) == [cancelled]
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET dispatched_at = now() - interval '11 minutes'"))
    sweep(resources, consumer="a")
    assert queued(resources) == [cancelled, lost]


def test_an_entry_that_a_dead_worker_had_read_is_put_back_into_the_queue(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = ReportService(resources, KINDS).trigger("dummy", {})  # just dispatched: only its entry is swept up
    queue = Queue(resources.redis)
    queue.take("dead", count=1, wait_ms=10)
    monkeypatch.setattr("app.jobs.queue.ABANDONED_MS", 0)
    sweep(resources, consumer="a")
    assert resources.redis.xpending("openhours:queue", "workers")["pending"] == 0
    assert [entry.report_id for entry in queue.take("alive", count=10, wait_ms=10)] == [report_id]


def test_a_report_whose_attempts_are_used_up_fails(resources: Resources, trigger: Callable[[], str]) -> None:
    report_id = trigger()
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE report SET attempt = 12, returned = 2"))
    sweep(resources, consumer="a")
    with resources.engine.connect() as connection:
        record = records.find(connection, report_id)
    assert record is not None
    assert record.error_code == "attempts_exhausted"
    assert lifecycle.MAX_ATTEMPTS == 10


def test_a_pulse_tells_which_loop_is_slowest() -> None:
    pulse = Pulse()
    assert pulse.slowest() == ("", 0)
    pulse.beat("sweep")
    pulse.beat("claim")
    assert pulse.slowest()[0] == "sweep"
    pulse.end("sweep")
    assert pulse.slowest()[0] == "claim"


def test_a_replica_whose_loop_is_stuck_is_not_alive(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    replica = Replica(resources, slots=1, kinds=KINDS)
    replica.start()
    try:
        replica.check_alive()
        with monkeypatch.context() as impatient:
            impatient.setattr("app.replica.replica.STALE_SECONDS", -1)
            with pytest.raises(Unavailable, match="loop of this replica has not gone round"):
                replica.check_alive()
    finally:
        replica.stop()
    replica.check_alive()  # loops that ended in order are not stuck
