"""Entities with hours and zones, polls by week, and the record of every report."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    op.create_table(
        "entity",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("timezone", sa.Text(), comment="IANA zone; null means the default zone"),
        sa.UniqueConstraint("kind", "key", name="entity_kind_key"),
    )
    op.create_table(
        "working_hours",
        sa.Column("entity_id", sa.Integer(), sa.ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("weekday", sa.SmallInteger(), primary_key=True, comment="0 = Monday … 6 = Sunday, local"),
        sa.Column("opens", sa.Time(), primary_key=True),
        sa.Column("closes", sa.Time(), primary_key=True),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="working_hours_weekday_check"),
    )
    op.create_table(
        "poll",
        _instant("at", nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "poll_week",
        sa.Column("week", sa.Date(), primary_key=True, comment="Monday, UTC, of the partition poll_<week>"),
        _instant("first_at", nullable=False, comment="no poll of the week is earlier"),
        _instant("last_at", nullable=False, comment="no poll of the week is later"),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("params_sha256", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "attempt", sa.Integer(), nullable=False, server_default="0", comment="the fence: grows with every claim"
        ),
        sa.Column("crashes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("owner", sa.Text(), comment="replica that runs it"),
        _instant("lease_until"),
        _instant("not_before"),
        _instant("dispatched_at"),
        _instant("as_of", comment="the instant the report speaks for"),
        sa.Column("artifacts", postgresql.JSONB()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        _instant("created_at", nullable=False, server_default=sa.func.now()),
        _instant("started_at"),
        _instant("finished_at"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'complete', 'failed', 'cancelled')", name="report_status_check"
        ),
    )
    op.create_index("report_newest_idx", "report", [sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index(
        "report_outstanding_idx",
        "report",
        ["status", "lease_until"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )


def downgrade() -> None:
    for table in ("report", "poll_week", "poll", "working_hours", "entity"):
        op.drop_table(table)
