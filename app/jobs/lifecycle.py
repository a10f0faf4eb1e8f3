"""The record of every report in Postgres, and the only code that writes its status.

Every change is one UPDATE that names the states it may come from (TRANSITIONS) and, once a report runs, the attempt it
was claimed with: the attempt is the fence that keeps a late worker from touching a report that another has taken over.
Times are compared with Postgres' ``now()`` only.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, Update, and_, func, or_, select, tuple_, update

from app.database import report
from app.errors import WorkerCrashed

#: A worker that has not renewed its claim for this long is taken for dead, seconds.
LEASE_SECONDS: Final = 30

#: A report that nobody has claimed for this long is dispatched again, seconds.
REDISPATCH_SECONDS: Final = 10

#: Deaths of its process after which a report is given up: by then it is the report, not bad luck.
MAX_CRASHES: Final = 3

#: Attempts at a report whose servers fail it for a while.
MAX_TRANSIENT_ATTEMPTS: Final = 5


class ReportStatus(StrEnum):
    """Where a report is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[ReportStatus, frozenset[ReportStatus]]] = {
    ReportStatus.QUEUED: frozenset({ReportStatus.RUNNING, ReportStatus.CANCELLED}),
    ReportStatus.RUNNING: frozenset(
        {
            ReportStatus.RUNNING,  # taken over after the lease ran out
            ReportStatus.QUEUED,  # to be tried again
            ReportStatus.COMPLETE,
            ReportStatus.FAILED,
            ReportStatus.CANCELLED,
        }
    ),
    ReportStatus.COMPLETE: frozenset(),
    ReportStatus.FAILED: frozenset(),
    ReportStatus.CANCELLED: frozenset(),
}


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
class Claim:
    """A worker's right to run a report: good while the row is running with this attempt."""

    id: str
    attempt: int
    kind: str
    params: Mapping[str, Any]


def create(connection: Connection, *, kind: str, params: Mapping[str, Any], as_of: datetime) -> str:
    """Record a new report as queued; returns its id, 32 hexadecimal digits."""
    report_id = uuid.uuid4().hex
    canonical = json.dumps(params, sort_keys=True, separators=(",", ":")).encode()
    connection.execute(
        report.insert().values(
            id=report_id,
            kind=kind,
            params=dict(params),
            params_sha256=hashlib.sha256(canonical).hexdigest(),
            status=ReportStatus.QUEUED,
            as_of=as_of,
            dispatched_at=func.now(),
        )
    )
    return report_id


def claim(connection: Connection, report_id: str, *, owner: str) -> Claim | None:
    """Take a queued report, or a running one whose lease ran out; None when it is neither, or not due yet."""
    free = or_(
        report.c.status == ReportStatus.QUEUED,
        and_(report.c.status == ReportStatus.RUNNING, report.c.lease_until < func.now()),
    )
    due = or_(report.c.not_before.is_(None), report.c.not_before <= func.now())
    row = connection.execute(
        _to(ReportStatus.RUNNING)
        .where(report.c.id == report_id, free, due)
        .values(
            attempt=report.c.attempt + 1,
            owner=owner,
            lease_until=_in_seconds(LEASE_SECONDS),
            started_at=func.coalesce(report.c.started_at, func.now()),
        )
        .returning(report.c.id, report.c.attempt, report.c.kind, report.c.params)
    ).one_or_none()
    return None if row is None else Claim(*row)


def renew(connection: Connection, claims: Iterable[Claim]) -> set[str]:
    """Prolong the leases of these claims in one statement; returns the ids that are still ours."""
    ours = [(claim.id, claim.attempt) for claim in claims]
    rows = connection.execute(
        update(report)
        .where(tuple_(report.c.id, report.c.attempt).in_(ours), report.c.status == ReportStatus.RUNNING)
        .values(lease_until=_in_seconds(LEASE_SECONDS))
        .returning(report.c.id)
    )
    return set(rows.scalars())


def publish(connection: Connection, claim: Claim, artifacts: Sequence[StoredArtifact]) -> bool:
    """Make the report complete with these artifacts; False when the claim is no longer ours."""
    return _end(connection, claim, ReportStatus.COMPLETE, artifacts=[asdict(artifact) for artifact in artifacts])


