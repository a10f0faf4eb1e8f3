"""Tells a server that hangs from one that is busy: by how often and how long nothing came back."""

from dataclasses import dataclass
from time import monotonic
from typing import Final

from app.embedded.server import NoAnswerError, NobodyListensError, SilentError

#: A server hangs when so many pings in a row got nothing, over so many seconds: both, because a machine that was
#: suspended itself spends many seconds in one ping.
HANG_PINGS: Final = 8
HANG_SECONDS: Final = 30.0

#: For one whose process is there and does not listen: on an overloaded machine a start takes half a minute.
START_SECONDS: Final = 180.0


@dataclass(slots=True)
class Silence:
    """The pings in a row that got nothing. What a server says, if only that it recovers, is an answer."""

    pings: int = 0
    since: float = 0.0
    limit: float = HANG_SECONDS

    def note(self, failure: NoAnswerError | None) -> None:
        """Note what a ping came to that ended just now."""
        if not isinstance(failure, SilentError | NobodyListensError):
            self.pings = 0
            return
        self.pings += 1
        if self.pings == 1:
            self.since = monotonic()
        self.limit = HANG_SECONDS if isinstance(failure, SilentError) else START_SECONDS

    @property
    def is_hang(self) -> bool:
        return self.pings >= HANG_PINGS and monotonic() - self.since >= self.limit
