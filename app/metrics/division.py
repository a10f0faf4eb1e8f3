"""The dates of a report, in weeks or months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

Each = Literal["week", "month"]

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Division:
    """Local dates from ``first`` on, before ``last``, in p periods.

    Attributes:
        first, last: days since 1970-01-01.
        begins, ends: int64[p], of each period, days since 1970-01-01; the first and the last may be cut short.
        labels: of each, as 2024-W45 or 2024-11.
    """

    first: int
    last: int
    begins: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    labels: Sequence[str]

    @classmethod
    def of(cls, first: date, last: date, each: Each | None) -> Self:
        """Divide the dates; None: they are not divided, and there is no period."""
        begins, labels = [], []
        day = first
        while each is not None and day < last:
            begins.append((day - _EPOCH).days)
            labels.append("{:04}-W{:02}".format(*day.isocalendar()[:2]) if each == "week" else f"{day:%Y-%m}")
            day = _next(day, each)
        start, end = ((edge - _EPOCH).days for edge in (first, last))
        starts = np.array(begins, np.int64)
        return cls(start, end, starts, np.append(starts[1:], end)[: len(starts)], labels)

    def whole(self) -> "Division":
        """All of the dates as one period."""
        return Division(self.first, self.last, np.array([self.first]), np.array([self.last]), [""])

    def number(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The number of the period of each date, int64[n]; -1 outside."""
        inside = (days >= self.first) & (days < self.last)
        return np.where(inside, np.searchsorted(self.begins, days, side="right") - 1, -1)


def _next(day: date, each: Each) -> date:
    """The day on which the next period begins."""
    if each == "week":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
