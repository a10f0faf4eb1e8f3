"""Which file has told what of a commit, and which commits files have dropped."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("commit", sa.Column("tellers", postgresql.JSONB(), nullable=True))
    op.create_table(
        "commit_gone",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "sha", name=op.f("commit_gone_pkey")),
    )


def downgrade() -> None:
    op.drop_table("commit_gone")
    op.drop_column("commit", "tellers")
