"""The tables of sources: what is read, how far, with whose token, and what is known not to have been read."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

source = Table(
    "source",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", Text, nullable=False, comment="of the registry: github"),
    Column("name", Text(collation="C"), nullable=False),
    Column("options", JSONB, nullable=False, comment="what is read: repositories, streams, address"),
    Column("token", LargeBinary, comment="encrypted; null: there is none, or token_from says where it is"),
    Column("token_from", Text, comment="env:NAME or file:PATH, read when it is needed"),
    Column("token_key", Text, comment="which key of OPENHOURS_SECRET_KEY encrypted it"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("paused_reason", Text, comment="why nobody syncs it; null: nobody has paused it"),
    Column("hinted", Boolean, nullable=False, server_default=text("false"), comment="an event has asked for a sync"),
    Column("created_by", Text),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("updated_at", nullable=False, server_default=func.now()),
    instant("synced_at", comment="when a sync that read everything last began"),
    Column("requests", Integer, comment="that the last sync has made"),
    Column("records", Integer, comment="that it has read"),
    Column("error_code", Text, comment="of the last sync; null: it went well"),
    Column("error_message", Text),
    UniqueConstraint("name", name="source_name_key"),
)


def _of_source() -> Column[str]:
    return Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False)


source_repository = Table(
    "source_repository",
    metadata,
    _of_source(),
    Column("repo_id", BigInteger, nullable=False, comment="the number that the API knows it by, whatever its name"),
    Column("full_name", Text, nullable=False, comment="owner/name, as last seen"),
    Column("entity_id", Integer, comment="its entity of kind repository; null until a row of it has come"),
    Column("default_branch", Text),
    Column("chosen_as", Text, comment="the name that it was asked for by; null: a pattern matches it"),
    instant("pushed_at", comment="when somebody last pushed; null: nobody knows"),
    Column("state", Text, nullable=False, server_default="ok", comment="ok, or why it is not read"),
    instant("state_since", nullable=False, server_default=func.now()),
    instant("seen_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("source_id", "repo_id"),
    CheckConstraint("state IN ('ok', 'gone', 'forbidden', 'blocked', 'empty', 'off', 'left')", name="state"),
)

source_cursor = Table(
    "source_cursor",
    metadata,
    _of_source(),
    Column("stream", Text, nullable=False),
    Column("scope", Text, nullable=False, server_default="", comment="a repository's repo_id; empty: the whole source"),
    Column("position", JSONB, nullable=False, comment="where the next sync begins, as the kind of cursor has it"),
    Column(
        "pass",
        JSONB(none_as_null=True),
        comment="of a pass that is not complete: where it goes on, and what its mark will be",
    ),
    instant("watermark", comment="everything up to then is read; null: not yet"),
    instant("updated_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("source_id", "stream", "scope"),
)

source_gap = Table(
    "source_gap",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _of_source(),
    Column("stream", Text, nullable=False),
    Column("scope", Text, nullable=False, server_default="", comment="a repository's repo_id; empty: the whole source"),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False, comment="for people"),
    instant("since", comment="what is missing begins then; null: nobody knows"),
    instant("until", comment="and ends then; null: nobody knows, or it goes on"),
    instant("opened_at", nullable=False, server_default=func.now()),
    instant("found_at", nullable=False, server_default=func.now(), comment="when it was last found missing"),
    instant("closed_at", comment="read after all; null: it is still missing"),
)
Index(
    "source_gap_open_idx",
    source_gap.c.source_id,
    source_gap.c.stream,
    source_gap.c.scope,
    source_gap.c.code,
    unique=True,
    postgresql_where=text("closed_at IS NULL"),
)
Index("source_gap_listed_idx", source_gap.c.source_id, source_gap.c.opened_at.desc(), source_gap.c.id.desc())

source_budget = Table(
    "source_budget",
    metadata,
    Column("token", Text, nullable=False, comment="hash of the token: sources that share one share its budget"),
    Column("resource", Text, nullable=False, server_default="core"),
    Column("allowed", Integer, comment="requests an hour; null: the API does not say"),
    Column("remaining", Integer),
    instant("reset_at"),
    instant("blocked_until", comment="the API has asked for a pause"),
    Column("pauses", Integer, nullable=False, server_default="0", comment="in a row; each one is longer"),
    instant("updated_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("token", "resource"),
)
