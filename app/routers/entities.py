"""List entities, view one, change its hours or time zone; change several at once."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.entities.named import DEFAULT_KIND
from app.entities.opening import Rule
from app.entities.service import EntityDetails, Window
from app.ingest.values import LONGEST_MINUTES
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.bodies import checked, described_as
from app.routers.dates import AsKnownAt, LocalDate
from app.routers.dependencies import Entities
from app.routers.key_route import KeyRoute
from app.routers.malformed import require_known_query
from app.routers.needs import needs

#: More windows than any week needs.
MOST_WINDOWS: Final = 1000

#: Entities that are changed at once, as many as a page of the list may have.
MOST_CHANGED: Final = 1000

router = APIRouter(
    route_class=KeyRoute,
    tags=["entities"],
    responses=UNAVAILABLE | NOT_FOUND | UNPROCESSABLE,
    dependencies=[Depends(require_known_query)],
)

Kind = Annotated[str, Path(description="Entity kind.", examples=["store"])]
Key = Annotated[
    str, Path(description="Key as in the loaded files; may contain slashes.", examples=["1050565545391667097"])
]


class OpeningWindow(BaseModel):
    """Open from start to end, local time, on that weekday; an end at or before the start is on the next day."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    day: int = Field(
        strict=True, description="0 = Monday … 6 = Sunday.", json_schema_extra={"minimum": 0, "maximum": 6}
    )
    start_time_local: str = Field(description="From 00:00 to 23:59:59.", examples=["09:00:00"])
    end_time_local: str = Field(
        description="From 00:00 to 24:00; 23:59 or later means the end of the day.", examples=["17:00"]
    )


class EntitySummary(BaseModel):
    """An entity: which it is, and its time zone."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    key: str
    timezone: str = Field(description="IANA time zone in use for the entity.")
    timezone_is_default: bool = Field(description="True if the entity has no time zone of its own.")


class OpenNowAnswer(BaseModel):
    """Whether an entity is open now."""

    model_config = ConfigDict(from_attributes=True)

    is_open: bool
    changes_at: datetime | None = Field(description="Until when that holds; null: for at least a week.")


class ListedEntity(EntitySummary):
    """An entity in the list."""

    now: OpenNowAnswer | None = Field(description="Whether it is open now; null unless `now` asks for it.")


class EntityList(BaseModel):
    """Entities, in order of their keys."""

    entities: list[ListedEntity]
    next_cursor: NextCursor


class EntityAnswer(EntitySummary):
    """An entity with what is said of it and statistics of its polls."""

    now: OpenNowAnswer | None = Field(description="Whether it is open now; null unless `now` asks for it.")
    name: str | None = Field(description="For people.")
    group: str | None = Field(description="Group whose totals include it.")
    max_gap_minutes: int | None = Field(
        description="How long a poll is valid in exact accounting; 0: until the next one, null: as set for the report."
    )
    active_from: date | None = Field(description="First local date on which it exists; null for no limit.")
    active_to: date | None = Field(description="Last local date on which it exists; null for no limit.")

    open_24x7: bool = Field(description="True if the entity is open around the clock.")
    hours: list[OpeningWindow] = Field(description="Opening windows in use for the entity.")
    hours_are_default: bool = Field(
        description="True if the entity has no hours of its own; a team then uses OPENHOURS_TEAM_HOURS."
    )
    first_poll: datetime | None
    last_poll: datetime | None
    polls: int


class NewHours(BaseModel):
    """The windows that replace those of an entity."""

    model_config = ConfigDict(extra="forbid")

    hours: list[OpeningWindow] = Field(
        max_length=MOST_WINDOWS,
        description="New opening windows; empty restores the default: around the clock for a store.",
    )


class NewTimezone(BaseModel):
    """The new time zone of an entity."""

    model_config = ConfigDict(extra="forbid")

    timezone: str | None = Field(description="IANA time zone; null for the default.", examples=["Europe/Paris"])


class NewDetails(BaseModel):
    """What is said of an entity beside its hours and its time zone; what is left out is not said."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description="For people.", examples=["Main Street"])
    group: str | None = Field(None, description="Group whose totals include it.", examples=["North"])
    max_gap_minutes: int | None = Field(
        None,
        strict=True,
        description="How long a poll is valid in exact accounting; 0: until the next one.",
        json_schema_extra={"minimum": 0, "maximum": LONGEST_MINUTES},
    )
    active_from: LocalDate | None = Field(None, description="First local date on which it exists.")
    active_to: LocalDate | None = Field(None, description="Last local date on which it exists.")


