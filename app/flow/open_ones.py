"""open.csv: pull requests that are open, how old they are and what they wait for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.course import AGE, Course
from app.flow.observations import named
from app.flow.table import instants, key_columns, seconds
from app.timeline import MISSING

#: What an open pull request waits for.
WAITING_FOR: Final = ("review", "changes", "merge")


@dataclass(frozen=True, slots=True)
class Open:
    """The open ones, the oldest first.

    Attributes:
        course: how m pull requests went.
        waiting_for: int64[m], number in WAITING_FOR, -1 for a draft, which waits for none of them.
    """

    course: Course
    waiting_for: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.waiting_for)


def open_ones(course: Course) -> Open:
    """Those of some pull requests that are neither merged nor closed."""
    rows = np.flatnonzero(course.is_open)
    rows = rows[np.lexsort([course.pulls.number[rows], course.pulls.repo_id[rows], course.at.created[rows]])]
    found = course.of_rows(rows)
    at = found.at
    asked = (at.changes_requested != MISSING) & (at.changes_requested > at.approved)
    waiting = np.where(asked, 1, np.where(at.approved == MISSING, 0, 2))
    return Open(found, np.where(at.ready == MISSING, -1, waiting))


def open_table(found: Open, repos: Mapping[int, str]) -> pa.Table:
    """The rows of open.csv, made safe to open in a spreadsheet; ``repos`` are names of repositories by id."""
    course = found.course
    return pa.table(
        {
            **key_columns(course, repos=repos, team=named(course.teams.names, course.team)),
            "created_at": instants(course.at.created),
            "state": named(("open", "draft"), course.pulls.details.is_draft.astype(np.int64)),
            "waiting_for": named(WAITING_FOR, found.waiting_for),
            "age_working_seconds": seconds(course.seconds["working"][AGE]),
            "age_wall_seconds": seconds(course.seconds["wall"][AGE]),
        }
    )
