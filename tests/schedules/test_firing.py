"""What begins when a schedule is due, what does not, and what is told of it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.access.principal import Principal, acting_as
from app.access.scopes import SCOPES_OF, Role
from app.access.user_records import User
from app.errors import DatabaseUnavailable, InvalidParameters, NotAllowed, ObjectStoreUnavailable, UnknownSource
from app.schedules.actions import Run
from app.schedules.forms import When
from app.schedules.service import ScheduleSpec
from app.schedules.syncs import SyncSchedules
from app.sources.service import GivenToken, SourceService
from app.storage.resources import Resources
from tests.access.services import Accounts, accounts_of
from tests.commands import wait_until
from tests.reference.schedules import utc
from tests.schedules.replicas import Around, Dying, Installation, installation

DAILY = When(every="day", at="06:00")

#: Friday 27 November 2026, three seconds after the instants of DAILY in UTC.
NOW = utc("2026-11-27T06:00:03")


def spec(name: str = "daily", **changes: Any) -> ScheduleSpec:
    plain = {"does": "report", "kind": "dated", "params": {}, "when": DAILY}
    return ScheduleSpec(name=name, **plain | changes)


def reports(installed: Installation) -> list[tuple[Any, ...]]:
    return installed.rows("SELECT as_of FROM report ORDER BY as_of")


@pytest.fixture
def due(installed: Installation) -> Installation:
    """With a schedule that is due."""
    installed.service.add(spec())
    installed.set_next("daily", utc("2026-11-27T06:00"))
    installed.now = NOW
    return installed


def test_a_report_of_the_due_instant_begins_and_the_next_one_is_set(due: Installation) -> None:
    due.look()
    due.look()
    assert reports(due) == [(utc("2026-11-27T06:00"),)]
    found = due.service.get("daily")
    assert (found.last_due_at, found.next_at) == (utc("2026-11-27T06:00"), utc("2026-11-28T06:00"))
    assert found.last is not None
    assert due.rows("SELECT id, idempotency_key FROM report") == [
        (found.last.id, f"schedule:{found.id}:2026-11-27T06:00:00+00:00")
    ]


def test_it_is_recorded_as_done_for_whoever_set_the_schedule(due: Installation) -> None:
    due.look()
    rows = due.rows("SELECT action, via, actor_name FROM audit WHERE via = 'schedule' ORDER BY id")
    assert rows == [("report.trigger", "schedule", "ada"), ("schedule.run", "schedule", "ada")]


def test_nothing_begins_before_it_is_due(due: Installation) -> None:
    due.now = utc("2026-11-27T05:59:59")
    due.look()
    assert reports(due) == []


def test_of_missed_instants_the_latest_begins_and_the_others_are_told(due: Installation) -> None:
    due.now = utc("2026-12-01T05:00")
    due.look()
    assert reports(due) == [(utc("2026-11-30T06:00"),)]
    found = due.service.get("daily")
    assert (found.skipped, found.next_at) == (3, utc("2026-12-01T06:00"))
    assert due.rows("SELECT detail->'skipped' FROM audit WHERE action = 'schedule.run'") == [(3,)]


@pytest.mark.parametrize(("late", "begins"), [(timedelta(minutes=15), True), (timedelta(minutes=16), False)])
def test_where_missed_ones_do_not_count_only_one_that_is_on_time_begins(
    installed: Installation, late: timedelta, *, begins: bool
) -> None:
    installed.service.add(spec(catch_up="none"))
    installed.set_next("daily", utc("2026-11-26T06:00"))
    installed.now = utc("2026-11-27T06:00") + late
    installed.look()
    assert reports(installed) == [(utc("2026-11-27T06:00"),)] * begins
    found = installed.service.get("daily")
    assert (found.skipped, found.next_at) == (2 - begins, utc("2026-11-28T06:00"))


def test_a_word_for_a_period_means_that_of_the_due_instant_in_the_zone(installed: Installation) -> None:
    first_of_month = When(every="month", at="00:30")
    params = {"period": "last_month"}
    installed.service.add(spec(params=params, when=first_of_month, timezone="Europe/Berlin", as_of="start_of_month"))
    installed.set_next("daily", utc("2026-10-31T23:30"))  # 1 November, 00:30 in Berlin
    installed.now = utc("2026-11-03T12:00")
    installed.look()
    assert installed.rows("SELECT params->>'period', as_of FROM report") == [("2026-10", utc("2026-10-31T23:00"))]


def test_reports_of_other_kinds_begin_too(loaded_with_samples: Installation) -> None:
    installed = loaded_with_samples
    for name, kind, params in (
        ("availability", "uptime", {"period": "2023-01", "by": "day"}),
        ("pulls", "pull_requests", {"charts": False}),
        ("plays", "rollup", {"datasets": ["plays_table.csv"], "by": ["Song"], "count": True}),
    ):
        installed.service.add(spec(name, kind=kind, params=params))
        installed.set_next(name, utc("2026-11-27T06:00"))
    installed.now = NOW
    installed.look()
    found = installed.rows("SELECT kind, status FROM report ORDER BY kind")
    assert found == [("pull_requests", "queued"), ("rollup", "queued"), ("uptime", "queued")]


def test_while_the_queue_is_full_a_schedule_stays_due(resources: Resources, ada: Principal) -> None:
    with acting_as(ada), installation(resources, max_outstanding=1) as installed:
        for name in ("first", "second"):
            installed.service.add(spec(name))
            installed.set_next(name, utc("2026-11-27T06:00"))
        installed.now = NOW
        installed.look()
        assert reports(installed) == [(utc("2026-11-27T06:00"),)]
        installed.run("UPDATE report SET status = 'complete'")
        installed.now += timedelta(hours=1)
        installed.look()
        assert reports(installed) == [(utc("2026-11-27T06:00"),)] * 2
        assert [one.skipped for one in installed.service.listed()] == [0, 0]


def test_refused_parameters_pause_it_with_the_reason(installed: Installation) -> None:
    installed.run("INSERT INTO entity (kind, key) VALUES ('store', 'north')")
    installed.service.add(spec(kind="uptime", params={"stores": ["north"]}))
    installed.run("DELETE FROM entity")
    installed.set_next("daily", utc("2026-11-27T06:00"))
    installed.now = NOW
    installed.look()
    found = installed.service.get("daily")
    assert (found.enabled, found.next_at) == (False, None)
    assert found.paused_reason is not None
    assert "stores: no loaded file has named the store 'north'" in found.paused_reason
    assert reports(installed) == []
    told = installed.rows("SELECT action, outcome, detail->>'code' FROM audit WHERE action = 'schedule.pause'")
    assert told == [("schedule.pause", "failed", "invalid_parameters")]


@pytest.mark.parametrize("error", [ZeroDivisionError("a defect"), ObjectStoreUnavailable("S3 does not answer.")])
def test_what_one_schedule_meets_does_not_keep_others_from_beginning(due: Installation, error: Exception) -> None:
    class Defective(Dying):
        def begin(self, connection: Connection, run: Run) -> str:
            job_id = self.within.begin(connection, run)
            if run.params:
                raise error
            return job_id

    due.service.add(spec("broken", params={"period": "2026-10"}))
    due.set_next("broken", utc("2026-11-27T05:00"))
    due.actions = {"report": Defective(due.actions["report"], lambda: False)}
    due.look()
    assert reports(due) == [(utc("2026-11-27T06:00"),)]
    assert due.service.get("broken").next_at == utc("2026-11-27T05:00")


def test_without_postgres_nothing_is_paused(due: Installation) -> None:
    class Away(Dying):
        def begin(self, *_: Any) -> str:
            raise DatabaseUnavailable("Postgres does not answer.")

    due.actions = {"report": Away(due.actions["report"], lambda: False)}
    with pytest.raises(DatabaseUnavailable):
        due.look()
    assert due.service.get("daily").next_at == utc("2026-11-27T06:00")


@pytest.fixture
def accounts(resources: Resources) -> Accounts:
    return accounts_of(resources)


@pytest.fixture
def bob(accounts: Accounts) -> User:
    accounts.person("root", Role.ADMIN)
    return accounts.person("bob", Role.OPERATOR)


@pytest.fixture
def of_bob(installed: Installation, bob: User) -> Installation:
    """With a schedule that Bob has made, which is due."""
    with acting_as(principal(bob)):
        installed.service.add(spec())
    installed.set_next("daily", utc("2026-11-27T06:00"))
    installed.now = NOW
    return installed


def principal(user: User) -> Principal:
    return Principal(name=user.name, via="session", scopes=SCOPES_OF[user.role], user_id=user.id, role=user.role)


def test_it_acts_for_the_user_who_set_it(of_bob: Installation, bob: User) -> None:
    of_bob.look()
    assert of_bob.rows("SELECT DISTINCT actor_id FROM audit WHERE via = 'schedule'") == [(bob.id,)]


def test_one_of_a_disabled_user_is_paused_and_goes_on_for_whoever_resumes_it(
    of_bob: Installation, accounts: Accounts, bob: User
) -> None:
    accounts.users.disable(bob.id)
    of_bob.look()
    assert of_bob.service.get("daily").paused_reason == "The user bob, for whom it acts, is disabled."
    assert reports(of_bob) == []
    assert of_bob.service.resume("daily").runs_as == "ada"
    of_bob.set_next("daily", utc("2026-11-27T06:00"))
    of_bob.look()
    assert reports(of_bob) == [(utc("2026-11-27T06:00"),)]


def test_one_of_a_user_who_may_not_run_reports_any_more_is_paused(
    of_bob: Installation, accounts: Accounts, bob: User
) -> None:
    accounts.users.set_role(bob.id, Role.VIEWER)
    of_bob.look()
    reason = of_bob.service.get("daily").paused_reason
    assert reason is not None
    assert "needs the scope reports:run, which bob does not have" in reason


def test_one_of_a_user_who_was_removed_is_paused(of_bob: Installation, accounts: Accounts, bob: User) -> None:
    accounts.users.remove(bob.id)
    of_bob.look()
    assert of_bob.service.get("daily").paused_reason == "The user bob, for whom it acts, was removed."


@pytest.fixture
def root() -> Principal:
    """Who may sync sources."""
    return Principal(name="root", via="local", scopes=SCOPES_OF[Role.ADMIN], role=Role.ADMIN)


@pytest.fixture
def synced(installed: Installation, root: Principal) -> Installation:
    """With a source whose first sync has ended, and a schedule of its syncs that is due."""
    options = {"repositories": ["acme/*"], "address": "http://127.0.0.1:1"}
    with acting_as(root):
        SourceService(installed.resources).add("github", "github", options, GivenToken(), checked=False)
        installed.run("UPDATE report SET status = 'complete'")
        installed.service.add(spec(does="sync", kind="github", when=When(every="hour")))
    installed.set_next("daily", utc("2026-11-27T06:00"))
    installed.now = NOW
    return installed


def test_a_sync_of_a_source_begins_when_it_is_due(synced: Installation) -> None:
    synced.look()
    assert synced.rows("SELECT kind, params->>'source_id' FROM report WHERE status = 'queued'") == synced.rows(
        "SELECT 'sync', id FROM source"
    )
    done = synced.rows("SELECT action, actor_name FROM audit WHERE via = 'schedule' ORDER BY id")
    assert done == [("source.sync", "root"), ("schedule.run", "root")]


def test_a_sync_that_waits_already_is_the_one(synced: Installation) -> None:
    synced.look()
    first = synced.service.get("daily").last
    synced.now = NOW + timedelta(hours=1)
    synced.look()
    found = synced.service.get("daily")
    assert (found.last, found.last_due_at) == (first, utc("2026-11-27T07:00"))


def test_of_a_source_that_is_paused_nothing_begins_until_it_is_resumed(synced: Installation, root: Principal) -> None:
    with acting_as(root):
        SourceService(synced.resources).pause("github")
    synced.look()
    found = synced.service.get("daily")
    assert (found.enabled, found.last, found.next_at) == (True, None, utc("2026-11-27T07:00"))
    assert synced.rows("SELECT count(*) FROM report WHERE status = 'queued'") == [(0,)]


def test_a_schedule_of_syncs_of_a_source_that_was_removed_is_paused(synced: Installation, root: Principal) -> None:
    with acting_as(root):
        SourceService(synced.resources).remove("github")
    synced.look()
    reason = synced.service.get("daily").paused_reason
    assert reason is not None
    assert "github" in reason


def test_schedules_of_syncs_are_made_by_those_who_may_sync_and_have_no_parameters(
    synced: Installation, root: Principal
) -> None:
    with pytest.raises(NotAllowed, match="needs the scope sources:write"):
        synced.service.add(spec("mine", does="sync", kind="github"))
    with acting_as(root), pytest.raises(InvalidParameters, match="params"):
        synced.service.add(spec("mine", does="sync", kind="github", params={"since": "2026-01-01"}))
    with acting_as(root), pytest.raises(UnknownSource):
        synced.service.add(spec("mine", does="sync", kind="gitlab"))


@dataclass(frozen=True, slots=True)
class Meeting(Around):
    """Begins a sync only when the removal of its source has come, and waits for what this schedule holds."""

    come: Callable[[], None]

    def begin(self, connection: Connection, run: Run) -> str:
        self.come()
        return self.within.begin(connection, run)


def test_a_removal_that_meets_a_schedule_that_fires_waits_for_it(synced: Installation, root: Principal) -> None:
    sources = SourceService(synced.resources)
    sources.followers = SyncSchedules(synced.service)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    def remove() -> None:
        with acting_as(root):
            sources.remove("github")

    with ThreadPoolExecutor(1) as other:
        removals: list[Future[None]] = []

        def come() -> None:
            removals.append(other.submit(remove))
            wait_until(lambda: synced.rows(waiting) == [(1,)])

        synced.actions["sync"] = Meeting(synced.actions["sync"], come)
        synced.look()
        removals[0].result()
    assert synced.rows("SELECT action FROM audit WHERE action IN ('schedule.run', 'source.remove') ORDER BY id") == [
        ("schedule.run",),
        ("source.remove",),
    ]
    assert synced.rows("SELECT 1 FROM source UNION ALL SELECT 1 FROM schedule") == []
    assert synced.rows("SELECT DISTINCT status FROM report WHERE status <> 'complete'") == [("cancelled",)]
