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

#: Marks a missing instant in an array; earlier than any.
MISSING: Final = int(np.iinfo(np.int64).min)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Range of instants in files and in parameters of reports; others come from a wrong clock.
EARLIEST: Final = _EPOCH
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The UTC datetime of microseconds since 1970-01-01."""
    return _EPOCH + timedelta(microseconds=micros)
