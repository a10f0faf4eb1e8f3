"""The record of a report: who may change it, and when."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.errors import AttemptSuperseded
from app.files.artifact import StoredArtifact
from app.ids import made_at
from app.jobs import lifecycle, records
from app.jobs.lifecycle import KEY_SECONDS, MAX_ATTEMPTS, TRANSITIONS, Claim, Verdict
from app.jobs.records import JobStatus
from app.jobs.tables import job
from app.storage.resources import Resources
from tests.commands import wait_until
from tests.jobs.claims import claimed, create, lapse
from tests.kinds import AS_OF

ARTIFACT = StoredArtifact("dummy.csv", "reports/x/a1/dummy.csv", "text/csv", 10, 2, "0" * 64)


@pytest.fixture
def connection(resources: Resources) -> Iterator[Connection]:
    """A connection that commits each statement, so that Postgres' clock moves on."""
    with resources.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def every_end(connection: Connection, claim: Claim) -> list[Verdict]:
    return [
        lifecycle.publish(connection, claim, []),
        lifecycle.fail(connection, claim, code="x", message="y"),
        lifecycle.release(connection, claim),
        lifecycle.crashed(connection, claim, how="signal 9"),
        lifecycle.server_failed(connection, claim, code="x", message="y", after_seconds=0),
    ]


def status_of(connection: Connection, report_id: str) -> JobStatus:
    record = records.find(connection, report_id)
    assert record is not None
    return record.status


def test_a_new_report_is_queued_and_has_an_id_of_32_hexadecimal_digits(connection: Connection) -> None:
    report_id = create(connection)
    assert len(report_id) == 32
    assert int(report_id, 16) >= 0
    record = records.find(connection, report_id)
    assert record is not None
    assert (record.status, record.attempt, record.as_of) == (JobStatus.QUEUED, 0, AS_OF)
    assert records.parameters(connection, report_id) == {"lines": 3}


def test_only_one_of_two_workers_gets_a_claim(connection: Connection) -> None:
    report_id = create(connection)
    first = lifecycle.claim(connection, report_id, owner="a")
    assert first is not None
    assert (first.id, first.attempt, first.kind, first.params) == (report_id, 1, "dummy", {"lines": 3})
    assert (first.retries, first.took_over) == (0, False)
    assert 0 <= first.waited_seconds < 60
    assert lifecycle.claim(connection, report_id, owner="b") is None


def test_an_expired_lease_lets_another_take_over_and_fences_the_first_one_off(connection: Connection) -> None:
    late = claimed(connection)
    lapse(connection, late.id)
    successor = lifecycle.claim(connection, late.id, owner="b")
    assert successor is not None
    assert successor.attempt == late.attempt + 1
    assert lifecycle.renew(connection, [late]) == set()
    assert successor.took_over
    assert set(every_end(connection, late)) == {Verdict.LOST}
    assert status_of(connection, late.id) is JobStatus.RUNNING
    assert lifecycle.publish(connection, successor, [ARTIFACT]) is Verdict.ENDED


def test_a_report_that_was_given_back_is_nobodys_until_it_is_claimed_again(connection: Connection) -> None:
    claim = claimed(connection)
    assert lifecycle.release(connection, claim) is Verdict.QUEUED
    assert set(every_end(connection, claim)) == {Verdict.LOST}
    assert status_of(connection, claim.id) is JobStatus.QUEUED


def test_a_complete_report_keeps_its_artifacts_whatever_comes_after(connection: Connection) -> None:
    claim = claimed(connection)
    assert lifecycle.publish(connection, claim, [ARTIFACT]) is Verdict.ENDED
    assert set(every_end(connection, claim)[1:]) == {Verdict.LOST}
    assert lifecycle.claim(connection, claim.id, owner="b") is None
    record = records.find(connection, claim.id)
    assert record is not None
    assert record.artifacts == (ARTIFACT,)


def test_renewing_tells_which_claims_are_still_ours(connection: Connection) -> None:
    kept, lost = claimed(connection), claimed(connection)
    lifecycle.fail(connection, lost, code="x", message="y")
    lapse(connection, kept.id)
    assert lifecycle.renew(connection, [kept, lost]) == {kept.id}
    left = "SELECT extract(epoch FROM lease_until - now()) FROM report WHERE id = :id"
    assert 20 < connection.execute(text(left), {"id": kept.id}).scalar_one() <= 30


