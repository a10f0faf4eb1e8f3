"""The working hours of teams, expanded for some of them after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR
from app.timeline.calendar import Calendar
from app.timeline.entities import Entities
from app.timeline.working_hours import WeeklyHours, Window, calendar, with_default

#: Teams x days that are expanded at a time; with the hourly series of each some 100 MB.
TEAM_DAYS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Teams:
    """Teams that have pull requests, numbered in the order of their names.

    Attributes:
        names: of each.
        hours: their windows; that of number ``len(names)`` are the hours of whoever has no team.
        zone_of: int64[len(names) + 1], index into ``zones``.
        zones: IANA names.
    """

    names: Sequence[str]
    hours: WeeklyHours
    zone_of: npt.NDArray[np.int64]
    zones: Sequence[str]

    @classmethod
    def of(
        cls, names: Sequence[str], entities: Entities, hours: WeeklyHours, *, default: Sequence[Window], zone: str
    ) -> "Teams":
        """The named ones among these entities, with the default windows and zone for those that have none.

        Args:
            names: sorted, each the key of an entity.
            entities: every team.
            hours: windows of the entities by their numbers there.
            default: windows of a team that has none.
            zone: of whoever has no team.
        """
        number = dict(zip(names, range(len(names)), strict=True))
        number_of = np.array([number.get(key, -1) for key in entities.keys], np.int64)
        own = replace(hours, entity=number_of[hours.entity])
        own = own.of_rows(own.entity >= 0)
        zone_of = np.full(len(names) + 1, len(entities.zones))
        zone_of[number_of[number_of >= 0]] = entities.zone_of[number_of >= 0]
        return cls(names, with_default(own, default, entities=len(names) + 1), zone_of, [*entities.zones, zone])

    def calendars(self, *, first: int, last: int) -> Iterator[tuple[slice, Calendar]]:
        """Their open intervals within the full hours around ``[first, last]``, for a range of numbers at a time."""
        first, last = first // HOUR * HOUR, (last // HOUR + 1) * HOUR
        step = max(1, TEAM_DAYS * DAY // (last - first))
        for start in range(0, len(self.zone_of), step):
            numbers = slice(start, min(start + step, len(self.zone_of)))
            here = (self.hours.entity >= numbers.start) & (self.hours.entity < numbers.stop)
            hours = self.hours.of_rows(here)
            hours = replace(hours, entity=hours.entity - start)
            yield numbers, calendar(hours, self.zone_of[numbers], self.zones, first=first, last=last)
