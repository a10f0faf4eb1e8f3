"""Which share of commits and merges a team makes inside its own hours, by month; never of one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.teams import Teams
from app.timeline import MISSING, Micros

#: People who must have committed in a month for a share to be told: that of fewer tells of each.
FEWEST_PEOPLE: Final = 5

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MonthInHours:
    """A team in one month of its own clock.

    Attributes:
        team: its name.
        month: such as ``2026-10``.
        people: different authors that are known.
        commits, merges: how many; a merge has two or more parents and is no commit here.
        commits_in_hours, merges_in_hours: the share of them inside the team's hours, 0 to 1; None: see ``reason``, or
            there were none.
        reason: why no share is told; None: they are told.
    """

    team: str
    month: str
    people: int
    commits: int
    merges: int
    commits_in_hours: float | None
    merges_in_hours: float | None
    reason: str | None


def months_in_hours(
    teams: Teams, team: _Ints, at: Micros, person: _Ints, is_merge: npt.NDArray[np.bool_]
) -> list[MonthInHours]:
    """The months of each team in which it has commits, by team and month.

    Args:
        teams: those that the commits are of.
        team: int64[n], number of each commit's team; those of nobody, -1, are left out.
        at: int64[n] microseconds, when it was made.
        person: int64[n], who made it, -1 if nobody knows.
        is_merge: bool[n].
    """
    rows = np.flatnonzero(team >= 0)
    if not len(rows):
        return []
    team, at, person, is_merge = team[rows], at[rows], person[rows], is_merge[rows]
    local = at + teams.ahead_of_utc(at, team)
    month = local.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    cells, cell = np.unique(np.stack([team, month]), axis=1, return_inverse=True)
    cell = cell.reshape(-1)
    inside = inside_hours(teams, team, at)
    known = np.unique(np.stack([cell, person])[:, person >= 0], axis=1)[0]
    return list(_told(teams, cells, np.bincount(known, minlength=cells.shape[1]), _counts(cell, is_merge, inside)))


def inside_hours(teams: Teams, team: _Ints, at: Micros) -> npt.NDArray[np.bool_]:
    """Whether each instant lies within the hours of its team, bool[n]; false where it is MISSING.

    Args:
        teams: those that the instants are of.
        team: int64[n], number of each one's team, -1 without one.
        at: int64[n] microseconds.
    """
    inside, known = np.zeros(len(at), bool), np.flatnonzero(at != MISSING)
    if not len(known):
        return inside
    number = np.where(team < 0, len(teams.names), team)
    for numbers, calendar in teams.calendars(first=int(at[known].min()), last=int(at[known].max())):
        rows = known[(number[known] >= numbers.start) & (number[known] < numbers.stop)]
        inside[rows] = calendar.is_open(calendar.place(number[rows] - numbers.start, at[rows]))
    return inside


def _counts(cell: _Ints, is_merge: npt.NDArray[np.bool_], inside: npt.NDArray[np.bool_]) -> _Ints:
    """By cell: commits outside and inside the hours, merges outside and inside, int64[cells, 4]."""
    which = cell * 4 + is_merge * 2 + inside
    return np.bincount(which, minlength=4 * (int(cell.max()) + 1)).reshape(-1, 4)


def _told(teams: Teams, cells: _Ints, people: _Ints, counts: _Ints) -> Iterator[MonthInHours]:
    for (team, month), known, of in zip(cells.T.tolist(), people.tolist(), counts.tolist(), strict=True):
        outside, inside, merged_outside, merged_inside = of
        is_told = known >= FEWEST_PEOPLE
        commits, merges = outside + inside, merged_outside + merged_inside
        yield MonthInHours(
            team=teams.names[team],
            month=str(np.datetime64(month, "M")),
            people=known,
            commits=commits,
            merges=merges,
            commits_in_hours=inside / commits if is_told and commits else None,
            merges_in_hours=merged_inside / merges if is_told and merges else None,
            reason=None if is_told else _reason(known),
        )


def _reason(people: int) -> str:
    who = "nobody that is known has" if not people else f"{people} {'person has' if people == 1 else 'people have'}"
    return f"{who} committed; a share is told of {FEWEST_PEOPLE} people or more"
