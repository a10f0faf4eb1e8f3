"""The phases of a pull request, elapsed and inside its team's working hours (docs/pull-request-rules.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import MISSING, SECOND, Micros
from app.timeline.calendar import Calendar

#: From which instant to which each phase lasts; where the first named is not known, the next one counts.
PHASES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "coding_time": (("first_commit_at",), ("created_at",)),
    "pickup_time": (("ready_at", "created_at"), ("first_review_at",)),
    "review_time": (("first_review_at",), ("approved_at", "merged_at")),
    "merge_time": (("approved_at",), ("merged_at",)),
    "cycle_time": (("first_commit_at", "created_at"), ("merged_at", "closed_at")),
}

#: When a pull request comes into each state: awaiting_review, in_review, approved, and over.
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "awaiting_review": ("ready_at", "created_at"),
    "in_review": ("first_review_at",),
    "approved": ("approved_at",),
    "over": ("merged_at", "closed_at"),
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of every pull request.

    Attributes:
        start, end: int64[n] microseconds; where it is not known, both are the same instant.
        known: bool[n], both ends are known and in order.
        inconsistent: bool[n], it ends before it begins.
    """

    start: Micros
    end: Micros
    known: npt.NDArray[np.bool_]
    inconsistent: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, name: str, instants: Mapping[str, Micros], *, as_of: int) -> "Phase":
        """A phase of PHASES; one that begins only after ``as_of``, microseconds, is not known, as that of a draft."""
        start, end = (first_known(instants, names) for names in PHASES[name])
        both = (start != MISSING) & (end != MISSING) & (start <= as_of)
        known = both & (start <= end)
        created = instants["created_at"]
        return cls(np.where(known, start, created), np.where(known, end, created), known, both & (start > end))

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Phase":
        """The same of some pull requests."""
        return Phase(self.start[rows], self.end[rows], self.known[rows], self.inconsistent[rows])

    def wall_seconds(self) -> npt.NDArray[np.float64]:
        """Elapsed seconds, NaN where the phase is not known."""
        return self._seconds(self.end - self.start)

    def working_seconds(self, calendar: Calendar, team: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Seconds within the open intervals of each row's team, NaN where the phase is not known."""
        return self._seconds(calendar.open_between(team, self.start, self.end))

    def _seconds(self, micros: Micros) -> npt.NDArray[np.float64]:
        return np.where(self.known, micros / SECOND, np.nan)


def first_known(instants: Mapping[str, Micros], names: tuple[str, ...]) -> Micros:
    """The first of some instants that is known in each row, MISSING without one."""
    found = instants[names[0]]
    for name in names[1:]:
        found = np.where(found == MISSING, instants[name], found)
    return found
