"""The tables of the series: entities with their hours, polls, pull requests, samples of review times."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
)

from app.flow.instants import LATER_INSTANTS
from app.storage.postgres import instant, metadata

entity = Table(
    "entity",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text(collation="C"), nullable=False),
    Column("timezone", Text, comment="IANA zone; null means the default zone"),
    UniqueConstraint("kind", "key", name="entity_kind_key"),
)

working_hours = Table(
    "working_hours",
    metadata,
    Column("entity_id", ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True),
    Column("weekday", SmallInteger, primary_key=True, comment="0 = Monday … 6 = Sunday, local"),
    Column("opens", Time, primary_key=True),
    Column("closes", Time, primary_key=True),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
)

# The instant comes first because this alignment (8, 4 and 1 bytes) makes the row a sixth shorter. There is no
# foreign key: it would look up the entity of millions of rows that the loader has just resolved.
poll = Table(
    "poll",
    metadata,
    instant("at", nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("active", Boolean, comment="null: the monitor did not know"),
    PrimaryKeyConstraint("entity_id", "at"),
    postgresql_partition_by="RANGE (at)",
)

poll_week = Table(
    "poll_week",
    metadata,
    Column("week", Date, primary_key=True, comment="Monday, UTC, of the partition poll_<week>"),
    instant("first_at", nullable=False, comment="no poll of the week is earlier"),
    instant("last_at", nullable=False, comment="no poll of the week is later"),
)

pull_request = Table(
    "pull_request",
    metadata,
    Column("repo_id", Integer, nullable=False, comment="an entity of kind repository"),
    Column("number", Integer, nullable=False),
    Column("team_id", Integer, comment="an entity of kind team"),
    Column("author", Text),
    instant("created_at", nullable=False),
    *(instant(name) for name in LATER_INSTANTS),
    Column(
        "last_at",
        DateTime(timezone=True),
        Computed(f"greatest(created_at, {', '.join(LATER_INSTANTS)})", persisted=True),
    ),
    PrimaryKeyConstraint("repo_id", "number"),
)
Index("pull_request_created_at_idx", pull_request.c.created_at)
Index("pull_request_last_at_idx", pull_request.c.last_at)

review_time = Table(
    "review_time",
    metadata,
    Column("dataset_id", String(32), nullable=False, comment="the sample that the observation belongs to"),
    Column("line", BigInteger, nullable=False, comment="of its file"),
    Column("review_seconds", Double),
    Column("merge_seconds", Double),
    Column("observed_on", Date),
    Column("team_id", Integer, comment="an entity of kind team"),
    PrimaryKeyConstraint("dataset_id", "line"),
)
