"""Working-hours time in numpy: instants are int64 microseconds since 1970-01-01 UTC, intervals are half-open."""

from typing import Final

import numpy as np
import numpy.typing as npt

#: Instants, local times and durations, microseconds.
Micros = npt.NDArray[np.int64]

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
