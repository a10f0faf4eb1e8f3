"""The tables of the series: entities with their hours, polls, pull requests, samples of review times, large tables."""

from datetime import date, time
from typing import Any

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
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    func,
    literal_column,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
# Hosts of repositories take upper and lower case for the same.
Index(
    "entity_repository_idx",
    func.lower(entity.c.key),
    postgresql_where=literal_column("kind = 'repository'"),
)

# This table and entity.timezone are read by the version before, while that may still run; a later migration removes
# them. In their place there are hours_window and entity_zone.
working_hours = Table(
    "working_hours",
    metadata,
    Column("entity_id", ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True),
    Column("weekday", SmallInteger, primary_key=True, comment="0 = Monday … 6 = Sunday, local"),
    Column("opens", Time, primary_key=True),
    Column("closes", Time, primary_key=True),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
)


def _of_entity() -> Column[int]:
    return Column("entity_id", Integer, ForeignKey("entity.id", ondelete="CASCADE"), nullable=False)


def _from_to() -> tuple[Column[date], Column[date]]:
    """The dates on which a row counts, both included."""
    return (
        Column("valid_from", Date, nullable=False, server_default="-infinity", comment="first local date"),
        Column("valid_to", Date, nullable=False, server_default="infinity", comment="last local date"),
    )


def _window() -> tuple[Column[time], Column[time]]:
    """Local times of day; an end at or before the start is on the next date."""
    return Column("opens", Time, nullable=False), Column("closes", Time, nullable=False)


def _known() -> tuple[Column[Any], ...]:
    """When the row was known: nothing is changed in place, see versions.py."""
    return (
        instant("recorded_at", nullable=False),
        instant("superseded_at", comment="from then on it is known no more; null: it still is"),
        Column("recorded_by", Text, comment="dataset that brought it; null: it was set by a request"),
    )


hours_window = Table(
    "hours_window",
    metadata,
    _of_entity(),
    *_from_to(),
    Column("weekday", SmallInteger, nullable=False, comment="0 = Monday … 6 = Sunday, local"),
    *_window(),
    *_known(),
    PrimaryKeyConstraint("entity_id", "valid_from", "valid_to", "weekday", "opens", "closes", "recorded_at"),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint("valid_from <= valid_to", name="validity"),
)

hours_exception = Table(
    "hours_exception",
    metadata,
    _of_entity(),
    Column("on_date", Date, nullable=False, comment="local"),
    Column("what", Text, nullable=False, comment="hours: open then; closed; usual: no holiday; minus: not then"),
    *_window(),
    Column("name", Text, nullable=False, server_default=""),
    *_known(),
    PrimaryKeyConstraint("entity_id", "on_date", "what", "opens", "closes", "name", "recorded_at"),
    CheckConstraint("what IN ('hours', 'closed', 'usual', 'minus')", name="what"),
    comment="single dates of an entity; a closed or usual one has one row, with 00:00 for both times",
)

calendar = Table(
    "calendar",
    metadata,
    Column("name", Text(collation="C"), nullable=False),
    Column("source", Text, nullable=False, comment="where its dates are from, for people"),
    *_known(),
    PrimaryKeyConstraint("name", "recorded_at"),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("calendar", Text(collation="C"), nullable=False),
    Column("on_date", Date, nullable=False, comment="local"),
    Column("what", Text, nullable=False, comment="hours: open then; closed"),
    *_window(),
    Column("name", Text, nullable=False, server_default=""),
    *_known(),
    PrimaryKeyConstraint("calendar", "on_date", "what", "opens", "closes", "name", "recorded_at"),
    CheckConstraint("what IN ('hours', 'closed')", name="what"),
)

calendar_use = Table(
    "calendar_use",
    metadata,
    _of_entity(),
    Column("place", SmallInteger, nullable=False, comment="of two calendars that have a date the first one counts"),
    Column("calendar", Text(collation="C"), nullable=False),
    *_from_to(),
    *_known(),
    PrimaryKeyConstraint("entity_id", "place", "recorded_at"),
    CheckConstraint("valid_from <= valid_to", name="validity"),
)

entity_zone = Table(
    "entity_zone",
    metadata,
    _of_entity(),
    Column("valid_from", Date, nullable=False, server_default="-infinity", comment="first local date"),
    Column("timezone", Text, nullable=False, comment="IANA zone"),
    *_known(),
    PrimaryKeyConstraint("entity_id", "valid_from", "recorded_at"),
)

entity_detail = Table(
    "entity_detail",
    metadata,
    _of_entity(),
    Column("name", Text, comment="for people"),
    Column("group_name", Text, comment="whose totals it counts in"),
    Column("max_gap_minutes", Integer, comment="how long a poll holds; 0: until the next one"),
    Column("active_from", Date, comment="first local date on which it exists"),
    Column("active_to", Date, comment="last local date on which it exists"),
    *_known(),
    PrimaryKeyConstraint("entity_id", "recorded_at"),
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
    instant("changed_at", nullable=False, server_default=func.now(), comment="when a load last touched it"),
    Column("version", BigInteger, nullable=False, server_default="0", comment="raised whenever its polls change"),
    instant("sealed_at", comment="its polls are in sealed objects from then on; null: they are in its partition"),
)

