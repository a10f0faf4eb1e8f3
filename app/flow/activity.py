"""How active a project or a repository is: months, the last 30 days and the total, with what nobody counted told apart.

A 0 is a 0 that was counted. Where nothing was counted there is no number, and a state says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

#: Days of the recent figure, the last one included.
RECENT_DAYS: Final = 30

_DAY: Final = timedelta(days=1)

#: Counts by their metric, such as a class of installs, or ``commits``.
Counts = Mapping[str, int]


class MonthState(StrEnum):
    """What is known of a month."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NO_DATA = "no_data"
    BEFORE_FIRST = "before_first"


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of one entity, days before ``as_of``'s.

    Attributes:
        months: counts by the first day of each month in which something was counted, on a covered day or not.
        covered: covered days of each month, by its first day; months without any are left out.
        first, last: first and last covered day; None without any.
        recent: counts of the RECENT_DAYS up to ``last``.
        recent_covered: covered days among these.
    """

    months: Mapping[date, Counts]
    covered: Mapping[date, int]
    first: date | None = None
    last: date | None = None
    recent: Counts | None = None
    recent_covered: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a timeline; ``counts`` is None where the state is ``no_data`` or ``before_first``."""

    first: date
    state: MonthState
    days_covered: int
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Recent:
    """The last 30 covered days: from ``last`` - 29 days to ``last``, both included."""

    first: date
    last: date
    days_covered: int
    counts: Counts


def month_of(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def _later(day: date, months: int) -> date:
    """The first day of the month so many months after that of a day: as relativedelta, at a tenth of its time."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def whole_months(as_of: date, months: int) -> Sequence[date]:
    """The first days of so many whole months before the one of ``as_of``, the earliest first."""
    return [_later(as_of, -back) for back in range(months, 0, -1)]


def timeline(counted: Counted, months: Iterable[date]) -> tuple[Month, ...]:
    """What is known of each of these months, given by their first days."""
    return tuple(_month(counted, first) for first in months)


def recent(counted: Counted) -> Recent | None:
    """The last 30 days; None if no day is covered."""
    if counted.last is None:
        return None
    return Recent(
        first=counted.last - (RECENT_DAYS - 1) * _DAY,
        last=counted.last,
        days_covered=counted.recent_covered,
        counts=counted.recent or {},
    )


def total(counted: Counted) -> Counts | None:
    """Everything that was counted; None if nothing was and no day is covered."""
    if counted.last is None and not counted.months:
        return None
    sums: dict[str, int] = {}
    for counts in counted.months.values():
        for metric, n in counts.items():
            sums[metric] = sums.get(metric, 0) + n
    return sums


def days_without_gap(first: date, last: date) -> Mapping[date, int]:
    """The number of days of each month from one day to another, both included, by the first day of the month."""
    found, month = {}, month_of(first)
    while month <= last:
        after = _later(month, 1)
        found[month] = (min(last + _DAY, after) - max(first, month)).days
        month = after
    return found


def _month(counted: Counted, first: date) -> Month:
    days = (_later(first, 1) - first).days
    covered = counted.covered.get(first, 0)
    if covered or first in counted.months:
        state = MonthState.COMPLETE if covered == days else MonthState.PARTIAL
        return Month(first, state, covered, counted.months.get(first, {}))
    is_before = counted.first is not None and first < month_of(counted.first)
    return Month(first, MonthState.BEFORE_FIRST if is_before else MonthState.NO_DATA, 0, None)
