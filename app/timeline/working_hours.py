"""Weekly working hours and zones, expanded to the calendar of actual dates (docs/uptime-rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.zones import to_utc

#: An end at or after 23:59 means the end of the day: real files write midnight so, microseconds after midnight.
_MEANS_MIDNIGHT = DAY - HOUR // 60

#: 1970-01-01 was a Thursday; Monday is 0.
_WEEKDAY_OF_EPOCH = 3

#: A window may begin on the local date before and close two dates later than the UTC day it touches, days.
_DATES_BEFORE, _DATES_AFTER = 2, 1


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Opening windows of numbered entities, one row each, in any order; an entity may have any number a day.

    Attributes:
        entity: int[n], 0 … entities - 1.
        weekday: int[n], 0 = Monday … 6 = Sunday, local.
        opens, closes: int64[n], local time of day, microseconds after midnight, 0 … 24 h.
    """

    entity: npt.NDArray[np.integer]
    weekday: npt.NDArray[np.integer]
    opens: Micros
    closes: Micros

    def of_rows(self, rows: npt.NDArray[np.bool_]) -> "WeeklyHours":
        """The chosen windows."""
        return WeeklyHours(self.entity[rows], self.weekday[rows], self.opens[rows], self.closes[rows])

    def renumbered(self, number_of: npt.NDArray[np.integer]) -> "WeeklyHours":
        """The same windows; ``number_of`` has the new number of each entity."""
        return replace(self, entity=number_of[self.entity])


#: A weekly window of an entity that has none of its own: weekday, and local times of day in microseconds.
Window = tuple[int, int, int]


def with_default(hours: WeeklyHours, windows: Sequence[Window], *, entities: int) -> WeeklyHours:
    """The same hours, and these windows for every one of the numbered entities that has none."""
    has_own = np.zeros(entities, bool)
    has_own[hours.entity] = True
    without = np.flatnonzero(~has_own)
    weekday, opens, closes = (np.array(column, np.int64) for column in zip(*windows, strict=True))
    return WeeklyHours(
        np.concatenate([hours.entity, np.repeat(without, len(windows))]),
        np.concatenate([hours.weekday, np.tile(weekday, len(without))]),
        np.concatenate([hours.opens, np.tile(opens, len(without))]),
        np.concatenate([hours.closes, np.tile(closes, len(without))]),
    )


def calendar(
    hours: WeeklyHours, zone_of: npt.NDArray[np.integer], zones: Sequence[str], *, first: int, last: int
) -> Calendar:
    """The open intervals of every entity in ``[first, last)``.

    An entity without any window is open all the time. Windows become intervals by the four rules of "Working hours
    in UTC": an end of 23:59 or later is 24:00, an end at or before the start is on the next day, each end is
    converted by the zone's rules for its own date, and what ends up empty is dropped.

    Args:
        hours: windows of entities 0 … len(zone_of) - 1.
        zone_of: int[entities], index into ``zones``.
        zones: IANA names.
        first, last: instants, microseconds.
    """
    closes = np.where(hours.closes >= _MEANS_MIDNIGHT, DAY, hours.closes)
    closes = np.where(closes <= hours.opens, closes + DAY, closes)
    window, date = _dates(hours.weekday, first // DAY - _DATES_BEFORE, (last - 1) // DAY + _DATES_AFTER)
    entity = hours.entity[window]
    ends = np.stack([date + hours.opens[window], date + closes[window]])
    zone = zone_of[entity]
    for code in np.unique(zone):
        here = zone == code
        ends[:, here] = to_utc(ends[:, here], zones[code])

    always = np.ones(len(zone_of), bool)
    always[hours.entity] = False
    around_the_clock = np.flatnonzero(always)
    return Calendar.of(
        np.concatenate([entity, around_the_clock]),
        np.concatenate([ends[0], np.full(len(around_the_clock), first)]),
        np.concatenate([ends[1], np.full(len(around_the_clock), last)]),
        entities=len(zone_of),
        first=first,
        last=last,
    )


def _dates(weekday: npt.NDArray[np.integer], first_day: int, last_day: int) -> tuple[npt.NDArray[np.intp], Micros]:
    """Every date of ``[first_day, last_day]`` (days since the epoch) on the weekday of each window.

    Returns:
        (index of the window, midnight of the date as local microseconds), both int64[windows x dates].
    """
    onset = first_day + (weekday.astype(np.int64) - first_day - _WEEKDAY_OF_EPOCH) % 7
    day = onset[:, None] + np.arange(0, last_day - first_day + 1, 7)
    window, week = np.nonzero(day <= last_day)
    return window, day[window, week] * DAY
