"""Whose turn it is to change the series: one at a time, so that entities and weeks are made without races."""

from typing import Final

from sqlalchemy import Connection, text

#: Key of the advisory lock.
_LOCK: Final = 0x6C6F6164


def wait_for_turn(connection: Connection) -> None:
    """Have nobody else merge or remove until the transaction ends.

    Each statement that follows sees what was committed before; a report goes on reading meanwhile.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def take_turn(connection: Connection) -> bool:
    """The same without waiting; False when it is somebody else's turn."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))
