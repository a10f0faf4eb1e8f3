"""Weekly working hours and zones, expanded to the calendar of actual dates (docs/uptime-rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.zones import Zone, to_utc

#: An end at or after 23:59 means the end of the day: real files write midnight so, microseconds after midnight.
_MEANS_MIDNIGHT = DAY - HOUR // 60

#: 1970-01-01 was a Thursday; Monday is 0.
_WEEKDAY_OF_EPOCH = 3

#: A window may begin on the local date before and close two dates later than the UTC day it touches, days.
_DATES_BEFORE, _DATES_AFTER = 2, 1


def closing(opens: Micros, closes: Micros) -> Micros:
    """The ends of windows: 23:59 or later is 24:00, and an end at or before the start is on the next date."""
    ends = np.where(closes >= _MEANS_MIDNIGHT, DAY, closes)
    return np.where(ends <= opens, ends + DAY, ends)


def weekday_of(day: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0 = Monday … 6 = Sunday, of days since 1970-01-01."""
    weekday: npt.NDArray[np.int64] = (day + _WEEKDAY_OF_EPOCH) % 7
    return weekday


def dates_around(first: int, last: int) -> tuple[int, int]:
    """First and last day since 1970-01-01 whose windows may touch the instants ``[first, last)`` in any zone."""
    return first // DAY - _DATES_BEFORE, (last - 1) // DAY + _DATES_AFTER


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
    hours: WeeklyHours, zone_of: npt.NDArray[np.integer], zones: Sequence[Zone], *, first: int, last: int
) -> Calendar:
    """The open intervals of every entity in ``[first, last)``.

    An entity without any window is open all the time. Windows become intervals by the four rules of "Working hours
    in UTC": an end of 23:59 or later is 24:00, an end at or before the start is on the next day, each end is
    converted by the zone's rules for its own date, and what ends up empty is dropped.

    Args:
        hours: windows of entities 0 … len(zone_of) - 1.
        zone_of: int[entities], index into ``zones``.
        zones: IANA names, or histories of several.
        first, last: instants, microseconds.
    """
    entity, start, end = intervals(hours, zone_of, zones, first=first, last=last)
    return Calendar.of(entity, start, end, entities=len(zone_of), first=first, last=last)


def intervals(
    hours: WeeklyHours,
    zone_of: npt.NDArray[np.integer],
    zones: Sequence[Zone],
    *,
    first: int,
    last: int,
    otherwise: npt.NDArray[np.integer] | None = None,
) -> tuple[npt.NDArray[np.integer], Micros, Micros]:
    """The same as intervals in any order that may overlap and reach beyond: entity, start, end.

    ``otherwise`` are entities that are left out, as they have other hours than weekly ones.
    """
    always = np.ones(len(zone_of), bool)
    if otherwise is not None:
        always[otherwise] = False
        hours = hours.of_rows(always[hours.entity])
    window, date = _dates(hours.weekday, *dates_around(first, last))
    entity = hours.entity[window]
    ends = np.stack([date + hours.opens[window], date + closing(hours.opens, hours.closes)[window]])
    in_utc(ends, zone_of[entity], zones)
    always[hours.entity] = False
    around_the_clock = np.flatnonzero(always)
    return (
        np.concatenate([entity, around_the_clock]),
        np.concatenate([ends[0], np.full(len(around_the_clock), first)]),
        np.concatenate([ends[1], np.full(len(around_the_clock), last)]),
    )


def in_utc(local: Micros, zone: npt.NDArray[np.integer], zones: Sequence[Zone]) -> None:
    """Turn local times, int64[…, n], into instants in place; ``zone`` is the index of the zone of each of the n."""
    of_zones = np.bincount(zone, minlength=len(zones))
    used = np.flatnonzero(of_zones).tolist()
    if len(used) == 1:
        local[...] = to_utc(local, zones[used[0]])
        return
    # Zone by zone: what lies together is taken and put back faster than what a mask chooses.
    order = np.argsort(zone.astype(np.int16) if len(zones) < 2**15 else zone, kind="stable")
    grouped, start = local[..., order], 0
    for code in used:
        stop = start + of_zones[code]
        grouped[..., start:stop] = to_utc(grouped[..., start:stop], zones[code])
        start = stop
    local[..., order] = grouped


def _dates(weekday: npt.NDArray[np.integer], first_day: int, last_day: int) -> tuple[npt.NDArray[np.intp], Micros]:
    """Every date of ``[first_day, last_day]`` (days since the epoch) on the weekday of each window.

    Returns:
        (index of the window, midnight of the date as local microseconds), both int64[windows x dates].
    """
    onset = first_day + (weekday.astype(np.int64) - first_day - _WEEKDAY_OF_EPOCH) % 7
    day = onset[:, None] + np.arange(0, last_day - first_day + 1, 7)
    window, week = np.nonzero(day <= last_day)
    return window, day[window, week] * DAY
