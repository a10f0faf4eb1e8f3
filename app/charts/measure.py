"""Durations as people say them: what they are measured in, and their labels."""

import math
from enum import StrEnum
from typing import Final

MINUTE_SECONDS: Final = 60
HOUR_SECONDS: Final = 60 * MINUTE_SECONDS
DAY_SECONDS: Final = 24 * HOUR_SECONDS


class Measure(StrEnum):
    """What durations are measured in; the value is its words.

    Only elapsed time is given in days: one of eight working hours would be taken for one of twenty-four, and whether
    a sample counted those or these is known to who made it.
    """

    ELAPSED = "elapsed time"
    WORKING = "working time"
    SAMPLE = "as measured in the sample"

    @property
    def in_days(self) -> bool:
        """Whether long durations are given in days."""
        return self is Measure.ELAPSED

    @property
    def noun(self) -> str:
        """What has been measured, in the singular."""
        return "observation" if self is Measure.SAMPLE else "pull request"

    def label(self, seconds: float, *, largest_seconds: float = math.inf) -> str:
        """A duration with at most one decimal, such as ``0``, ``40 s``, ``12 min``, ``30.2 h`` or ``2.5 d``.

        Days begin at two, because one decimal of a single day is more than two hours. No unit is larger than
        ``largest_seconds``, so that a label beside an axis does not leave the unit of the axis.
        """
        if seconds < 0.05:
            return "0"
        if seconds < MINUTE_SECONDS - 0.05 or largest_seconds < MINUTE_SECONDS:
            return f"{_rounded(seconds)} s"
        if seconds < HOUR_SECONDS - 0.05 * MINUTE_SECONDS or largest_seconds < HOUR_SECONDS:
            return f"{_rounded(seconds / MINUTE_SECONDS)} min"
        if seconds < 2 * DAY_SECONDS or largest_seconds < DAY_SECONDS or not self.in_days:
            return f"{_rounded(seconds / HOUR_SECONDS)} h"
        return f"{_rounded(seconds / DAY_SECONDS)} d"


def _rounded(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