sealed_object = Table(
    "sealed_object",
    metadata,
    Column("key", Text(collation="C"), primary_key=True, comment="of the Parquet file in the bucket"),
    Column("week", ForeignKey("poll_week.week", ondelete="CASCADE"), nullable=False),
    Column("first_id", Integer, nullable=False, comment="lowest entity_id in it"),
    Column("last_id", Integer, nullable=False, comment="highest entity_id in it"),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("footer", LargeBinary, nullable=False, comment="its end: where its row groups are, and statistics"),
    Column("group_sha256", LargeBinary, nullable=False, comment="SHA-256 of each row group, 32 bytes each"),
    comment="polls of a sealed week, sorted by (entity_id, at); of one week the ranges of ids do not overlap",
)
Index("sealed_object_week_idx", sealed_object.c.week, sealed_object.c.first_id)

sealed_entity = Table(
    "sealed_entity",
    metadata,
    Column("entity_id", Integer, nullable=False),
    Column("week", ForeignKey("poll_week.week", ondelete="CASCADE"), nullable=False),
    Column("rows", Integer, nullable=False),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    PrimaryKeyConstraint("entity_id", "week"),
    comment="what is in the sealed objects of a week, by entity, so that nobody must read them to know",
)
Index("sealed_entity_week_idx", sealed_entity.c.week)

unsealed_object = Table(
    "unsealed_object",
    metadata,
    Column("key", Text(collation="C"), primary_key=True),
    instant("since", nullable=False, server_default=func.now()),
    comment="sealed objects that count no more, but that a report may still read by its snapshot",
)

pull_request = Table(
    "pull_request",
    metadata,
    Column("repo_id", Integer, nullable=False, comment="an entity of kind repository"),
    Column("number", Integer, nullable=False),
    Column("team_id", Integer, comment="an entity of kind team"),
    Column("author", Text),
    Column("author_is_bot", Boolean, comment="as the source says; null: it does not say"),
    Column("is_draft", Boolean, comment="an empty ready_at means: still a draft; null: the source does not say"),
    Column("draft_seconds", Double, comment="in all, where it was a draft several times"),
    Column("labels", ARRAY(Text), comment="names; null: the source does not say"),
    Column("additions", Integer, comment="lines"),
    Column("deletions", Integer, comment="lines"),
    Column("changed_files", Integer),
    Column("head_sha", Text, comment="the last commit, by which runs of CI are found"),
    instant("changes_requested_at", comment="the last review that asked for changes"),
    Column("author_id", BigInteger, comment="number of the account, which stays when the login changes"),
    Column("reverts", Integer, comment="number of the pull request of the same repository that it takes back"),
    Column("merge_sha", Text, comment="the commit that merged it; null: it is not merged, or the source does not say"),
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
Index("pull_request_changes_requested_at_idx", pull_request.c.changes_requested_at)

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

table_file = Table(
    "table_file",
    metadata,
    Column("dataset_id", String(32), primary_key=True),
    Column("raw_key", Text, nullable=False, comment="where its bytes are in S3"),
    Column("name", Text, nullable=False, comment="of the file, for messages"),
    Column("is_packed", Boolean, nullable=False, comment="gzip"),
    Column("bytes", BigInteger, nullable=False, comment="as they lie in S3"),
    Column("sha256", String(64), nullable=False),
    Column("columns", JSONB, nullable=False, comment="names in the header, in order"),
    Column("starts", JSONB, nullable=False, comment="[offset, line] of a row about every 64 MB; one for a packed file"),
    Column("rows", BigInteger, nullable=False, comment="that have the right width"),
    comment="files of kind table that are ready: the raw object is the data",
)

install_day = Table(
    "install_day",
    metadata,
    Column("entity_id", Integer, nullable=False, comment="an entity of kind project"),
    Column("source", Text, nullable=False, comment="who counted"),
    Column("day", Date, nullable=False, comment="in UTC"),
    Column("class", Text, nullable=False, comment="of whom: person, unknown_ci, ci, mirror or other"),
    Column("n", BigInteger, nullable=False),
    comment="installs of whole days; no row where there were none",
)
# With the numbers in it: days come one after the other, so that a project's rows lie far from each other in the table.
Index(
    "install_day_idx",
    *(install_day.c[name] for name in ("entity_id", "source", "day", "class")),
    unique=True,
    postgresql_include=["n"],
)
Index("install_day_source_day_idx", install_day.c.source, install_day.c.day)

source_day = Table(
    "source_day",
    metadata,
    Column("source", Text, nullable=False),
    Column("told_of", Integer, nullable=False, comment="an entity of kind project; 0 is all of them"),
    Column("day", Date, nullable=False),
    Column("dataset_id", String(32), nullable=False, comment="that told of the day last"),
    Column(
        "is_told",
        Boolean,
        nullable=False,
        server_default=true(),
        comment="false: it was taken out, and what was told of all projects does not hold for this one",
    ),
    PrimaryKeyConstraint("source", "told_of", "day"),
    comment="days of which a source has told everything: without a row in install_day they have 0",
)
Index("source_day_dataset_idx", source_day.c.dataset_id)

repo_seen = Table(
    "repo_seen",
    metadata,
    Column("entity_id", Integer, primary_key=True, comment="an entity of kind repository"),
    instant("until", comment="null: nobody has said"),
    Column("snapshot_id", String(32), comment="the last dataset that was all that there is of it"),
    comment="up to when all commits of a repository are known",
)
