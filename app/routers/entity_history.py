"""What is said of an entity beside its usual week: hours and zones by date, exceptions, calendars."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.entities.history import CalendarUse
from app.entities.service import EntityService
from app.errors import UnknownEntity
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dates import MOST_ROWS, AsKnownAt, ExceptionDay, LocalDate, row_of
from app.routers.dependencies import Entities, History
from app.routers.entities import EntityAnswer, Key, Kind, OpeningWindow
from app.routers.key_route import KeyRoute
from app.routers.malformed import require_known_query
from app.routers.needs import needs

R = TypeVar("R")

router = APIRouter(
    route_class=KeyRoute,
    tags=["entities"],
    responses=UNAVAILABLE | NOT_FOUND | UNPROCESSABLE,
    dependencies=[Depends(require_known_query)],
)


class HoursOfDates(BaseModel):
    """Weekly hours and the dates on which they hold."""

    model_config = ConfigDict(from_attributes=True)

    valid_from: date | None = Field(description="First local date; null for no limit.")
    valid_to: date | None = Field(description="Last local date; null for no limit.")
    hours: list[OpeningWindow]


class HoursHistory(BaseModel):
    """All weekly hours of an entity: on each date those hold that began last."""

    versions: list[HoursOfDates]


class ZoneOfDates(BaseModel):
    """A time zone and the date from which on it holds."""

    model_config = ConfigDict(from_attributes=True)

    valid_from: date | None = Field(description="First local date; null for no limit.")
    timezone: str = Field(description="IANA time zone.")


class ZoneHistory(BaseModel):
    """All time zones of an entity, in their order."""

    timezones: list[ZoneOfDates]


class ExceptionList(BaseModel):
    """The exceptions of an entity, by date."""

    model_config = ConfigDict(extra="forbid")

    exceptions: list[ExceptionDay] = Field(max_length=MOST_ROWS)


class UsedCalendar(BaseModel):
    """A calendar that an entity uses on the dates between two, both included."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    calendar: str = Field(description="Its name.", examples=["public:DE-BY"])
    valid_from: LocalDate | None = Field(None, description="First local date; null for no limit.")
    valid_to: LocalDate | None = Field(None, description="Last local date; null for no limit.")


class UsedCalendars(BaseModel):
    """The calendars that an entity uses; of two that have a date the first one counts."""

    model_config = ConfigDict(extra="forbid")

    calendars: list[UsedCalendar] = Field(max_length=MOST_ROWS)


_Exceptions = Annotated[Any, Body(), described_as(ExceptionList)]
_UsedCalendars = Annotated[Any, Body(), described_as(UsedCalendars)]


@router.get("/entities/{kind}/{key:path}/hours")
@needs(Scope.DATA_READ)
def get_hours(
    history: History, entities: Entities, kind: Kind, key: Key, as_known_at: AsKnownAt = None
) -> HoursHistory | EntityAnswer:
    """All weekly hours of an entity, with the dates on which they apply."""

    def read() -> HoursHistory:
        found = history.hours(kind, key, as_known_at=as_known_at)
        return HoursHistory(versions=[HoursOfDates.model_validate(one) for one in found])

    return _first(read, entities, kind, f"{key}/hours", as_known_at)


@router.get("/entities/{kind}/{key:path}/timezone")
@needs(Scope.DATA_READ)
def get_timezones(
    history: History, entities: Entities, kind: Kind, key: Key, as_known_at: AsKnownAt = None
) -> ZoneHistory | EntityAnswer:
    """All time zones of an entity, with the dates from which they apply."""

    def read() -> ZoneHistory:
        found = history.zones(kind, key, as_known_at=as_known_at)
        return ZoneHistory(timezones=[ZoneOfDates.model_validate(one) for one in found])

    return _first(read, entities, kind, f"{key}/timezone", as_known_at)


@router.get("/entities/{kind}/{key:path}/exceptions")
@needs(Scope.DATA_READ)
def get_exceptions(
    history: History, entities: Entities, kind: Kind, key: Key, as_known_at: AsKnownAt = None
) -> ExceptionList | EntityAnswer:
    """The exceptions of an entity, by date."""

    def read() -> ExceptionList:
        found = history.exceptions(kind, key, as_known_at=as_known_at)
        return ExceptionList.model_construct(exceptions=_days(found))

    return _first(read, entities, kind, f"{key}/exceptions", as_known_at)


@router.put("/entities/{kind}/{key:path}/exceptions", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_exceptions(history: History, kind: Kind, key: Key, new: _Exceptions) -> ExceptionList:
    """Replace all exceptions of an entity; checked like a file of them."""
    rows = [row_of(day) for day in checked(ExceptionList, new).exceptions]
    return ExceptionList.model_construct(exceptions=_days(history.replace_exceptions(kind, key, rows)))


@router.get("/entities/{kind}/{key:path}/calendars")
@needs(Scope.DATA_READ)
def get_calendars(
    history: History, entities: Entities, kind: Kind, key: Key, as_known_at: AsKnownAt = None
) -> UsedCalendars | EntityAnswer:
    """The calendars that an entity uses, in order of precedence."""
    return _first(
        lambda: _used(history.calendars(kind, key, as_known_at=as_known_at)),
        entities,
        kind,
        f"{key}/calendars",
        as_known_at,
    )


@router.put("/entities/{kind}/{key:path}/calendars", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_calendars(history: History, kind: Kind, key: Key, new: _UsedCalendars) -> UsedCalendars:
    """Replace the calendars that an entity uses; their dates may be loaded later."""
    uses = [CalendarUse(**use.model_dump()) for use in checked(UsedCalendars, new).calendars]
    return _used(history.replace_calendars(kind, key, uses))


def _first(
    read: Callable[[], R], entities: EntityService, kind: str, longer: str, as_known_at: datetime | None
) -> R | EntityAnswer:
    """What is read; if there is no such entity, the one whose key ends like the address: keys may contain slashes."""
    try:
        return read()
    except UnknownEntity:
        try:
            named = entities.find(kind, longer, as_known_at=as_known_at)
            return EntityAnswer.model_validate(named, from_attributes=True)
        except UnknownEntity:
            pass
        raise


def _days(rows: Any) -> list[ExceptionDay]:
    return [ExceptionDay.model_validate(row) for row in rows]


def _used(uses: list[CalendarUse]) -> UsedCalendars:
    return UsedCalendars.model_construct(calendars=[UsedCalendar.model_validate(use) for use in uses])
