"""Whose turn it is to change the series: one at a time, so that entities and weeks are made without races."""

from time import monotonic, sleep
from typing import Final

from sqlalchemy import Connection, text

from app.errors import SeriesBusy

#: Key of the advisory lock.
_LOCK: Final = 0x6C6F6164


#: Interval of asking for a turn that is not waited for without end, seconds.
_ASK_SECONDS: Final = 0.1


def wait_for_turn(connection: Connection, *, at_most_seconds: float | None = None) -> None:
    """Have nobody else merge or remove until the transaction ends.

    Each statement that follows sees what was committed before; a report goes on reading meanwhile.

    Raises:
        SeriesBusy: it is still somebody else's turn after ``at_most_seconds``.
    """
    if at_most_seconds is None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        return
    deadline = monotonic() + at_most_seconds
    while not take_turn(connection):
        if monotonic() > deadline:
            raise SeriesBusy("Another load is being merged; this one waits in the queue until that has ended.")
        sleep(_ASK_SECONDS)


def take_turn(connection: Connection) -> bool:
    """The same without waiting; False when it is somebody else's turn."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))
