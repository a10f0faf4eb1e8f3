"""Requests for reviews; what a pull request reverts, what merging it made, and the parents of commits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "review_request",
        sa.Column("repo_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=True),
        sa.Column("reviewer_is_bot", sa.Boolean(), nullable=True),
        sa.Column("requested_team", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("repo_id", "event_id", name=op.f("review_request_pkey")),
    )
    op.create_index(op.f("review_request_repo_id_number_idx"), "review_request", ["repo_id", "number"], unique=False)
    op.add_column("commit", sa.Column("parent_shas", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column(
        "pull_request",
        sa.Column(
            "author_id",
            sa.BigInteger(),
            nullable=True,
            comment="number of the account, which stays when the login changes",
        ),
    )
    op.add_column(
        "pull_request",
        sa.Column(
            "reverts",
            sa.Integer(),
            nullable=True,
            comment="number of the pull request of the same repository that it takes back",
        ),
    )
    op.add_column(
        "pull_request",
        sa.Column(
            "merge_sha",
            sa.Text(),
            nullable=True,
            comment="the commit that merged it; null: it is not merged, or the source does not say",
        ),
    )


def downgrade() -> None:
    op.drop_column("pull_request", "merge_sha")
    op.drop_column("pull_request", "reverts")
    op.drop_column("pull_request", "author_id")
    op.drop_column("commit", "parent_shas")
    op.drop_index(op.f("review_request_repo_id_number_idx"), table_name="review_request")
    op.drop_table("review_request")
