"""Durations of phases, in wall-clock time and in working time of each team."""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from app.flow.phases import Phase
from app.flow.statistics import Durations
from app.flow.teams import Teams

Clock = Literal["working", "wall"]

CLOCKS: Final[tuple[Clock, ...]] = ("working", "wall")


def seconds_by_clock(
    phases: Mapping[str, Phase], teams: Teams, team: npt.NDArray[np.int64]
) -> Mapping[Clock, Durations]:
    """Seconds of each phase, float64[n] by its name, NaN where it is not known.

    Args:
        phases: phases of the same n pull requests, by name.
        teams: those that they are of.
        team: int64[n], number of each one's team, -1 without one.
    """
    elapsed = {name: phase.wall_seconds() for name, phase in phases.items()}
    return {"wall": elapsed, "working": working_seconds(phases, teams, team)}


def working_seconds(phases: Mapping[str, Phase], teams: Teams, team: npt.NDArray[np.int64]) -> Durations:
    """The seconds of each phase within the working hours of its team, as seconds_by_clock() has them."""
    seconds = {name: np.full(len(team), np.nan) for name in phases}
    known = {name: np.flatnonzero(phase.known) for name, phase in phases.items()}
    parts = [(phases[name].start[rows], phases[name].end[rows]) for name, rows in known.items() if len(rows)]
    if not parts:
        return seconds
    first, last = min(int(start.min()) for start, _ in parts), max(int(end.max()) for _, end in parts)
    number = np.where(team < 0, len(teams.names), team)
    for numbers, calendar in teams.calendars(first=first, last=last):
        for name, phase in phases.items():
            of = number[known[name]]
            rows = known[name][(of >= numbers.start) & (of < numbers.stop)]
            if len(rows):
                seconds[name][rows] = phase.of_rows(rows).working_seconds(calendar, number[rows] - numbers.start)
    return seconds
