"""The instants of a report on windows that end at an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, Micros, to_micros

#: The windows of the report, microseconds; all end at as_of.
WINDOWS: Final = {"hour": HOUR, "day": DAY, "week": 7 * DAY}


@dataclass(frozen=True, slots=True)
class Horizon:
    """The instants of a report, microseconds since the epoch.

    Attributes:
        earliest: polls before it are discarded.
        as_of: polls after it are discarded; the windows end here.
        first, last: full hours around both; the hours of the series are ``[first, last)``.
        edges: where the open time of the week is cut: at full hours and at the beginning of each window.
        hour: for each piece between two edges, its hour of the series.
    """

    earliest: int
    as_of: int
    first: int
    last: int
    edges: Micros
    hour: npt.NDArray[np.int64]

    @classmethod
    def before(cls, as_of: datetime, *, lookback: timedelta) -> "Horizon":
        end = to_micros(as_of)
        week = end - WINDOWS["week"]
        earliest = week - lookback // timedelta(microseconds=1)
        first = earliest // HOUR * HOUR
        full_hours = np.arange(week // HOUR + 1, -(-end // HOUR)) * HOUR
        edges = np.unique(np.concatenate([full_hours, [end], [end - length for length in WINDOWS.values()]]))
        # A poll at as_of itself belongs to the report, so the series ends after the hour that holds it.
        last = (end // HOUR + 1) * HOUR
        return cls(earliest, end, first, last, edges, (edges[:-1] - first) // HOUR)

    @property
    def hours(self) -> int:
        return (self.last - self.first) // HOUR

    def pieces(self, window: str) -> slice:
        """The pieces between edges that make up a window."""
        return slice(int(np.searchsorted(self.edges, self.as_of - WINDOWS[window])), len(self.edges) - 1)
