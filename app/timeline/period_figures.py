"""Figures of the periods of a range: open time by status, polls, outages; sums of the parts are the whole, exactly."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.timeline import HOUR, Micros
from app.timeline.exact import Stretches
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes
from app.timeline.periods import Periods


@dataclass(frozen=True, slots=True)
class Times:
    """Open time, microseconds, int64[entities, periods] each.

    Attributes:
        up, down, unknown: they add up to the open time.
        carried: the part of up and down whose status comes from an earlier hour; None in exact accounting.
    """

    up: Micros
    down: Micros
    unknown: Micros
    carried: Micros | None

    @property
    def open(self) -> Micros:
        return self.up + self.down + self.unknown


@dataclass(frozen=True, slots=True)
class OutageFigures:
    """Of the outages that begin in each period, with their open time within the range; [entities, periods] each.

    Attributes:
        count: int64, how many.
        longest: int64, open time of the longest, microseconds.
        ended: int64, how many of them have ended by the end of the range.
        ended_time: int64, open time of those, microseconds.
    """

    count: npt.NDArray[np.int64]
    longest: Micros
    ended: npt.NDArray[np.int64]
    ended_time: Micros


def hourly_times(votes: HourlyVotes, edges: Micros, entities: slice, *, max_fill_hours: int | None = None) -> Times:
    """Open time of the periods of some entities by the status of each hour.

    Args:
        votes: on a calendar that ends after the last edge.
        edges: int64[entities, periods + 1], of these entities, see Periods.
        entities: which, a slice of step 1.
        max_fill_hours: see HourlyVotes.status().
    """
    calendar = votes.calendar
    status = votes.status(entities, max_fill_hours=max_fill_hours)
    entity = np.arange(*entities.indices(calendar.entities), dtype=np.int64)[:, None]
    hours = np.arange(calendar.first, calendar.last + 1, HOUR, dtype=np.int64)
    done = calendar.open_until(calendar.place(entity, hours[None, :]))
    hour = (edges - calendar.first) // HOUR
    into_hour = calendar.open_until(calendar.place(entity, edges)) - np.take_along_axis(done, hour, axis=1)
    open_time = np.diff(done, axis=1)

    def between(counts: npt.NDArray[np.bool_]) -> Micros:
        before = np.zeros_like(done)
        np.cumsum(open_time * counts, axis=1, out=before[:, 1:])
        until = np.take_along_axis(before, hour, axis=1) + into_hour * np.take_along_axis(counts, hour, axis=1)
        return np.diff(until, axis=1)

    up, down, unknown = (between(status == code) for code in (ACTIVE, INACTIVE, UNKNOWN))
    return Times(up, down, unknown, between(votes.carried(entities, status)))


def exact_times(stretches: Stretches, edges: Micros) -> Times:
    """Open time of the periods of all entities by what their polls say; ``edges`` as in Periods."""
    time = stretches.time(edges, slice(None))
    return Times(time[ACTIVE], time[INACTIVE], time[UNKNOWN], None)


def outage_figures(stretches: Stretches, periods: Periods) -> OutageFigures:
    """The outages that begin in each period; one that began before the range begins in none."""
    found = stretches.outages
    first, last = periods.first[found.entity], periods.last[found.entity]
    open_time = stretches.down_between(found.entity, found.began.clip(first, last), found.ended.clip(first, last))
    cell = periods.cells(found.entity, found.began)
    counts = (cell >= 0) & (open_time > 0)
    has_ended = counts & ~found.ongoing
    shape = periods.complete.shape
    longest = np.zeros(shape[0] * shape[1], np.int64)
    np.maximum.at(longest, cell[counts], open_time[counts])
    ended_time = np.zeros_like(longest)
    np.add.at(ended_time, cell[has_ended], open_time[has_ended])
    number, ended = (np.bincount(cell[which], minlength=len(longest)) for which in (counts, has_ended))
    return OutageFigures(*(one.reshape(shape) for one in (number, longest, ended, ended_time)))
