"""Faults of a replica are not charged to jobs: it claims none until its check passes, and says why."""

import errno
import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from sqlalchemy import text

from app.errors import ObjectStoreUnavailable, RejectedFile
from app.jobs import lifecycle, runner, worker
from app.jobs.child import refusal
from app.jobs.lifecycle import Verdict
from app.jobs.sweeper import sweep
from app.reports.service import ReportService
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import api
from tests.jobs.claims import claimed, create
from tests.jobs.test_fork_server import completed, record_of
from tests.kinds import KINDS


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FAULT_SECONDS", (0.1, 0.2))
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)


def wrapped(inner: Exception, outer: Exception) -> Exception:
    """As raised from the other."""
    outer.__cause__ = inner
    return outer


FAULTS: dict[str, tuple[Exception, str]] = {
    "no descriptors": (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "descriptors"),
    "none on the machine": (OSError(errno.ENFILE, os.strerror(errno.ENFILE)), "descriptors"),
    "wrapped by us": (
        wrapped(OSError(errno.EMFILE, os.strerror(errno.EMFILE)), ObjectStoreUnavailable("No answer.")),
        "descriptors",
    ),
    "told by a library": (RuntimeError('could not create socket: "Too many open files"'), "descriptors"),
    "a disk that fails": (OSError(errno.EIO, os.strerror(errno.EIO)), "temporary_folder"),
    "no threads": (RuntimeError("can't start new thread"), "threads"),
    "no memory": (MemoryError(), "memory"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_replica_lacks_is_its_fault(name: str, tmp_path: Path) -> None:
    error, part = FAULTS[name]
    refused = refusal(error, tmp_path)
    assert (refused.code, refused.retryable, refused.part) == ("replica_fault", True, part)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EROFS, errno.EACCES])
def test_a_folder_that_is_gone_is_the_fault_of_the_replica_and_a_file_that_is_not_there_is_not(
    number: int, tmp_path: Path
) -> None:
    error = OSError(number, os.strerror(number), str(tmp_path / "files" / "report.csv"))
    gone = refusal(error, tmp_path / "files")
    assert (gone.code, gone.part) == ("replica_fault", "temporary_folder")
    (tmp_path / "files").mkdir()
    assert refusal(error, tmp_path / "files").code == "internal_error"


def test_what_a_file_says_is_no_fault_of_the_replica(tmp_path: Path) -> None:
    error = wrapped(OSError(errno.EMFILE, os.strerror(errno.EMFILE)), RejectedFile("Too many open files"))
    assert refusal(error, tmp_path).code == "rejected_file"


def fault_of(client: TestClient) -> dict[str, Any] | None:
    """What /readyz says is wrong."""
    response = client.get("/readyz")
    return None if response.status_code == 200 else response.json()


def told(part: str) -> float:
    return REGISTRY.get_sample_value("openhours_replica_fault", {"part": part}) or 0


def returned(resources: Resources, report_id: str) -> tuple[int, int]:
    """Attempts at a report, and those that cost nothing."""
    with resources.engine.connect() as connection:
        row = connection.execute(text("SELECT attempt, returned FROM report WHERE id = :id"), {"id": report_id}).one()
    return row.attempt, row.returned


