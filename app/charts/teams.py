"""Durations of pull requests by team, and which teams a chart shows in which colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.charts.colours import NO_TEAM_COLOUR, TEAM_COLOURS, TEAMS, outline
from app.charts.style import printable, shortened

#: Columns of a team's name beside its row.
NAME_COLUMNS: Final = 23

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Durations:
    """Observed pull requests, one element of each array for each.

    Attributes:
        teams: names, sorted.
        team: int64[n], index into ``teams``; -1 is an observation without a team.
        review_seconds, merge_seconds: float64[n], 0 or longer; nan where it is not known.
    """

    teams: Sequence[str]
    team: npt.NDArray[np.int64]
    review_seconds: Seconds
    merge_seconds: Seconds

    def __len__(self) -> int:
        return len(self.team)

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
        """bool[n]: of which the review or the merge time is known."""
        return ~(np.isnan(self.review_seconds) & np.isnan(self.merge_seconds))

    def only(self, which: npt.NDArray[np.bool_]) -> "Durations":
        """The observations for which ``which`` is true, of the same teams."""
        return Durations(self.teams, self.team[which], self.review_seconds[which], self.merge_seconds[which])


@dataclass(frozen=True, slots=True)
class Team:
    """A team that is shown by itself.

    Attributes:
        index: as in Durations, -1 for observations without a team.
        name: printable, in full; label: the same, short enough for its row.
        colour: in every chart of a report.
    """

    index: int
    name: str
    label: str
    colour: str

    @property
    def outline(self) -> str:
        """Its colour, dark enough for a line on paper."""
        return outline(self.colour)


@dataclass(frozen=True, slots=True)
class Cast:
    """The teams that the charts of one report show, those with most pull requests first, and how many there are.

    Observations without a team come last, as if they were one team more.
    """

    shown: Sequence[Team]
    total: int

    @classmethod
    def of(cls, durations: Durations) -> "Cast":
        """Of those with as many pull requests, the first by name."""
        count = np.bincount(durations.team + 1, minlength=len(durations.teams) + 1)
        order = np.argsort(-count[1:], kind="stable")
        there = order[count[1:][order] > 0].tolist()
        shown = []
        for index, colour in zip(there[:TEAMS], TEAM_COLOURS, strict=False):
            name = printable(durations.teams[index])
            shown.append(Team(index, name, shortened(name, NAME_COLUMNS), colour))
        if count[0]:
            shown.append(Team(-1, "no team", "no team", NO_TEAM_COLOUR))
        return cls(shown, len(there))

    def remark(self, noun: str) -> str:
        """Which teams are shown, if not all are; the noun, in the singular, is what they are counted by."""
        if self.total <= TEAMS:
            return ""
        return f"the {TEAMS} teams with the most {noun}s, of {self.total:,}"


def known(values: Seconds) -> Seconds:
    """The values that are known."""
    return values[~np.isnan(values)]
