"""The open intervals of many entities, and two queries on them: open at, open until."""

from collections.abc import Callable
from functools import partial
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from app.timeline import Micros

#: Entities whose open time is computed at a time: each intermediate array takes some 400 KB.
_AT_A_TIME: Final = 256


class Calendar:
    """Disjoint open intervals of ``entities`` numbered entities within ``[first, last)``.

    All entities are laid end to end on one line, each with a stretch of ``last - first``: the place of an instant is
    ``entity * (last - first) + instant - first``. Intervals sorted on that line answer for all entities in one
    binary search, and sorted questions are answered several times faster than shuffled ones.

    An entity that is open until ``last`` and a next one that is open from ``first`` share one interval on the line;
    every answer stays the same.

    Attributes:
        start, end: places of the intervals on the line, int64[n], sorted, disjoint, never empty.
        open_before: open time of the line before each interval, and that of the whole line, int64[n + 1].
    """

    __slots__ = ("_source", "end", "entities", "first", "last", "open_before", "start")

    def __init__(self, start: Micros, end: Micros, *, entities: int, first: int, last: int) -> None:
        if entities * (last - first) >= 2**62:
            raise ValueError(f"{entities} entities over {last - first} microseconds do not fit on one line")
        self.start, self.end = start, end
        self.entities, self.first, self.last = entities, first, last
        self.open_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(end - start)])
        #: What shared() made it of.
        self._source: tuple[Calendar, npt.NDArray[np.integer]] | None = None

    @classmethod
    def of(
        cls, entity: npt.NDArray[np.integer], start: Micros, end: Micros, *, entities: int, first: int, last: int
    ) -> Self:
        """Union of intervals in any order: clipped to ``[first, last)``, overlapping and touching ones merged.

        Args:
            entity: the entity of each interval, 0 … entities - 1.
            start, end: instants, int64 microseconds; an interval that is empty after clipping is dropped.
            entities: number of entities, also those without any interval.
            first, last: bounds of the calendar, instants.
        """
        start, end = np.maximum(start, first), np.minimum(end, last)
        kept = start < end
        line = entity[kept].astype(np.int64) * (last - first) - first
        start, end = line + start[kept], line + end[kept]
        order = np.argsort(start)
        start, end = start[order], end[order]
        reached = np.maximum.accumulate(end)
        opens = np.ones(len(start), bool)
        opens[1:] = start[1:] > reached[:-1]
        closes = np.roll(opens, -1)
        return cls(start[opens], reached[closes], entities=entities, first=first, last=last)

    def shared(self, number_of: npt.NDArray[np.integer]) -> "Calendar":
        """The calendar of entities of which each is open when an entity of this one is.

        Args:
            number_of: int[m], the number of that entity, 0 … entities - 1.
        """
        entity, start, end = self._each()
        counts = np.bincount(entity, minlength=self.entities)
        before = np.cumsum(counts) - counts
        of_each = counts[number_of]
        total = np.cumsum(of_each)
        at = np.arange(total[-1] if len(total) else 0) + np.repeat(before[number_of] - (total - of_each), of_each)
        further = np.repeat((np.arange(len(number_of)) - number_of) * np.int64(self.span), of_each)
        start, end = start[at] + further, end[at] + further
        apart = start[1:] > end[:-1]  # an entity that is open until last, and a next one from first, share an interval
        made = Calendar(
            start[np.append(True, apart)[: len(start)]],
            end[np.append(apart, True)[-len(end) :] if len(end) else slice(0)],
            entities=len(number_of),
            first=self.first,
            last=self.last,
        )
        made._source = self, number_of
        return made

    def _each(self) -> tuple[npt.NDArray[np.int64], Micros, Micros]:
        """The intervals of each entity: its number, and their places, none beyond its stretch of the line."""
        first, last = self.start // self.span, (self.end - 1) // self.span
        pieces = last - first + 1
        interval = np.repeat(np.arange(len(pieces)), pieces)
        entity = np.arange(len(interval)) - np.repeat(np.cumsum(pieces) - pieces - first, pieces)
        begins = entity * np.int64(self.span)
        return entity, np.maximum(self.start[interval], begins), np.minimum(self.end[interval], begins + self.span)

    @property
    def span(self) -> int:
        """Length of each entity's stretch of the line, microseconds."""
        return self.last - self.first

    def place(self, entity: npt.NDArray[np.integer], instant: Micros) -> Micros:
        """Places on the line of instants within ``[first, last)``; shapes are broadcast."""
        place: Micros = entity * np.int64(self.span) + (instant - self.first)
        return place

    def is_open(self, place: Micros) -> npt.NDArray[np.bool_]:
        """Whether the entities are open at these places of the line."""
        if not len(self.start):
            return np.zeros(place.shape, bool)
        interval = np.searchsorted(self.start, place, side="right") - 1
        inside: npt.NDArray[np.bool_] = (interval >= 0) & (place < self.end[interval])
        return inside

    def is_open_along(self, ascending: Micros) -> npt.NDArray[np.bool_]:
        """As is_open() of places in ascending order: the fewer intervals are looked for among them, not they there."""
        if not len(ascending):
            return np.zeros(0, bool)
        first = int(np.searchsorted(self.end, ascending[0], side="right"))
        last = int(np.searchsorted(self.start, ascending[-1], side="right"))
        if last - first > len(ascending):
            return self.is_open(ascending)
        edges = np.stack([self.start[first:last], self.end[first:last]], axis=1).reshape(-1)
        lengths = np.diff(np.searchsorted(ascending, edges), prepend=0, append=len(ascending))
        # Closed places and open ones take turns, and any of these stretches may be empty.
        inside: npt.NDArray[np.bool_] = np.repeat(np.arange(len(lengths)) & 1 == 1, lengths)
        return inside

    def open_until(self, place: Micros) -> Micros:
        """Open time of the line before these places, microseconds.

        The open time of ``[a, b)`` of one entity is the difference of two of them.
        """
        return self._open_until(place, np.searchsorted(self.start, place, side="right"))

    def _open_until(self, place: Micros, begun: npt.NDArray[np.intp]) -> Micros:
        """The same of places before which so many intervals have begun."""
        done: Micros = self.open_before[begun]
        if len(self.start):
            left = self.end[begun - 1] - place
            left[(left < 0) | (begun == 0)] = 0
            done -= left
        return done

    def _begun(self, ascending: Micros) -> npt.NDArray[np.intp]:
        """How many intervals begin at or before each of these places, in the time of looking for the intervals."""
        if not len(ascending):
            return np.zeros(0, np.intp)
        first, last = np.searchsorted(self.start, ascending[[0, -1]], side="right").tolist()
        begun = np.bincount(np.searchsorted(ascending, self.start[first:last]), minlength=len(ascending))
        begun[0] += first
        return np.cumsum(begun)

    def open_between(self, entity: npt.NDArray[np.integer], start: Micros, end: Micros) -> Micros:
        """Open time of ``[start, end)`` of the entities, microseconds; negative where the end lies before the start.

        Args:
            entity: int[n], 0 … entities - 1.
            start, end: instants within ``[first, last]``, int64[n].
        """
        return self.open_until(self.place(entity, end)) - self.open_until(self.place(entity, start))

    def open_times(self, edges: Micros) -> Callable[[slice], Micros]:
        """What open_time() gives for some entities after the others: that of those that are alike is computed once."""
        if self._source is None:
            return partial(self.open_time, edges)
        source, number_of = self._source
        known = np.empty((source.entities, len(edges) - 1), np.int64)
        for start in range(0, source.entities, _AT_A_TIME):
            some = slice(start, start + _AT_A_TIME)
            known[some] = source.open_time(edges, some)
        return lambda entities: known[number_of[entities]]

    def open_time(self, edges: Micros, entities: slice) -> Micros:
        """Open time between neighbouring edges.

        Args:
            edges: ascending instants within ``[first, last]``, int64[m + 1].
            entities: which entities, a slice of step 1.

        Returns:
            Microseconds, int64[entities, m].
        """
        entity = np.arange(*entities.indices(self.entities), dtype=np.int64)[:, None]
        place = self.place(entity, edges[None, :])
        done = self._open_until(place, self._begun(place.reshape(-1)).reshape(place.shape))
        return np.diff(done, axis=1)
