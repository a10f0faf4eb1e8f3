"""How the end of a job is waited for: how often to ask, how long to put up with a server that is away."""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import Any, Final

from openhours.errors import OpenhoursError, ServerUnreachable

#: How long the server may hold back a poll whose progress is shown; it answers at once when the job ends, seconds.
POLL_SECONDS: Final = 0.5

#: The same when only the end is of interest: fewer requests, and less than the server allows, seconds.
LONG_POLL_SECONDS: Final = 10.0

#: How long to wait for the end of a job unless told otherwise, seconds.
WAIT_SECONDS: Final = 3600.0

#: While a job is followed the server may be away for this long, as during a roll-out, seconds.
PATIENCE_SECONDS: Final = 30

#: Wait before a server that was away, or that answered sooner than it was asked to, is asked again, seconds.
RETRY_SECONDS: Final = 1.0


def answers(ask: Callable[[], Mapping[str, Any]], *, every_seconds: float) -> Iterator[Mapping[str, Any]]:
    """Answers without end; ``ask`` has the server hold each back for so long, which one that stops does not."""
    while True:
        next_at = monotonic() + every_seconds
        yield patiently(ask)
        sleep(min(max(next_at - monotonic(), 0), RETRY_SECONDS))


def patiently(ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """An answer; a server that is away for a while does not end the wait for work that goes on."""
    deadline = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except OpenhoursError as error:
            if error.status != ServerUnreachable.status or monotonic() > deadline:
                raise
        sleep(RETRY_SECONDS)


def interval(timeout_seconds: float) -> float:
    """How long the server may hold back each answer when that is all the time there is."""
    return min(LONG_POLL_SECONDS, max(timeout_seconds, 0))
