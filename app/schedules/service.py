"""The service of schedules: make, list, change, pause, resume, run now, remove."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, update

from app.access import audit, owners
from app.access.principal import actor
from app.deliveries.notify import NOBODY, Notify
from app.ids import new_id
from app.schedules import records, timing
from app.schedules.actions import Action, Run
from app.schedules.forms import When, cron_of
from app.schedules.records import CatchUp, Does, Schedule
from app.schedules.tables import schedule
from app.schedules.timing import AsOf, Timing
from app.storage.names import require_free, wrong_name
from app.storage.postgres import database_errors, database_now
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Names that are addresses of their own.
_RESERVED: Final = frozenset({"preview"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """What a schedule is to be; see Schedule for what the parts mean."""

    name: str
    does: Does
    kind: str
    params: Mapping[str, Any]
    when: When
    timezone: str = "UTC"
    as_of: AsOf = "run"
    catch_up: CatchUp = "latest"
    enabled: bool = True
    notify: Notify = NOBODY


class ScheduleService:
    """Operations on schedules; stateless, so any replica can serve them. A schedule goes by its name or its id."""

    def __init__(self, engine: Engine, actions: Mapping[Does, Action]) -> None:
        self._engine = engine
        self._actions = actions

    def add(self, spec: ScheduleSpec) -> Schedule:
        """Make a schedule, which acts for whoever makes it.

        Raises:
            InvalidParameters: of the schedule, or of what it is to begin.
            UnknownReportKind, UnknownSource, NoPolls: what it is to begin cannot begin.
            NotAllowed: whoever makes it may not do that themselves.
            NameTaken: there is one of this name.
        """
        with database_errors(), self._engine.begin() as connection:
            return self.insert(connection, spec)

    def insert(self, connection: Connection, spec: ScheduleSpec) -> Schedule:
        """As add(), in the caller's transaction."""
        now = database_now(connection)
        columns = self._columns(connection, spec, now)
        schedule_id, made = new_id(now), {"created_by": actor().name, "created_at": now}
        require_free(
            connection, insert(schedule).values(id=schedule_id, **columns, **made), of="schedule", name=spec.name
        )
        audit.record(connection, "schedule.add", "schedule", schedule_id, **_told(spec, columns))
        return records.required(connection, spec.name)

    def replace(self, name: str, spec: ScheduleSpec) -> Schedule:
        """Set a schedule anew; from now on it acts for whoever does so.

        Raises:
            UnknownSchedule, and as add().
        """
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            columns = self._columns(connection, spec, database_now(connection))
            require_free(connection, _update(before, columns), of="schedule", name=spec.name)
            audit.record(connection, "schedule.set", "schedule", before.id, **_told(spec, columns))
            return records.required(connection, before.id)

    def listed(self, *, state: str | None = None) -> list[Schedule]:
        """Schedules by name: all, or those in a state (see records.listed)."""
        with database_errors(), self._engine.connect() as connection:
            return records.listed(connection, state=state)

    def get(self, name: str) -> Schedule:
        """One of them. Raises UnknownSchedule."""
        with database_errors(), self._engine.connect() as connection:
            return records.required(connection, name)

    def remove(self, name: str) -> None:
        """Remove a schedule; the jobs that it started stay. Raises UnknownSchedule."""
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            connection.execute(delete(schedule).where(schedule.c.id == before.id))
            audit.record(connection, "schedule.remove", "schedule", before.id, name=before.name)

    def pause(self, name: str) -> Schedule:
        """Have a schedule begin nothing until it is resumed; what is paused stays so. Raises UnknownSchedule."""
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            if before.enabled:
                reason = f"Paused by {actor().name}."
                columns = {"enabled": False, "next_at": None, "paused_reason": reason, "updated_at": func.now()}
                connection.execute(_update(before, columns))
                audit.record(connection, "schedule.pause", "schedule", before.id, name=before.name)
            return records.required(connection, before.id)

    def resume(self, name: str) -> Schedule:
        """Have a schedule go on from now, for whoever resumes it; what was missed meanwhile is not begun.

        Raises:
            UnknownSchedule, and as add() of what it begins: it could not go on.
        """
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            if not before.enabled:
                now = database_now(connection)
                self._check(connection, _run_of(before, now), before.does)
                columns = {"enabled": True, "next_at": before.timing.next_after(now), "paused_reason": None}
                connection.execute(_update(before, columns | {"updated_at": func.now()} | owners.setter()))
                audit.record(connection, "schedule.resume", "schedule", before.id, name=before.name)
            return records.required(connection, before.id)

    def run(self, name: str) -> str:
        """Begin now what a schedule begins, for whoever asks; when it is due does not change.

        Returns:
            The id of the report, or of the job of the sync.

        Raises:
            UnknownSchedule, and as add() of what it begins.
            TooManyReports: not now.
        """
        with database_errors(), self._engine.begin() as connection:
            before = records.required(connection, name, lock=True)
            now, action = database_now(connection), self._action(before.does)
            owners.require(actor(), action.scope, what=f"To run {before.name}")
            job_id = action.begin(connection, _run_of(before, now))
            connection.execute(_update(before, {"last_due_at": now, "last_job_id": job_id}))
            audit.record(connection, "schedule.run", "schedule", before.id, name=before.name, job_id=job_id)
        action.begun(job_id, before.kind)
        return job_id

    def preview(self, when: When, timezone: str, *, count: int = 3) -> tuple[Timing, list[datetime]]:
        """When something would be due, and the next instants. Raises InvalidParameters."""
        with database_errors(), self._engine.connect() as connection:
            now = database_now(connection)
        found = timing.checked(cron_of(when), timezone, now=now)
        return found, found.next_few(now, count)

    def _columns(self, connection: Connection, spec: ScheduleSpec, now: datetime) -> dict[str, Any]:
        """What is stored of a schedule that could begin now, for whoever sets it."""
        if wrong := wrong_name(spec.name, of="schedule", reserved=_RESERVED):
            raise invalid_parameters(wrong)
        when = timing.checked(cron_of(spec.when), spec.timezone, now=now)
        run = Run(spec.kind, spec.params, when, spec.as_of, now, notify=spec.notify)
        self._check(connection, run, spec.does)
        return {
            "name": spec.name,
            "does": spec.does,
            "kind": spec.kind,
            "params": dict(spec.params),
            "cron": when.cron,
            "timezone": when.timezone,
            "as_of": spec.as_of,
            "catch_up": spec.catch_up,
            "notify": {} if spec.notify.is_nobody else spec.notify.model_dump(mode="json"),
            "enabled": spec.enabled,
            "paused_reason": None if spec.enabled else f"Paused by {actor().name}.",
            "next_at": when.next_after(now) if spec.enabled else None,
            "updated_at": now,
            **owners.setter(),
        }

    def _check(self, connection: Connection, run: Run, does: Does) -> None:
        action = self._action(does)
        owners.require(actor(), action.scope, what=f"A schedule of a {does}")
        action.check(connection, run)

    def _action(self, does: Does) -> Action:
        if does not in self._actions:
            allowed = ", ".join(self._actions)
            raise invalid_parameters(
                [WrongValue(parameter="does", received=does, reason="is not known", allowed=allowed)]
            )
        return self._actions[does]


def _run_of(one: Schedule, now: datetime) -> Run:
    return Run(one.kind, one.params, one.timing, one.as_of, now, notify=one.notify, begun_by=one.mark)


def _update(one: Schedule, columns: Mapping[str, Any]) -> Any:
    return update(schedule).where(schedule.c.id == one.id).values(**columns)


def _told(spec: ScheduleSpec, columns: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit keeps."""
    return {"name": spec.name, "does": spec.does, "kind": spec.kind, "cron": columns["cron"], "timezone": spec.timezone}
