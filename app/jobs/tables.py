"""The table of jobs. It is called ``report``, because reports were the first jobs and users query it by that name."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
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

#: What the column of warnings holds, here and wherever another table keeps them.
WARNINGS_COMMENT: Final = "what is probably not meant: code, message, count and examples of each"

job = Table(
    "report",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("params_sha256", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("concurrency_key", Text, comment="of jobs with the same one only one runs at a time"),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0", comment="the fence: grows with every claim"),
    Column("crashes", Integer, nullable=False, server_default="0", comment="attempts whose process died"),
    Column("retries", Integer, nullable=False, server_default="0", comment="attempts that a server failed"),
    Column(
        "returned", Integer, nullable=False, server_default="0", comment="attempts that a stopping worker gave back"
    ),
    Column("owner", Text, comment="replica that runs it"),
    instant("lease_until"),
    instant("not_before"),
    instant("dispatched_at", comment="not used any more; the version before needs it"),
    instant("as_of", comment="the instant the report speaks for"),
    Column("begun_by", Text, comment="what began it unasked, such as a schedule and its id; null: somebody asked"),
    Column("artifacts", JSONB),
    Column("warnings", JSONB, comment=WARNINGS_COMMENT),
    Column("error_code", Text),
    Column("error_message", Text),
    instant("created_at", nullable=False, server_default=func.now()),
    instant("started_at"),
    instant("finished_at"),
    CheckConstraint("status IN ('queued', 'running', 'complete', 'failed', 'cancelled')", name="status"),
)
Index("report_idempotency_key_idx", job.c.idempotency_key, unique=True)
Index(
    "report_concurrency_key_idx",
    job.c.concurrency_key,
    unique=True,
    postgresql_where=text("status = 'running'"),
)
# Ended jobs are many; those that hold a key, or may, are few.
Index(
    "report_key_holders_idx",
    job.c.concurrency_key,
    postgresql_where=text("status IN ('running', 'cancelled')"),
)
Index("report_waiting_idx", job.c.created_at, postgresql_where=text("status = 'queued'"))
# A list asks for each kind and status by itself, so that a filter without a match reads nothing.
Index("report_listed_idx", job.c.kind, job.c.status, job.c.created_at.desc(), job.c.id.desc())
Index(
    "report_outstanding_idx",
    job.c.status,
    job.c.lease_until,
    postgresql_where=text("status IN ('queued', 'running')"),
)
