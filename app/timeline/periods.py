"""Ranges of time in periods: by the clocks of a zone, or of each entity's own (docs/uptime-rules.md, "Ranges")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, Micros

By = Literal["total", "month", "week", "day", "hour"]

#: First instants at which the clocks of entities show local times or later: of (entity, local), both int64[m].
ToUtc = Callable[[npt.NDArray[np.int64], Micros], Micros]

#: No clock is further from UTC, microseconds.
FURTHEST: Final = 26 * HOUR

#: 1970-01-05 was a Monday.
_MONDAY: Final = 4 * DAY

#: The length of a date in ISO 8601, of a month, and of the hour of a day.
_LENGTHS: Final = {"month": 7, "day": 10, "hour": 13}


#: The beginning of the period before is not further from an instant of a period than two of them.
_REACH: Final = {"month": 62 * DAY, "week": 14 * DAY, "day": 2 * DAY, "hour": 2 * HOUR}


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a range begins or ends: an instant, or a local time as if it were UTC, microseconds."""

    micros: int
    is_local: bool

    @property
    def earliest(self) -> int:
        """No entity's instant is earlier."""
        return self.micros - FURTHEST * self.is_local

    @property
    def latest(self) -> int:
        """No entity's instant is later."""
        return self.micros + FURTHEST * self.is_local


@dataclass(frozen=True, slots=True)
class Range:
    """What is divided: ``[first, last)`` as far as it has come at ``as_of``; ``last`` None: it still runs.

    ``before`` is where the time before it begins, None: that time is as long as the range.
    """

    first: Edge
    last: Edge | None
    by: By
    as_of: int
    before: Edge | None = None

    @property
    def earliest_before(self) -> int:
        """No previous() period begins earlier, microseconds."""
        if self.by != "total":
            return self.first.earliest - _REACH[self.by] - FURTHEST
        if self.before is not None:
            return self.before.earliest
        return 2 * self.first.earliest - (self.as_of if self.last is None else self.last.latest)

    @property
    def latest(self) -> int:
        """No period ends later, microseconds."""
        return self.as_of if self.last is None else min(self.as_of, self.last.latest)


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a range for each of its entities.

    Attributes:
        edges: int64[entities, periods + 1], ascending instants, none after ``as_of``; a period without time is none:
            the clock skips it, or it has not begun.
        complete: bool[entities, periods], it is over at ``as_of``.
        labels: their names, by the local time at which they begin.
    """

    edges: Micros
    complete: npt.NDArray[np.bool_]
    labels: Sequence[str]

    @property
    def first(self) -> Micros:
        """Where each entity's range begins, int64[entities]."""
        first: Micros = self.edges[:, 0]
        return first

    @property
    def last(self) -> Micros:
        """Where each entity's range ends, int64[entities]."""
        last: Micros = self.edges[:, -1]
        return last

    @property
    def exist(self) -> npt.NDArray[np.bool_]:
        """Which periods have time, bool[entities, periods]."""
        exist: npt.NDArray[np.bool_] = self.edges[:, 1:] > self.edges[:, :-1]
        return exist

    def cells(self, entity: npt.NDArray[np.integer], instant: Micros) -> npt.NDArray[np.int64]:
        """The place of each instant in an array [entities, periods] laid flat, -1 for one outside of the range."""
        origin, span = int(self.edges.min(initial=0)), int(np.ptp(self.edges)) + 1 if self.edges.size else 1
        inside = (instant >= self.first[entity]) & (instant < self.last[entity])
        line = (np.arange(len(self.edges), dtype=np.int64)[:, None] * span + (self.edges - origin)).reshape(-1)
        place = entity.astype(np.int64) * span + np.where(inside, instant - origin, 0)
        edge = np.searchsorted(line, place, side="right") - 1
        return np.where(inside, edge - entity, -1)  # each entity has an edge more than it has periods

    def counted(self, entity: npt.NDArray[np.integer], instant: Micros) -> tuple[slice, npt.NDArray[np.int64]]:
        """How many instants lie in each period, int64[some entities, periods], and which entities these are.

        Quick where the instants come by entity and time, as they are read along the key.
        """
        if not len(instant):
            return slice(0, 0), np.zeros((0, self.complete.shape[1]), np.int64)
        rows = slice(int(entity.min()), int(entity.max()) + 1)
        edges = self.edges[rows]
        origin = min(int(edges.min()), int(instant.min()))
        span = max(int(edges.max()), int(instant.max())) - origin + 1
        place = (entity.astype(np.int64) - rows.start) * span + (instant - origin)
        if (place[1:] < place[:-1]).any():
            place.sort()
        line = np.arange(len(edges), dtype=np.int64)[:, None] * span + (edges - origin)
        return rows, np.diff(np.searchsorted(place, line), axis=1)


