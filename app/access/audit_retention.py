"""Removes rows of the audit that are past their retention, which nothing else can."""

from collections.abc import Callable
from threading import Event
from typing import Final

from sqlalchemy import Connection, Engine, text

from app.access import audit
from app.storage.postgres import database_errors

#: Between two rounds, seconds.
LOOK_SECONDS: Final = 3600

#: Before the first round of a process, seconds: replicas that start together do not remove together.
FIRST_LOOK_SECONDS: Final = (30, 120)

#: Rows that are removed in one transaction.
STEP_ROWS: Final = 5000

#: Key of the advisory lock that lets one replica remove at a time.
_LOCK: Final = 0x61756474

#: The trigger of the table lets rows go that are older than this, and only in this transaction.
_ALLOW: Final = text(
    "SELECT set_config('openhours.audit_ends', CAST(now() - make_interval(days => :days) AS text), true)"
)

_REMOVE: Final = text(
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < now() - make_interval(days => :days) "
    "ORDER BY at, id LIMIT :most)"
)


def remove_old(
    engine: Engine, *, days: int, stopping: Event | None = None, beat: Callable[[], None] = lambda: None
) -> int:
    """Remove the rows that are more than ``days`` old, and record how many; returns their number.

    Does nothing while another replica is at it.

    Raises:
        DatabaseUnavailable: the next round goes on.
    """
    stopping, removed = stopping or Event(), 0
    while not stopping.is_set():
        beat()
        with database_errors(), engine.begin() as connection:
            step = _remove_step(connection, days)
        removed += step
        if step < STEP_ROWS:
            break
    return removed


def _remove_step(connection: Connection, days: int) -> int:
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one():
        return 0
    connection.execute(_ALLOW, {"days": days})
    rows = connection.execute(_REMOVE, {"days": days, "most": STEP_ROWS}).rowcount
    if rows:
        audit.record(connection, "audit.expire", rows=rows)
    return rows
