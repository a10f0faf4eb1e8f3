"""Which weeks are due, that a replica has them sealed, and when their files go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection, text

from app.jobs import lifecycle
from app.jobs.cleanup import clean_up
from app.jobs.records import backlog
from app.replica.registry import PREFIXES, job_kinds
from app.sealing import due
from app.sealing.job import JOB_KIND
from app.series.sealed import records
from app.settings import Settings
from app.storage.resources import Resources
from tests.access.audit_rows import rows_of
from tests.commands import wait_until
from tests.conftest import api
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, in_bucket, kept, seal_week, sealed, some_polls

POLLS = some_polls(stores=2, each=5)
LATE = ("store 1", "inactive", at(FIRST, 5000))

#: Long after the weeks, and the loads, of these tests.
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def touched(connection: Connection, week: date, when: datetime) -> None:
    connection.execute(text("UPDATE poll_week SET changed_at = :at WHERE week = :week"), {"at": when, "week": week})


@pytest.mark.parametrize(
    ("now", "first_touched", "weeks"),
    [
        (datetime(2023, 2, 21, 23, tzinfo=UTC), at(FIRST, 0), []),  # the first week ended on 23 January, 29 days ago
        (datetime(2023, 2, 22, tzinfo=UTC), at(FIRST, 0), [FIRST]),
        (datetime(2023, 3, 1, tzinfo=UTC), at(FIRST, 0), [FIRST, SECOND]),
        (datetime(2023, 3, 1, tzinfo=UTC), datetime(2023, 1, 30, 0, 0, 1, tzinfo=UTC), [SECOND]),
        (datetime(2023, 3, 1, tzinfo=UTC), datetime(2023, 1, 30, tzinfo=UTC), [FIRST, SECOND]),
    ],
)
def test_a_week_is_due_when_its_end_and_the_last_load_are_long_ago(
    resources: Resources, tmp_path: Path, now: datetime, first_touched: datetime, weeks: list[date]
) -> None:
    bring(resources, POLLS, tmp_path)
    with resources.engine.begin() as connection:
        touched(connection, FIRST, first_touched)
        touched(connection, SECOND, at(SECOND, 0))
        due_now = due.due_weeks(connection, resources.settings, now=now)
        assert [week.monday for week in due_now] == weeks
        never = resources.settings.model_copy(update={"seal_after_days": None})
        assert due.due_weeks(connection, never, now=now) == []


def test_never_is_a_value_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().seal_after_days == 30
    monkeypatch.setenv("OPENHOURS_SEAL_AFTER_DAYS", "never")
    assert Settings().seal_after_days is None
    monkeypatch.setenv("OPENHOURS_SEAL_AFTER_DAYS", "0")
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Settings()


def test_a_replica_seals_what_is_due_and_says_so_in_the_audit(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(resources, POLLS, tmp_path)
    with resources.engine.begin() as connection:
        touched(connection, FIRST, at(FIRST, 0))
    monkeypatch.setattr(due, "FIRST_LOOK_SECONDS", (0, 0))
    with api(resources, slots=1):
        wait_until(lambda: sealed(resources) == [FIRST])
    assert kept(resources) == sorted(POLLS)
    (row,) = [row for row in rows_of(resources.engine, after=0) if row.action == "polls.seal"]
    assert (row.via, row.object_id, row.detail["polls"]) == ("system", str(FIRST), 10)


def test_weeks_are_queued_once(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    for _ in range(2):
        due.look(resources, now=LATER, stopping=Event())
        with resources.engine.connect() as connection:
            assert backlog(connection, [JOB_KIND]).queued == 2
            jobs = connection.execute(text("SELECT params FROM report ORDER BY params ->> 'week'")).scalars().all()
    assert jobs == [{"week": str(FIRST)}, {"week": str(SECOND)}]


def test_files_of_an_unsealed_week_are_kept_until_nobody_can_read_them(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    for week in (FIRST, SECOND):
        seal_week(resources, week, tmp_path)
    first, second = in_bucket(resources)
    bring(resources, [LATE], tmp_path)
    now = datetime.now(UTC)
    longest = timedelta(seconds=resources.settings.report_time_limit_seconds)
    due.look(resources, now=now + longest, stopping=Event())
    assert in_bucket(resources) == [first, second]
    due.look(resources, now=now + longest + timedelta(hours=25), stopping=Event())
    assert in_bucket(resources) == [second]
    with resources.engine.connect() as connection:
        assert records.retired(connection, before=LATER, limit=9) == []


def test_an_old_file_that_no_row_names_goes_unless_a_job_is_writing(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    for week in (FIRST, SECOND):
        seal_week(resources, week, tmp_path)
    bring(resources, [LATE], tmp_path)
    named = in_bucket(resources)
    orphan = f"sealed/{FIRST}/gone/0.parquet"
    resources.object_store.put_bytes(b"x", orphan, media_type="text/plain")
    with resources.engine.begin() as connection:
        job_id = lifecycle.create(connection, kind=JOB_KIND, params={"week": str(FIRST)}, params_sha256="")
        assert job_id is not None
        claim = lifecycle.claim(connection, job_id, owner="a")
        assert claim is not None
    tidy = {"prefixes": PREFIXES, "orphan_hours": -1}
    clean_up(resources, job_kinds({}), **tidy)
    assert in_bucket(resources) == sorted([*named, orphan])
    with resources.engine.begin() as connection:
        lifecycle.fail(connection, claim, code="x", message="y")
    clean_up(resources, job_kinds({}), prefixes=PREFIXES)
    assert in_bucket(resources) == sorted([*named, orphan])
    clean_up(resources, job_kinds({}), **tidy)
    assert in_bucket(resources) == named


def test_a_replica_whose_setting_is_never_seals_nothing(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    never = resources.settings.model_copy(update={"seal_after_days": None})
    due.look(replace(resources, settings=never), now=LATER, stopping=Event())
    with resources.engine.connect() as connection:
        assert backlog(connection).queued == 0
