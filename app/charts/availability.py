"""The charts of the uptime report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.charts.days import day_bars
from app.charts.histogram import histogram
from app.charts.hours import hour_map
from app.charts.style import Chart

Micros = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Week:
    """What the stores did in the seven days before an instant.

    Attributes:
        first, last: the week, microseconds since the epoch; seldom full hours.
        up, down: int64[stores], open time in microseconds; unknown time is in neither.
        days: first instants of the UTC days that the week touches, int64[d], microseconds.
        of_day: open time of all stores by day, int64[d, 3], microseconds: up, down, unknown.
        worst: keys of the stores of lowest availability, worst first; others may have the same as the last.
        worst_share: their availability, float64[worst].
        states: int8[worst, hours], of each UTC hour that the week touches: an index into style.STATES.
    """

    first: int
    last: int
    up: Micros
    down: Micros
    days: Micros
    of_day: Micros
    worst: Sequence[str]
    worst_share: npt.NDArray[np.float64]
    states: npt.NDArray[np.int8]


def availability_charts(week: Week) -> dict[str, Chart]:
    """How stores are distributed over availability, the worst of them hour by hour, and open time per day.

    Availability is up / (up + down). A chart that would show nothing is not made.
    """
    charts = {}
    observed = week.up + week.down
    seen = observed > 0
    shares = week.up[seen] / observed[seen]
    if len(shares):
        charts["availability"] = histogram(
            shares, left_out=int(np.count_nonzero(~seen)), first=week.first, last=week.last
        )
    if len(week.worst):
        last_share = week.worst_share[-1]
        charts["worst_stores"] = hour_map(
            week.worst,
            week.worst_share,
            week.states,
            first=week.first,
            last=week.last,
            of=len(shares),
            tied=int(np.count_nonzero(shares == last_share) - np.count_nonzero(week.worst_share == last_share)),
        )
    if week.of_day.any():
        charts["open_time_per_day"] = day_bars(week.days, week.of_day, first=week.first, last=week.last)
    return charts
