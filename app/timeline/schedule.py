"""When numbered entities are open by their own clocks: their hours and zones, whatever instants are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import Micros
from app.timeline.alike import alike
from app.timeline.calendar import Calendar
from app.timeline.dated import Dated, local_windows
from app.timeline.working_hours import WeeklyHours, Window, dates_around, in_utc, intervals, with_default
from app.timeline.zones import Zone

#: Entities to a group of such with the same hours and zone, on average, from which on it is worth finding the groups.
_SHARED: Final = 3


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours and zones of entities 0 … n - 1 (docs/calendar-rules.md).

    Attributes:
        hours: their weekly windows that have no limits of validity.
        zone_of: int64[n], index into ``zones``.
        zones: IANA names or histories; the last one is that of whoever is nobody, see take().
        default: windows of an entity that has none; without any it is open around the clock.
        dated: what is said of dates; None: nothing.
    """

    hours: WeeklyHours
    zone_of: npt.NDArray[np.int64]
    zones: Sequence[Zone]
    default: Sequence[Window] = ()
    dated: Dated | None = None

    def __len__(self) -> int:
        return len(self.zone_of)

    def take(self, numbers: npt.NDArray[np.integer]) -> "Schedule":
        """The schedule of these entities, numbered from 0 again.

        Args:
            numbers: int[m], each 0 … n - 1 at most once; -1 for one that has no hours and no zone of its own.
        """
        number_of = np.full(len(self) + 1, -1)
        number_of[numbers] = np.arange(len(numbers))
        number_of[-1] = -1
        kept = number_of[self.hours.entity] >= 0
        zone_of = np.append(self.zone_of, len(self.zones) - 1)[numbers]
        dated = None if self.dated is None else self.dated.renumbered(number_of)
        return Schedule(self.hours.of_rows(kept).renumbered(number_of), zone_of, self.zones, self.default, dated)

    def calendar(self, first: int, last: int) -> Calendar:
        """The open intervals of every entity within ``[first, last)``, instants in microseconds.

        Most entities have the hours and the zone of many others: their intervals are computed once for all of them.
        """
        groups = alike(self.hours, self.zone_of, self._dated_entities())
        if len(groups.firsts) * _SHARED > len(self):
            return self._calendar(first, last)
        return self.take(groups.firsts)._calendar(first, last).shared(groups.group)  # noqa: SLF001 - of this class

    def _dated_entities(self) -> npt.NDArray[np.int64]:
        return np.zeros(0, np.int64) if self.dated is None else self.dated.entities

    def _calendar(self, first: int, last: int) -> Calendar:
        """The same, of each entity by itself."""
        hours = with_default(self.hours, self.default, entities=len(self)) if self.default else self.hours
        otherwise = None if self.dated is None else self.dated.entities
        entity, start, end = intervals(hours, self.zone_of, self.zones, first=first, last=last, otherwise=otherwise)
        if self.dated is not None:
            first_day, last_day = dates_around(first, last)
            of_dates, *ends = local_windows(self.dated, self.hours, self.default, first=first_day, last=last_day)
            instants = np.stack(ends)
            in_utc(instants, self.zone_of[of_dates], self.zones)
            entity = np.concatenate([entity, of_dates])
            start, end = np.concatenate([start, instants[0]]), np.concatenate([end, instants[1]])
        return Calendar.of(entity, start, end, entities=len(self), first=first, last=last)

    def to_utc(self, entity: npt.NDArray[np.integer], local: Micros) -> Micros:
        """First instants at which the entities' own clocks show these local times or later.

        Args:
            entity: int[m], 0 … n - 1.
            local: local times as if they were UTC, int64[m] microseconds.
        """
        instants = local.copy()
        in_utc(instants, self.zone_of[entity], self.zones)
        return instants
