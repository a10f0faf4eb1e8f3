"""Files of kind table, and weeks of polls that lie in the bucket."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column(
        "upload",
        sa.Column(
            "tails",
            postgresql.JSONB,
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="objects of the bytes behind the last part, in order, unless the last one is not tail_key",
        ),
    )
    op.alter_column("upload", "tail_key", comment="the last object of the bytes behind the last part")
    op.alter_column("upload", "tail_bytes", comment="bytes behind the last part")
    op.add_column(
        "dataset",
        sa.Column(
            "followed_by",
            sa.String(length=32),
            nullable=True,
            comment="the report that was made of it unasked, a row of report",
        ),
    )
    op.create_table(
        "table_file",
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("raw_key", sa.Text(), nullable=False, comment="where its bytes are in S3"),
        sa.Column("name", sa.Text(), nullable=False, comment="of the file, for messages"),
        sa.Column("is_packed", sa.Boolean(), nullable=False, comment="gzip"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="as they lie in S3"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("columns", postgresql.JSONB, nullable=False, comment="names in the header, in order"),
        sa.Column(
            "starts",
            postgresql.JSONB,
            nullable=False,
            comment="[offset, line] of a row about every 64 MB; one for a packed file",
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="that have the right width"),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("table_file_pkey")),
        comment="files of kind table that are ready: the raw object is the data",
    )
    op.create_table(
        "unsealed_object",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("unsealed_object_pkey")),
        comment="sealed objects that count no more, but that a report may still read by its snapshot",
    )
    op.create_table(
        "sealed_entity",
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["week"], ["poll_week.week"], name=op.f("sealed_entity_week_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entity_id", "week", name=op.f("sealed_entity_pkey")),
        comment="what is in the sealed objects of a week, by entity, so that nobody must read them to know",
    )
    op.create_index("sealed_entity_week_idx", "sealed_entity", ["week"], unique=False)
    op.create_table(
        "sealed_object",
        sa.Column("key", sa.Text(collation="C"), nullable=False, comment="of the Parquet file in the bucket"),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False, comment="lowest entity_id in it"),
        sa.Column("last_id", sa.Integer(), nullable=False, comment="highest entity_id in it"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "footer",
            sa.LargeBinary(),
            nullable=False,
            comment="its end: where its row groups are, and statistics",
        ),
        sa.Column("group_sha256", sa.LargeBinary(), nullable=False, comment="SHA-256 of each row group, 32 bytes each"),
        sa.ForeignKeyConstraint(["week"], ["poll_week.week"], name=op.f("sealed_object_week_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("sealed_object_pkey")),
        comment="polls of a sealed week, sorted by (entity_id, at); of one week the ranges of ids do not overlap",
    )
    op.create_index("sealed_object_week_idx", "sealed_object", ["week", "first_id"], unique=False)
    op.add_column(
        "poll_week",
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when a load last touched it",
        ),
    )
    op.add_column(
        "poll_week",
        sa.Column(
            "version", sa.BigInteger(), server_default="0", nullable=False, comment="raised whenever its polls change"
        ),
    )
    op.add_column(
        "poll_week",
        sa.Column(
            "sealed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="its polls are in sealed objects from then on; null: they are in its partition",
        ),
    )


def downgrade() -> None:
    op.alter_column("upload", "tail_bytes", comment=None)
    op.alter_column("upload", "tail_key", comment="object of the bytes behind the last part")
    op.drop_column("upload", "tails")
    op.drop_column("dataset", "followed_by")
    op.drop_column("poll_week", "sealed_at")
    op.drop_column("poll_week", "version")
    op.drop_column("poll_week", "changed_at")
    op.drop_index("sealed_object_week_idx", table_name="sealed_object")
    op.drop_table("sealed_object")
    op.drop_index("sealed_entity_week_idx", table_name="sealed_entity")
    op.drop_table("sealed_entity")
    op.drop_table("unsealed_object")
    op.drop_table("table_file")
