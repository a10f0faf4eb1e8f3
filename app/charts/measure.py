"""Durations as people say them: what they are measured in, their labels, and the scale that they are drawn on."""

import math
from enum import StrEnum
from typing import Final

import altair as alt
import numpy as np
import numpy.typing as npt

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

#: Below it a duration is drawn about linearly, above it by its logarithm: reviews last from nothing to weeks, and
#: many last nothing. Seconds.
LINEAR_SECONDS: Final = 5 * MINUTE

#: Least distance of two ticks, pixels.
TICK_DISTANCE: Final = 46


class Measure(StrEnum):
    """What durations are measured in; the value is its words.

    Working time is never given in days: one of eight hours would be taken for one of twenty-four.
    """

    ELAPSED = "elapsed time"
    WORKING = "working time"

    def label(self, seconds: float) -> str:
        """A duration in two or three digits, such as ``0``, ``40 s``, ``12 min``, ``3.2 h`` or ``2.5 d``."""
        if seconds < 0.5:
            return "0"
        if seconds < MINUTE - 0.5:
            return f"{seconds:.0f} s"
        if seconds < HOUR - MINUTE / 2:
            return f"{_digits(seconds / MINUTE)} min"
        if seconds < DAY or self is Measure.WORKING:
            return f"{_digits(seconds / HOUR)} h"
        return f"{_digits(seconds / DAY)} d"

    def ticks(self, longest: float, pixels: float) -> list[int]:
        """Durations to mark on an axis of so many pixels from 0 to the longest, ascending seconds."""
        kept = [0]
        for tick in _TICKS[self]:
            distance = (symlog(tick) - symlog(kept[-1])) / symlog(longest) * pixels
            if tick <= longest and distance >= TICK_DISTANCE:
                kept.append(tick)
        return kept

    def axis(self, longest: float, pixels: float, *, title: str) -> alt.Axis:
        """An axis with those ticks; their labels are an expression of numbers alone."""
        days = "" if self is Measure.WORKING else f"datum.value >= {DAY} ? format(datum.value / {DAY}, ',') + ' d' : "
        return alt.Axis(
            title=title,
            values=self.ticks(longest, pixels),
            labelExpr=(
                f"datum.value == 0 ? '0' : {days}datum.value >= {HOUR} ? format(datum.value / {HOUR}, ',') + ' h' : "
                f"datum.value >= {MINUTE} ? datum.value / {MINUTE} + ' min' : datum.value + ' s'"
            ),
        )


_TICKS: Final = {
    Measure.ELAPSED: (
        *(10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, WEEK, 2 * WEEK, 4 * WEEK),
        *(100 * DAY, 365 * DAY, 1000 * DAY, 3650 * DAY),
    ),
    Measure.WORKING: (
        *(10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 40 * HOUR, 80 * HOUR, 160 * HOUR),
        *(400 * HOUR, 1000 * HOUR, 4000 * HOUR, 10_000 * HOUR),
    ),
}


def symlog(seconds: float) -> float:
    """Where a duration lies on the scale, as Vega's symlog scale has it."""
    return math.log1p(seconds / LINEAR_SECONDS)


def symlog_all(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As symlog(), of an array."""
    return np.log1p(seconds / LINEAR_SECONDS)


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