def fail(connection: Connection, claim: Claim, *, code: str, message: str) -> bool:
    """Make the report failed, with a stable code and a message for people; False when it is no longer ours."""
    return _end(connection, claim, ReportStatus.FAILED, error_code=code, error_message=message)


def try_again(connection: Connection, claim: Claim, *, after_seconds: float) -> bool:
    """Queue the report once more, to be claimed no sooner than that; False when it is no longer ours."""
    return _changed(
        connection,
        _to(ReportStatus.QUEUED)
        .where(_is_ours(claim))
        .values(
            not_before=_in_seconds(after_seconds),
            lease_until=None,
            owner=None,
            dispatched_at=func.now(),
        ),
    )


def crashed(connection: Connection, claim: Claim, *, how: str) -> bool:
    """The report's process died: queue it again, or give it up after MAX_CRASHES; True when it may run again."""
    crashes = connection.scalar(
        update(report)
        .where(_is_ours(claim), report.c.status == ReportStatus.RUNNING)
        .values(crashes=report.c.crashes + 1)
        .returning(report.c.crashes)
    )
    if crashes is None:
        return False
    if crashes < MAX_CRASHES:
        return try_again(connection, claim, after_seconds=0)
    message = f"The process of this report died {crashes} times ({how}); it is not tried again."
    fail(connection, claim, code=WorkerCrashed.code, message=message)
    return False


def take_due(connection: Connection, *, limit: int = 100) -> list[str]:
    """Reports to dispatch again: queued and not claimed for a while, or running with a lease that ran out."""
    waiting = and_(
        report.c.status == ReportStatus.QUEUED,
        func.coalesce(report.c.dispatched_at, report.c.created_at) < _in_seconds(-REDISPATCH_SECONDS),
        or_(report.c.not_before.is_(None), report.c.not_before <= func.now()),
    )
    # The dispatch time counts here too: a report that was just handed out again is not handed out every sweep.
    abandoned = and_(
        report.c.status == ReportStatus.RUNNING,
        report.c.lease_until < func.now(),
        report.c.dispatched_at < _in_seconds(-REDISPATCH_SECONDS),
    )
    due = (
        select(report.c.id)
        .where(or_(waiting, abandoned))
        .order_by(report.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        update(report).where(report.c.id.in_(due)).values(dispatched_at=func.now()).returning(report.c.id)
    )
    return list(rows.scalars())


def find(connection: Connection, report_id: str) -> ReportRecord | None:
    """The record of a report."""
    row = connection.execute(_RECORD.where(report.c.id == report_id)).one_or_none()
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
    query = _RECORD.order_by(report.c.created_at.desc(), report.c.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(report.c.kind == kind)
    if status is not None:
        query = query.where(report.c.status == status)
    if before is not None:
        query = query.where(tuple_(report.c.created_at, report.c.id) < before)
    return [_record(row) for row in connection.execute(query)]


_RECORD = select(*(report.c[name] for name in ReportRecord.__dataclass_fields__))


def _record(row: Row[Any]) -> ReportRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    fields["status"] = ReportStatus(fields["status"])
    fields["artifacts"] = tuple(StoredArtifact(**artifact) for artifact in fields["artifacts"] or ())
    return ReportRecord(**fields)


def _to(status: ReportStatus) -> Update:
    """An UPDATE to ``status`` that only matches rows in a state from which TRANSITIONS allow it."""
    origins = [origin for origin, targets in TRANSITIONS.items() if status in targets]
    return update(report).where(report.c.status.in_(origins)).values(status=status)


def _is_ours(claim: Claim) -> Any:
    return and_(report.c.id == claim.id, report.c.attempt == claim.attempt)


def _end(connection: Connection, claim: Claim, status: ReportStatus, **values: Any) -> bool:
    return _changed(
        connection,
        _to(status).where(_is_ours(claim)).values(finished_at=func.now(), lease_until=None, owner=None, **values),
    )


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def _in_seconds(seconds: float) -> Any:
    return func.now() + timedelta(seconds=seconds)
