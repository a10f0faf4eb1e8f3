"""List entities, look at one, mend its hours or its zone."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.entities.service import DEFAULT_KIND, EntityDetails, Window
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.dependencies import Entities
from app.routers.malformed import require_known_query

#: More windows than any week needs.
MOST_WINDOWS: Final = 1000

router = APIRouter(
    tags=["entities"], responses=UNAVAILABLE | NOT_FOUND | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

_Kind = Annotated[str, Path(description="Entity kind.", examples=["store"])]
_Key = Annotated[
    str, Path(description="As the loaded files have it; it may hold slashes.", examples=["1050565545391667097"])
]


class OpeningWindow(BaseModel):
    """Open from start to end, local time, on that weekday; an end at or before the start is on the next day."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    day: int = Field(
        strict=True, description="0 = Monday … 6 = Sunday.", json_schema_extra={"minimum": 0, "maximum": 6}
    )
    start_time_local: str = Field(description="From 00:00 to 23:59:59.", examples=["09:00:00"])
    end_time_local: str = Field(
        description="From 00:00 to 24:00; from 23:59 on the end of the day.", examples=["17:00"]
    )


class EntitySummary(BaseModel):
    """An entity in the list."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    key: str
    timezone: str = Field(description="IANA zone that counts for it.")
    timezone_is_default: bool = Field(description="Whether it has no zone of its own.")


class EntityList(BaseModel):
    """Entities in the order of their keys."""

    entities: list[EntitySummary]
    next_cursor: NextCursor


class EntityAnswer(EntitySummary):
    """An entity with its hours and what is known of its polls."""

    open_24x7: bool = Field(description="It is open around the clock.")
    hours: list[OpeningWindow] = Field(description="Those that count for it.")
    hours_are_default: bool = Field(description="It has none of its own; a team then has OPENHOURS_TEAM_HOURS.")
    first_poll: datetime | None
    last_poll: datetime | None
    polls: int


class NewHours(BaseModel):
    """The windows that an entity is to have instead of those that it has."""

    model_config = ConfigDict(extra="forbid")

    hours: list[OpeningWindow] = Field(
        max_length=MOST_WINDOWS, description="Empty: the default of its kind, around the clock for a store."
    )


class NewTimezone(BaseModel):
    """The zone that an entity is to have."""

    model_config = ConfigDict(extra="forbid")

    timezone: str | None = Field(description="IANA zone; null for the default zone.", examples=["Europe/Paris"])


@router.get("/entities")
def list_entities(
    entities: Entities,
    kind: Annotated[str, Query(description="Entity kind.")] = DEFAULT_KIND,
    prefix: Annotated[str, Query(description="Only those whose key begins so.")] = "",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Entities a page.")] = 50,
) -> EntityList:
    """Entities of a kind in the order of their keys."""
    page = entities.page(kind=kind, prefix=prefix, cursor=cursor, limit=limit)
    return EntityList(
        entities=[EntitySummary.model_validate(entity) for entity in page.items], next_cursor=page.next_cursor
    )


# Before the route whose key would take "…/hours" as its own end: a 405 tells the methods of the first that fits.
@router.put("/entities/{kind}/{key:path}/hours", responses=TOO_LARGE)
def put_hours(entities: Entities, kind: _Kind, key: _Key, new: NewHours) -> EntityAnswer:
    """Replace the hours of an entity; checked as an hours file is."""
    windows = [Window(**window.model_dump()) for window in new.hours]
    return _answer(entities.replace_hours(kind, key, windows))


@router.put("/entities/{kind}/{key:path}/timezone", responses=TOO_LARGE)
def put_timezone(entities: Entities, kind: _Kind, key: _Key, new: NewTimezone) -> EntityAnswer:
    """Set the zone of an entity, or leave it to the default zone."""
    return _answer(entities.set_timezone(kind, key, new.timezone))


@router.get("/entities/{kind}/{key:path}")
def get_entity(entities: Entities, kind: _Kind, key: _Key) -> EntityAnswer:
    """An entity: its zone, its hours, and its first, last and number of polls."""
    return _answer(entities.find(kind, key))


def _answer(entity: EntityDetails) -> EntityAnswer:
    return EntityAnswer.model_validate(entity, from_attributes=True)
