"""Stored mappings, and the one that would read a refused file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "mapping",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, comment="counted from 1", autoincrement=False),
        sa.Column("document", postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.add_column("dataset", sa.Column("proposal", postgresql.JSONB, comment="a mapping that would read it"))


def downgrade() -> None:
    op.drop_column("dataset", "proposal")
    op.drop_table("mapping")
