"""Working-hours time in numpy: instants are int64 microseconds since 1970-01-01 UTC, intervals are half-open."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

#: Instants, local times and durations, microseconds.
Micros = npt.NDArray[np.int64]

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR

#: Stands in an array of instants where there is none; earlier than any.
MISSING: Final = int(np.iinfo(np.int64).min)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Files hold, and reports are asked about, no earlier and no later instant: others are mistakes of a clock.
EARLIEST: Final = _EPOCH
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The UTC datetime of microseconds since 1970-01-01."""
    return _EPOCH + timedelta(microseconds=micros)
