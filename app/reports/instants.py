"""The range of instants that parameters of reports accept."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from app.timeline import EARLIEST, LATEST


def _plausible(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d} UTC")
    return instant


#: A parameter that is an instant: from EARLIEST to LATEST, with its offset.
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
