"""The phases of a pull request, elapsed and inside its team's working hours (docs/pull-request-rules.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.milestones import Milestones
from app.timeline import MISSING, SECOND, Micros
from app.timeline.calendar import Calendar

#: The phases of a merged pull request and, last, the time that one took which was closed unmerged.
PHASES: Final = (
    *("coding_time", "pickup_time", "review_time", "merge_time", "cycle_time"),
    *("draft_time", "closed_unmerged"),
)


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
    def between(cls, start: Micros, end: Micros) -> "Phase":
        """From instants to instants, of which some are MISSING."""
        both = (start != MISSING) & (end != MISSING)
        known = both & (start <= end)
        return cls(np.where(known, start, 0), np.where(known, end, 0), known, both & (start > end))

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Phase":
        """The same of some pull requests."""
        return Phase(self.start[rows], self.end[rows], self.known[rows], self.inconsistent[rows])

    def wall_seconds(self) -> npt.NDArray[np.float64]:
        """Elapsed seconds, NaN where the phase is not known."""
        return np.where(self.known, (self.end - self.start) / SECOND, np.nan)

    def working_seconds(self, calendar: Calendar, team: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Seconds within the open intervals of each row's team; every row's phase is known."""
        seconds: npt.NDArray[np.float64] = calendar.open_between(team, self.start, self.end) / SECOND
        return seconds


def phases_of(at: Milestones) -> Mapping[str, Phase]:
    """Every phase of PHASES.

    A review or an approval of a draft is early feedback: it counts from when the draft was ready. So the draft, pickup,
    review and merge times of a pull request that has them, and its coding time before it was created, are its cycle.
    """
    reviewed, approved = at.once_ready(at.reviewed), at.once_ready(at.approved)
    is_early = (at.reviewed != MISSING) & (at.reviewed < at.created)  # of a review before the creation nothing is right
    ends: Mapping[str, tuple[Micros, Micros]] = {
        "coding_time": (at.first_commit, at.created),
        "pickup_time": (at.ready, np.where(is_early, at.reviewed, reviewed)),
        "review_time": (reviewed, np.where(approved == MISSING, at.merged, approved)),
        "merge_time": (approved, at.merged),
        "cycle_time": (at.began, at.merged),
        "draft_time": (at.created, at.was_ready),
        "closed_unmerged": (at.began, np.where(at.merged == MISSING, at.closed, MISSING)),
    }
    return {name: Phase.between(*ends[name]) for name in PHASES}