def test_without_its_temporary_folder_a_replica_claims_nothing_and_says_why_until_it_is_back(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, away = tmp_path / "temporary", tmp_path / "away"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    service = ReportService(resources, KINDS)
    with api(resources, slots=2, kinds=KINDS) as client:
        completed(service, service.trigger("dummy", {}))
        folder.rename(away)
        reports = [service.trigger("dummy", {}) for _ in range(12)]
        fault = wait_until(lambda: fault_of(client))
        assert (fault["code"], fault["part"]) == ("replica_fault", "temporary_folder")
        assert "cannot write into its temporary folder" in fault["detail"]
        assert told("temporary_folder") == 1
        assert client.get("/livez").status_code == 200
        checks = [record for record in caplog.records if record.name.endswith("self_check")]
        assert [record.levelno for record in checks] == [logging.ERROR]
        away.rename(folder)
        assert {completed(service, report).error_code for report in reports} == {None}
        assert fault_of(client) is None
        assert told("temporary_folder") == 0
    attempts = [returned(resources, report) for report in reports]
    assert {attempt - free for attempt, free in attempts} == {1}
    assert sum(free for _, free in attempts) <= 2 * 3  # the slots that had claimed before it was noticed, not all 12


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """None but those that are open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.open(os.devnull, os.O_RDONLY)
    os.close(probe)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_replica_without_descriptors_hands_its_report_back_uncharged(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    with api(resources, slots=1, kinds=KINDS) as client:
        completed(service, service.trigger("dummy", {}))
        with no_descriptors_left():
            report_id = service.trigger("dummy", {})
            wait_until(lambda: told("descriptors") == 1)
            wait_until(lambda: returned(resources, report_id) == (1, 1))
        completed(service, report_id)
        assert fault_of(client) is None
    attempt, free = returned(resources, report_id)
    assert attempt - free == 1


def test_a_slot_for_which_no_thread_can_be_started_is_free_again_and_its_report_uncharged(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    class Scarce(Thread):
        def start(self) -> None:
            if self.name.startswith("job ") and not refused:
                refused.append(self.name)
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(worker, "Thread", Scarce)
    service = ReportService(resources, KINDS)
    with api(resources, slots=1, kinds=KINDS):
        report_id = service.trigger("dummy", {})
        completed(service, report_id)
        wait_until(lambda: REGISTRY.get_sample_value("openhours_slots_busy") == 0)
        completed(service, service.trigger("dummy", {}))
    assert len(refused) == 1
    assert returned(resources, report_id) == (2, 1)


class LateStore(BaseHTTPRequestHandler):
    """S3 with a clock that is an hour ahead of ours."""

    def do_any(self) -> None:
        body = b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
        self.send_response_only(403)
        self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_DELETE = do_any  # noqa: N815 - as the base class wants it

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def late_store(like: ObjectStore) -> Iterator[ObjectStore]:
    with ThreadingHTTPServer(("127.0.0.1", 0), LateStore) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        store = ObjectStore(replace(like.address, endpoint_url=f"http://127.0.0.1:{server.server_port}"))
        try:
            yield store
        finally:
            store.close()
            server.shutdown()


def test_a_report_that_s3_refuses_for_the_clock_waits_for_another_replica(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    with late_store(resources.object_store) as store:
        with api(replace(resources, object_store=store), slots=1, kinds=KINDS) as client:
            report_id = service.trigger("dummy", {})

            def clock() -> str | None:
                fault = fault_of(client)
                return fault["detail"] if fault is not None and "behind" in fault["detail"] else None

            said = wait_until(clock)
            assert " seconds behind S3's and 0 seconds" in said
            assert "that of Postgres" in said
            assert told("clock") == 1
        with resources.engine.connect() as connection:
            status = connection.execute(text("SELECT status FROM report")).scalar_one()
    assert status == "queued"
    with api(resources, slots=1, kinds=KINDS):
        completed(service, report_id)
    attempt, free = returned(resources, report_id)
    assert attempt - free == 1


def test_a_job_that_a_fault_has_hit_waits_a_moment_and_is_not_charged(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        claim = claimed(connection)
        assert lifecycle.release(connection, claim, after_seconds=40) is Verdict.LATER
        assert lifecycle.claim_next(connection, owner="b", kinds=["dummy"]) is None
        connection.execute(text("UPDATE report SET not_before = now()"))
        again = lifecycle.claim_next(connection, owner="b", kinds=["dummy"])
    assert again is not None
    assert (again.id, again.attempt) == (claim.id, 2)
    assert returned(resources, claim.id) == (2, 1)


def test_a_job_that_finds_a_fault_wherever_it_runs_is_given_up_in_the_end(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        job_id = create(connection)
        connection.execute(text("UPDATE report SET attempt = 50, returned = 50"))
        assert lifecycle.claim_next(connection, owner="a", kinds=["dummy"]) is None
    sweep(resources)
    assert record_of(resources, job_id).error_code == "attempts_exhausted"
