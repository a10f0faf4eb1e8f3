"""Pull requests as they went: the rows of the report, and how many lack what."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from app.flow.clocks import Clock
from app.flow.course import Course
from app.flow.observations import Observations, named
from app.flow.pull_requests import PullRequests
from app.flow.table import pull_request_table
from app.timeline import MISSING, from_micros


def observe(course: Course, repos: Mapping[int, str], *, clock: Clock) -> Observations:
    """The pull requests with all their phases; the table is sorted by repository and number.

    Args:
        course: how they went.
        repos: names of the repositories by id.
        clock: which durations statistics and charts use.
    """
    pulls, durations = course.pulls, course.durations(clock)
    begin, end = _first_and_last(pulls)
    used, team = _used(course)
    missing = _missing(pulls, team)
    return Observations(
        table=pull_request_table(course, repos=repos, team=named(used, team)),
        teams=used,
        team=team,
        durations=durations,
        ordinary=~np.isnan(durations["review_time"]) & ~np.isnan(durations["merge_time"]),
        begin=begin,
        end=end,
        without_review=int((course.at.reviewed == MISSING).sum()),
        without_ci=missing["ci_finished_at"],
        missing=missing,
        inconsistent={name: int(phase.inconsistent.sum()) for name, phase in course.phases.items()},
    )


def _used(course: Course) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of the teams that have rows, and the number of each row's team among them."""
    used = np.unique(course.team[course.team >= 0])
    number = np.full(len(course.teams.names) + 1, -1)
    number[used] = np.arange(len(used))
    return [course.teams.names[one] for one in used.tolist()], number[course.team]


def _missing(pulls: PullRequests, team: npt.NDArray[np.int64]) -> dict[str, int]:
    """Number of rows without a value, per column."""
    return {
        "repo": 0,
        "number": 0,
        "team": int((team < 0).sum()),
        "author": int((pulls.author == "").sum()),
        **{name: int((values == MISSING).sum()) for name, values in pulls.instants.items()},
    }


def _first_and_last(pulls: PullRequests) -> tuple[str | None, str | None]:
    """When the first and the last were created, ISO 8601; None without any."""
    if not len(pulls):
        return None, None
    created = pulls.instants["created_at"]
    return _iso(created.min()), _iso(created.max())


def _iso(micros: np.integer) -> str:
    return from_micros(int(micros)).isoformat().replace("+00:00", "Z")
