"""Activity of many subjects at once, by period: what is known of each, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.activity import MonthState

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Periods:
    """Stretches of days, one behind the other.

    Attributes:
        first: the first day of each.
        end: the day after the last one.
    """

    first: Sequence[date]
    end: date

    def __len__(self) -> int:
        return len(self.first)

    @property
    def edges(self) -> npt.NDArray[np.int64]:
        """The first day of each and the end, days since 1970-01-01: int64[periods + 1]."""
        return np.array([(day - _EPOCH).days for day in (*self.first, self.end)], np.int64)


@dataclass(frozen=True, slots=True)
class ActivityTable:
    """What was counted of subjects in periods.

    Attributes:
        keys: of the subjects.
        sources: who counted each; None for commits, or where nobody has.
        periods: the columns of the arrays below.
        counts: by metric, int64[subjects, periods].
        covered: counted days, int64[subjects, periods].
        first: the first counted day of each, days since 1970-01-01, int64[subjects]; NEVER without any.
    """

    keys: Sequence[str]
    sources: Sequence[str | None]
    periods: Periods
    counts: Mapping[str, npt.NDArray[np.int64]]
    covered: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]

    def states(self) -> npt.NDArray[np.object_]:
        """What is known of each subject in each period: object[subjects, periods] of MonthState's texts."""
        edges = self.periods.edges
        counted = sum(self.counts.values(), np.zeros_like(self.covered))
        states = np.full(self.covered.shape, MonthState.NO_DATA.value, object)
        states[edges[None, 1:] <= self.first[:, None]] = MonthState.BEFORE_FIRST.value
        states[(self.covered > 0) | (counted > 0)] = MonthState.PARTIAL.value
        states[self.covered == np.diff(edges)[None, :]] = MonthState.COMPLETE.value
        return states


#: The first day of a subject that nobody counted.
NEVER: Final = int(np.iinfo(np.int64).min)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def days_between(first: date, end: date) -> Sequence[date]:
    """Each day from ``first`` to before ``end``."""
    return [first + timedelta(days=number) for number in range((end - first).days)]
