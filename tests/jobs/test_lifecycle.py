"""The record of a report: who may change it, and when."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.database import report
from app.jobs import lifecycle
from app.jobs.lifecycle import TRANSITIONS, Claim, ReportStatus, StoredArtifact
from app.resources import Resources
from tests.kinds import AS_OF

ARTIFACT = StoredArtifact("dummy.csv", "reports/x/a1/dummy.csv", "text/csv", 10, 2, "0" * 64)


@pytest.fixture
def connection(resources: Resources) -> Iterator[Connection]:
    """A connection that commits each statement, so that Postgres' clock moves on."""
    with resources.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def create(connection: Connection) -> str:
    return lifecycle.create(connection, kind="dummy", params={"lines": 3}, as_of=AS_OF)


def claimed(connection: Connection, owner: str = "a") -> Claim:
    claim = lifecycle.claim(connection, create(connection), owner=owner)
    assert claim is not None
    return claim


def expire(connection: Connection, report_id: str) -> None:
    connection.execute(
        text(
            "UPDATE report SET lease_until = now() - interval '1 second', "
            "dispatched_at = now() - interval '1 minute' WHERE id = :id"
        ),
        {"id": report_id},
    )


def status_of(connection: Connection, report_id: str) -> ReportStatus:
    record = lifecycle.find(connection, report_id)
    assert record is not None
    return record.status


def test_a_new_report_is_queued_and_has_an_id_of_32_hexadecimal_digits(connection: Connection) -> None:
    report_id = create(connection)
    assert len(report_id) == 32
    assert int(report_id, 16) >= 0
    record = lifecycle.find(connection, report_id)
    assert record is not None
    assert (record.status, record.attempt, record.params, record.as_of) == (
        ReportStatus.QUEUED,
        0,
        {"lines": 3},
        AS_OF,
    )


def test_only_one_of_two_workers_gets_a_claim(connection: Connection) -> None:
    report_id = create(connection)
    first = lifecycle.claim(connection, report_id, owner="a")
    assert first == Claim(report_id, 1, "dummy", {"lines": 3})
    assert lifecycle.claim(connection, report_id, owner="b") is None


def test_an_expired_lease_lets_another_take_over_and_fences_the_first_one_off(connection: Connection) -> None:
    late = claimed(connection)
    expire(connection, late.id)
    successor = lifecycle.claim(connection, late.id, owner="b")
    assert successor is not None
    assert successor.attempt == late.attempt + 1
    assert lifecycle.renew(connection, [late]) == set()
    assert not lifecycle.publish(connection, late, [ARTIFACT])
    assert not lifecycle.fail(connection, late, code="x", message="y")
    assert not lifecycle.try_again(connection, late, after_seconds=0)
    assert not lifecycle.crashed(connection, late, how="signal 9")
    assert status_of(connection, late.id) is ReportStatus.RUNNING
    assert lifecycle.publish(connection, successor, [ARTIFACT])


def test_a_complete_report_keeps_its_artifacts_whatever_comes_after(connection: Connection) -> None:
    claim = claimed(connection)
    assert lifecycle.publish(connection, claim, [ARTIFACT])
    assert not lifecycle.publish(connection, claim, [])
    assert not lifecycle.fail(connection, claim, code="x", message="y")
    assert lifecycle.claim(connection, claim.id, owner="b") is None
    record = lifecycle.find(connection, claim.id)
    assert record is not None
    assert record.artifacts == (ARTIFACT,)


def test_renewing_tells_which_claims_are_still_ours(connection: Connection) -> None:
    kept, lost = claimed(connection), claimed(connection)
    lifecycle.fail(connection, lost, code="x", message="y")
    assert lifecycle.renew(connection, [kept, lost]) == {kept.id}


def test_a_report_is_given_up_after_exactly_three_crashes(connection: Connection) -> None:
    report_id = create(connection)
    for crash in (1, 2, 3):
        claim = lifecycle.claim(connection, report_id, owner="a")
        assert claim is not None
        assert lifecycle.crashed(connection, claim, how="signal 11") is (crash < 3)
    record = lifecycle.find(connection, report_id)
    assert record is not None
    assert (record.status, record.error_code) == (ReportStatus.FAILED, "worker_crashed")
    assert "signal 11" in str(record.error_message)


def test_a_report_that_waits_for_its_next_attempt_is_not_claimed_before(connection: Connection) -> None:
    claim = claimed(connection)
    lifecycle.try_again(connection, claim, after_seconds=3600)
    assert status_of(connection, claim.id) is ReportStatus.QUEUED
    assert lifecycle.claim(connection, claim.id, owner="b") is None


def test_the_sweep_finds_what_waits_too_long_and_what_lost_its_worker_once_each(connection: Connection) -> None:
    fresh, forgotten = create(connection), create(connection)
    running, abandoned = claimed(connection), claimed(connection)
    expire(connection, forgotten)
    expire(connection, abandoned.id)
    assert set(lifecycle.take_due(connection)) == {forgotten, abandoned.id}
    assert lifecycle.take_due(connection) == []
    assert status_of(connection, fresh) is ReportStatus.QUEUED
    assert status_of(connection, running.id) is ReportStatus.RUNNING


@pytest.mark.parametrize("ended", [ReportStatus.COMPLETE, ReportStatus.FAILED, ReportStatus.CANCELLED])
def test_nothing_leaves_an_ended_state(connection: Connection, ended: ReportStatus) -> None:
    assert TRANSITIONS[ended] == frozenset()
    claim = claimed(connection)
    connection.execute(report.update().where(report.c.id == claim.id).values(status=ended))
    assert not lifecycle.publish(connection, claim, [ARTIFACT])
    assert not lifecycle.try_again(connection, claim, after_seconds=0)
    assert lifecycle.claim(connection, claim.id, owner="b") is None
    assert status_of(connection, claim.id) is ended


def test_the_list_is_newest_first_and_goes_on_from_a_place(connection: Connection) -> None:
    ids = [create(connection) for _ in range(5)]
    everything = lifecycle.newest(connection, kind=None, status=None, before=None, limit=10)
    assert [record.id for record in everything] == ids[::-1]
    place = (everything[1].created_at, everything[1].id)
    rest = lifecycle.newest(connection, kind="dummy", status=ReportStatus.QUEUED, before=place, limit=2)
    assert [record.id for record in rest] == ids[::-1][2:4]
    assert lifecycle.newest(connection, kind="other", status=None, before=None, limit=10) == []
