"""Processes that are started ahead of their jobs: each runs one, and what happens to it before harms no job."""

import os
import signal
import socket
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from app.jobs import child
from app.jobs import spare as spare_processes
from app.jobs.records import JobStatus
from app.replica.replica import Replica
from app.reports.service import ReportService
from app.settings import Settings
from app.storage.object_store import StoreAddress, connect_ahead, opened_when_asked
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.commands import suspend, wait_until
from tests.conftest import working
from tests.jobs.test_fork_server import completed, has_server, record_of, server, taken
from tests.kinds import KINDS

KILLED = "a process that waited for a job does not answer: it is killed"


@pytest.fixture
def sparing(resources: Resources) -> Resources:
    return replace(resources, settings=resources.settings.model_copy(update={"spare_processes": 1}))


def spare(replica: Replica, *, other_than: int = 0) -> int:
    """The process that waits for a job, once there is one."""
    assert replica._worker is not None
    spares = replica._worker._spares

    def look() -> int | None:
        pids = [one.process.pid for one in list(spares._ready)]
        assert len(pids) <= 1
        return next((pid for pid in pids if pid != other_than), None)

    return wait_until(look)


def test_a_job_runs_in_the_process_that_waits_and_the_next_one_in_another(sparing: Resources, tmp_path: Path) -> None:
    service = ReportService(sparing, KINDS)
    with working(sparing, slots=2, kinds=KINDS) as replica:
        first = spare(replica)
        report_id = service.trigger("hang", {"folder": str(tmp_path)})
        assert wait_until(lambda: [path.name for path in tmp_path.iterdir()]) == [str(first)]
        service.delete(report_id)
        wait_until(lambda: not psutil.pid_exists(first))
        second = spare(replica, other_than=first)
        service.trigger("hang", {"folder": str(tmp_path)})
        wait_until(lambda: {path.name for path in tmp_path.iterdir()} == {str(first), str(second)})
    assert not psutil.pid_exists(second)


def test_a_replica_that_stops_leaves_no_process_behind(sparing: Resources) -> None:
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid = spare(replica)
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_process_that_died_while_it_waited_costs_no_attempt(sparing: Resources) -> None:
    service = ReportService(sparing, KINDS)
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid = spare(replica)
        os.kill(pid, signal.SIGKILL)
        assert completed(service, service.trigger("dummy", {})).attempt == 1
        assert spare(replica, other_than=pid) != pid


def test_a_connection_that_was_cut_while_its_process_waited_is_opened_again(sparing: Resources) -> None:
    service = ReportService(sparing, KINDS)
    idle = (
        "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND client_port = ANY(:ports)"
    )
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid = spare(replica)

        def ports() -> list[int]:
            return [one.laddr.port for one in psutil.Process(pid).net_connections("tcp")]

        def connected() -> int:
            with sparing.engine.connect() as connection:
                return connection.scalar(text(f"SELECT count(*) {idle}"), {"ports": ports()}) or 0

        count = 2 + sparing.settings.read_connections
        wait_until(lambda: connected() == count)
        with sparing.engine.begin() as connection:
            cut = connection.scalars(text(f"SELECT pg_terminate_backend(pid) {idle}"), {"ports": ports()}).all()
        assert cut == [True] * count
        assert completed(service, service.trigger("dummy", {})).attempt == 1


def test_a_job_in_a_process_that_waited_has_its_limit_of_memory(sparing: Resources, tmp_path: Path) -> None:
    settings = sparing.settings.model_copy(update={"report_memory_limit_mb": 512})
    service = ReportService(sparing, KINDS)
    with working(replace(sparing, settings=settings), slots=1, kinds=KINDS) as replica:
        pid = spare(replica)
        report_id = service.trigger("devour", {"folder": str(tmp_path)})
        wait_until(lambda: record_of(sparing, report_id).status is JobStatus.FAILED)
    assert [path.name for path in tmp_path.iterdir()] == [str(pid)]
    assert record_of(sparing, report_id).error_code == "memory_limit_exceeded"


def test_a_fork_server_that_hangs_does_not_keep_a_job_from_the_process_that_waits(
    sparing: Resources, tmp_path: Path
) -> None:
    service = ReportService(sparing, KINDS)
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid, hung = spare(replica), server()
        suspend(hung)
        report_id = service.trigger("dummy", {})
        assert completed(service, report_id).attempt == 1
        wait_until(lambda: has_server(other_than=hung))  # it is replaced as it does not tell of the end
        assert taken(replica) == 0
        assert spare(replica, other_than=pid) != pid


def test_a_process_that_hangs_while_it_waited_costs_no_attempt(
    sparing: Resources, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spare_processes, "_LOOKS", 5)
    service = ReportService(sparing, KINDS)
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid = spare(replica)
        suspend(pid)
        assert completed(service, service.trigger("dummy", {})).attempt == 1
        assert not psutil.pid_exists(pid)
    assert KILLED in caplog.messages


def test_a_job_that_waits_for_a_process_that_hangs_can_be_cancelled(
    sparing: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    service = ReportService(sparing, KINDS)
    with working(sparing, slots=1, kinds=KINDS) as replica:
        suspend(spare(replica))
        report_id = service.trigger("dummy", {})
        wait_until(lambda: taken(replica) == 1)
        service.delete(report_id)
        wait_until(lambda: taken(replica) == 0)
    assert KILLED not in caplog.messages  # nobody knows whether it would have answered


def test_a_process_that_waits_ends_with_the_replica(sparing: Resources) -> None:
    """Its end of the pipe closes when the replica is killed; here, when it is closed."""
    with working(sparing, slots=1, kinds=KINDS) as replica:
        pid = spare(replica)
        assert replica._worker is not None
        replica._worker._spares._ready[0].pipe.close()
        wait_until(lambda: not psutil.pid_exists(pid))


@pytest.mark.parametrize("is_there", [False, True])
def test_what_a_process_does_ahead_ends_with_its_job_and_its_failures_are_nobodys(*, is_there: bool) -> None:
    done: list[str] = []

    def failing(*_: object) -> None:
        done.append("failing")
        raise ValueError

    store = StoreAddress("none", "us-east-1", "http://127.0.0.1:1", access_key="none", secret_key="none")
    prepare = (failing, lambda *_: done.append("next"))
    engine = build_engine("postgresql://none@127.0.0.1:1/none", pool_size=1)
    ours, theirs = Pipe()
    with ours, theirs:
        if is_there:
            ours.send("job")
        child._do_ahead(theirs, child.Surroundings("none", Settings(), "here", store, prepare), engine)
    assert done == ([] if is_there else ["failing", "next"])
    with opened_when_asked(store) as open_store:  # what was made ahead, if it was
        assert open_store().bucket == "none"


def test_a_process_that_waits_is_connected_to_s3_and_does_not_wait_for_its_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        store = StoreAddress("bucket", "us-east-1", endpoint, access_key="none", secret_key="none")
        connect_ahead(store)
        with listener.accept()[0] as connection:  # nobody has answered it yet
            assert connection.recv(1000).startswith(b"HEAD /bucket ")
    with opened_when_asked(store) as open_store:
        assert open_store().bucket == "bucket"
