"""How many pull requests wait for what, in each hour of the week on the clock of their team."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, HOUR, MISSING, Micros

_WEEK: Final = 7 * DAY

#: Hours of a week.
_HOURS: Final = _WEEK // HOUR

#: 1970-01-05 was a Monday.
_MONDAY: Final = 4 * DAY


def waiting_hours(
    states: Mapping[str, tuple[Micros, Micros]], *, ahead: Mapping[str, tuple[Micros, Micros]]
) -> dict[str, npt.NDArray[np.float64]]:
    """How many are in each state on average, float64[7, 24], Monday and midnight first.

    The average of an hour is over all hours of that name from the first to the last instant at which one waits. Local
    clocks may jump: an hour that they skip counts as one in which nobody waits, one that they show twice counts once.

    Args:
        states: by name, from when and until when each of n pull requests is in it, int64[n] microseconds UTC, MISSING
            for one that never is; an end that is not after its begin is no time.
        ahead: by name, what the clock of its team is ahead of UTC at these instants, int64[n] microseconds.
    """
    local = {name: _local(ends, ahead[name]) for name, ends in states.items()}
    begins = [begin for begin, _ in local.values() if len(begin)]
    if not begins:
        return {name: np.zeros((7, 24)) for name in local}
    first = min(int(begin.min()) for begin in begins)
    last = max(int(end.max()) for _, end in local.values() if len(end))
    since = first // _WEEK * _WEEK
    there = _per_hour(np.array([first - since]), np.array([last - since]))
    return {
        name: np.divide(_per_hour(begin - since, end - since), there, out=np.zeros(_HOURS), where=there > 0).reshape(
            7, 24
        )
        for name, (begin, end) in local.items()
    }


def _local(ends: tuple[Micros, Micros], ahead: tuple[Micros, Micros]) -> tuple[Micros, Micros]:
    """Spans on local clocks, of those that have any, microseconds since a Monday."""
    begin, end = ends
    rows = np.flatnonzero((begin != MISSING) & (end != MISSING) & (end > begin))
    begin, end = (at[rows] + shift[rows] - _MONDAY for at, shift in zip(ends, ahead, strict=True))
    return begin, np.maximum(begin, end)


def _per_hour(begin: Micros, end: Micros) -> npt.NDArray[np.float64]:
    """Microseconds of all spans in each hour of the week, float64[168]; spans begin after a Monday of about then."""
    found = np.zeros(_HOURS)
    for sign, at in ((1, end), (-1, begin)):
        weeks, within = np.divmod(at, _WEEK)
        hours, rest = np.divmod(within, HOUR)
        # Up to an instant, each hour of the week had whole weeks; those before the current one are over once more.
        number = np.bincount(hours, minlength=_HOURS)
        later = number[::-1].cumsum()[::-1] - number
        found += sign * (weeks.sum() * HOUR + later * HOUR + np.bincount(hours, weights=rest, minlength=_HOURS))
    return found
