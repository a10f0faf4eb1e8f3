"""Writes down that something has happened; who is to be told is found out later (see app/automation/relay.py).

The row is committed with what it tells of, or not at all: an end that nobody hears of cannot be, nor one that was
rolled back and told all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from app.events.tables import event
from app.ids import new_id


def all_happened(connection: Connection, events: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Record events in the caller's transaction: of each its type, such as ``job.complete``, its subject and its facts.

    Facts are JSON-ready and hold no secret.
    """
    rows = [
        {"id": new_id(datetime.now(UTC)), "type": kind, "subject": subject, "facts": facts}
        for kind, subject, facts in events
    ]
    if rows:
        connection.execute(insert(event), rows)