def test_nobody_takes_a_report_over_from_work_that_is_being_committed(
    connection: Connection, resources: Resources
) -> None:
    claim = claimed(connection)
    lapse(connection, claim.id)
    connection.execute(text("SET lock_timeout = '100ms'"))
    with resources.engine.begin() as work:
        lifecycle.fence(work, job_id=claim.id, attempt=claim.attempt)
        with pytest.raises(OperationalError, match="lock timeout"):
            lifecycle.claim(connection, claim.id, owner="b")
    assert lifecycle.claim(connection, claim.id, owner="b") is not None
    with resources.engine.begin() as work, pytest.raises(AttemptSuperseded):
        lifecycle.fence(work, job_id=claim.id, attempt=claim.attempt)


def test_a_report_is_given_up_after_exactly_three_crashes(connection: Connection) -> None:
    report_id = create(connection)
    for crash in (1, 2, 3):
        claim = lifecycle.claim(connection, report_id, owner="a")
        assert claim is not None
        assert lifecycle.crashed(connection, claim, how="signal 11") is (Verdict.QUEUED if crash < 3 else Verdict.ENDED)
    record = records.find(connection, report_id)
    assert record is not None
    assert (record.status, record.error_code) == (JobStatus.FAILED, "worker_crashed")
    assert "signal 11" in str(record.error_message)


def test_a_report_that_waits_for_its_next_attempt_is_not_claimed_before(connection: Connection) -> None:
    claim = claimed(connection)
    verdict = lifecycle.server_failed(connection, claim, code="x", message="y", after_seconds=3600)
    assert verdict is Verdict.LATER
    assert status_of(connection, claim.id) is JobStatus.QUEUED
    assert lifecycle.claim(connection, claim.id, owner="b") is None


def test_what_its_worker_let_go_comes_first_then_the_oldest_that_waits(connection: Connection) -> None:
    oldest, newer = create(connection), create(connection)
    running, abandoned = claimed(connection), claimed(connection)
    lapse(connection, abandoned.id)
    order = [lifecycle.claim_next(connection, owner="b", kinds=["dummy"]) for _ in range(4)]
    assert [claim and claim.id for claim in order] == [abandoned.id, oldest, newer, None]
    assert [claim.took_over for claim in order if claim] == [True, False, False]
    assert status_of(connection, running.id) is JobStatus.RUNNING


def test_a_worker_claims_only_kinds_that_it_asks_for(connection: Connection) -> None:
    job_id = create(connection)
    assert lifecycle.claim_next(connection, owner="a", kinds=["other"]) is None
    claim = lifecycle.claim_next(connection, owner="a", kinds=["other", "dummy"])
    assert claim is not None
    assert claim.id == job_id


def test_two_workers_never_wait_for_each_other_and_never_get_the_same_job(
    connection: Connection, resources: Resources
) -> None:
    first, second = create(connection), create(connection)
    connection.execute(text("SET lock_timeout = '100ms'"))
    with resources.engine.begin() as other:
        held = lifecycle.claim_next(other, owner="a", kinds=["dummy"])
        assert held is not None
        assert held.id == first
        mine = lifecycle.claim_next(connection, owner="b", kinds=["dummy"])
        assert mine is not None
        assert mine.id == second


def test_of_jobs_with_the_same_key_one_runs_at_a_time_and_the_others_stay_queued(connection: Connection) -> None:
    first, second = create(connection, concurrency_key="k"), create(connection, concurrency_key="k")
    other = create(connection, concurrency_key="l")
    claim = lifecycle.claim_next(connection, owner="a", kinds=["dummy"])
    assert claim is not None
    assert claim.id == first
    beside = lifecycle.claim_next(connection, owner="a", kinds=["dummy"])
    assert beside is not None
    assert beside.id == other
    assert lifecycle.claim_next(connection, owner="a", kinds=["dummy"]) is None
    assert lifecycle.claim(connection, second, owner="a") is None
    record = records.find(connection, second)
    assert record is not None
    assert (record.status, record.attempt, record.started_at) == (JobStatus.QUEUED, 0, None)
    lifecycle.publish(connection, claim, [])
    successor = lifecycle.claim_next(connection, owner="a", kinds=["dummy"])
    assert successor is not None
    assert successor.id == second


