"""Availability of many entities in the week before an instant, collected range by range, for charts.

Memory does not grow with the number of entities: only sums, and the hours of the worst, are kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, Micros
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, Status

#: How many of the lowest availability are kept with their hours; as many as an image has room for.
WORST: Final = 50

#: State of an hour in ``states``, and the order of the columns of ``of_day``.
UP, DOWN, NOT_KNOWN, CLOSED = 0, 1, 2, 3

#: Added to UP or DOWN in ``states`` where an hour has the status of an earlier one: nobody looked.
CARRIED: Final = 4

#: The states of open time as statuses, in the order of their numbers; and the other way round, by status.
_STATUS_OF: Final = (ACTIVE, INACTIVE, UNKNOWN)
_STATE_OF: Final = np.argsort(_STATUS_OF)


@dataclass(frozen=True, slots=True)
class EntityWeek:
    """One entity.

    Attributes:
        availability: up / (up + down) over the week, 0 … 1.
        down: time down in the week, microseconds.
        states: int8[hours], of each UTC hour that the week touches: UP, DOWN, NOT_KNOWN or CLOSED; see CARRIED.
    """

    availability: float
    down: int
    key: str
    states: npt.NDArray[np.int8]

    @property
    def rank(self) -> tuple[float, int, str]:
        """Ascending from the worst; of the same availability, who was down longer is worse."""
        return self.availability, -self.down, self.key


class WeekOfEntities:
    """The seven days that end at ``horizon.as_of``.

    Attributes:
        first, last: the week, instants.
        days: first instants of the UTC days that it touches.
        of_day: int64[days, 3], open time of all entities, microseconds: UP, DOWN, NOT_KNOWN.
        worst: the WORST entities of lowest availability, worst first; of the same one, those down longest, then the
            first by key.
        tied: how many that are not among the worst have the same availability as the last of them.
    """

    def __init__(self, horizon: Horizon) -> None:
        self.first, self.last = horizon.as_of - WINDOWS["week"], horizon.as_of
        self.days: Micros = np.arange(self.first // DAY, -(-self.last // DAY), dtype=np.int64) * DAY
        self.of_day: Micros = np.zeros((len(self.days), len(_STATUS_OF)), np.int64)
        self.worst: list[EntityWeek] = []
        self.tied = 0
        self._horizon = horizon

    def add(
        self,
        keys: Sequence[str],
        open_time: Micros,
        status: Status,
        carried: npt.NDArray[np.bool_] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Add some entities; returns their availability, up / (up + down), float64[entities], nan without any.

        Args:
            keys: of the entities.
            open_time: microseconds, int64[entities, pieces], as cut by ``horizon.edges``.
            status: int8[entities, hours], see hourly.py.
            carried: bool[entities, hours], whether each has the status of an earlier hour; None: no matter.
        """
        piece_status = status[:, self._horizon.hour]
        of_state = np.stack([np.where(piece_status == code, open_time, 0) for code in _STATUS_OF])
        day = (self._horizon.edges[:-1] - self.days[0]) // DAY
        np.add.at(self.of_day, day, of_state.sum(axis=1).T)
        totals = of_state.sum(axis=2)
        known = totals[UP] + totals[DOWN]
        availability: npt.NDArray[np.float64] = np.full(len(known), np.nan)
        np.divide(totals[UP], known, out=availability, where=known > 0)
        carried = np.zeros(status.shape, bool) if carried is None else carried
        worst = list(self._weeks(keys, availability, totals[DOWN], open_time, status, carried))
        self._rank(worst, int(np.count_nonzero(availability == worst[-1].availability)) if worst else 0)
        return availability

    def as_json(self) -> dict[str, Any]:
        """All that was added, for merge()."""
        worst = [(one.availability, one.down, one.key, one.states.tolist()) for one in self.worst]
        return {"of_day": self.of_day.tolist(), "worst": worst, "as_last": self._as_last}

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what another one on the same horizon was told, as its as_json() gives it."""
        self.of_day += np.array(told["of_day"], np.int64)
        weeks = [EntityWeek(share, down, key, np.array(of, np.int8)) for share, down, key, of in told["worst"]]
        self._rank(weeks, told["as_last"])

    @property
    def _as_last(self) -> int:
        """How many of all entities have the availability of the last of the worst."""
        return self.tied + _count(self.worst, self.worst[-1].availability) if self.worst else 0

    def _rank(self, found: Sequence[EntityWeek], as_last: int) -> None:
        """Find the worst anew, with the worst of others, of which so many have the availability of the last."""
        sides = [(self.worst, self._as_last), (found, as_last)]
        self.worst = nsmallest(WORST, [*self.worst, *found], key=lambda one: one.rank)
        if not self.worst:
            return
        last = self.worst[-1].availability
        # Whom a side has left out was no better than the last it kept: counts only if that is still the last.
        same = sum(of_last if side[-1].availability == last else _count(side, last) for side, of_last in sides if side)
        self.tied = same - _count(self.worst, last)

    def _weeks(
        self,
        keys: Sequence[str],
        availability: npt.NDArray[np.float64],
        down: Micros,
        open_time: Micros,
        status: Status,
        carried: npt.NDArray[np.bool_],
    ) -> Iterator[EntityWeek]:
        """Those of the worst of these entities that have an availability."""
        there = np.flatnonzero(~np.isnan(availability)).tolist()
        worst = nsmallest(WORST, there, key=lambda at: (availability[at], -down[at], keys[at]))
        hours, onset = np.unique(self._horizon.hour, return_index=True)
        is_open = np.add.reduceat(open_time[worst], onset, axis=1) > 0
        of_hours = _STATE_OF[status[worst][:, hours]] + CARRIED * carried[worst][:, hours]
        states = np.where(is_open, of_hours, CLOSED).astype(np.int8)
        for at, row in zip(worst, states, strict=True):
            yield EntityWeek(float(availability[at]), int(down[at]), keys[at], row)


def _count(weeks: Sequence[EntityWeek], availability: float) -> int:
    return sum(one.availability == availability for one in weeks)