class SeveralChanges(BaseModel):
    """What several entities are given."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(DEFAULT_KIND, description="Entity kind.")
    keys: list[str] = Field(
        min_length=1, max_length=MOST_CHANGED, description="Keys of the entities, as in the loaded files."
    )
    timezone: str | None = Field(
        None, description="IANA time zone for all dates. Default: unchanged.", examples=["Europe/Paris"]
    )
    add_calendar: str | None = Field(
        None,
        description="Name of a calendar to add after their other calendars; entities that already use it stay "
        "unchanged.",
        examples=["public:DE-BY"],
    )


class ChangedEntities(BaseModel):
    """The entities that were named, in order of their keys."""

    entities: list[EntitySummary]


class OpenInterval(BaseModel):
    """Open from opens_at to before closes_at."""

    model_config = ConfigDict(from_attributes=True)

    opens_at: datetime
    closes_at: datetime


class OpenDay(BaseModel):
    """A local date of an entity."""

    model_config = ConfigDict(from_attributes=True)

    on: date
    reason: str = Field(
        description="What decided the date.", examples=["holiday: Christmas (public:DE-BY)", "weekly hours"]
    )
    rule: Rule = Field(description="Rule that decided it; `inactive`: the date is outside those on which it exists.")
    name: str | None = Field(
        description="Name of the exception or the holiday; null without one.", examples=["Christmas"]
    )
    calendar: str | None = Field(
        description="Calendar of the holiday; null for other rules.", examples=["public:DE-BY"]
    )
    open: list[OpenInterval] = Field(description="Windows that open on the date, whenever they close.")


class OpenDays(BaseModel):
    """When an entity is open, date by date."""

    days: list[OpenDay]


ValidFrom = Annotated[LocalDate | None, Query(description="First local date on which it applies. Default: no limit.")]

_NewHours = Annotated[Any, Body(), described_as(NewHours)]
_NewTimezone = Annotated[Any, Body(), described_as(NewTimezone)]
_SeveralChanges = Annotated[Any, Body(), described_as(SeveralChanges)]
_NewDetails = Annotated[Any, Body(), described_as(NewDetails)]


@router.get("/entities")
@needs(Scope.DATA_READ)
def list_entities(
    entities: Entities,
    *,
    kind: Annotated[str, Query(description="Entity kind.")] = DEFAULT_KIND,
    prefix: Annotated[str, Query(description="List only keys with this prefix.")] = "",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Entities per page.")] = 50,
    timezone: Annotated[
        str | None, Query(description="List only those in this IANA time zone today.", examples=["Europe/Berlin"])
    ] = None,
    exceptions: Annotated[bool, Query(description="List only those with an exception today or later.")] = False,
    now: Annotated[bool, Query(description="Also tell whether each is open now.")] = False,
) -> EntityList:
    """Entities of a kind, in order of their keys."""
    at = datetime.now(UTC) if now else None
    page = entities.page(
        kind=kind, prefix=prefix, timezone=timezone, exceptions=exceptions, cursor=cursor, limit=limit, at=at
    )
    return EntityList(
        entities=[ListedEntity.model_validate(entity) for entity in page.items], next_cursor=page.next_cursor
    )


@router.patch("/entities", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def patch_entities(entities: Entities, new: _SeveralChanges) -> ChangedEntities:
    """Set the time zone of several entities, or add a calendar to them, in one transaction."""
    several = checked(SeveralChanges, new)
    changed = entities.set_several(several.kind, several.keys, timezone=several.timezone, calendar=several.add_calendar)
    return ChangedEntities(entities=[EntitySummary.model_validate(one) for one in changed])


# Before the route whose key would match "…/hours": a 405 lists the methods of the first route that matches.
@router.put("/entities/{kind}/{key:path}/hours", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_hours(
    entities: Entities,
    kind: Kind,
    key: Key,
    new: _NewHours,
    valid_from: ValidFrom = None,
    valid_to: Annotated[
        LocalDate | None, Query(description="Last local date on which they apply. Default: no limit.")
    ] = None,
) -> EntityAnswer:
    """Replace the hours of an entity that apply between the same two dates; checked like an hours file."""
    windows = [Window(**window.model_dump()) for window in checked(NewHours, new).hours]
    return _answer(entities.replace_hours(kind, key, windows, valid_from=valid_from, valid_to=valid_to))


@router.put("/entities/{kind}/{key:path}/timezone", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_timezone(
    entities: Entities, kind: Kind, key: Key, new: _NewTimezone, valid_from: ValidFrom = None
) -> EntityAnswer:
    """Set the time zone of an entity, or restore the default; time zones before `valid_from` stay.

    With `valid_from` and no time zone, the previous one continues.
    """
    return _answer(entities.set_timezone(kind, key, checked(NewTimezone, new).timezone, valid_from=valid_from))


@router.get("/entities/{kind}/{key:path}/open")
@needs(Scope.DATA_READ)
def get_open(
    entities: Entities,
    kind: Kind,
    key: Key,
    first: Annotated[LocalDate, Query(alias="from", description="First local date.", examples=["2026-12-24"])],
    last: Annotated[
        LocalDate,
        Query(alias="to", description="Local date after the last one, at most 400 days.", examples=["2026-12-28"]),
    ],
    as_known_at: AsKnownAt = None,
) -> OpenDays:
    """When an entity is open, date by date, with the rule that decides it."""
    days = entities.open_days(kind, key, first=first, last=last, as_known_at=as_known_at)
    return OpenDays(days=[OpenDay.model_validate(day) for day in days])


@router.get("/entities/{kind}/{key:path}")
@needs(Scope.DATA_READ)
def get_entity(
    entities: Entities,
    kind: Kind,
    key: Key,
    as_known_at: AsKnownAt = None,
    *,
    now: Annotated[bool, Query(description="Also tell whether it is open now.")] = False,
) -> EntityAnswer:
    """An entity: its time zone, its hours, its details, and its first, last and number of polls."""
    return _answer(entities.find(kind, key, as_known_at=as_known_at, at=datetime.now(UTC) if now else None))


@router.put("/entities/{kind}/{key:path}", responses=TOO_LARGE)
@needs(Scope.HOURS_WRITE)
def put_entity(entities: Entities, kind: Kind, key: Key, new: _NewDetails) -> EntityAnswer:
    """Replace the details of an entity: name, group, how long its polls are valid, when it exists."""
    return _answer(entities.replace_details(kind, key, **checked(NewDetails, new).model_dump()))


def _answer(entity: EntityDetails) -> EntityAnswer:
    return EntityAnswer.model_validate(entity, from_attributes=True)
