"""Local clock time to UTC: the one place that knows what happens when clocks change.

The rule (docs/uptime-rules.md, "Working hours in UTC", 3): if a local time occurs twice, the first occurrence counts;
if it does not occur, the first instant after the gap counts. Both are one rule: **the first instant at which the
local clock shows that time or later.**
"""

import zoneinfo
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import pairwise

import numpy as np

from app.timeline import DAY, SECOND, Micros, from_micros, to_micros

# Use the pinned tzdata package everywhere, so that two machines never differ in their rules.
zoneinfo.reset_tzpath(to=())

#: No zone is further from UTC than this; a margin around the given local times, microseconds.
_MARGIN = 2 * DAY


@dataclass(frozen=True, slots=True)
class ZoneHistory:
    """Zones one after the other: a move of an entity.

    A zone takes over when the clock of the one before it reaches 00:00 of its first date, but not before that one has.

    Attributes:
        names: IANA names.
        days: the first dates of all but the first, ascending, days since 1970-01-01.
    """

    names: tuple[str, ...]
    days: tuple[int, ...]


#: A zone by its IANA name, or several.
Zone = str | ZoneHistory


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Names of the IANA time zone database."""
    return frozenset(zoneinfo.available_timezones())


def to_utc(local: Micros, zone: Zone) -> Micros:
    """First instants at which the clocks of ``zone`` show ``local`` or later.

    Args:
        local: local times as if they were UTC, int64 microseconds, any shape.
        zone: IANA name, or a history.

    Returns:
        Instants, int64 microseconds since the epoch, the shape of ``local``.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    if local.size == 0:
        return local.copy()
    first = (int(local.min()) - _MARGIN) // DAY
    last = -((-int(local.max()) - _MARGIN) // DAY)
    starts, offsets = _offsets(zone, first, last) if isinstance(zone, str) else _offsets_of(zone, first, last)
    # Until the clocks leave an offset they have shown every time up to here; a clock set back shows no later one.
    shown_before = np.maximum.accumulate(np.append(starts[1:] + offsets[:-1], np.iinfo(np.int64).max))
    stretch = np.searchsorted(shown_before, local, side="right")
    instants: Micros = np.maximum(local - offsets[stretch], starts[stretch])
    return instants


def offsets_at(instants: Micros, zone: Zone) -> Micros:
    """How far the clocks of ``zone`` are ahead of UTC at these instants, int64 microseconds, the shape of ``instants``.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    if instants.size == 0:
        return instants.copy()
    first, last = (int(instants.min()) - _MARGIN) // DAY, -((-int(instants.max()) - _MARGIN) // DAY)
    starts, offsets = _offsets(zone, first, last) if isinstance(zone, str) else _offsets_of(zone, first, last)
    found: Micros = offsets[np.searchsorted(starts, instants, side="right") - 1]
    return found


def turns(zone: Zone, first: int, last: int) -> list[tuple[int, str]]:
    """The zones of the time between two instants by IANA name, with the instant from which each counts, ascending."""
    if isinstance(zone, str):
        return [(first, zone)]
    begins = _takes_over(zone)
    every = zip(zone.names, begins, [*begins[1:], np.iinfo(np.int64).max], strict=True)
    return [(max(begin, first), name) for name, begin, end in every if begin < end and begin < last and end > first]


def name_at(zone: Zone, instant: int) -> str:
    """The IANA name of the zone that counts at an instant, microseconds."""
    return turns(zone, instant, instant + 1)[0][1]


class Clock(tzinfo):
    """The clock of a zone, or of several one after the other, for ``datetime.astimezone``.

    Datetimes get the offset of their instant alone: those of one zone would be subtracted as their clocks show, an hour
    off in spring. It holds for instants from a day before ``first`` to a day after ``last``, microseconds.
    """

    def __init__(self, zone: Zone, first: int, last: int) -> None:
        days = (first - _MARGIN) // DAY, -((-last - _MARGIN) // DAY)
        starts, offsets = _offsets(zone, *days) if isinstance(zone, str) else _offsets_of(zone, *days)
        self._starts = starts.tolist()
        ahead = [timedelta(microseconds=offset) for offset in offsets.tolist()]
        #: What the clock shows at the epoch, by each of its offsets.
        self._epochs = [datetime(1970, 1, 1, tzinfo=timezone(offset)) + offset for offset in ahead]

    def fromutc(self, at: datetime) -> datetime:
        """What the clock shows."""
        return self.at(to_micros(at.replace(tzinfo=UTC)))

    def at(self, instant: int) -> datetime:
        """What the clock shows at an instant, microseconds; ``astimezone`` takes longer."""
        place = bisect_right(self._starts, instant) - 1
        return self._epochs[max(place, 0)] + timedelta(microseconds=instant)

    def utcoffset(self, _: datetime | None) -> None:
        """Not known: what a clock shows may be two instants."""

    def dst(self, _: datetime | None) -> None:
        """Not known."""

    def tzname(self, _: datetime | None) -> None:
        """Not known."""


def _takes_over(history: ZoneHistory) -> list[int]:
    """The instant from which on each zone counts, ascending; the first one ever."""
    begins = [int(np.iinfo(np.int64).min)]
    for name, day in zip(history.names, history.days, strict=False):
        begins.append(max(begins[-1], int(to_utc(np.array([day * DAY]), name)[0])))
    return begins


def _offsets_of(history: ZoneHistory, first_day: int, last_day: int) -> tuple[Micros, Micros]:
    """The same as _offsets() of zones one after the other."""
    starts, offsets = [], []
    begins = [*_takes_over(history), int(np.iinfo(np.int64).max)]
    for name, (begin, until) in zip(history.names, pairwise(begins), strict=True):
        start, offset = _offsets(name, first_day, last_day)
        end = np.minimum(np.append(start[1:], np.iinfo(np.int64).max), until)
        start = np.maximum(start, begin)
        starts.append(start[start < end])
        offsets.append(offset[start < end])
    return np.concatenate(starts), np.concatenate(offsets)


@lru_cache(maxsize=2048)
def _offsets(zone: str, first_day: int, last_day: int) -> tuple[Micros, Micros]:
    """Stretches of constant UTC offset between two days since the epoch: their starts and their offsets.

    zoneinfo does not list its transitions, so they are found by asking for the offset once a day and bisecting to
    the second where two answers differ. Since 1970 no zone has changed twice within a day, nor is one about to.
    """
    rules = zoneinfo.ZoneInfo(zone)

    def offset_at(second: int) -> int:
        offset = from_micros(second * SECOND).astimezone(rules).utcoffset()
        assert offset is not None  # noqa: S101 - a ZoneInfo always answers; this tells the type checker
        return round(offset.total_seconds())

    day = DAY // SECOND
    probes = range(first_day * day, (last_day + 1) * day, day)
    starts, offsets = [probes[0]], [offset_at(probes[0])]
    for probe in probes[1:]:
        if (offset := offset_at(probe)) != offsets[-1]:
            before, after = probe - day, probe
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if offset_at(middle) == offsets[-1] else (before, middle)
            starts.append(after)
            offsets.append(offset)
    return np.array(starts, dtype=np.int64) * SECOND, np.array(offsets, dtype=np.int64) * SECOND
