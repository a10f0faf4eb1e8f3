"""The fork server hangs or dies, and slots get stuck: every wait ends, and the replica heals or says so."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import psutil
import pytest

from app.errors import ReplicaUnavailable
from app.jobs import fork_server, records, sweeper, worker
from app.jobs.records import JobRecord, JobStatus
from app.replica.replica import Replica
from app.reports.service import Ended, ReportService
from app.storage.resources import Resources
from tests.commands import suspend, wait_until
from tests.conftest import stopping_soon, working
from tests.kinds import KINDS


def server() -> int:
    pid = fork_server._server._forkserver_pid
    assert isinstance(pid, int)
    return pid


def has_server(*, other_than: int) -> bool:
    """Whether a new server runs; for a moment there is none."""
    return fork_server._server._forkserver_pid not in {None, other_than}


def completed(service: ReportService, report_id: str) -> JobRecord:
    def look() -> JobRecord | None:
        state = service.poll(report_id)
        return state.record if isinstance(state, Ended) else None

    record = wait_until(look)
    assert record.status is JobStatus.COMPLETE, record
    return record


def record_of(resources: Resources, report_id: str) -> JobRecord:
    with resources.engine.connect() as connection:
        record = records.find(connection, report_id)
    assert record is not None
    return record


def is_claimed(resources: Resources, report_id: str) -> bool:
    return record_of(resources, report_id).status is JobStatus.RUNNING


def taken(replica: Replica) -> int:
    assert replica._worker is not None
    return replica._worker._taken


@pytest.fixture
def hangs() -> Iterator[list[int]]:
    """Fork servers that a test has stopped; they are killed in the end, should they still be there."""
    stopped: list[int] = []
    yield stopped
    for pid in stopped:
        fork_server.replace_server(pid)


def hang(stopped: list[int], service: ReportService) -> int:
    """Have the fork server hang, once it has answered; returns its process id."""
    completed(service, service.trigger("dummy", {}))
    pid = server()
    suspend(pid)
    stopped.append(pid)
    return pid


def test_a_fork_server_that_hangs_is_replaced_and_the_report_completes(
    resources: Resources, hangs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_server, "ANSWER_SECONDS", 0.5)
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        hung = hang(hangs, service)
        assert completed(service, service.trigger("dummy", {})).attempt == 1
        assert server() != hung
        wait_until(lambda: not psutil.pid_exists(hung))


def test_a_fork_server_that_was_killed_is_replaced_and_the_report_completes(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        completed(service, service.trigger("dummy", {}))
        os.kill(server(), signal.SIGKILL)
        assert completed(service, service.trigger("dummy", {})).attempt == 1


def test_the_time_limit_includes_the_start_and_its_end_is_no_fault_of_the_report(
    resources: Resources, hangs: list[int]
) -> None:
    settings = resources.settings.model_copy(update={"report_time_limit_seconds": 4})
    service = ReportService(resources, KINDS)
    with working(replace(resources, settings=settings), slots=1, kinds=KINDS):
        hang(hangs, service)
        assert completed(service, service.trigger("dummy", {})).attempt == 2  # sooner than ANSWER_SECONDS


def test_a_report_that_is_cancelled_frees_its_slot_although_the_fork_server_hangs(
    resources: Resources, hangs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS) as replica:
        hang(hangs, service)
        unwanted = service.trigger("dummy", {})
        wait_until(lambda: is_claimed(resources, unwanted))
        service.delete(unwanted)
        wait_until(lambda: taken(replica) == 0)
        assert record_of(resources, unwanted).status is JobStatus.CANCELLED
        fork_server.replace_server(hangs[0])
        completed(service, service.trigger("dummy", {}))


def test_a_replica_whose_fork_server_hangs_stops_and_releases_what_runs_and_what_begins(
    resources: Resources, tmp_path: Path, hangs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_server, "FAREWELL_SECONDS", 0.5)
    service = ReportService(resources, KINDS)
    with working(resources, slots=2, kinds=KINDS) as replica:
        completed(service, service.trigger("dummy", {}))
        runs = service.trigger("hang", {"folder": str(tmp_path)})
        (pid,) = wait_until(lambda: [int(path.name) for path in tmp_path.iterdir()])
        hangs.append(server())
        suspend(server())
        begins = service.trigger("dummy", {})
        wait_until(lambda: is_claimed(resources, begins))
    assert taken(replica) == 0
    assert [record_of(resources, one).status for one in (runs, begins)] == [JobStatus.QUEUED] * 2
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_slot_that_is_stuck_is_told_by_the_probe_and_does_not_keep_the_replica_from_ending(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = Event()
    monkeypatch.setattr(resources.object_store, "put_all", lambda *_, **__: released.wait(60))
    monkeypatch.setattr(worker, "END_SECONDS", 0.2)
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr("app.replica.replica.STALE_SECONDS", 3)
    service = ReportService(resources, KINDS)

    def complaint() -> str | None:
        try:
            replica.check_alive()
        except ReplicaUnavailable as error:
            return error.message
        return None

    with stopping_soon():
        replica = Replica(resources, slots=1, kinds=KINDS)
        replica.start()
        try:
            report_id = service.trigger("dummy", {})
            assert f"job {report_id}" in wait_until(complaint)
        finally:
            replica.stop()
            assert taken(replica) == 1  # left behind
            released.set()
            wait_until(lambda: taken(replica) == 0)