def test_a_key_stays_taken_until_the_process_of_a_cancelled_job_has_ended(connection: Connection) -> None:
    claim, waiting = (
        claimed(connection, create(connection, concurrency_key="k")),
        create(connection, concurrency_key="k"),
    )
    assert lifecycle.cancel(connection, claim.id)
    assert lifecycle.claim(connection, waiting, owner="b") is None
    lifecycle.stopped(connection, claim)
    assert lifecycle.claim(connection, waiting, owner="b") is not None


def test_a_key_is_free_when_the_worker_of_a_cancelled_job_died(connection: Connection) -> None:
    claim, waiting = (
        claimed(connection, create(connection, concurrency_key="k")),
        create(connection, concurrency_key="k"),
    )
    assert lifecycle.cancel(connection, claim.id)
    lapse(connection, claim.id)
    assert lifecycle.claim(connection, waiting, owner="b") is not None


def test_a_key_stays_taken_while_a_job_is_taken_over(connection: Connection) -> None:
    first, second = create(connection, concurrency_key="k"), create(connection, concurrency_key="k")
    claimed(connection, first)
    lapse(connection, first)
    assert lifecycle.claim(connection, second, owner="b") is None
    successor = lifecycle.claim_next(connection, owner="b", kinds=["dummy"])
    assert successor is not None
    assert (successor.id, successor.took_over) == (first, True)


