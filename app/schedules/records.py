"""Schedules as rows: what is known of one, how one is found, and the lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, Select, or_, select

from app.deliveries.notify import Notify, stored
from app.errors import UnknownSchedule
from app.jobs.records import JobStatus
from app.jobs.tables import job
from app.schedules.tables import schedule
from app.schedules.timing import AsOf, Timing
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import repeated, shown

#: What a schedule begins.
Does = Literal["report", "sync"]

#: What becomes of instants that nobody was there for: the latest one counts, or none does.
CatchUp = Literal["latest", "none"]


@dataclass(frozen=True, slots=True)
class LastJob:
    """What a schedule last began.

    Attributes:
        id: of the report, or of the job of the sync.
        status: None once it is past its retention.
        error_code, error_message: of one that failed.
    """

    id: str
    status: JobStatus | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A report or a sync that begins by itself.

    Attributes:
        id: 32 hexadecimal digits.
        name: by which people know it; unique.
        does, kind: a report of this kind, or a sync of the source of this name.
        params: of the report, without ``as_of``.
        timing: when.
        as_of: the instant that its reports speak for, by the one at which they are due.
        catch_up: which of the missed instants count.
        enabled: whether it begins anything; not while it is paused.
        paused_reason: why it is paused, for people.
        next_at: when it is due next; None while it is paused.
        last_due_at, last: the instant that it last began something for, and that.
        notify: who is told when a report of it ends.
        skipped: how many instants had been missed when it was last due.
        created_by: name of who made it.
        runs_as, runs_as_id: who last set it, for whom it acts; no id: they are no user.
        created_at, updated_at: when it was made, and last set or paused.
    """

    id: str
    name: str
    does: Does
    kind: str
    params: Mapping[str, Any]
    timing: Timing
    as_of: AsOf
    catch_up: CatchUp
    enabled: bool
    paused_reason: str | None
    next_at: datetime | None
    last_due_at: datetime | None
    last: LastJob | None
    notify: Notify
    skipped: int
    created_by: str
    runs_as: str
    runs_as_id: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def mark(self) -> str:
        """What its reports say that they were begun by."""
        return f"schedule {self.id}"

    def next_few(self, count: int) -> list[datetime]:
        """The next instants; none while it is paused."""
        return [] if self.next_at is None else [self.next_at, *self.timing.next_few(self.next_at, count - 1)]


_OF_JOB: Final = (job.c.status, job.c.error_code, job.c.error_message)


def schedules() -> Select[Any]:
    """The columns of Schedule."""
    return select(schedule, *_OF_JOB).outerjoin(job, job.c.id == schedule.c.last_job_id)


def schedule_of(row: Row[Any]) -> Schedule:
    """A row of schedules()."""
    known = row._asdict()
    status, code, message = (known.pop(column.name) for column in _OF_JOB)
    last_id = known.pop("last_job_id")
    last = None if last_id is None else LastJob(last_id, status and JobStatus(status), code, message)
    timing = Timing(known.pop("cron"), known.pop("timezone"))
    notify = stored(known.pop("notify"))
    return Schedule(**known, timing=timing, last=last, notify=notify)


def required(connection: Connection, name: str, *, lock: bool = False) -> Schedule:
    """A schedule by its name or id; with ``lock`` nobody else changes or fires it until the transaction ends.

    Raises:
        UnknownSchedule: there is none.
    """
    query = schedules().where(or_(schedule.c.name == name, schedule.c.id == name))
    query = query.with_for_update(of=schedule) if lock else query
    row = None if "\0" in name else connection.execute(query).one_or_none()
    if row is not None:
        return schedule_of(row)
    near = suggestions(name, connection.scalars(select(schedule.c.name)))
    raise UnknownSchedule(
        f"There is no schedule {shown(name)}{did_you_mean(near)}.", received=repeated(name), nearest=near
    )


def listed(connection: Connection, *, state: str | None) -> list[Schedule]:
    """Schedules by name: all, those that are ``active`` or ``paused``, or those whose last job ``failed``."""
    conditions = {
        "active": schedule.c.enabled,
        "paused": ~schedule.c.enabled,
        "failed": job.c.status == JobStatus.FAILED,
    }
    query = schedules().order_by(schedule.c.name)
    return [schedule_of(row) for row in connection.execute(query if state is None else query.where(conditions[state]))]
