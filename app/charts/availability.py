"""The charts of the uptime report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.charts.bins import Counts
from app.charts.days import day_bars
from app.charts.histogram import histogram
from app.charts.hours import Clocks, hour_map
from app.charts.style import Chart

Micros = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Week:
    """What the stores did in the seven days before an instant.

    Attributes:
        first, last: the week, microseconds since the epoch; seldom full hours.
        counts: stores of each bin of availability, int64[bins], see bins.py.
        left_out: stores without observed open time, which have no availability.
        days: first instants of the UTC days that the week touches, int64[d], microseconds.
        of_day: open time of all stores by day, int64[d, 3], microseconds: up, down, unknown.
        worst: keys of the stores of lowest availability, worst first.
        worst_share: their availability, float64[worst].
        tied: other stores that have the same availability as the last of the worst.
        states: int8[worst, hours], of each UTC hour that the week touches: an index into style.STATES,
            with CARRIED added where nobody looked.
        clocks: of the worst, how far each is ahead of UTC at each of these hours, and its zone; None: all are UTC.
        target: availability that each store should have, percent.
    """

    first: int
    last: int
    counts: Counts
    left_out: int
    days: Micros
    of_day: Micros
    worst: Sequence[str]
    worst_share: npt.NDArray[np.float64]
    tied: int
    states: npt.NDArray[np.int8]
    target: float | None = None
    clocks: Clocks | None = None


def availability_charts(week: Week) -> dict[str, Chart]:
    """How stores are distributed over availability, the worst of them hour by hour, and open time per day.

    Availability is up / (up + down). A chart that would show nothing is not made.
    """
    charts = {}
    observed = int(week.counts.sum())
    if observed:
        charts["availability"] = histogram(
            week.counts,
            left_out=week.left_out,
            first=week.first,
            last=week.last,
            overall=_overall(week.of_day),
            target=week.target,
        )
    if len(week.worst):
        charts["worst_stores"] = hour_map(
            week.worst,
            week.worst_share,
            week.states,
            first=week.first,
            last=week.last,
            of=observed,
            tied=week.tied,
            clocks=week.clocks,
        )
    if week.of_day.any():
        charts["open_time_per_day"] = day_bars(week.days, week.of_day, first=week.first, last=week.last)
    return charts


def _overall(of_day: Micros) -> float | None:
    """The availability of the time of all stores."""
    up, down, _ = of_day.sum(axis=0).tolist()
    return up / (up + down) if up + down else None
