"""What counts in the course of a pull request: the instants by which its phases and states go."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.pull_requests import PullRequests
from app.timeline import MISSING, Micros

#: Later than any instant.
_NEVER: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Milestones:
    """Instants of n pull requests, int64[n] microseconds each; MISSING where there is none.

    Attributes:
        began: the first commit or the creation, whichever is earlier.
        first_commit, created: as the source tells them.
        was_ready: when a draft was ready for review; MISSING for one that never was a draft.
        ready: from when on it could be reviewed: its creation, or the end of its draft; MISSING while it is a draft.
        reviewed: the first review or approval before the end.
        approved: the last approval before the end.
        changes_requested: the last review before the end that asked for changes.
        merged, closed: as the source tells them.
        ended: when it was merged, else when it was closed.
    """

    began: Micros
    first_commit: Micros
    created: Micros
    was_ready: Micros
    ready: Micros
    reviewed: Micros
    approved: Micros
    changes_requested: Micros
    merged: Micros
    closed: Micros
    ended: Micros

    @classmethod
    def of(cls, pulls: PullRequests) -> "Milestones":
        """Of pull requests as_they_stood()."""
        known = pulls.instants
        created, first_commit = known["created_at"], known["first_commit_at"]
        ended = first_known(known["merged_at"], known["closed_at"])
        approved = _before(ended, known["approved_at"])
        return cls(
            began=earlier(first_commit, created),
            first_commit=first_commit,
            created=created,
            was_ready=known["ready_at"],
            ready=np.where(pulls.details.is_draft, MISSING, first_known(known["ready_at"], created)),
            reviewed=earlier(_before(ended, known["first_review_at"]), approved),
            approved=approved,
            changes_requested=_before(ended, pulls.details.changes_requested_at),
            merged=known["merged_at"],
            closed=known["closed_at"],
            ended=ended,
        )

    def once_ready(self, at: Micros) -> Micros:
        """An instant, or when the pull request was ready if that came later; MISSING while it is a draft."""
        return np.where((at == MISSING) | (self.ready == MISSING), MISSING, np.maximum(at, self.ready))

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Milestones":
        """The same of some pull requests."""
        return Milestones(*(getattr(self, name)[rows] for name in self.__slots__))


def first_known(at: Micros, otherwise: Micros) -> Micros:
    """The instant, or the other one where it is not known."""
    return np.where(at == MISSING, otherwise, at)


def earlier(one: Micros, other: Micros) -> Micros:
    """The earlier of two, as far as they are known."""
    first = np.minimum(np.where(one == MISSING, _NEVER, one), np.where(other == MISSING, _NEVER, other))
    return np.where(first == _NEVER, MISSING, first)


def _before(ended: Micros, at: Micros) -> Micros:
    """An instant that counts only before the end: reviews after it end no phase."""
    return np.where((ended != MISSING) & (at >= ended), MISSING, at)