def divide(asked: Range, to_utc: ToUtc, entities: int) -> Periods:
    """The periods of a range for each of the entities 0 … entities - 1.

    A period begins when the clock first shows its beginning or later, as an opening does: an hour that the clock shows
    twice is one period of two hours, a date that it skips is none. The first and the last one are cut by the range.

    Args:
        asked: the range.
        to_utc: of the zone, or of each entity's own clock.
        entities: how many.
    """
    clocks = _Clocks(to_utc, entities)
    first = clocks.at(asked.first)
    last = np.full_like(first, asked.as_of + 1) if asked.last is None else np.maximum(clocks.at(asked.last), first)
    local = beginnings(asked)
    edges = np.concatenate([first, clocks.instants(local).clip(first, last), last], axis=1)
    complete = edges[:, 1:] <= asked.as_of
    edges = np.minimum(edges, asked.as_of)
    used = np.flatnonzero((edges[:, 1:] > edges[:, :-1]).any(axis=0))
    begin, end = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
    labels = ["total", *_labels(local, asked.by)]
    return Periods(edges[:, begin : end + 1], complete[:, begin:end], labels[begin:end])


def previous(asked: Range, to_utc: ToUtc, entities: int, labels: Sequence[str]) -> Periods:
    """The periods before those of a range, one for each of its labels.

    Before a month, week, day or hour that is the whole one before it, also where the range cuts it; before the total
    it is the time that ``before`` says.

    Args:
        asked, to_utc, entities: as for divide().
        labels: of the periods that divide() gives.
    """
    clocks = _Clocks(to_utc, entities)
    if asked.by == "total":
        first = clocks.at(asked.first)
        edges = np.concatenate([_before(asked, clocks, first), first], axis=1)[:, : len(labels) + 1]
    else:
        local = beginnings(replace(asked, first=replace(asked.first, micros=asked.first.micros - _REACH[asked.by])))
        at = _labels(local, asked.by).index(labels[0]) if labels else 1
        edges = clocks.instants(local[at - 1 : at + len(labels)])
    # What an entity does not have, while others do, may lie anywhere: nobody has looked at polls outside.
    edges = edges.clip(asked.earliest_before, asked.latest)
    return Periods(edges, np.ones((entities, len(labels)), np.bool_), labels)


def _before(asked: Range, clocks: "_Clocks", first: Micros) -> Micros:
    """Where the time before the whole range begins, int64[entities, 1]."""
    begin, end = asked.first, asked.last
    if asked.before is not None:
        return clocks.at(asked.before)
    if end is not None and end.is_local == begin.is_local:
        return clocks.at(Edge(2 * begin.micros - end.micros, begin.is_local))
    last = np.full_like(first, asked.as_of) if end is None else clocks.at(end)
    begin_before: Micros = first - np.maximum(last - first, 0)
    return begin_before


@dataclass(frozen=True, slots=True)
class _Clocks:
    """The clocks of entities, as of divide()."""

    to_utc: ToUtc
    entities: int

    def instants(self, local: Micros) -> Micros:
        """When each clock shows these local times, int64[entities, m]."""
        everyone = np.arange(self.entities, dtype=np.int64)
        shape = self.entities, len(local)
        return self.to_utc(np.repeat(everyone, shape[1]), np.tile(local, shape[0])).reshape(shape)

    def at(self, edge: Edge) -> Micros:
        """An edge, int64[entities, 1]."""
        value = np.array([edge.micros], np.int64)
        return self.instants(value) if edge.is_local else np.repeat(value[None, :], self.entities, axis=0)


def beginnings(asked: Range) -> Micros:
    """Local times at which periods begin that may touch the range, as if they were UTC; the first is before it."""
    if asked.by == "total":
        return np.zeros(0, np.int64)
    low, high = asked.first.earliest - FURTHEST, asked.latest + FURTHEST
    match asked.by:
        case "hour":
            return np.arange(low // HOUR, high // HOUR + 1, dtype=np.int64) * HOUR
        case "day":
            return np.arange(low // DAY, high // DAY + 1, dtype=np.int64) * DAY
        case "week":
            weeks = np.arange((low - _MONDAY) // (7 * DAY), (high - _MONDAY) // (7 * DAY) + 1, dtype=np.int64)
            return weeks * 7 * DAY + _MONDAY
    months = np.array([low, high], "datetime64[us]").astype("datetime64[M]")
    return np.arange(months[0], months[1] + 1).astype("datetime64[us]").astype(np.int64)


def _labels(local: Micros, by: By) -> list[str]:
    times = np.datetime_as_string(local.astype("datetime64[us]"))
    if by == "week":
        return ["{:04}-W{:02}".format(*day.isocalendar()[:2]) for day in local.astype("datetime64[us]").tolist()]
    return [time[: _LENGTHS[by]] for time in times.tolist()]
