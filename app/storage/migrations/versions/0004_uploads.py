"""Uploads under way: what of each file is in S3, and who may add to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def _instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(32), primary_key=True, comment="also that of the dataset which it becomes"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), comment="as the sender called it"),
        sa.Column("metadata", sa.Text(), comment="Upload-Metadata as it came"),
        sa.Column("options", postgresql.JSONB(), nullable=False, comment="how to check the file, as it was asked for"),
        sa.Column("length_bytes", sa.BigInteger(), comment="null when it comes in one request that cannot be resumed"),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False, server_default="0", comment="bytes that are in S3"),
        sa.Column("part_bytes", sa.BigInteger(), nullable=False, comment="every part but the last has so many"),
        sa.Column("raw_key", sa.Text(), comment="where the file will lie in S3; null until its first bytes tell"),
        sa.Column("multipart_id", sa.Text(), comment="the multipart upload in S3; null for a file of one part"),
        sa.Column(
            "parts",
            postgresql.JSONB(),
            nullable=False,
            server_default=sa.text("'[]'"),
            comment="ETags of the parts, in order",
        ),
        sa.Column("tail_key", sa.Text(), comment="object of the bytes behind the last part"),
        sa.Column("tail_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("fence", sa.Integer(), nullable=False, server_default="0", comment="grows with every lock"),
        _instant("lock_until"),
        _instant("contested_at", comment="somebody else has asked for the lock"),
        _instant("created_at", nullable=False, server_default=sa.func.now()),
        _instant("expires_at", nullable=False),
        _instant("finished_at", comment="the file is whole, and was handed on"),
        _instant("lost_at", comment="S3 has lost what had arrived"),
    )
    op.create_index("upload_expires_at_idx", "upload", ["expires_at"])
    op.create_index(
        "upload_unfinished_idx",
        "upload",
        ["id"],
        postgresql_where=sa.text("finished_at IS NULL AND lost_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("upload")
