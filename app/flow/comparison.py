"""Groups of pull requests now, and each of them before: another time of the same group, or the week or month before."""

from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.course import Course
from app.flow.grouping import GroupBy, Grouping
from app.flow.groups import Groups, Orders, groups_of

Which = npt.NDArray[np.bool_]

#: What groups follow each other by.
_IN_ORDER: Final = ("week", "month")


def compared(
    course: Course,
    of: Grouping,
    by: GroupBy,
    *,
    now: Which,
    before: Which | None,
    orders: Orders | None = None,
) -> tuple[Groups, Groups | None]:
    """The figures of each group that has pull requests now, and of what it is compared with.

    Args:
        course: how n pull requests went.
        of: the groups of all of them.
        by: what a group has in common; before a week or month comes the one before it, before any other group itself.
        now: bool[n], those that are told of.
        before: bool[n], those of the time before, and for weeks and months those that may be in the one before any;
            None: nothing is compared.
        orders: of those that are told of, if they are known already.
    """
    kept = _kept(of, by, now, before)
    number_of = np.full(len(of.names), -1)
    number_of[kept] = np.arange(len(kept))
    names = [of.names[one] for one in kept.tolist()]
    found = groups_of(course.where(now), Grouping(names, number_of[of.number[now]]), orders)
    if before is None:
        return found, None
    if by not in _IN_ORDER:
        return found, _groups(course, names, np.where(before, number_of[of.number], -1))
    following = np.append(number_of[1:], -1)  # the number of the group that this one comes before
    following[[at for at, name in enumerate(of.names[1:]) if name is None]] = -1
    return found, _groups(course, names, np.where(now | before, following[of.number], -1))


def _kept(of: Grouping, by: GroupBy, now: Which, before: Which | None) -> npt.NDArray[np.int64]:
    """The groups to tell of: of weeks and months all from the first to the last, also those without a pull request."""
    used = np.bincount(of.number[now], minlength=len(of.names)) > 0
    if by in _IN_ORDER:
        named = np.flatnonzero(used & np.array([name is not None for name in of.names], bool))
        between = np.arange(named[0], named[-1] + 1) if len(named) else named
        return np.union1d(between, np.flatnonzero(used)).astype(np.int64)
    if before is not None:
        used |= np.bincount(of.number[before], minlength=len(of.names)) > 0
    return np.flatnonzero(used)


def _groups(course: Course, names: list[str | None], number: npt.NDArray[np.int64]) -> Groups:
    which = number >= 0
    return groups_of(course.where(which), Grouping(names, number[which]))
