"""Pull requests, and samples of review times."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_LATER = ("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at")


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "pull_request",
        sa.Column("repo_id", sa.Integer(), nullable=False, comment="an entity of kind repository"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), comment="an entity of kind team"),
        sa.Column("author", sa.Text()),
        sa.Column("created_at", instant, nullable=False),
        *(sa.Column(name, instant) for name in _LATER),
        sa.Column("last_at", instant, sa.Computed(f"greatest(created_at, {', '.join(_LATER)})", persisted=True)),
        sa.PrimaryKeyConstraint("repo_id", "number", name="pull_request_pkey"),
    )
    op.create_index("pull_request_created_at_idx", "pull_request", ["created_at"])
    op.create_index("pull_request_last_at_idx", "pull_request", ["last_at"])
    op.create_table(
        "review_time",
        sa.Column("dataset_id", sa.String(32), nullable=False, comment="the sample that the observation belongs to"),
        sa.Column("line", sa.BigInteger(), nullable=False, comment="of its file"),
        sa.Column("review_seconds", sa.Double()),
        sa.Column("merge_seconds", sa.Double()),
        sa.Column("observed_on", sa.Date()),
        sa.Column("team_id", sa.Integer(), comment="an entity of kind team"),
        sa.PrimaryKeyConstraint("dataset_id", "line", name="review_time_pkey"),
    )


def downgrade() -> None:
    op.drop_table("review_time")
    op.drop_table("pull_request")
