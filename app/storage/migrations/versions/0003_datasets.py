"""Files that were brought in: what came, where it lies, and what its check found."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger())


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), comment="as the sender called it"),
        sa.Column("options", postgresql.JSONB(), nullable=False, comment="how to check it, as it was asked for"),
        _count("bytes"),
        sa.Column("sha256", sa.String(64), comment="of the bytes as they came"),
        sa.Column("raw_key", sa.Text(), comment="where the bytes are in S3; null until all of them are"),
        sa.Column("job_id", sa.String(32), comment="the latest run that checks and loads it, a row of report"),
        sa.Column("merged_by", sa.String(32), comment="the run whose rows are in the series"),
        sa.Column("merged_options", postgresql.JSONB(), comment="how that run checked it"),
        sa.Column("outcome", sa.Text(), comment="what the check came to"),
        *map(_count, ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate")),
        _instant("first_at", comment="earliest instant of the accepted rows"),
        _instant("last_at", comment="latest instant of the accepted rows"),
        sa.Column("rejections", postgresql.JSONB(), comment="the first rejected rows"),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("duplicate_of", sa.String(32), comment="a ready dataset of the same bytes"),
        _instant("created_at", nullable=False, server_default=sa.func.now()),
        _instant("uploaded_at"),
        sa.CheckConstraint("outcome IN ('ready', 'rejected')", name="dataset_outcome_check"),
    )
    op.create_index("dataset_newest_idx", "dataset", [sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("dataset_sha256_idx", "dataset", ["sha256"])


def downgrade() -> None:
    op.drop_table("dataset")
