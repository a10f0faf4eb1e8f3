"""The range of instants that parameters of reports accept."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from app.timeline import EARLIEST, LATEST


def _plausible(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d} UTC")
    return instant


#: A parameter that is an instant: from EARLIEST to LATEST, with its offset.
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]

#: The parameter of reports that says which hours and calendars count.
AsKnownAt = Annotated[
    Instant | None,
    Field(
        description="Hours, zones and calendars as they were known at this instant (ISO 8601 with Z or an offset); a "
        "report with the same instant gives the same result after later changes. Default: as they are known now.",
        examples=["2024-11-04T09:00:00Z"],
    ),
]
