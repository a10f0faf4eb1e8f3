"""The connections that have no request open, and who has to go when there are too many."""

from collections import Counter
from typing import Protocol


class Waiting(Protocol):
    """A connection as seen from here; ``address`` is that of its peer, which may be a proxy."""

    @property
    def address(self) -> str: ...

    def drop(self) -> None:
        """Close it."""


class Connections:
    """At most ``limit`` of them: one more drops the oldest of the address that has the most.

    So who opens many drops their own, and nobody else is refused.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[Waiting, None] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, one: Waiting) -> None:
        """It waits from now on."""
        self._waiting[one] = None
        if len(self._waiting) > self._limit:
            victim = self._of_the_busiest()
            self.discard(victim)
            victim.drop()

    def discard(self, one: Waiting) -> None:
        """It has sent its head, or is gone."""
        self._waiting.pop(one, None)

    def _of_the_busiest(self) -> Waiting:
        busiest, _ = Counter(one.address for one in self._waiting).most_common(1)[0]
        return next(one for one in self._waiting if one.address == busiest)
