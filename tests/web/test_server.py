"""A replica that is told to stop: what it still does, in which order, and what it leaves to others."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import psutil
import pytest

from app.jobs import records
from app.jobs.records import JobRecord, JobStatus
from app.reports.service import ReportService
from app.storage.resources import Addresses, Resources
from openhours.client import Client
from tests.chaos.kinds import KINDS
from tests.chaos.servers import with_all_below
from tests.commands import REPOSITORY, answers, free_port, wait_until
from tests.programs.command import of_module

#: Longest wait for a process to end, seconds.
PATIENCE = 40


@contextmanager
def replica(
    servers: Addresses, resources: Resources, command: str, *, drain_seconds: float
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process that serves or works with the report kinds of the fault tests, and its address, when it is ready."""
    assert servers.s3_access_key
    assert servers.s3_secret_key
    environment = {
        **os.environ,
        "OPENHOURS_DATABASE_URL": resources.database_url,
        "OPENHOURS_REDIS_URL": servers.redis_url,
        "OPENHOURS_S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": resources.settings.s3_bucket,
        "OPENHOURS_SLOTS": "1",
        "OPENHOURS_DRAIN_SECONDS": str(drain_seconds),
        "AWS_ACCESS_KEY_ID": servers.s3_access_key,
        "AWS_SECRET_ACCESS_KEY": servers.s3_secret_key,
    }
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [*of_module("tests.chaos.replica"), *command.split(), "--port", str(port)], cwd=REPOSITORY, env=environment
    ) as process:
        try:
            wait_until(lambda: answers(f"{address}/readyz") == 200, process)
            yield process, address
        finally:
            process.kill()


def family_of(address: str) -> list[psutil.Process]:
    """The process that listens there, and its descendants."""
    port = int(address.rpartition(":")[2])
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if any(at.status == psutil.CONN_LISTEN and at.laddr.port == port for at in one.net_connections("tcp")):
                return with_all_below(one.pid)
    raise AssertionError(f"no process listens at {address}")


def log_of(capfd: pytest.CaptureFixture[str]) -> str:
    return "".join(capfd.readouterr())


def stage(client: Client, report_id: str) -> str | None:
    return client.poll(report_id).get("stage")


def computing(address: str) -> str:
    """A report of ten minutes that a replica has begun."""
    client = Client(address)
    report_id = client.trigger("parcel", {"seconds": 600})
    wait_until(lambda: stage(client, report_id) == "computing")
    client.close()
    return report_id


def record(resources: Resources, report_id: str) -> JobRecord:
    with resources.engine.connect() as connection:
        found = records.find(connection, report_id)
    assert found is not None
    return found


def test_at_sigterm_it_answers_on_says_that_it_stops_and_finishes_its_report(
    servers: Addresses, resources: Resources, capfd: pytest.CaptureFixture[str]
) -> None:
    with replica(servers, resources, "serve", drain_seconds=2) as (process, address):
        client = Client(address)
        running = client.trigger("parcel", {"seconds": 3})
        wait_until(lambda: stage(client, running) == "computing")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: answers(f"{address}/readyz") == 503)
        assert answers(f"{address}/livez") == 200
        waiting = client.trigger("parcel", {})
        begin = monotonic()
        assert client.poll(waiting, wait_seconds=30)["stage"] == "queued"
        assert monotonic() - begin < 25, "who waits would hold up the shutdown"
        client.close()
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert f"running on for 60 seconds at most: parcel {running}" in log_of(capfd)
    assert (record(resources, running).status, record(resources, running).attempt) == (JobStatus.COMPLETE, 1)
    assert record(resources, waiting).status is JobStatus.QUEUED


def test_at_ctrl_c_it_hands_its_report_back_at_once_and_leaves_no_process(
    servers: Addresses, resources: Resources
) -> None:
    with replica(servers, resources, "serve", drain_seconds=15) as (process, address):
        report_id = computing(address)
        family = family_of(address)
        assert len(family) > 2, "itself, its fork server, and the process of the report"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))
    assert record(resources, report_id).status is JobStatus.QUEUED
    assert resources.redis.xlen("openhours:queue") >= 1, "another replica is called"


def test_a_replica_without_a_job_says_that_none_is_running(
    servers: Addresses, resources: Resources, capfd: pytest.CaptureFixture[str]
) -> None:
    with replica(servers, resources, "worker", drain_seconds=0) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert "no job is running" in log_of(capfd)


def test_a_second_signal_ends_all_waiting(
    servers: Addresses, resources: Resources, capfd: pytest.CaptureFixture[str]
) -> None:
    with replica(servers, resources, "worker", drain_seconds=1) as (process, address):
        service = ReportService(resources, KINDS)
        report_id = service.trigger("parcel", {"seconds": 600})
        wait_until(lambda: record(resources, report_id).status is JobStatus.RUNNING)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)  # the report may run on for a minute
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert f"handed back to other replicas: parcel {report_id}" in log_of(capfd)
    assert record(resources, report_id).status is JobStatus.QUEUED
    assert answers(f"{address}/livez") is None


def test_ctrl_c_twice_hands_its_report_back_and_shows_no_traceback(
    servers: Addresses, resources: Resources, capfd: pytest.CaptureFixture[str]
) -> None:
    with replica(servers, resources, "serve", drain_seconds=15) as (process, address):
        report_id = computing(address)
        process.send_signal(signal.SIGINT)
        sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert record(resources, report_id).status is JobStatus.QUEUED
    assert "Traceback" not in log_of(capfd)


def test_a_worker_runs_what_an_api_without_slots_takes_on(servers: Addresses, resources: Resources) -> None:
    with (
        replica(servers, resources, "worker", drain_seconds=0) as (_, worker),
        replica(servers, resources, "serve --slots 0", drain_seconds=0) as (_, api),
    ):
        client = Client(api)
        *_, answer = client.follow(client.trigger("parcel", {}))
        assert answer["status"] == "Complete"
        client.close()
        assert answers(f"{worker}/reports") == 404
        assert answers(f"{worker}/metrics") == 200
