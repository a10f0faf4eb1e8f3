"""The table of schedules."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

schedule = Table(
    "schedule",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("does", Text, nullable=False, comment="report or sync"),
    Column("kind", Text, nullable=False, comment="of the report; name of the source"),
    Column("params", JSONB, nullable=False),
    Column("cron", Text, nullable=False),
    Column("timezone", Text, nullable=False, comment="IANA zone"),
    Column("as_of", Text, nullable=False, comment="the instant that its reports speak for"),
    Column("catch_up", Text, nullable=False, comment="which of the missed instants count: latest, none"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("paused_reason", Text, comment="why it was paused; null: it was not"),
    instant("next_at", comment="when it is due; null: never again, or paused"),
    instant("last_due_at", comment="the instant that it last began something for"),
    Column("last_job_id", String(32), comment="what it began then"),
    Column("notify", JSONB, nullable=False, server_default=text("'{}'"), comment="who is told when a report ends"),
    Column(
        "skipped", Integer, nullable=False, server_default="0", comment="instants that were missed when it was last due"
    ),
    Column("created_by", Text, nullable=False, comment="name of who made it"),
    Column("runs_as", Text, nullable=False, comment="name of who last set it, for whom it acts"),
    Column("runs_as_id", String(32), comment="their user; null: they are none"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("updated_at", nullable=False, server_default=func.now()),
    UniqueConstraint("name", name="schedule_name_key"),
    CheckConstraint("does IN ('report', 'sync')", name="does"),
    CheckConstraint("as_of IN ('run', 'start_of_day', 'start_of_week', 'start_of_month')", name="as_of"),
    CheckConstraint("catch_up IN ('latest', 'none')", name="catch_up"),
)
Index("schedule_due_idx", schedule.c.next_at, postgresql_where=text("enabled"))
