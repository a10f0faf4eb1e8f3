"""The scale that durations are drawn on, and the times that are marked on it."""

import math
from typing import Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.measure import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, Measure

#: Below it a duration is drawn about linearly, above it by its logarithm: reviews last from nothing to weeks, and
#: many last nothing.
LINEAR_SECONDS: Final = 5 * MINUTE_SECONDS

#: Least distance of two ticks of a horizontal axis, and of a vertical one, pixels.
TICK_DISTANCE: Final = 46
UPRIGHT_DISTANCE: Final = 24

#: 1, 2 and 5 times each power of ten from a microsecond to a second, then times that people name, seconds.
_SHORT: Final = (
    *(digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 5)),
    *(10, 30, *(MINUTE_SECONDS * minutes for minutes in (1, 2, 5, 15))),
)

#: Powers of ten of an hour or a day, beyond what is told in times that people name.
_LONG: Final = tuple(10**power for power in range(4, 13))

#: Times that people name, seconds, in days and without them.
_TICKS: Final = {
    True: (
        *_SHORT,
        *(HOUR_SECONDS * hours for hours in (1, 4, 12)),
        *(DAY_SECONDS * days for days in (1, 3, 7, 14, 28, 100, 365, 1000, 3650, *_LONG)),
    ),
    False: (
        *_SHORT,
        *(HOUR_SECONDS * hours for hours in (1, 4, 8, 24, 40, 80, 160, 400, 1000, 4000, *_LONG)),
    ),
}


def symlog(seconds: float) -> float:
    """Where a duration lies on the scale, as Vega's symlog scale has it."""
    return math.log1p(seconds / LINEAR_SECONDS)


def symlog_all(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As symlog(), of an array."""
    return np.log1p(seconds / LINEAR_SECONDS)


def ticks(measure: Measure, longest: float, pixels: float, *, apart: float = TICK_DISTANCE) -> list[float]:
    """Durations to mark on an axis of so many pixels from 0 to the longest, ascending seconds, so many pixels apart."""
    kept = [0.0]
    for tick in _TICKS[measure.in_days]:
        distance = (symlog(tick) - symlog(kept[-1])) / symlog(longest) * pixels
        if tick <= longest and distance >= apart:
            kept.append(tick)
    return kept


def time_x(measure: Measure, longest: float, pixels: float, *, title: str, field: str = "seconds") -> alt.X:
    """The horizontal place of a field of seconds; the labels of its axis are an expression of numbers alone.

    Args:
        measure: what durations are measured in.
        longest: end of the axis, seconds, above 0.
        pixels: its length.
        title: of the axis.
        field: which one.
    """
    days = [(DAY_SECONDS, "d")] if measure.in_days else []
    units = [*days, (HOUR_SECONDS, "h"), (MINUTE_SECONDS, "min")]
    cases = [f"datum.value >= {size} ? format(datum.value / {size}, ',~r') + ' {name}' : " for size, name in units]
    label = "".join(cases) + "datum.value == 0 ? '0' : format(datum.value, ',~r') + ' s'"
    return alt.X(
        f"{field}:Q",
        scale=alt.Scale(type="symlog", constant=LINEAR_SECONDS, domain=[0, longest], nice=False, zero=False),
        axis=alt.Axis(title=title, values=ticks(measure, longest, pixels), labelExpr=label),
    )
