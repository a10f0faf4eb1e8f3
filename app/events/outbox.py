"""Writes down that something has happened; who is to be told is found out later (see app/automation/relay.py).

The row is committed with what it tells of, or not at all: an end that nobody hears of cannot be, nor one that was
rolled back and told all the same.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from app.events.tables import event
from app.ids import new_id


def happened(connection: Connection, kind: str, subject: str, **facts: Any) -> str:
    """Record an event, such as ``schedule.paused`` of the schedule with an id, in the caller's transaction.

    ``facts`` are JSON-ready and hold no secret. Returns its id, by which receivers tell it from others.
    """
    return all_happened(connection, [(kind, subject, facts)])[0]


def all_happened(connection: Connection, events: Iterable[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """As happened(), for several at once: the type, the subject and the facts of each."""
    rows = [
        {"id": new_id(datetime.now(UTC)), "type": kind, "subject": subject, "facts": facts}
        for kind, subject, facts in events
    ]
    if rows:
        connection.execute(insert(event), rows)
    return [str(row["id"]) for row in rows]
