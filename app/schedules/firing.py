"""Begins what is due: each instant once, whichever replica is first (docs/schedules.md, "Once").

One transaction takes a schedule that is due, past those that others have locked, records the job under a key of the
instant, and sets when the schedule is due next. A replica that dies in between leaves all as it was.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, update

from app.access import audit, owners
from app.access.principal import acting_as
from app.deliveries.announcing import announce
from app.errors import (
    BadInput,
    DatabaseUnavailable,
    NotAllowed,
    NotFound,
    OpenhoursError,
    SourcePaused,
    TooManyReports,
    Unavailable,
)
from app.schedules import records
from app.schedules.actions import Action, Run
from app.schedules.records import Does, Schedule
from app.schedules.tables import schedule
from app.storage.postgres import database_errors, database_now
from app.telemetry.metrics import SCHEDULED
from app.wording.values import iso

#: How often a replica looks for what is due, seconds: cron knows no shorter time than a minute.
LOOK_SECONDS: Final = 5

#: How late an instant may begin something where missed ones do not count: longer than a replica takes to start again.
ON_TIME: Final = timedelta(minutes=15)

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a schedule that was due: the metrics have it."""

    BEGUN = "begun"
    SKIPPED = "skipped"
    POSTPONED = "postponed"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Firing:
    """What one look does, of one process.

    Attributes:
        engine: Postgres.
        actions: what can begin.
        now: the clock, which all replicas share.
    """

    engine: Engine
    actions: Mapping[Does, Action]
    now: Callable[[Connection], datetime] = database_now

    def fire_due(self, stopping: Event) -> None:
        """Begin all that is due, the longest due first; what cannot begin now stays due.

        Raises:
            DatabaseUnavailable: Postgres does not answer.
        """
        passed: set[str] = set()
        while not stopping.is_set() and self._fire_next(passed):
            pass

    def _fire_next(self, passed: set[str]) -> bool:
        """Whether there was one that is due, but for those that were ``passed`` over."""
        with database_errors(), self.engine.begin() as connection:
            now = self.now(connection)
            query = (
                records.schedules()
                .where(schedule.c.enabled, schedule.c.next_at <= now, schedule.c.id.not_in(passed))
                .order_by(schedule.c.next_at, schedule.c.id)
                .limit(1)
                .with_for_update(of=schedule, skip_locked=True)
            )
            row = connection.execute(query).one_or_none()
            if row is None:
                return False
            one = records.schedule_of(row)
            passed.add(one.id)
            outcome, job_id = self._fire(connection, one, now)
        SCHEDULED.labels(does=one.does, outcome=outcome.value).inc()
        if job_id is not None:
            self.actions[one.does].begun(job_id, one.kind)
        return True

    def _fire(self, connection: Connection, one: Schedule, now: datetime) -> tuple[Outcome, str | None]:
        """What became of the instant that counts, and its job."""
        due, skipped, next_at = _missed(one, now)
        if skipped:
            _log.warning("schedule %s: %d instants were missed", one.name, skipped)
        if due is None:
            _set(connection, one, next_at=next_at, skipped=skipped)
            return Outcome.SKIPPED, None
        try:
            with database_errors(), connection.begin_nested():
                job_id = self._begin(connection, one, due, skipped)
        except SourcePaused as error:
            _log.info("schedule %s begins nothing: %s", one.name, error.message)
            _set(connection, one, next_at=next_at, skipped=skipped + 1)
            return Outcome.SKIPPED, None
        except DatabaseUnavailable:  # for every schedule
            raise
        except (TooManyReports, Unavailable) as error:
            _log.info("schedule %s stays due: %s", one.name, error.message)
            return Outcome.POSTPONED, None
        except (BadInput, NotFound, NotAllowed) as error:
            _pause(connection, one, error, due)
            return Outcome.PAUSED, None
        except Exception:  # noqa: BLE001 - a defect that one schedule meets must not keep the others from beginning
            _log.exception("schedule %s stays due: it failed to begin", one.name)
            return Outcome.FAILED, None
        _set(connection, one, next_at=next_at, skipped=skipped, last_due_at=due, last_job_id=job_id)
        return Outcome.BEGUN, job_id

    def _begin(self, connection: Connection, one: Schedule, due: datetime, skipped: int) -> str:
        action = self.actions.get(one.does)
        if action is None:
            raise BadInput(f"This version cannot begin a {one.does}.")
        key = f"schedule:{one.id}:{due.isoformat()}"
        with acting_as(owners.owner_of(connection, one, action.scope, via="schedule")):
            job_id = action.begin(connection, _run_of(one, due, key))
            told: dict[str, Any] = {"name": one.name, "job_id": job_id, "due": due.isoformat(), "skipped": skipped}
            audit.record(connection, "schedule.run", "schedule", one.id, **told)
        return job_id


def _run_of(one: Schedule, due: datetime, key: str) -> Run:
    return Run(one.kind, one.params, one.timing, one.as_of, due, key, notify=one.notify, begun_by=one.mark)


def _missed(one: Schedule, now: datetime) -> tuple[datetime | None, int, datetime | None]:
    """Of the instants up to now: the one that counts, how many do not, and the one after them."""
    latest, skipped = one.next_at, 0
    assert latest is not None  # noqa: S101 - it was due
    following: datetime | None
    for following in one.timing.after(latest):
        if following > now:
            break
        latest, skipped = following, skipped + 1
    else:
        following = None
    if one.catch_up == "none" and now - latest > ON_TIME:
        return None, skipped + 1, following
    return latest, skipped, following


def _pause(connection: Connection, one: Schedule, error: OpenhoursError, due: datetime) -> None:
    _log.warning("schedule %s is paused: %s", one.name, error.message)
    _set(connection, one, enabled=False, next_at=None, paused_reason=error.message, updated_at=func.now())
    told: dict[str, Any] = {"name": one.name, "due": due.isoformat(), "code": error.code, "reason": error.message}
    audit.record(connection, "schedule.pause", "schedule", one.id, outcome="failed", **told)
    announce(
        connection,
        "schedule.paused",
        one.id,
        title=f"The schedule {one.name} is paused.",
        facts=[("Schedule", one.name), ("Was due at", iso(due)), ("Why", error.message)],
        page=f"/console/schedules/{one.name}",
        wanted=one.notify,
        schedule=one.name,
        schedule_id=one.id,
        due=iso(due),
        error={"code": error.code, "message": error.message},
    )


def _set(connection: Connection, one: Schedule, **columns: Any) -> None:
    connection.execute(update(schedule).where(schedule.c.id == one.id).values(**columns))
