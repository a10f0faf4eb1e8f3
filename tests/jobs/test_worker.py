"""Reports run in processes of their own: they end, whatever those processes do."""

from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest
from sqlalchemy import Connection, text

from app.errors import DatabaseUnavailable
from app.files.artifact import StoredArtifact
from app.jobs import lifecycle, records, runner, worker
from app.jobs.kind import JobClass
from app.jobs.lifecycle import LEASE_SECONDS, Claim, Verdict
from app.jobs.queue import Queue
from app.jobs.records import JobStatus
from app.jobs.runner import Job
from app.jobs.status import LiveStatus
from app.jobs.supervise import in_child
from app.reports.service import Ended, ReportService, Running
from app.storage import object_store
from app.storage.migrate import newest_revision
from app.storage.redis_client import build_redis
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.conftest import working
from tests.jobs.claims import claimed
from tests.kinds import KINDS


def ended(service: ReportService, report_id: str) -> Ended:
    def look() -> Ended | None:
        state = service.poll(report_id)
        return state if isinstance(state, Ended) else None

    return wait_until(look)


def test_a_report_completes_with_its_file_in_s3(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        done = ended(service, service.trigger("dummy", {"lines": 2, "word": "hello"}))
    assert done.record.status is JobStatus.COMPLETE
    (file,) = done.files
    assert (file.artifact.name, file.artifact.rows, file.artifact.bytes) == ("dummy.csv", 2, 17)
    assert file.artifact.key == f"reports/{done.record.id}/a1/dummy.csv"


def test_a_poison_report_crashes_exactly_three_times_and_harms_no_neighbour(
    resources: Resources, tmp_path: Path
) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=2, kinds=KINDS):
        poison = service.trigger("segfault", {"folder": str(tmp_path)})
        neighbours = [service.trigger("dummy", {}) for _ in range(5)]
        record = ended(service, poison).record
        assert [ended(service, neighbour).record.status for neighbour in neighbours] == [JobStatus.COMPLETE] * 5
    assert (record.status, record.error_code) == (JobStatus.FAILED, "worker_crashed")
    assert "signal 11" in str(record.error_message)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_report_whose_process_was_killed_once_completes_at_the_second_attempt(
    resources: Resources, tmp_path: Path
) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        record = ended(service, service.trigger("segfault_once", {"folder": str(tmp_path)})).record
    assert (record.status, record.attempt) == (JobStatus.COMPLETE, 2)


def test_a_report_that_runs_too_long_is_stopped_and_says_so(resources: Resources, tmp_path: Path) -> None:
    resources = replace(resources, settings=resources.settings.model_copy(update={"report_time_limit_seconds": 0.5}))
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        record = ended(service, service.trigger("hang", {"folder": str(tmp_path)})).record
    assert (record.status, record.error_code) == (JobStatus.FAILED, "time_limit_exceeded")
    assert "0.5 seconds" in str(record.error_message)


def test_a_report_that_wants_too_much_memory_fails_and_says_so(resources: Resources, tmp_path: Path) -> None:
    resources = replace(resources, settings=resources.settings.model_copy(update={"report_memory_limit_mb": 512}))
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        record = ended(service, service.trigger("devour", {"folder": str(tmp_path)})).record
    assert (record.status, record.error_code) == (JobStatus.FAILED, "memory_limit_exceeded")
    assert "512 MiB" in str(record.error_message)


def test_a_defect_fails_the_report_without_telling_users_its_inside(resources: Resources, tmp_path: Path) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        record = ended(service, service.trigger("raise_defect", {"folder": str(tmp_path)})).record
    assert (record.status, record.error_code) == (JobStatus.FAILED, "internal_error")
    assert "secret" not in str(record.error_message)


def test_a_report_whose_server_is_away_is_tried_again_and_then_says_why(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "RETRY_SECONDS", (0, 0))
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        record = ended(service, service.trigger("lose_database", {"folder": str(tmp_path)})).record
    assert (record.status, record.error_code) == (JobStatus.FAILED, "database_unavailable")
    assert len(list(tmp_path.iterdir())) == 5


