"""Rows of single dates in bodies and answers: exceptions of entities, days of calendars."""

import re
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.entities.dates import DatedRow
from app.reports.instants import Instant

#: More rows than a list that people edit needs; longer ones come as files.
MOST_ROWS: Final = 4000


def _written_out(value: object) -> object:
    """Refuse what is not written as a date: a number would be taken for seconds since 1970."""
    is_written_out = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)
    if value is None or isinstance(value, date) or is_written_out:
        return value
    raise ValueError("is not a date such as 2026-12-24")


LocalDate = Annotated[date, BeforeValidator(_written_out), Field(examples=["2026-12-24"])]


AsKnownAt = Annotated[
    Instant | None,
    Query(
        description="As known at this instant, with Z or an offset. Default: as known now.",
        examples=["2026-12-01T00:00:00Z"],
    ),
]


class CalendarDay(BaseModel):
    """What is said of a date; several rows of one date are its windows."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    date: LocalDate
    what: Literal["closed", "hours"] = "closed"
    start_time_local: str | None = Field(None, description="Of `hours`: from 00:00 to 23:59:59.", examples=["09:00"])
    end_time_local: str | None = Field(
        None, description="Of `hours`: an end at or before the start is on the next date.", examples=["12:00"]
    )
    name: str | None = Field(None, description="For people.", examples=["Christmas"])


class ExceptionDay(CalendarDay):
    """What is said of a date of an entity; several rows of one date are its windows."""

    what: Literal["closed", "hours", "usual", "minus"] = Field(  # type: ignore[assignment]
        description="`usual` keeps the weekly hours although a calendar has the date, `minus` removes a part of its "
        "hours."
    )


def row_of(day: CalendarDay) -> DatedRow:
    """As services take it."""
    return DatedRow(str(day.date), day.what, day.start_time_local, day.end_time_local, day.name)
