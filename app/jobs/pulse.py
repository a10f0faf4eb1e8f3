"""Whether the loops of a process still go round."""

from threading import Lock
from time import monotonic


class Pulse:
    """Each loop beats as it goes round; one that has stopped for good says so."""

    def __init__(self) -> None:
        self._beats: dict[str, float] = {}
        self._lock = Lock()

    def beat(self, loop: str) -> None:
        """The loop goes round."""
        with self._lock:
            self._beats[loop] = monotonic()

    def end(self, loop: str) -> None:
        """The loop is over, as it should be."""
        with self._lock:
            self._beats.pop(loop, None)

    def slowest(self) -> tuple[str, float]:
        """The loop that has not gone round for longest, and for how many seconds; ("", 0) without loops."""
        now = monotonic()
        with self._lock:
            return max(((loop, now - at) for loop, at in self._beats.items()), key=lambda one: one[1], default=("", 0))
