"""The table of uploads."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.postgres import instant, metadata

upload = Table(
    "upload",
    metadata,
    Column("id", String(32), primary_key=True, comment="also that of the dataset which it becomes"),
    Column("kind", Text, nullable=False),
    Column("filename", Text, comment="as the sender called it"),
    Column("metadata", Text, comment="Upload-Metadata as it came"),
    Column("options", JSONB, nullable=False, comment="how to check the file, as it was asked for"),
    Column("length_bytes", BigInteger, comment="null when it comes in one request that cannot be resumed"),
    Column("offset_bytes", BigInteger, nullable=False, server_default="0", comment="bytes that are in S3"),
    Column("part_bytes", BigInteger, nullable=False, comment="every part but the last has so many"),
    Column("raw_key", Text, comment="where the file will lie in S3; null until its first bytes tell"),
    Column("multipart_id", Text, comment="the multipart upload in S3; null for a file of one part"),
    Column("parts", JSONB, nullable=False, server_default=text("'[]'"), comment="ETags of the parts, in order"),
    Column("tail_key", Text, comment="the last object of the bytes behind the last part"),
    Column("tail_bytes", BigInteger, nullable=False, server_default="0", comment="bytes behind the last part"),
    Column(
        "tails",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="objects of the bytes behind the last part, in order, unless the last one is not tail_key",
    ),
    Column("fence", Integer, nullable=False, server_default="0", comment="grows with every lock"),
    instant("lock_until"),
    instant("contested_at", comment="somebody else has asked for the lock"),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("expires_at", nullable=False),
    instant("finished_at", comment="the file is whole, and was handed on"),
    instant("lost_at", comment="S3 has lost what had arrived"),
)
Index("upload_expires_at_idx", upload.c.expires_at)
Index("upload_unfinished_idx", upload.c.id, postgresql_where=text("finished_at IS NULL AND lost_at IS NULL"))
