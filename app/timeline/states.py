"""How many items are in which state, hour by hour: an item counts in the state that it is in for most of the hour.

Items go through the same states in the same order; any may be skipped.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import HOUR, MISSING, Micros

#: Later than any instant.
_NEVER: Final = int(np.iinfo(np.int64).max)


def monotone(begins: Micros) -> Micros:
    """Beginnings of states as they are reached: an earlier state is over when a later one begins.

    Args:
        begins: instants, int64[items, states]; MISSING for a state whose beginning is not known. The last state is
            the end and is known for every item.

    Returns:
        int64[items, states], ascending in each row; a state that is skipped begins when the next one does.
    """
    known = np.where(begins == MISSING, _NEVER, begins)
    return np.minimum.accumulate(known[:, ::-1], axis=1)[:, ::-1]


def hours_of_states(begins: Micros, *, until: int) -> npt.NDArray[np.int64]:
    """The first hour of each state: an item is in the state that takes most of an hour, in the earlier one of two.

    Args:
        begins: int64[items, states] as of monotone(); before the first state an item is in none.
        until: what comes later is not known, microseconds: of its hour, the part before it is compared. No state
            begins later.

    Returns:
        Hours since the epoch, int64[items, states]: an item counts in state s in ``[result[:, s], result[:, s + 1])``.
    """
    first = begins // HOUR
    return first + (_longest(begins, first, until) < np.arange(begins.shape[1]))


def _longest(begins: Micros, hour: npt.NDArray[np.int64], until: int) -> npt.NDArray[np.int64]:
    """The state that takes most of each of these hours of each item, -1 for that before the first."""
    start = hour[:, :, None] * HOUR
    stop = np.clip(until, start, start + HOUR)
    # Axes: item, hour, state; each state lasts from its beginning to the next one's, within the hour.
    edges = np.concatenate([start, np.clip(begins[:, None, :], start, stop), stop], axis=2)
    longest: npt.NDArray[np.int64] = np.argmax(np.diff(edges, axis=2), axis=2) - 1
    return longest


def counts(
    group: npt.NDArray[np.integer], hours: npt.NDArray[np.int64], *, groups: int, first: int, last: int
) -> npt.NDArray[np.int32]:
    """Items of each group in each state, hour by hour.

    Args:
        group: int[items], 0 … groups - 1.
        hours: as of hours_of_states(), all within ``[first, last]``.
        groups: how many.
        first, last: the hours ``[first, last)`` since the epoch.

    Returns:
        int32[states - 1, groups, last - first]; the last state, the end, is not counted.
    """
    width = last - first + 1
    cell = group[:, None] * width + (hours - first)
    begun = [np.bincount(here, minlength=groups * width).reshape(groups, width) for here in cell.T]
    entered = np.stack(begun).astype(np.int32).cumsum(axis=2, dtype=np.int32)[:, :, :-1]
    inside: npt.NDArray[np.int32] = entered[:-1] - entered[1:]
    return inside
