"""Schedules: list, make, view, set, pause, resume, run now, remove; when one would be due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.access.scopes import Scope
from app.deliveries.notify import read_notify
from app.jobs.records import JobStatus
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, TOO_MANY, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Schedules
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.notified import NotifyBody, Recipients, recipients
from app.schedules.forms import Every, When
from app.schedules.records import CatchUp, Does, Schedule
from app.schedules.service import ScheduleSpec
from app.schedules.timing import AsOf, Timing

router = APIRouter(
    tags=["schedules"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

_Name = Annotated[str, Path(description="Name or id of a schedule.", examples=["weekly-uptime"])]

_Cron = Annotated[
    str | None,
    Field(
        max_length=200,
        description="When it is due, instead of `every`: minute, hour, day of the month, month, day of the week.",
        examples=["30 6 * * 1-5"],
    ),
]
_Every = Annotated[
    Every | None, Field(description="When it is due: every hour, day, weekday (Monday to Friday), week or month.")
]
_At = Annotated[
    str | None,
    Field(
        max_length=20,
        description="Local time, HH:MM; for every hour the minute, :MM, by default :00.",
        examples=["06:30"],
    ),
]
_On = Annotated[
    str | None,
    Field(
        max_length=20,
        description="For every week a day, by default `monday`; for every month a date from 1 to 28, by default 1, or "
        "`last`.",
        examples=["monday"],
    ),
]
_Zone = Annotated[str, Field(max_length=100, description="IANA time zone of these times.", examples=["Europe/Berlin"])]


class NewSchedule(BaseModel):
    """What a schedule is to be: what it begins, and when."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique name: a to z, 0 to 9, -, _ and ., at most 64.", examples=["weekly-uptime"])
    does: Does = Field("report", description="What it begins.")
    kind: str = Field(description="Report kind, or name of the source.", examples=["uptime"])
    params: dict[str, Any] = Field(
        default_factory=dict,
        description="Parameters of the report, without `as_of`, which changes with each run.",
        examples=[{"period": "last_week"}],
    )
    cron: _Cron = None
    every: _Every = None
    at: _At = None
    on: _On = None
    timezone: _Zone = "UTC"
    as_of: AsOf = Field(
        "run",
        description="`as_of` of its reports: the due time, or the start of the day, week or month that contains it.",
    )
    catch_up: CatchUp = Field(
        "latest", description="Which due times are made up for when no replica was running: the latest one, or none."
    )
    enabled: StrictBool = Field(True, description="Whether it is active; false: paused.")
    notify: NotifyBody = None

    def spec(self) -> ScheduleSpec:
        """The same for the service."""
        given = self.model_dump(exclude={"cron", "every", "at", "on", "notify"})
        return ScheduleSpec(
            **given, notify=read_notify(self.notify), when=When(self.cron, self.every, self.at, self.on)
        )


class LastRun(BaseModel):
    """What a schedule has last begun."""

    due_at: datetime = Field(description="The due time that it was started for.")
    job_id: str = Field(description="Id of the report, or of the job of the sync.")
    status: JobStatus | None = Field(description="Its status; null once its retention has passed.")
    error: str | None = Field(description="Why it failed.")


class ScheduleAnswer(BaseModel):
    """A schedule: what it begins, when, and how it went."""

    schedule_id: str
    name: str
    does: Does
    kind: str
    params: dict[str, Any]
    cron: str
    words: str = Field(description="The same for people.", examples=["At 06:30 on Monday through Friday"])
    timezone: str
    as_of: AsOf
    catch_up: CatchUp
    enabled: bool
    paused_reason: str | None = Field(description="Why it is paused, for people.")
    notify: Recipients = Field(description="Recipients to notify when one of its reports ends.")
    next: list[datetime] = Field(description="The next three due times; empty while it is paused.")
    last: LastRun | None = Field(description="What it started last.")
    skipped: int = Field(
        description="Number of due times that were missed before it was last due; nothing was started for them."
    )
    created_by: str
    runs_as: str = Field(description="Who last changed it; it acts on behalf of this user.")
    created_at: datetime
    updated_at: datetime


class ScheduleList(BaseModel):
    """Schedules, by name."""

    schedules: list[ScheduleAnswer]


class PreviewAnswer(BaseModel):
    """When something would be due."""

    cron: str
    words: str = Field(description="The same for people.")
    timezone: str
    next: list[datetime] = Field(description="The next three instants.")


class Begun(BaseModel):
    """What was begun."""

    job_id: str = Field(description="Id of the report, or of the job of the sync.")


