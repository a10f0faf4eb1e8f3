"""Groups of pull requests: by team, repository, author, size, or the local week or month of a date."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from app.flow.course import Course
from app.flow.observations import numbered
from app.flow.pull_requests import authors
from app.flow.sizes import SIZES, size_classes
from app.flow.teams import Teams
from app.timeline import DAY, MISSING, Micros

GroupBy = Literal["team", "repo", "author", "size", "week", "month"]

_EPOCH: Final = date(1970, 1, 1)

#: 1970-01-05 was a Monday.
_MONDAY: Final = 4


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which group each of n rows is in.

    Attributes:
        names: of the groups, in the order in which they are shown; None, at the end, for rows without a group: those
            have no team, their author is not known.
        number: int64[n], of each row's group.
    """

    names: Sequence[str | None]
    number: npt.NDArray[np.int64]


def grouping(by: GroupBy, course: Course, *, repos: Mapping[int, str], days: npt.NDArray[np.int64]) -> Grouping:
    """Put pull requests into groups.

    Args:
        by: what a group has in common.
        course: how n pull requests went.
        repos: names of the repositories by id.
        days: int64[n], the local date by which each counts, days since 1970-01-01; MISSING without one. Only weeks and
            months look at it.
    """
    names, number = _named(by, course, repos, days)
    if not (number < 0).any():
        return Grouping(names, number)
    return Grouping([*names, None], np.where(number < 0, len(names), number))


def _named(
    by: GroupBy, course: Course, repos: Mapping[int, str], days: npt.NDArray[np.int64]
) -> tuple[Sequence[str], npt.NDArray[np.int64]]:
    """Names, and the number of each row's among them, -1 for a row without."""
    match by:
        case "team":
            return course.teams.names, course.team
        case "repo":
            return numbered(course.pulls.repo_id, repos)
        case "author":
            names, number = authors(course.pulls)
            nobody = int(names[:1] == [""])
            return names[nobody:], number - nobody
        case "size":
            return list(SIZES), size_classes(course.pulls.details.lines)
        case "week":
            return _in_order((days - _MONDAY) // 7, days, _week)
        case "month":
            return _in_order(_months(days), days, lambda number: str(np.datetime64(number, "M")))


def local_days(at: Micros, teams: Teams, team: npt.NDArray[np.int64], zone: str | None) -> npt.NDArray[np.int64]:
    """The local date of each instant, days since 1970-01-01; MISSING without an instant.

    Args:
        at: int64[n] microseconds.
        teams: those of the rows.
        team: int64[n], number of each one's team, -1 without one.
        zone: whose clock counts; None: that of each one's team.
    """
    return np.where(at == MISSING, MISSING, (at + teams.ahead_of_utc(at, team, zone)) // DAY)


def _week(number: int) -> str:
    return "{:04}-W{:02}".format(*(_EPOCH + timedelta(days=7 * number + _MONDAY)).isocalendar()[:2])


def _months(days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    known = np.where(days == MISSING, 0, days)
    return known.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _in_order(
    number: npt.NDArray[np.int64], days: npt.NDArray[np.int64], name: Callable[[int], str]
) -> tuple[Sequence[str], npt.NDArray[np.int64]]:
    """All weeks or months from the first to the last, those without rows included."""
    known = days != MISSING
    if not known.any():
        return [], np.full(len(days), -1)
    first, last = int(number[known].min()), int(number[known].max())
    return [name(one) for one in range(first, last + 1)], np.where(known, number - first, -1)
