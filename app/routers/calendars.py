"""List calendars, view one, replace its dates, remove one."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.entities.calendars import Calendar
from app.entities.dates import DatedRow
from app.entities.ics import MOST_BYTES
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dates import MOST_ROWS, AsKnownAt, CalendarDay, row_of
from app.routers.dependencies import Calendars
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.uploads import UNLIMITED

router = APIRouter(
    tags=["calendars"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

#: The file, for the OpenAPI document.
_ICS: Final = {
    "requestBody": {
        "required": True,
        "content": {"text/calendar": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_Name = Annotated[str, Path(description="Name of a calendar; may contain slashes.", examples=["public:DE-BY"])]

DryRun = Annotated[bool, Query(description="Only return what would be stored; nothing changes.")]


class CalendarSummary(BaseModel):
    """A calendar in the list."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    source: str = Field(description="Where its dates come from, for people.")
    days: int = Field(description="Number of its dates.")
    first: date | None = Field(description="Its first date.")
    last: date | None = Field(description="Its last date.")
    entities: int = Field(description="Number of stores and teams that use it on at least one date.")


class CalendarList(BaseModel):
    """All calendars, by name."""

    calendars: list[CalendarSummary]


class CalendarDays(BaseModel):
    """A calendar with its dates; several rows of one date are its windows."""

    calendar: CalendarSummary
    days: list[CalendarDay]


class NewDays(BaseModel):
    """The dates that replace those of a calendar."""

    model_config = ConfigDict(extra="forbid")

    days: list[CalendarDay] = Field(max_length=MOST_ROWS)
    source: str = Field("a request", min_length=1, max_length=200, description="Where the dates come from, for people.")


_NewDays = Annotated[Any, Body(), described_as(NewDays)]


@router.get("/calendars")
@needs(Scope.DATA_READ)
def list_calendars(calendars: Calendars, as_known_at: AsKnownAt = None) -> CalendarList:
    """All calendars, by name."""
    found = calendars.list(as_known_at=as_known_at)
    return CalendarList(calendars=[CalendarSummary.model_validate(one) for one in found])


# First, because the name of a calendar may have slashes.
@router.post("/calendars/{name:path}/import", responses=TOO_LARGE, openapi_extra=_ICS, max_body_size=UNLIMITED)
@needs(Scope.HOURS_WRITE)
async def import_calendar(
    calendars: Calendars,
    request: Request,
    name: _Name,
    *,
    dry_run: DryRun = False,
) -> CalendarDays:
    """Make a calendar from the all-day events of an iCalendar file, or replace its dates with them.

    Events occur once or yearly; yearly events get dates for twenty years, starting with last year. The file has at
    most 1 MiB and 2,000 events; a file with any other event is refused completely.
    """
    data = b""
    async for block in request.stream():
        data += block
        if len(data) > MOST_BYTES:  # which the service refuses
            break
    first_year = datetime.now(UTC).year - 1
    return _answer(*await run_in_threadpool(calendars.import_ics, name, data, first_year=first_year, dry_run=dry_run))


@router.get("/calendars/{name:path}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_calendar(calendars: Calendars, name: _Name, as_known_at: AsKnownAt = None) -> CalendarDays:
    """A calendar with its dates."""
    return _answer(*calendars.get(name, as_known_at=as_known_at))


@router.put("/calendars/{name:path}", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_calendar(calendars: Calendars, name: _Name, new: _NewDays, *, dry_run: DryRun = False) -> CalendarDays:
    """Replace the dates of a calendar, or make one; checked like a file of holidays."""
    given = checked(NewDays, new)
    rows = [row_of(day) for day in given.days]
    return _answer(*calendars.put(name, rows, source=given.source, dry_run=dry_run))


@router.delete("/calendars/{name:path}", status_code=204, responses=NOT_FOUND | CONFLICT)
@needs(Scope.HOURS_WRITE)
def delete_calendar(calendars: Calendars, name: _Name) -> Response:
    """Remove a calendar that no store or team uses. Reports with an earlier `known_at` still use it."""
    calendars.remove(name)
    return Response(status_code=204)


def _answer(calendar: Calendar, rows: list[DatedRow]) -> CalendarDays:
    return CalendarDays(
        calendar=CalendarSummary.model_validate(calendar), days=[CalendarDay.model_validate(row) for row in rows]
    )
