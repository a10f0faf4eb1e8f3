"""What Postgres knows of reports: their records as values, and every look at them that changes nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, extract, func, or_, select, tuple_

from app.jobs.kind import DATASET_WORK
from app.jobs.tables import job

#: Reports that ended last and tell how long one takes.
_RECENT: Final = 50


class ReportStatus(StrEnum):
    """Where a report is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: A report in one of these has not ended.
OUTSTANDING: Final = (ReportStatus.QUEUED, ReportStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A file of a complete report, as the record keeps it."""

    name: str
    key: str
    media_type: str
    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A report as Postgres knows it."""

    id: str
    kind: str
    params: Mapping[str, Any]
    status: ReportStatus
    attempt: int
    as_of: datetime | None
    artifacts: tuple[StoredArtifact, ...]
    error_code: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and runs in the whole installation.

    Attributes:
        queued: reports that no worker has claimed.
        oldest_seconds: age of the oldest of them, 0 when there is none.
        running: reports that a worker has claimed.
    """

    queued: int
    oldest_seconds: float
    running: int


_RECORD = select(*(job.c[name] for name in ReportRecord.__dataclass_fields__)).where(job.c.kind != DATASET_WORK)


def find(connection: Connection, report_id: str) -> ReportRecord | None:
    """The record of a report."""
    row = connection.execute(_RECORD.where(job.c.id == report_id)).one_or_none()
    return None if row is None else _record(row)


def newest(
    connection: Connection,
    *,
    kind: str | None,
    status: ReportStatus | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[ReportRecord]:
    """Records, newest first, optionally of one kind and status, from after ``before`` (created_at, id) on."""
    query = _RECORD.order_by(job.c.created_at.desc(), job.c.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(job.c.kind == kind)
    if status is not None:
        query = query.where(job.c.status == status)
    if before is not None:
        query = query.where(tuple_(job.c.created_at, job.c.id) < before)
    return [_record(row) for row in connection.execute(query)]


def outstanding(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these reports that have not ended."""
    query = select(job.c.id).where(job.c.id.in_(ids), job.c.status.in_(OUTSTANDING))
    return set(connection.scalars(query))


def kept_objects(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """Keys of the objects that complete ones of these reports consist of, by id."""
    query = select(job.c.id, job.c.artifacts).where(job.c.id.in_(ids), job.c.status == ReportStatus.COMPLETE)
    return {row.id: {artifact["key"] for artifact in row.artifacts} for row in connection.execute(query)}


def backlog(connection: Connection) -> Backlog:
    """What waits and runs."""
    is_queued = job.c.status == ReportStatus.QUEUED
    query = select(
        func.count().filter(is_queued),
        func.coalesce(extract("epoch", func.now() - func.min(job.c.created_at).filter(is_queued)), 0),
        func.count().filter(~is_queued),
    ).where(job.c.status.in_(OUTSTANDING))
    queued, oldest, running = connection.execute(query).one()
    return Backlog(queued, float(oldest), running)


def is_waiting() -> ColumnElement[bool]:
    """Queued, and due to be claimed."""
    due = or_(job.c.not_before.is_(None), job.c.not_before <= func.now())
    return and_(job.c.status == ReportStatus.QUEUED, due)


def count_waiting(connection: Connection) -> int:
    """Reports that could be claimed now."""
    return connection.scalar(select(func.count()).where(is_waiting())) or 0


def median_seconds(connection: Connection) -> float:
    """How long a report took lately from its first claim to its end; 1 while none has ended."""
    recent = (
        select(extract("epoch", job.c.finished_at - job.c.started_at).label("seconds"))
        .where(job.c.status == ReportStatus.COMPLETE)
        .order_by(job.c.created_at.desc())
        .limit(_RECENT)
        .subquery()
    )
    median = connection.scalar(select(func.percentile_cont(0.5).within_group(recent.c.seconds)))
    return 1.0 if median is None else float(median)


def _record(row: Row[Any]) -> ReportRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    fields["status"] = ReportStatus(fields["status"])
    fields["artifacts"] = tuple(StoredArtifact(**artifact) for artifact in fields["artifacts"] or ())
    return ReportRecord(**fields)
