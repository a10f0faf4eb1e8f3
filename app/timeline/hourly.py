"""The hourly series: one status per entity and UTC clock hour, by majority, then by the last one known.

Counting is additive, so polls may come in blocks of any size and order: memory grows with entities x hours, not with
polls. Rules: docs/uptime-rules.md, "Hourly series".
"""

from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import HOUR, Micros
from app.timeline.calendar import Calendar

#: Status of an hour, and what a poll says: a poll says UNKNOWN when the monitor itself did not know.
INACTIVE, ACTIVE, UNKNOWN = 0, 1, 2

#: So many hours, with a bit for each, are numbers of 16 bits.
_SHORT: Final = 1 << 14

#: Polls on so many hours each, or fewer, are counted by laying out all the hours between the first and the last.
_DENSE: Final = 4

Status = npt.NDArray[np.int8]


class HourlyVotes:
    """Polls inside open intervals, counted per entity and hour of a calendar that spans whole hours.

    Attributes:
        calendar: when each entity is open.
        polls: int32[entities, hours], polls that count.
        active: int32[entities, hours], those of them that say active.
    """

    __slots__ = ("_lock", "active", "calendar", "polls")

    def __init__(self, calendar: Calendar) -> None:
        if calendar.first % HOUR or calendar.last % HOUR:
            raise ValueError("the calendar of an hourly series begins and ends on a full hour")
        self.calendar = calendar
        self._lock = Lock()
        shape = (calendar.entities, calendar.span // HOUR)
        self.polls = np.zeros(shape, np.int32)
        self.active = np.zeros(shape, np.int32)

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        """Count a block of polls; those outside open intervals, and those that know nothing, are discarded.

        Several threads may add at the same time.

        Args:
            entity: int[n], 0 … entities - 1.
            instant: int64[n], within the calendar's ``[first, last)``.
            status: int8[n], ACTIVE, INACTIVE or UNKNOWN.
        """
        known = status != UNKNOWN
        if not known.all():
            entity, instant, status = entity[known], instant[known], status[known]
        place = self.calendar.place(entity, instant)
        if (place[1:] < place[:-1]).any():  # those of a sealed week are in order
            # The answer rides in the lowest bit, so that one plain sort of integers orders places and answers together.
            answers = place << 1 | status
            answers.sort()
            place, status = answers >> 1, answers & 1
        inside = self.calendar.is_open_along(place)
        cell, ups = place[inside] // HOUR, status[inside]
        if not len(cell):
            return
        first, last = int(cell[0]), int(cell[-1]) + 1
        if last - first <= _DENSE * len(cell):
            cell -= first
            self._count(slice(first, last), np.bincount(cell), np.bincount(cell, ups))
        else:
            onset = np.append(0, np.flatnonzero(cell[1:] != cell[:-1]) + 1)
            polls = np.diff(onset, append=len(cell))
            active = np.diff(np.cumsum(ups)[np.append(onset[1:], len(cell)) - 1], prepend=0)
            self._count(cell[onset], polls, active)

    def _count(
        self, cells: slice | npt.NDArray[np.int64], polls: npt.NDArray[np.integer], active: npt.NDArray[np.number]
    ) -> None:
        with self._lock:
            self.polls.reshape(-1)[cells] += polls.astype(np.int32)
            self.active.reshape(-1)[cells] += active.astype(np.int32)

    def status(self, entities: slice, *, max_fill_hours: int | None = None) -> Status:
        """Status of each hour, int8[entities, hours].

        The majority of its polls (a tie is INACTIVE), else the status of the last hour that has one, else UNKNOWN.

        Args:
            entities: which.
            max_fill_hours: so many hours after the last one that has polls its status is carried on; None: all.
        """
        polls, active = self.polls[entities], self.active[entities]
        # An hour's number with its status in the lowest bit; the running maximum carries the last known one on.
        hours = polls.shape[1]
        hour = np.arange(1, hours + 1, dtype=np.int16 if hours < _SHORT else np.int32) << 1
        last_known = hour | (2 * active > polls)
        last_known *= polls > 0
        # From hours one, two, four … before: each hour then has the maximum of so many. numpy's own running maximum
        # goes from hour to hour, and takes twice as long.
        before = 1
        while before < hours:
            last_known[:, before:] = np.maximum(last_known[:, before:], last_known[:, :-before])
            before *= 2
        status: Status = (last_known & 1).astype(np.int8)
        status[last_known == 0] = UNKNOWN
        if max_fill_hours is not None:
            status[(hour >> 1) - (last_known >> 1) > max_fill_hours] = UNKNOWN
        return status

    def carried(self, entities: slice, status: Status) -> npt.NDArray[np.bool_]:
        """Whether each hour has the status of an earlier one, bool[entities, hours]; ``status`` as of status()."""
        carried: npt.NDArray[np.bool_] = (self.polls[entities] == 0) & (status != UNKNOWN)
        return carried