def test_progress_is_shown_while_it_runs(resources: Resources, tmp_path: Path) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        report_id = service.trigger("hang", {"folder": str(tmp_path)})

        def look() -> Running | None:
            state = service.poll(report_id)
            return state if isinstance(state, Running) and state.live.stage == "computing" else None

        assert wait_until(look).live.progress == pytest.approx(0.25 * runner.COMPUTED)


def test_a_worker_that_stops_hands_its_report_back_and_leaves_no_process(resources: Resources, tmp_path: Path) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        report_id = service.trigger("hang", {"folder": str(tmp_path)})
        (pid,) = wait_until(lambda: [int(path.name) for path in tmp_path.iterdir()])
    assert not psutil.pid_exists(pid)
    with resources.engine.connect() as connection:
        record = records.find(connection, report_id)
    assert record is not None
    assert record.status is JobStatus.QUEUED


def test_a_report_whose_call_redis_lost_is_found(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    service = ReportService(resources, KINDS)
    report_id = service.trigger("dummy", {})
    resources.redis.flushall()
    with working(resources, slots=1, kinds=KINDS):
        assert ended(service, report_id).record.status is JobStatus.COMPLETE


def test_a_worker_that_lost_its_lease_ends_its_process_and_publishes_nothing(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)
    service = ReportService(resources, KINDS)
    with working(resources, slots=1, kinds=KINDS):
        report_id = service.trigger("hang", {"folder": str(tmp_path)})
        (pid,) = wait_until(lambda: [int(path.name) for path in tmp_path.iterdir()])
        with resources.engine.begin() as connection:
            connection.execute(
                text("UPDATE report SET attempt = 7, lease_until = now() + interval '1 hour' WHERE id = :id"),
                {"id": report_id},
            )
        wait_until(lambda: not psutil.pid_exists(pid))
    state = service.poll(report_id)
    assert isinstance(state, Running)


def test_a_worker_that_takes_over_from_itself_ends_its_late_attempt_and_keeps_its_slots(
    resources: Resources, tmp_path: Path
) -> None:
    service = ReportService(resources, KINDS)
    with working(resources, slots=2, kinds=KINDS):
        report_id = service.trigger("hang", {"folder": str(tmp_path)})
        (late,) = wait_until(lambda: list(tmp_path.iterdir()))
        with resources.engine.begin() as connection:
            connection.execute(
                text("UPDATE report SET lease_until = now() - interval '1 second' WHERE id = :id"), {"id": report_id}
            )
        Queue(resources.redis).add(report_id)
        wait_until(lambda: not psutil.pid_exists(int(late.name)))
        dummies = [service.trigger("dummy", {}) for _ in range(2)]
        assert [ended(service, dummy).record.status for dummy in dummies] == [JobStatus.COMPLETE] * 2
        successors = set(tmp_path.iterdir()) - {late}
        assert [psutil.pid_exists(int(path.name)) for path in successors] == [True]
    assert not any(psutil.pid_exists(int(path.name)) for path in successors)


def test_a_late_attempt_leaves_the_result_of_the_one_that_took_over_as_it_is(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    report_id = service.trigger("dummy", {})
    attempts = []
    for owner in ("late", "successor"):
        with resources.engine.begin() as connection:
            connection.execute(text("UPDATE report SET lease_until = now() - interval '1 second'"))
            claim = lifecycle.claim(connection, report_id, owner=owner)
        assert claim is not None
        attempts.append(Job(claim, lease_ends=monotonic() + LEASE_SECONDS))
    for job in reversed(attempts):
        runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)).run(job)
    (file,) = ended(service, report_id).record.artifacts
    assert [item.key for page in resources.object_store.pages("reports/") for item in page] == [file.key]


@pytest.fixture
def job(resources: Resources) -> Job:
    """A dummy report that was just claimed."""
    return job_of(resources, "dummy")


def job_of(resources: Resources, kind: str) -> Job:
    """A report of this kind that was just claimed."""
    report_id = ReportService(resources, KINDS).trigger(kind, {})
    with resources.engine.begin() as connection:
        return Job(claimed(connection, report_id), lease_ends=monotonic() + LEASE_SECONDS)


def test_progress_is_told_as_long_as_the_lease_lasts_and_when_it_was_renewed(resources: Resources, job: Job) -> None:
    tells, status = runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)), LiveStatus(resources.redis)
    job.lease_ends = monotonic() - 1
    tells.tell(job)
    assert status.get(job.claim.id, KINDS) is None
    job.renewed(monotonic())
    tells.tell(job)
    assert status.get(job.claim.id, KINDS) == job.live


