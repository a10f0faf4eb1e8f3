"""How pull requests went: what counts in the course of each, its phases by both clocks, its first review."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.clocks import CLOCKS, Clock, seconds_by_clock
from app.flow.milestones import Milestones
from app.flow.phases import PHASES, Phase, phases_of
from app.flow.pull_requests import PullRequests, as_they_stood
from app.flow.statistics import Durations
from app.flow.teams import Teams
from app.flow.waits import Outcome, outcome, unanswered
from app.timeline import MISSING

#: What is measured beside the phases: how long those waited that had no review, and how old those are that are open.
UNANSWERED: Final = "unanswered"
AGE: Final = "age"


@dataclass(frozen=True, slots=True)
class Course:
    """How n pull requests went until some instant.

    Attributes:
        pulls: the pull requests as they stood then.
        at: what counts in the course of each.
        teams: those that they are of.
        team: int64[n], number of each one's team, -1 without one.
        phases: each phase of PHASES.
        seconds: float64[n] by clock, and by phase, UNANSWERED or AGE; NaN where it is not known.
        first_review: what came of waiting for a first review.
    """

    pulls: PullRequests
    at: Milestones
    teams: Teams
    team: npt.NDArray[np.int64]
    phases: Mapping[str, Phase]
    seconds: Mapping[Clock, Durations]
    first_review: Outcome

    @property
    def is_open(self) -> npt.NDArray[np.bool_]:
        """Which ones are neither merged nor closed, bool[n]."""
        is_open: npt.NDArray[np.bool_] = self.at.ended == MISSING
        return is_open

    def durations(self, clock: Clock) -> Durations:
        """Seconds of the phases alone."""
        return {name: self.seconds[clock][name] for name in PHASES}

    def where(self, which: npt.NDArray[np.bool_]) -> "Course":
        """Those of which it is true, bool[n]; itself if it is true of all."""
        return self if which.all() else self.of_rows(np.flatnonzero(which))

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Course":
        """The same of some pull requests, whose teams stay numbered as they are."""
        return Course(
            self.pulls.of_rows(rows),
            self.at.of_rows(rows),
            self.teams,
            self.team[rows],
            {name: phase.of_rows(rows) for name, phase in self.phases.items()},
            {clock: {name: of[rows] for name, of in self.seconds[clock].items()} for clock in CLOCKS},
            self.first_review.of_rows(rows),
        )


def follow(pulls: PullRequests, teams: Teams, team: npt.NDArray[np.int64], *, as_of: int) -> Course:
    """How pull requests went.

    Args:
        pulls: n pull requests; only ready_at may be later than ``as_of``.
        teams: those that they are of.
        team: int64[n], number of each one's team, -1 without one.
        as_of: the instant for which the report is computed, microseconds.
    """
    pulls = as_they_stood(pulls, as_of)
    at = Milestones.of(pulls)
    phases = phases_of(at)
    waiting = unanswered(at, as_of=as_of)
    age = Phase.between(np.where(at.ended == MISSING, at.created, MISSING), np.full(len(pulls), as_of))
    seconds = seconds_by_clock({**phases, UNANSWERED: waiting, AGE: age}, teams, team)
    _count_stretches(seconds, pulls.details.draft_seconds)
    return Course(pulls, at, teams, team, phases, seconds, outcome(at, phases["pickup_time"], waiting))


def _count_stretches(seconds: Mapping[Clock, Durations], told: npt.NDArray[np.float64]) -> None:
    """Take the draft times that sources tell: of several stretches nobody knows how much was working time."""
    wall, working = seconds["wall"]["draft_time"], seconds["working"]["draft_time"]
    several = ~np.isnan(wall) & ~np.isnan(told) & (told != wall)
    wall[several], working[several] = told[several], np.nan
