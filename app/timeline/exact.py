"""Exact accounting: each poll holds until the next one, or for as long as polls usually take to come.

Polls are sorted by entity and instant, one per instant. All questions are answered on the calendar's line of open
time, so closed time takes no part. Rules: docs/uptime-rules.md, "Exact accounting".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, Status

#: How long a poll holds that nobody has set a limit for: so many times the median interval between polls, but at least
#: and at most so long, microseconds.
TIMES_MEDIAN: Final = 3
LEAST_GAP: Final = 5 * HOUR // 60
MOST_GAP: Final = 25 * HOUR

#: A limit that is none: a status holds until it changes.
FOR_EVER: Final = 0

#: Longer than any time between two instants, microseconds.
_EVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Polls:
    """What was seen of numbered entities, sorted by entity, then by instant, one per instant.

    Attributes:
        entity: int64[n], 0 … entities - 1.
        instant: int64[n], microseconds.
        status: int8[n], ACTIVE, INACTIVE or UNKNOWN.
    """

    entity: npt.NDArray[np.int64]
    instant: Micros
    status: Status

    @classmethod
    def of(cls, entity: npt.NDArray[np.integer], instant: Micros, status: Status) -> "Polls":
        """Of polls in any order, one per entity and instant."""
        order = _order(entity, instant)
        return cls(entity[order].astype(np.int64), instant[order], status[order])

    @property
    def is_last(self) -> npt.NDArray[np.bool_]:
        """Whether a poll is the last one of its entity."""
        return np.append(self.entity[1:] != self.entity[:-1], True)[: len(self.entity)]


def suggested_gaps(polls: Polls, entities: int) -> Micros:
    """Three times the median interval between the polls of each entity, 5 minutes to 25 hours, int64[entities].

    The median of an even number of intervals is the mean of the middle two; half a microsecond is cut off. An entity
    with fewer than two polls has 5 minutes.
    """
    # On a line with a stretch for each entity, one sort orders the intervals of all. What follows the last poll of an
    # entity comes behind them; how far an interval is over the limit does not matter.
    width = MOST_GAP + 2
    interval = np.zeros(len(polls.instant), np.int64)
    np.subtract(polls.instant[1:], polls.instant[:-1], out=interval[:-1])
    np.minimum(interval, MOST_GAP, out=interval)
    interval[polls.is_last] = MOST_GAP + 1
    interval += polls.entity * width
    interval.sort()
    polled = np.bincount(polls.entity, minlength=entities)
    has = np.flatnonzero(polled > 1)
    begin, count = (np.cumsum(polled) - polled)[has], polled[has] - 1
    low, high = (interval[begin + middle] - has * width for middle in ((count - 1) // 2, count // 2))
    gaps = np.full(entities, LEAST_GAP, np.int64)
    gaps[has] = np.clip(TIMES_MEDIAN * (low + high) // 2, LEAST_GAP, MOST_GAP)
    return gaps


def _order(entity: npt.NDArray[np.integer], value: Micros) -> npt.NDArray[np.intp]:
    """The order by entity, then by value.

    One sort of whole numbers takes a third of the time of one by two keys, and a stable one again a third where the
    polls come in order of the table's key, week by week: it merges what is sorted already.
    """
    if not len(value):
        return np.zeros(0, np.intp)
    least, span = int(value.min()), int(value.max()) - int(value.min()) + 1
    if (int(entity.max()) + 1) * span >= 2**63:
        return np.lexsort((value, entity))
    return np.argsort(entity.astype(np.int64) * span + (value - least), kind="stable")


@dataclass(frozen=True, slots=True)
class Outages:
    """Outages in the order of their entities and beginnings.

    Attributes:
        entity: int64[n].
        began, ended: the first instant of open time that is down, and the end of the last, int64[n], microseconds.
        ongoing: nothing has ended it yet.
        open_time: open time that is down by it, int64[n], microseconds.
        first_poll, last_poll: instants of its first and last poll.
    """

    entity: npt.NDArray[np.int64]
    began: Micros
    ended: Micros
    ongoing: npt.NDArray[np.bool_]
    open_time: Micros
    first_poll: Micros
    last_poll: Micros

    def of_rows(self, rows: npt.NDArray[np.bool_]) -> "Outages":
        """The chosen ones."""
        return Outages(*(getattr(self, name)[rows] for name in self.__slots__))


class Stretches:
    """What each poll says, from its instant to the next poll, to its limit or to the end of the calendar.

    Attributes:
        calendar: when the entities are open; what lies before it counts for nothing.
        outages: those of at least the shortest open time that counts as one.
    """

    __slots__ = ("_down", "_up", "calendar", "outages")

    def __init__(
        self, calendar: Calendar, polls: Polls, gaps: Micros, *, ignore_under: int = 0, until: Micros | None = None
    ) -> None:
        """Polls lie within ``[calendar.first, calendar.last]``, and none after ``until``.

        Args:
            calendar: of the range with what comes before it, up to the end of the range.
            polls: as they came.
            gaps: how long a poll of each entity holds, int64[entities], microseconds, or FOR_EVER.
            ignore_under: an outage of less open time counts as up, microseconds.
            until: where the time of each entity ends, int64[entities]; None: with the calendar.
        """
        self.calendar = calendar
        until = np.full(calendar.entities, calendar.last) if until is None else until
        runs = _Runs.of(polls, gaps, until)
        start, end = (calendar.open_until(calendar.place(runs.entity, edge)) for edge in (runs.first_poll, runs.end))
        number, found = _outages(calendar, runs, start, end, until)
        kept = found.open_time >= ignore_under
        self.outages = found.of_rows(kept & (found.open_time > 0))
        is_down = runs.status == INACTIVE
        is_down[is_down] = kept[number[is_down]]
        self._down = _OpenTime(start[is_down], end[is_down])
        is_up = (runs.status == ACTIVE) | ((runs.status == INACTIVE) & ~is_down)
        self._up = _OpenTime(start[is_up], end[is_up])

    def time(self, edges: Micros, entities: slice) -> dict[int, Micros]:
        """Open time between neighbouring edges by status.

        Args:
            edges: ascending instants within ``[calendar.first, calendar.last]``, int64[m + 1]; or those of each of
                the entities, int64[entities, m + 1].
            entities: which entities, a slice of step 1.

        Returns:
            Microseconds, int64[entities, m], for ACTIVE, INACTIVE and UNKNOWN.
        """
        entity = np.arange(*entities.indices(self.calendar.entities), dtype=np.int64)[:, None]
        place = self.calendar.open_until(self.calendar.place(entity, np.atleast_2d(edges)))
        up, down = (np.diff(one.until(place), axis=1) for one in (self._up, self._down))
        return {ACTIVE: up, INACTIVE: down, UNKNOWN: np.diff(place, axis=1) - up - down}

    def down_between(self, entity: npt.NDArray[np.integer], start: Micros, end: Micros) -> Micros:
        """Open time of ``[start, end)`` of the entities that is down, microseconds; instants as for time()."""
        places = (self.calendar.open_until(self.calendar.place(entity, edge)) for edge in (start, end))
        before, after = (self._down.until(place) for place in places)
        return after - before


class _OpenTime:
    """Disjoint pieces of the line of open time, in order: how much of the line before a place lies in them."""

    def __init__(self, start: Micros, end: Micros) -> None:
        self._start, self._end = start, end
        self._before = np.concatenate([np.zeros(1, np.int64), np.cumsum(end - start)])

    def until(self, place: Micros) -> Micros:
        piece = np.searchsorted(self._start, place, side="right")
        done: Micros = self._before[piece]
        if len(self._start):
            done = done - np.maximum(self._end[piece - 1] - place, 0) * (piece > 0)
        return done


@dataclass(frozen=True, slots=True)
class _Runs:
    """Polls of an entity that say the same one after the other, each within the limit of the one before; in order.

    There are far fewer of them than polls. ``first_poll``, ``last_poll`` and ``end`` are instants, int64[n].
    """

    entity: npt.NDArray[np.int64]
    status: Status
    first_poll: Micros
    last_poll: Micros
    end: Micros

    @classmethod
    def of(cls, polls: Polls, gaps: Micros, until: Micros) -> "_Runs":
        """``gaps`` and ``until`` are those of the entities, as of Stretches."""
        entity, instant, status = polls.entity, polls.instant, polls.status
        is_last = polls.is_last
        lasts = np.flatnonzero(is_last)
        end = np.where(gaps == FOR_EVER, _EVER, gaps)[entity]
        end += instant
        following = np.append(instant[1:], 0)[: len(instant)]
        following[lasts] = until[entity[lasts]]
        np.minimum(end, following, out=end)
        ends_run = is_last | (end < following)
        ends_run[:-1] |= status[1:] != status[:-1]
        last = np.flatnonzero(ends_run)
        first = np.concatenate([np.zeros(1, np.int64), last[:-1] + 1])[: len(last)]
        return cls(entity[first], status[first], instant[first], instant[last], end[last])


def _outages(
    calendar: Calendar, runs: _Runs, start: Micros, end: Micros, until: Micros
) -> tuple[npt.NDArray[np.int64], Outages]:
    """All outages, of any length, and for each run that says inactive the number of its outage.

    A poll that says active ends an outage, and so does unknown time while the entity is open.
    """
    down = np.flatnonzero(runs.status == INACTIVE)
    number = np.full(len(runs.entity), -1)
    if not len(down):
        nothing = np.zeros(0, np.int64)
        return number, Outages(nothing, nothing, nothing, np.zeros(0, bool), nothing, nothing, nothing)
    # Between two inactive runs of an entity: no poll says active, and no open time is unknown.
    actives = np.cumsum(runs.status == ACTIVE)
    goes_on = np.zeros(len(down), bool)
    goes_on[1:] = (
        (runs.entity[down[1:]] == runs.entity[down[:-1]])
        & (actives[down[1:]] == actives[down[:-1]])
        & (start[down[1:]] == end[down[:-1]])
    )
    onset = np.flatnonzero(~goes_on)
    number[down] = np.cumsum(~goes_on) - 1
    last = np.append(onset[1:], len(down)) - 1
    first, last = down[onset], down[last]
    open_time = np.add.reduceat(end[down] - start[down], onset)
    entity = runs.entity[first]
    began, ended = _in_open_time(calendar, entity, start[first], start[first] + open_time)
    # Nothing has ended it: no poll of the entity says active after it, and no open time after it is unknown.
    newest = np.searchsorted(runs.entity, entity, side="right") - 1
    no_more = calendar.open_until(calendar.place(entity, until[entity]))
    ongoing = (actives[newest] == actives[last]) & (end[last] == no_more)
    return number, Outages(entity, began, ended, ongoing, open_time, runs.first_poll[first], runs.last_poll[last])


def _in_open_time(
    calendar: Calendar, entity: npt.NDArray[np.int64], start: Micros, end: Micros
) -> tuple[Micros, Micros]:
    """The instants at which pieces of the line of open time begin and end; both of an empty one mean nothing."""
    if not len(calendar.start):
        return start, end
    before = calendar.open_before
    opens = np.searchsorted(before, start, side="right") - 1
    closes = np.searchsorted(before, end, side="left") - 1
    line = calendar.place(entity, np.zeros(len(entity), np.int64))

    def instant(interval: npt.NDArray[np.intp], place: Micros) -> Micros:
        interval = interval.clip(0, len(calendar.start) - 1)
        found: Micros = calendar.start[interval] + place - before[interval] - line
        return found

    return instant(opens, start), instant(closes, end)