def test_progress_is_told_for_longer_than_one_lease(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(worker, "LEASE_SECONDS", 0.5)  # from the claim to the first renewal
    with working(resources, slots=1, kinds=KINDS):
        report_id = ReportService(resources, KINDS).trigger("hang", {"folder": str(tmp_path)})
        wait_until(lambda: list(tmp_path.iterdir()))
        sleep(0.6)
        resources.redis.flushall()
        wait_until(lambda: LiveStatus(resources.redis).get(report_id, KINDS))


def test_an_end_that_postgres_did_not_take_is_recorded_when_it_is_back(
    resources: Resources, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, written = lifecycle.publish, []

    def cut_off_once(connection: Connection, *arguments: Any) -> lifecycle.Verdict:
        written.append(connection)
        if len(written) == 1:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return publish(connection, *arguments)

    monkeypatch.setattr(lifecycle, "publish", cut_off_once)
    monkeypatch.setattr(runner, "RECORD_AGAIN_SECONDS", 0.01)
    runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)).run(job)
    assert len(written) == 2
    record = ended(ReportService(resources, KINDS), job.claim.id).record
    assert (record.status, record.attempt) == (JobStatus.COMPLETE, 1)


def test_an_attempt_that_is_handed_back_between_two_files_leaves_none(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, stored = resources.object_store.put_bytes, []
    job = job_of(resources, "pair")

    def put_and_stop(block: bytes, key: str, **options: Any) -> None:
        put(block, key, **options)
        stored.append(key)
        job.call_off.set()

    monkeypatch.setattr(object_store, "_TOGETHER", 1)
    monkeypatch.setattr(resources.object_store, "put_bytes", put_and_stop)
    runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)).run(job)
    assert len(stored) == 1
    assert [item.key for page in resources.object_store.pages("reports/") for item in page] == []
    with resources.engine.connect() as connection:
        record = records.find(connection, job.claim.id)
    assert record is not None
    assert record.status is JobStatus.QUEUED


def test_a_report_that_was_published_unheard_keeps_its_files(
    resources: Resources, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published_but_not_heard(_: Connection, claim: Claim, artifacts: list[StoredArtifact], *rest: Any) -> Verdict:
        with resources.engine.begin() as connection:
            assert publish(connection, claim, artifacts, *rest) is Verdict.ENDED
        job.call_off.set()  # as the next heartbeat does, which finds it ended
        raise DatabaseUnavailable("The answer is lost.")

    publish = lifecycle.publish
    monkeypatch.setattr(lifecycle, "publish", published_but_not_heard)
    runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)).run(job)
    done = ReportService(resources, KINDS).poll(job.claim.id, has_ended=True)
    assert isinstance(done, Ended)
    assert done.record.status is JobStatus.COMPLETE
    (file,) = done.record.artifacts
    assert resources.object_store.size(file.key) == file.bytes