_NewSchedule = Annotated[Any, Body(), described_as(NewSchedule)]


@router.get("/schedules")
@needs(Scope.REPORTS_READ)
def list_schedules(
    schedules: Schedules,
    state: Annotated[
        Literal["active", "paused", "failed"] | None,
        Query(description="List only schedules that are active, that are paused, or whose last job failed."),
    ] = None,
) -> ScheduleList:
    """All schedules, by name."""
    return ScheduleList(schedules=[_answer(one) for one in schedules.listed(state=state)])


@router.post("/schedules", status_code=201, responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.SCHEDULES_WRITE)
def add_schedule(schedules: Schedules, new: _NewSchedule, response: Response) -> ScheduleAnswer:
    """Make a schedule. It acts on behalf of its maker, who must have the rights for what it does."""
    made = _answer(schedules.add(checked(NewSchedule, new).spec()))
    response.headers["Location"] = f"/schedules/{made.schedule_id}"
    return made


# First, because it could be the name of a schedule.
@router.get("/schedules/preview")
@needs(Scope.REPORTS_READ)
def preview_schedule(
    schedules: Schedules,
    cron: Annotated[str | None, Query(max_length=200, description="As of a schedule.")] = None,
    every: Annotated[Every | None, Query(description="As of a schedule.")] = None,
    at: Annotated[str | None, Query(max_length=20, description="As of a schedule.")] = None,
    on: Annotated[str | None, Query(max_length=20, description="As of a schedule.")] = None,
    timezone: Annotated[str, Query(max_length=100, description="IANA time zone.")] = "UTC",
) -> PreviewAnswer:
    """When a schedule would be due, in words and as its next three due times."""
    timing, following = schedules.preview(When(cron, every, at, on), timezone)
    return PreviewAnswer(cron=timing.cron, words=timing.words, timezone=timezone, next=_local(timing, following))


@router.get("/schedules/{name}", responses=NOT_FOUND)
@needs(Scope.REPORTS_READ)
def get_schedule(schedules: Schedules, name: _Name) -> ScheduleAnswer:
    """A schedule."""
    return _answer(schedules.get(name))


@router.put("/schedules/{name}", responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.SCHEDULES_WRITE)
def put_schedule(schedules: Schedules, name: _Name, new: _NewSchedule) -> ScheduleAnswer:
    """Replace a schedule completely. From then on it acts on behalf of the caller."""
    return _answer(schedules.replace(name, checked(NewSchedule, new).spec()))


@router.delete("/schedules/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def delete_schedule(schedules: Schedules, name: _Name) -> Response:
    """Remove a schedule; the jobs that it started stay."""
    schedules.remove(name)
    return Response(status_code=204)


@router.post("/schedules/{name}/pause", responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def pause_schedule(schedules: Schedules, name: _Name) -> ScheduleAnswer:
    """Pause a schedule until it is resumed."""
    return _answer(schedules.pause(name))


@router.post("/schedules/{name}/resume", responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def resume_schedule(schedules: Schedules, name: _Name) -> ScheduleAnswer:
    """Resume a paused schedule on behalf of the caller; missed due times are not made up for."""
    return _answer(schedules.resume(name))


@router.post("/schedules/{name}/run", status_code=202, responses=NOT_FOUND | TOO_MANY)
@needs(Scope.SCHEDULES_WRITE)
def run_schedule(schedules: Schedules, name: _Name) -> Begun:
    """Run a schedule now, as of now, on behalf of the caller; its due times do not change."""
    return Begun(job_id=schedules.run(name))


def _answer(one: Schedule) -> ScheduleAnswer:
    last = None
    if one.last is not None and one.last_due_at is not None:
        last = LastRun(
            due_at=_local(one.timing, [one.last_due_at])[0],
            job_id=one.last.id,
            status=one.last.status,
            error=one.last.error_message,
        )
    return ScheduleAnswer(
        schedule_id=one.id,
        name=one.name,
        does=one.does,
        kind=one.kind,
        params=dict(one.params),
        cron=one.timing.cron,
        words=one.timing.words,
        timezone=one.timing.timezone,
        as_of=one.as_of,
        catch_up=one.catch_up,
        enabled=one.enabled,
        paused_reason=one.paused_reason,
        notify=recipients(one.notify),
        next=_local(one.timing, one.next_few(3)),
        last=last,
        skipped=one.skipped,
        created_by=one.created_by,
        runs_as=one.runs_as,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def _local(timing: Timing, instants: Sequence[datetime]) -> list[datetime]:
    """Instants with the offset that the clock of the zone has then."""
    return [timing.local(one) for one in instants]
