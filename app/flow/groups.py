"""The figures of groups of pull requests: each phase by both clocks, and waiting for a first review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.flow.clocks import CLOCKS, Clock
from app.flow.course import UNANSWERED, Course
from app.flow.grouping import Grouping
from app.flow.phases import PHASES
from app.flow.statistics import Grouped, ascending_rows, grouped
from app.flow.waits import kaplan_meier_medians
from app.timeline import MISSING

#: Rows by ascending duration, those that have it, by clock and phase.
Orders = Mapping[Clock, Mapping[str, npt.NDArray[np.int64]]]


@dataclass(frozen=True, slots=True)
class FirstReviews:
    """How long the pull requests of g groups waited for their first review; drafts are not counted.

    Attributes:
        reviewed, ended, waiting: int64[g], how many were reviewed, were merged or closed without, still wait.
        kaplan_meier_median: float64[g] seconds by clock, of all of them, those that still wait included; NaN where less
            than half have been reviewed.
    """

    reviewed: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    waiting: npt.NDArray[np.int64]
    kaplan_meier_median: Mapping[Clock, npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Groups:
    """The figures of g groups.

    Attributes:
        names: of each; None, at the end, for rows without a group.
        count: int64[g], pull requests.
        without_review, without_ci: int64[g], those that had none.
        phases: the figures of each phase of PHASES by clock, seconds; ``n`` is how many pull requests have it.
        first_review: waiting for the first review; its plain median is that of ``pickup_time``.
    """

    names: Sequence[str | None]
    count: npt.NDArray[np.int64]
    without_review: npt.NDArray[np.int64]
    without_ci: npt.NDArray[np.int64]
    phases: Mapping[Clock, Mapping[str, Grouped]]
    first_review: FirstReviews

    def __len__(self) -> int:
        return len(self.names)


def groups_of(course: Course, of: Grouping, orders: Orders | None = None) -> Groups:
    """The figures of each group of ``of``; ``orders`` are those of the course, if they are known already."""
    names, number = of.names, of.number
    orders = orders_of(course) if orders is None else orders

    def counted(which: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(number[which], minlength=len(names))

    return Groups(
        names,
        np.bincount(number, minlength=len(names)),
        counted(course.at.reviewed == MISSING),
        counted(course.pulls.instants["ci_finished_at"] == MISSING),
        {
            clock: {
                name: grouped(course.seconds[clock][name], number, groups=len(names), order=orders[clock][name])
                for name in PHASES
            }
            for clock in CLOCKS
        },
        _first_reviews(course, number, groups=len(names)),
    )


def orders_of(course: Course) -> Orders:
    """The rows by each duration: what takes longest when groups are made of them."""
    return {clock: {name: ascending_rows(course.seconds[clock][name]) for name in PHASES} for clock in CLOCKS}


def whole(course: Course, orders: Orders | None = None) -> Groups:
    """The figures of all pull requests as one group."""
    return groups_of(course, Grouping(["all"], np.zeros(len(course.team), np.int64)), orders)


def _first_reviews(course: Course, number: npt.NDArray[np.int64], *, groups: int) -> FirstReviews:
    found = course.first_review
    rows = np.flatnonzero(found.came | found.ended | found.waits)
    came, of = found.came[rows], number[rows]
    medians = {}
    for clock in CLOCKS:
        seconds = np.where(found.came, course.seconds[clock]["pickup_time"], course.seconds[clock][UNANSWERED])
        medians[clock] = kaplan_meier_medians(seconds[rows], came, of, groups=groups)
    counts = [np.bincount(number[which], minlength=groups) for which in (found.came, found.ended, found.waits)]
    return FirstReviews(counts[0], counts[1], counts[2], medians)