def test_two_workers_that_reach_for_one_key_at_the_same_moment_are_told_apart(
    connection: Connection, resources: Resources
) -> None:
    first, second = create(connection, concurrency_key="k"), create(connection, concurrency_key="k")

    def reach() -> Claim | None:
        with resources.engine.begin() as other:
            return lifecycle.claim(other, second, owner="b")

    with ThreadPoolExecutor(1) as pool:
        with resources.engine.begin() as winner:
            assert lifecycle.claim(winner, first, owner="a") is not None
            late = pool.submit(reach)  # it does not see the other claim yet, and waits for the index
            wait_until(lambda: connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
        assert late.result() is None
    assert status_of(connection, second) is JobStatus.QUEUED


def test_a_job_in_a_long_commit_does_not_cost_its_neighbours_their_leases(
    connection: Connection, resources: Resources
) -> None:
    committing, neighbour = claimed(connection), claimed(connection)
    for claim in (committing, neighbour):
        connection.execute(job.update().where(job.c.id == claim.id).values(lease_until=text("now() + interval '1 s'")))
    connection.execute(text("SET lock_timeout = '100ms'"))
    with resources.engine.begin() as work:
        lifecycle.fence(work, job_id=committing.id, attempt=committing.attempt)
        assert lifecycle.renew(connection, [committing, neighbour]) == {committing.id, neighbour.id}
    left = "SELECT extract(epoch FROM lease_until - now()) FROM report WHERE id = :id"
    assert connection.execute(text(left), {"id": neighbour.id}).scalar_one() > 20


@pytest.mark.parametrize("ended", [JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED])
def test_nothing_leaves_an_ended_state(connection: Connection, ended: JobStatus) -> None:
    assert TRANSITIONS[ended] == frozenset()
    claim = claimed(connection)
    connection.execute(job.update().where(job.c.id == claim.id).values(status=ended))
    own = {Verdict.ENDED} if ended is JobStatus.COMPLETE else {Verdict.LOST}  # publishing twice is publishing once
    assert lifecycle.publish(connection, claim, []) in own
    assert set(every_end(connection, claim)[1:]) == {Verdict.LOST}
    assert lifecycle.claim(connection, claim.id, owner="b") is None
    assert status_of(connection, claim.id) is ended


def test_the_list_is_newest_first_and_goes_on_from_a_place(connection: Connection) -> None:
    ids = [create(connection) for _ in range(5)]
    everything = records.newest(connection, kinds=["dummy"], status=None, before=None, limit=10)
    assert [record.id for record in everything] == ids[::-1]
    place = (everything[1].created_at, everything[1].id)
    rest = records.newest(connection, kinds=["dummy"], status=JobStatus.QUEUED, before=place, limit=2)
    assert [record.id for record in rest] == ids[::-1][2:4]
    assert records.newest(connection, kinds=["other"], status=None, before=None, limit=10) == []


def test_publishing_once_more_after_a_broken_commit_is_not_taken_for_a_loss(connection: Connection) -> None:
    claim = claimed(connection)
    assert lifecycle.publish(connection, claim, [ARTIFACT]) is Verdict.ENDED
    assert lifecycle.publish(connection, claim, [ARTIFACT]) is Verdict.ENDED
    lapse(connection, claim.id)
    assert lifecycle.publish(connection, Claim(claim.id, 7, "dummy", {}), [ARTIFACT]) is Verdict.LOST


def test_an_attempt_that_a_stopping_worker_gives_back_costs_nothing(connection: Connection) -> None:
    report_id = create(connection)
    for attempt in range(1, 2 * MAX_ATTEMPTS):
        claim = lifecycle.claim(connection, report_id, owner="a")
        assert claim is not None
        assert claim.attempt == attempt
        assert lifecycle.release(connection, claim) is Verdict.QUEUED
    assert lifecycle.give_up(connection) == []
    assert status_of(connection, report_id) is JobStatus.QUEUED


def test_a_report_is_given_up_after_ten_replicas_died_with_it(connection: Connection) -> None:
    report_id = create(connection)
    for attempt in range(MAX_ATTEMPTS):
        assert lifecycle.give_up(connection) == []
        claim = lifecycle.claim(connection, report_id, owner="a")
        assert claim is not None
        assert claim.took_over is (attempt > 0)
        lapse(connection, report_id)
    assert lifecycle.claim(connection, report_id, owner="b") is None
    ((given_up, kind),) = lifecycle.give_up(connection)
    assert given_up == report_id
    record = records.find(connection, report_id)
    assert record is not None
    assert (record.kind, record.status, record.error_code) == (kind, JobStatus.FAILED, "attempts_exhausted")


def test_an_attempt_that_goes_on_is_not_given_up_at_the_last_one(connection: Connection) -> None:
    report_id = create(connection)
    connection.execute(job.update().where(job.c.id == report_id).values(attempt=MAX_ATTEMPTS - 1))
    claim = lifecycle.claim(connection, report_id, owner="a")
    assert claim is not None
    assert lifecycle.give_up(connection) == []
    assert lifecycle.publish(connection, claim, [ARTIFACT]) is Verdict.ENDED


def test_a_server_may_fail_a_report_five_times_and_takeovers_do_not_count(connection: Connection) -> None:
    report_id = create(connection)
    connection.execute(job.update().where(job.c.id == report_id).values(attempt=4))
    for failure in (1, 2, 3, 4, 5):
        claim = lifecycle.claim(connection, report_id, owner="a")
        assert claim is not None
        assert claim.retries == failure - 1
        verdict = lifecycle.server_failed(connection, claim, code="x_unavailable", message="Gone.", after_seconds=0)
        assert verdict is (Verdict.LATER if failure < 5 else Verdict.ENDED)
    record = records.find(connection, report_id)
    assert record is not None
    assert (record.error_code, record.error_message) == ("x_unavailable", "Gone. It was tried 5 times.")


def test_a_job_that_waits_for_its_next_attempt_is_claimed_as_soon_as_it_is_due(connection: Connection) -> None:
    claim = claimed(connection)
    lifecycle.server_failed(connection, claim, code="x", message="y", after_seconds=20)
    assert lifecycle.claim_next(connection, owner="b", kinds=["dummy"]) is None
    later = "UPDATE report SET not_before = not_before - :s"
    connection.execute(text(later), {"s": timedelta(seconds=20.1)})
    again = lifecycle.claim_next(connection, owner="b", kinds=["dummy"])
    assert again is not None
    assert again.id == claim.id


def test_a_key_stands_for_one_report_for_a_day(connection: Connection) -> None:
    assert lifecycle.keyed(connection, "k") is None
    report_id = create(connection, key="k")
    keyed = lifecycle.keyed(connection, "k")
    assert keyed is not None
    assert (keyed.id, keyed.params_sha256) == (report_id, "f")
    taken = lifecycle.create(connection, kind="dummy", params={}, params_sha256="f", as_of=AS_OF, idempotency_key="k")
    assert taken is None
    older = job.c.created_at - timedelta(seconds=KEY_SECONDS + 1)
    connection.execute(job.update().values(created_at=older))
    assert lifecycle.keyed(connection, "k") is None
    assert create(connection, key="k") != report_id


@pytest.mark.parametrize("running", [False, True])
def test_what_has_not_ended_can_be_cancelled_and_its_worker_finds_out(connection: Connection, running: bool) -> None:  # noqa: FBT001 - a parameter of the test
    claim = claimed(connection)
    if not running:
        lifecycle.release(connection, claim)
    assert lifecycle.cancel(connection, claim.id)
    assert not lifecycle.cancel(connection, claim.id)
    assert lifecycle.renew(connection, [claim]) == set()
    assert set(every_end(connection, claim)) == {Verdict.LOST}
    assert status_of(connection, claim.id) is JobStatus.CANCELLED


def test_only_a_report_that_is_complete_or_failed_can_be_removed(connection: Connection) -> None:
    complete, failed, running = claimed(connection), claimed(connection), claimed(connection)
    lifecycle.publish(connection, complete, [ARTIFACT])
    lifecycle.fail(connection, failed, code="x", message="y")
    assert lifecycle.remove(connection, complete.id)
    assert lifecycle.remove(connection, failed.id)
    assert not lifecycle.remove(connection, running.id)
    assert records.find(connection, complete.id) is None


def test_old_reports_expire_unless_they_have_not_ended(connection: Connection) -> None:
    old, young, stuck = claimed(connection), claimed(connection), create(connection)
    for claim in (old, young):
        lifecycle.publish(connection, claim, [ARTIFACT])
    connection.execute(job.update().where(job.c.id.in_([old.id, stuck])).values(created_at=AS_OF - timedelta(days=900)))
    assert lifecycle.expire(connection, kind="dummy", days=30, limit=10) == [old.id]
    assert records.find(connection, young.id) is not None
    assert records.find(connection, stuck) is not None


def test_what_its_worker_has_abandoned_waits_and_does_not_run(connection: Connection) -> None:
    claimed(connection)
    lapse(connection, claimed(connection).id)
    found = records.backlog(connection)
    assert (found.queued, found.running) == (1, 1)
    assert found.oldest_seconds > 0


def test_abandoned_jobs_go_first_however_many_wait(connection: Connection) -> None:
    abandoned = [claimed(connection, owner="dead").id for _ in range(38)]
    connection.execute(
        text(
            "INSERT INTO report (id, kind, params, params_sha256, status, created_at) "
            "SELECT lpad(n::text, 32, '0'), 'dummy', '{}', 'f', 'queued', "
            "timestamptz '2024-01-01' + n * interval '1 s' "
            "FROM generate_series(1, 1000) n"
        )
    )
    for age, job_id in enumerate(abandoned):
        lapse(connection, job_id)
        connection.execute(
            job.update().where(job.c.id == job_id).values(lease_until=job.c.lease_until - timedelta(seconds=age))
        )
    claims = [lifecycle.claim_next(connection, owner="b", kinds=["dummy"]) for _ in range(38 + 12)]
    assert [claim and claim.id for claim in claims] == [
        *reversed(abandoned),  # the lease that ran out first goes first
        *(f"{number:032}" for number in range(1, 13)),
    ]
    assert [claim and claim.took_over for claim in claims] == [True] * 38 + [False] * 12


def test_an_id_tells_when_it_was_made(connection: Connection) -> None:
    made = made_at(create(connection))
    assert made is not None
    assert abs(made - datetime.now(UTC)) < timedelta(minutes=1)
    for other in ("", "0" * 32, "g" * 32, uuid.uuid4().hex, "x" * 12 + "7" + "x" * 3 + "8" + "x" * 15):
        assert made_at(other) is None


def test_the_backlog_counts_what_waits_and_runs(connection: Connection) -> None:
    assert records.backlog(connection) == records.Backlog(0, 0.0, 0)
    create(connection)
    waiting = create(connection)
    claimed(connection)
    connection.execute(job.update().where(job.c.id == waiting).values(created_at=job.c.created_at - timedelta(hours=1)))
    found = records.backlog(connection)
    assert (found.queued, found.running) == (2, 1)
    assert 3600 <= found.oldest_seconds < 3700


def test_the_median_duration_is_that_of_complete_reports(connection: Connection) -> None:
    assert records.median_seconds(connection, ["dummy"]) == 1.0
    for seconds in (1, 4, 100):
        claim = claimed(connection)
        lifecycle.publish(connection, claim, [ARTIFACT])
        started = job.c.finished_at - timedelta(seconds=seconds)
        connection.execute(job.update().where(job.c.id == claim.id).values(started_at=started))
    assert records.median_seconds(connection, ["dummy"]) == pytest.approx(4)
