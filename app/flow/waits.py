"""How long pull requests waited for their first review, also those that still wait (docs/pull-request-rules.md)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.flow.milestones import Milestones, first_known
from app.flow.phases import Phase
from app.timeline import MISSING, Micros

#: Products of some thousand fractions are a half but for their last digits.
_HALF: Final = 0.5 + 1e-9

#: The share of those that go on waiting when nobody does; it has a logarithm.
_NOBODY: Final = float(np.exp(-60))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of waiting for a first review, bool[n] each: at most one of them is true.

    Attributes:
        came: the review came.
        ended: it was merged or closed without one.
        waits: it still waits.
    """

    came: npt.NDArray[np.bool_]
    ended: npt.NDArray[np.bool_]
    waits: npt.NDArray[np.bool_]

    def of_rows(self, rows: npt.NDArray[np.integer]) -> "Outcome":
        """The same of some pull requests."""
        return Outcome(self.came[rows], self.ended[rows], self.waits[rows])


def unanswered(at: Milestones, *, as_of: int) -> Phase:
    """How long those waited that had no review: until they were merged or closed, or until ``as_of``, microseconds."""
    end = np.where(at.reviewed == MISSING, first_known(at.ended, np.full(len(at.ended), as_of)), MISSING)
    return Phase.between(at.ready, end)


def outcome(at: Milestones, pickup: Phase, waiting: Phase) -> Outcome:
    """What came of it; ``waiting`` is of unanswered(). Nothing for a draft, or where the ends are inconsistent."""
    has_ended = at.ended != MISSING
    return Outcome(pickup.known, waiting.known & has_ended, waiting.known & ~has_ended)


def kaplan_meier_medians(
    seconds: npt.NDArray[np.float64], came: npt.NDArray[np.bool_], group: npt.NDArray[np.integer], *, groups: int
) -> npt.NDArray[np.float64]:
    """The time by which half of each group have been reviewed, including those that still wait; NaN if it has not come.

    The product-limit estimator of Kaplan and Meier (1958): of those that waited at least t, the share that was not
    reviewed at t goes on waiting. Who stops to wait without a review at t was there until then.

    Args:
        seconds: float64[n], how long each waited, no NaN.
        came: bool[n], the wait ended with a review.
        group: int[n], 0 … groups - 1.
        groups: how many there are.
    """
    medians = np.full(groups, np.nan)
    if not len(seconds):
        return medians
    order = np.argsort(seconds)
    order = order[np.argsort(group[order], kind="stable")]
    waited, of = seconds[order], group[order]
    first = np.flatnonzero(np.append(True, (waited[1:] != waited[:-1]) | (of[1:] != of[:-1])))  # of each time
    at_risk = np.searchsorted(of, of[first], side="right") - first
    reviews = np.add.reduceat(came[order].astype(np.int64), first)
    # Products are sums of logarithms. Where all of the rest are reviewed at once nobody goes on: a share of e^-60.
    logs = np.cumsum(np.log(np.maximum(1 - reviews / at_risk, _NOBODY)))
    begin = np.searchsorted(of[first], of[first])
    share = np.exp(logs - np.where(begin > 0, logs[begin - 1], 0.0))
    reached = np.flatnonzero((share <= _HALF) & (reviews > 0))
    found, where = np.unique(of[first[reached]], return_index=True)
    medians[found] = waited[first[reached[where]]]
    return medians


def waiting_states(at: Milestones, *, as_of: int) -> dict[str, tuple[Micros, Micros]]:
    """From when and until when each of n pull requests was in the states of the hourly series, int64[n] microseconds.

    MISSING where it never was; one that is not over is in its state until ``as_of``.
    """
    end = first_known(at.ended, np.full(len(at.ended), as_of))
    reviewed, approved = at.once_ready(at.reviewed), at.once_ready(at.approved)
    return {
        "awaiting_review": (at.ready, np.minimum(first_known(reviewed, end), end)),
        "in_review": (reviewed, np.minimum(first_known(approved, end), end)),
        "approved": (approved, end),
    }
