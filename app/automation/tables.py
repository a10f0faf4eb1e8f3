"""The tables of rules: what they are, and what is wrong at the moment by them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

rule = Table(
    "rule",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("kind", Text, nullable=False, comment="of the registry: report_on_dataset, store_down, …"),
    Column("options", JSONB, nullable=False),
    Column("notify", JSONB, nullable=False, comment="whom it tells"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("paused_reason", Text, comment="why it does nothing; null: it is enabled"),
    instant("looked_at", comment="when it last looked, if it does so by itself"),
    Column("created_by", Text, nullable=False, comment="name of who made it"),
    Column("runs_as", Text, nullable=False, comment="name of who last set it, for whom it acts"),
    Column("runs_as_id", String(32), comment="their user; null: they are none"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("updated_at", nullable=False, server_default=func.now()),
    UniqueConstraint("name", name="rule_name_key"),
)

episode = Table(
    "episode",
    metadata,
    Column("rule_id", String(32), ForeignKey(rule.c.id, ondelete="CASCADE"), primary_key=True),
    Column("subject", Text(collation="C"), primary_key=True, comment="what is wrong: a store, a source, a schedule"),
    Column("told", Text, nullable=False, comment="what is told when it is right again"),
    instant("began_at", nullable=False, server_default=func.now()),
)
Index("episode_began_idx", episode.c.began_at)
