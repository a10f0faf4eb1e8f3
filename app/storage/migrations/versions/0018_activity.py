"""Installs by day with the days that sources tell of; moves; up to when commits are known."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "entity_move",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "old_key", name=op.f("entity_move_pkey")),
    )
    op.create_table(
        "install_day",
        sa.Column("entity_id", sa.Integer(), nullable=False, comment="an entity of kind project"),
        sa.Column("source", sa.Text(), nullable=False, comment="who counted"),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC"),
        sa.Column("class", sa.Text(), nullable=False, comment="of whom: person, unknown_ci, ci, mirror or other"),
        sa.Column("n", sa.BigInteger(), nullable=False),
        comment="installs of whole days; no row where there were none",
    )
    op.create_index(
        "install_day_idx",
        "install_day",
        ["entity_id", "source", "day", "class"],
        unique=True,
        postgresql_include=["n"],
    )
    op.create_index("install_day_source_day_idx", "install_day", ["source", "day"], unique=False)
    op.create_table(
        "repo_seen",
        sa.Column("entity_id", sa.Integer(), nullable=False, comment="an entity of kind repository"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="null: nobody has said"),
        sa.Column(
            "snapshot_id",
            sa.String(length=32),
            nullable=True,
            comment="the last dataset that was all that there is of it",
        ),
        sa.PrimaryKeyConstraint("entity_id", name=op.f("repo_seen_pkey")),
        comment="up to when all commits of a repository are known",
    )
    op.create_table(
        "source_day",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("told_of", sa.Integer(), nullable=False, comment="an entity of kind project; 0 is all of them"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False, comment="that told of the day last"),
        sa.Column(
            "is_told",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="false: it was taken out, and what was told of all projects does not hold for this one",
        ),
        sa.PrimaryKeyConstraint("source", "told_of", "day", name=op.f("source_day_pkey")),
        comment="days of which a source has told everything: without a row in install_day they have 0",
    )
    op.create_index("source_day_dataset_idx", "source_day", ["dataset_id"], unique=False)
    op.add_column("commit", sa.Column("dataset_id", sa.String(length=32), nullable=True))
    op.execute("UPDATE commit SET dataset_id = ''")
    op.alter_column("commit", "dataset_id", nullable=False)
    op.create_index(
        "entity_repository_idx",
        "entity",
        [sa.literal_column("lower(key)")],
        unique=False,
        postgresql_where=sa.text("kind = 'repository'"),
    )
    op.create_index(op.f("commit_repo_id_authored_at_idx"), "commit", ["repo_id", "authored_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("commit_repo_id_authored_at_idx"), table_name="commit")
    op.drop_index("entity_repository_idx", table_name="entity")
    op.drop_column("commit", "dataset_id")
    op.drop_index("source_day_dataset_idx", table_name="source_day")
    op.drop_table("source_day")
    op.drop_table("repo_seen")
    op.drop_index("install_day_source_day_idx", table_name="install_day")
    op.drop_table("install_day")
    op.drop_table("entity_move")
