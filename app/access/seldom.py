"""What is worth a row of the audit once in a while, however often it happens."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from time import monotonic
from typing import Final

#: One row for so long, seconds.
PAUSE_SECONDS: Final = 60.0

#: Rows that are remembered; with more in a minute, some are written twice.
MOST: Final = 10_000


class Seldom:
    """Remembers what was recorded lately; of one process, and may be used from any thread."""

    def __init__(self) -> None:
        self._at: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = Lock()

    def is_due(self, what: Hashable) -> bool:
        """Whether it was not recorded within the last minute."""
        with self._lock:
            at = self._at.get(what)
        return at is None or monotonic() - at >= PAUSE_SECONDS

    def recorded(self, what: Hashable) -> None:
        """It was recorded just now, and that is committed."""
        with self._lock:
            self._at[what] = monotonic()
            self._at.move_to_end(what)
            while len(self._at) > MOST:
                self._at.popitem(last=False)
