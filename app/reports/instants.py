"""The instants that a report may be asked about."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

#: No file may hold an earlier or a later one, and neither may leave what a calendar can hold.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def _plausible(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d} UTC")
    return instant


#: A parameter that is an instant: from EARLIEST to LATEST, with its offset.
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
