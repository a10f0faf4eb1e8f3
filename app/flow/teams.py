"""The working hours of teams, expanded for some of them after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, MISSING, Micros
from app.timeline.calendar import Calendar
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from app.timeline.zones import Zone, offsets_at

#: Teams x days that are expanded at a time; with the hourly series of each some 100 MB.
TEAM_DAYS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Teams:
    """Teams that have pull requests, numbered in the order of their names.

    Attributes:
        names: of each.
        schedule: theirs; that of number ``len(names)`` is for whoever has no team.
    """

    names: Sequence[str]
    schedule: Schedule

    @classmethod
    def of(cls, names: Sequence[str], entities: Entities, schedule: Schedule) -> "Teams":
        """The named ones among these entities.

        Args:
            names: sorted, each the key of an entity.
            entities: every team.
            schedule: theirs.
        """
        number = dict(zip(entities.keys, range(len(entities)), strict=True))
        return cls(names, schedule.take(np.array([*(number[name] for name in names), -1], np.int64)))

    def ahead_of_utc(self, at: Micros, team: npt.NDArray[np.int64], zone: Zone | None = None) -> Micros:
        """What a clock is ahead of UTC at each instant, int64[n] microseconds; 0 where it is MISSING.

        Args:
            at: int64[n] microseconds.
            team: int64[n], number of each one's team, -1 without one.
            zone: whose clock; None: that of each one's team.
        """
        known, found = at != MISSING, np.zeros(len(at), np.int64)
        if zone is not None:
            found[known] = offsets_at(at[known], zone)
            return found
        of = self.schedule.zone_of[np.where(team < 0, len(self.names), team)]
        for code in np.unique(of[known]).tolist():
            rows = np.flatnonzero(known & (of == code))
            found[rows] = offsets_at(at[rows], self.schedule.zones[code])
        return found

    def calendars(self, *, first: int, last: int) -> Iterator[tuple[slice, Calendar]]:
        """Their open intervals within the full hours around ``[first, last]``, for a range of numbers at a time."""
        first, last = first // HOUR * HOUR, (last // HOUR + 1) * HOUR
        step = max(1, TEAM_DAYS * DAY // (last - first))
        for start in range(0, len(self.schedule), step):
            numbers = slice(start, min(start + step, len(self.schedule)))
            yield numbers, self.schedule.take(np.arange(numbers.start, numbers.stop)).calendar(first, last)
