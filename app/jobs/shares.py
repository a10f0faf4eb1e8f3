"""Which classes of jobs a replica may claim now, so that a slow class cannot starve the others."""

from collections.abc import Mapping
from math import floor
from typing import Final

from app.jobs.kind import JobClass

#: Classes that may use what is kept free for another, because their jobs are as short. They take turns with it, see
#: app/jobs/worker.py.
GUESTS: Final[Mapping[JobClass, JobClass]] = {JobClass.SMALL_LOAD: JobClass.REPORT}


class Shares:
    """How many of a replica's slots each class may use at most, and how many are kept free for it.

    Args:
        slots: of the replica.
        shares: for each class the least and the most of the slots, 0 … 1. The least is rounded down, so that a single
            slot is for all classes; the most is at least one slot, so that each class can run.
    """

    def __init__(self, slots: int, shares: Mapping[str, tuple[float, float]]) -> None:
        self._slots = slots
        bounds = {JobClass(name): share for name, share in shares.items()}
        self._least = {one: floor(slots * bounds[one][0]) for one in JobClass}
        self._most = {one: max(floor(slots * bounds[one][1]), 1) for one in JobClass}

    def open(self, busy: Mapping[JobClass, int]) -> set[JobClass]:
        """The classes of which another job may begin, while so many of each run."""
        free = self._slots - sum(busy.values())
        lacking = {one: max(self._least[one] - busy.get(one, 0), 0) for one in JobClass}
        return {one for one in JobClass if busy.get(one, 0) < self._most[one] and free > _kept_from(one, lacking)}


def _kept_from(one: JobClass, lacking: Mapping[JobClass, int]) -> int:
    """Slots that jobs of this class must leave free for others."""
    return sum(count for other, count in lacking.items() if other not in {one, GUESTS.get(one)})