def test_nothing_is_claimed_before_the_database_is_migrated(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    report_id = service.trigger("dummy", {})
    revision = "UPDATE alembic_version SET version_num = :revision"
    with resources.engine.begin() as connection:
        connection.execute(text(revision), {"revision": "0001"})
    with working(resources, slots=1, kinds=KINDS):
        sleep(1)
        with resources.engine.begin() as connection:
            record = records.find(connection, report_id)
            connection.execute(text(revision), {"revision": newest_revision()})
        assert record is not None
        assert (record.status, record.attempt) == (JobStatus.QUEUED, 0)
        assert ended(service, report_id).record.status is JobStatus.COMPLETE


def test_a_report_of_a_kind_that_only_newer_replicas_know_waits_for_one(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    service = ReportService(resources, KINDS)
    report_id = service.trigger("dummy", {})
    with working(resources, slots=1, kinds={"hang": KINDS["hang"]}):
        wait_until(lambda: resources.redis.xlen("openhours:queue") == 0)
        sleep(0.5)
    with resources.engine.connect() as connection:
        record = records.find(connection, report_id)
    assert record is not None
    assert (record.status, record.attempt) == (JobStatus.QUEUED, 0)
    with working(resources, slots=1, kinds=KINDS):
        assert ended(service, report_id).record.status is JobStatus.COMPLETE


def test_a_job_whose_parameters_only_newer_replicas_know_is_tried_again_a_minute_later(resources: Resources) -> None:
    service = ReportService(resources, KINDS)
    report_id = service.trigger("dummy", {})
    with resources.engine.begin() as connection:
        connection.execute(text('UPDATE report SET params = params || \'{"colour": "red"}\''))
        job = Job(claimed(connection, report_id), lease_ends=monotonic() + LEASE_SECONDS)
    runner.Runner(resources, KINDS, replica="x", execute=in_child(KINDS)).run(job)
    with resources.engine.connect() as connection:
        record = records.find(connection, report_id)
        waits = connection.execute(text("SELECT extract(epoch FROM not_before - now()) FROM report")).scalar_one()
    assert record is not None
    assert record.status is JobStatus.QUEUED
    assert 30 < waits <= 60  # other errors are tried again within eight seconds


def test_work_goes_on_while_redis_is_away(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    nowhere = build_redis("redis://127.0.0.1:1/0", timeout_seconds=1)
    alone = replace(resources, redis=nowhere, request_redis=nowhere)
    service = ReportService(alone, KINDS)
    with working(alone, slots=1, kinds=KINDS):
        ids = [service.trigger("dummy", {}) for _ in range(2)]
        assert [ended(service, one).record.status for one in ids] == [JobStatus.COMPLETE] * 2
    nowhere.close()


def test_a_job_whose_key_is_taken_holds_no_slot(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    kinds = KINDS | {"hang": replace(KINDS["hang"], concurrency_key=lambda _: "one at a time")}
    service = ReportService(resources, kinds)
    with working(resources, slots=2, kinds=kinds):
        first, *others = [service.trigger("hang", {"folder": str(tmp_path)}) for _ in range(3)]
        (pid,) = wait_until(lambda: [int(path.name) for path in tmp_path.iterdir()])
        dummies = [service.trigger("dummy", {}) for _ in range(3)]
        assert [ended(service, dummy).record.status for dummy in dummies] == [JobStatus.COMPLETE] * 3
        with resources.engine.connect() as connection:
            waiting = [records.find(connection, other) for other in others]
        assert [record and (record.status, record.attempt, record.started_at) for record in waiting] == [
            (JobStatus.QUEUED, 0, None)
        ] * 2
        service.delete(first)  # its key is free then, and the next one begins
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        assert not psutil.pid_exists(pid)


def begun_in_order(resources: Resources) -> list[str]:
    """Kinds of the jobs that have begun, in the order in which they did."""
    with resources.engine.connect() as connection:
        return list(connection.scalars(text("SELECT kind FROM report WHERE attempt > 0 ORDER BY started_at")))


def test_small_loads_do_not_wait_behind_a_large_one_and_take_turns_with_reports(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    kinds = {
        "dummy": KINDS["dummy"],
        "hang": replace(KINDS["hang"], job_class=JobClass.LOAD),
        "small": replace(KINDS["dummy"], name="small", job_class=JobClass.SMALL_LOAD),
    }
    service = ReportService(resources, kinds)
    for kind in ("hang", "hang"):
        service.trigger(kind, {"folder": str(tmp_path)})
    jobs = [service.trigger(kind, {}) for kind in ("small", "small", "small", "dummy", "dummy")]
    with working(resources, slots=2, kinds=kinds):
        assert [ended(service, one).record.status for one in jobs] == [JobStatus.COMPLETE] * 5
        assert begun_in_order(resources) == ["hang", "small", "dummy", "small", "dummy", "small"]


def test_a_slow_class_leaves_the_others_their_slots(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.1)
    kinds = KINDS | {"hang": replace(KINDS["hang"], job_class=JobClass.LOAD)}
    service = ReportService(resources, kinds)
    with working(resources, slots=2, kinds=kinds):
        for _ in range(3):
            service.trigger("hang", {"folder": str(tmp_path)})
        wait_until(lambda: list(tmp_path.iterdir()))
        dummies = [service.trigger("dummy", {}) for _ in range(3)]
        assert [ended(service, dummy).record.status for dummy in dummies] == [JobStatus.COMPLETE] * 3
        assert len(list(tmp_path.iterdir())) == 1
