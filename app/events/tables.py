"""The table of events: what has happened, and what was told of it."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

event = Table(
    "event",
    metadata,
    Column("id", String(32), primary_key=True, comment="as receivers know it"),
    Column("type", Text, nullable=False, comment="job.complete and the like until it was handled; then as told"),
    Column("subject", String(32), nullable=False, comment="id of what it happened to"),
    Column("facts", JSONB, nullable=False, comment="what is known of it where it happens"),
    Column("payload", JSONB, comment="what receivers are told; null until it was handled"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="that failed to handle it"),
    instant("not_before", comment="when to try again to handle it"),
    instant("at", nullable=False, server_default=func.now()),
    instant("handled_at", comment="when it was found out who is to be told; null: not yet"),
)
Index("event_waiting_idx", event.c.id, postgresql_where=event.c.handled_at.is_(None))
Index("event_old_idx", event.c.handled_at)
Index("event_subject_idx", event.c.subject)
