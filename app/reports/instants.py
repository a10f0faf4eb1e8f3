"""The instants that parameters accept, of reports and of all other requests."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.timeline import EARLIEST, LATEST

#: How a text for an instant begins.
_BEGIN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _written_out(value: Any) -> Any:
    """Refuse a number, and a text that is one: 20230125 would be taken for seconds since 1970."""
    if value is None or isinstance(value, datetime) or (isinstance(value, str) and _BEGIN.match(value)):
        return value
    raise PydanticCustomError("instant", "is not an instant in ISO 8601 with Z or an offset")


def plausible(instant: datetime) -> datetime:
    """The same instant in UTC: Postgres takes no offset of 16 hours or more.

    Raises:
        ValueError: it is not from EARLIEST to LATEST.
    """
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d} UTC")
    return instant.astimezone(UTC)


#: A parameter that is an instant: written with any offset, from EARLIEST to LATEST, in UTC from here on.
Instant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(plausible)]

#: The parameter of reports that says which hours and calendars count.
AsKnownAt = Annotated[
    Instant | None,
    Field(
        description="Hours, zones and calendars as they were known at this instant (ISO 8601 with Z or an offset); a "
        "report with the same instant gives the same result after later changes. Default: as they are known now.",
        examples=["2024-11-04T09:00:00Z"],
    ),
]
