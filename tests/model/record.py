"""The table ``report`` in memory, with the operations of app/jobs/lifecycle.py and app/jobs/records.py.

The model puts this module in their place, because thousands of runs on a real Postgres would take hours. That it does
the same as they do is proven by test_conformance.py. Times are seconds on the virtual clock.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.errors import AttemptsExhausted, WorkerCrashed
from app.files.artifact import StoredArtifact
from app.jobs import lifecycle
from app.jobs.lifecycle import KEY_SECONDS, LEASE_SECONDS, TRANSITIONS, Claim, KeyedJob, Verdict
from app.jobs.records import OUTSTANDING, Backlog, JobRecord, JobStatus

#: Where the virtual clock begins.
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)

_ORIGINS = {target: {origin for origin, to in TRANSITIONS.items() if target in to} for target in JobStatus}


@dataclass(slots=True)
class Row:
    """A row; its fields are the columns."""

    id: str
    kind: str
    params: Mapping[str, Any]
    params_sha256: str
    idempotency_key: str | None
    concurrency_key: str | None
    as_of: datetime
    created_at: float
    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    crashes: int = 0
    retries: int = 0
    returned: int = 0
    owner: str | None = None
    lease_until: float | None = None
    not_before: float | None = None
    begun_by: str | None = None
    artifacts: list[dict[str, Any]] | None = None
    warnings: Sequence[Mapping[str, Any]] | None = None
    error_code: str | None = None
    error_message: str | None = None
    started_at: float | None = None
    finished_at: float | None = None

    @property
    def is_outstanding(self) -> bool:
        """Whether it has not ended."""
        return self.status in OUTSTANDING


@dataclass(slots=True)
class Table:
    """All rows, by id, in the order of their creation.

    Attributes:
        clock: tells the time, seconds.
        made: how many there ever were.
        observers: told of each change of a row: the row, what was done, and with which claim if with one.
    """

    clock: Callable[[], float]
    rows: dict[str, Row] = field(default_factory=dict)
    made: int = 0
    observers: list[Callable[[Row, str, Claim | None], None]] = field(default_factory=list)

    def next_id(self) -> str:
        """Ids in order, so that runs are the same again."""
        return f"{self.made + 1:032x}"

    def changed(self, row: Row, what: str, claim: Claim | None) -> None:
        """Tell the observers."""
        for observer in self.observers:
            observer(row, what, claim)


@dataclass(frozen=True, slots=True)
class Connection:
    """What stands where the operations expect a connection of SQLAlchemy."""

    table: Table

    @property
    def now(self) -> float:
        """The time of Postgres' clock."""
        return self.table.clock()

    @property
    def connection(self) -> "Driver":
        """What is told to commit by itself."""
        return Driver()

    def rollback(self) -> None:
        """Nothing that is rolled back has been written before."""

    def commit(self) -> None:
        """What is written counts at once."""

    def execute(self, answer: Any) -> "Answer":
        """What is asked directly is known already."""
        return Answer(answer)

    def scalar(self, answer: Any) -> Any:
        return answer


@dataclass(slots=True)
class Driver:
    """A connection of the driver, as SQLAlchemy gives it out: each statement is a transaction of one in any case."""

    autocommit: bool = False
    closed: bool = False

    @property
    def driver_connection(self) -> "Driver":
        return self


@dataclass(frozen=True, slots=True)
class Answer:
    """A result of one row and one column."""

    value: Any

    def scalar_one(self) -> Any:
        return self.value


def create(
    connection: Connection,
    *,
    kind: str,
    params: Mapping[str, Any],
    params_sha256: str,
    as_of: datetime,
    idempotency_key: str | None = None,
    concurrency_key: str | None = None,
    begun_by: str | None = None,
) -> str | None:
    table, now = connection.table, connection.now
    if idempotency_key is not None and any(row.idempotency_key == idempotency_key for row in table.rows.values()):
        return None
    row = Row(table.next_id(), kind, dict(params), params_sha256, idempotency_key, concurrency_key, as_of, now)
    row.begun_by = begun_by
    table.made += 1
    table.rows[row.id] = row
    table.changed(row, "create", None)
    return row.id


def keyed(connection: Connection, idempotency_key: str) -> KeyedJob | None:
    for row in connection.table.rows.values():
        if row.idempotency_key == idempotency_key:
            if row.created_at >= connection.now - KEY_SECONDS:
                return KeyedJob(row.id, row.params_sha256)
            row.idempotency_key = None
    return None


def claim(connection: Connection, job_id: str, *, owner: str) -> Claim | None:
    row = connection.table.rows.get(job_id)
    if row is None or not (_is_abandoned(row, connection.now) or _is_waiting(connection, row)):
        return None
    return _claim(connection, row, owner)


def claim_next(connection: Connection, *, owner: str, kinds: Collection[str]) -> Claim | None:
    """First what was abandoned, longest first, then what waits, oldest first."""
    rows = [row for row in connection.table.rows.values() if row.kind in kinds and not _is_used_up(row)]
    abandoned = [row for row in rows if _is_abandoned(row, connection.now)]
    waiting = [row for row in rows if _is_waiting(connection, row)]
    if abandoned:
        return _claim(connection, min(abandoned, key=lambda row: row.lease_until or 0), owner)
    return _claim(connection, min(waiting, key=lambda row: row.created_at), owner) if waiting else None


def _claim(connection: Connection, row: Row, owner: str) -> Claim | None:
    now = connection.now
    if _is_used_up(row):
        return None
    took_over = row.status == JobStatus.RUNNING
    row.status = JobStatus.RUNNING
    row.attempt += 1
    row.owner = owner
    row.lease_until = now + LEASE_SECONDS
    row.started_at = now if row.started_at is None else row.started_at
    claim = Claim(row.id, row.attempt, row.kind, row.params, row.retries, took_over, now - row.created_at)
    connection.table.changed(row, "claim", claim)
    return claim


def renew(connection: Connection, claims: Iterable[Claim]) -> set[str]:
    ours = set()
    for claim in claims:
        row = _ours(connection, claim)
        if row is not None:
            row.lease_until = connection.now + LEASE_SECONDS
            connection.table.changed(row, "renew", claim)
            ours.add(row.id)
    return ours


def publish(
    connection: Connection,
    claim: Claim,
    artifacts: Sequence[StoredArtifact],
    warnings: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    row = _ours(connection, claim)
    if row is None:
        row = connection.table.rows.get(claim.id)
        is_published = row is not None and row.status == JobStatus.COMPLETE and _is_ours(row, claim)
        return Verdict.ENDED if is_published else Verdict.LOST
    row.artifacts = [asdict(artifact) for artifact in artifacts]
    row.warnings = list(warnings)
    return _end(connection, row, JobStatus.COMPLETE, claim)


def fail(connection: Connection, claim: Claim, *, code: str, message: str) -> Verdict:
    row = _ours(connection, claim)
    return Verdict.LOST if row is None else _fail(connection, row, claim, code, message)


def release(connection: Connection, claim: Claim, *, after_seconds: float | None = None) -> Verdict:
    row = _ours(connection, claim)
    if row is None:
        return Verdict.LOST
    row.returned += 1
    verdict = _queue_again(connection, row, claim, "release")
    if after_seconds is not None:
        row.not_before = connection.now + after_seconds
        return Verdict.LATER
    return verdict


def crashed(connection: Connection, claim: Claim, *, how: str) -> Verdict:
    row = _ours(connection, claim)
    if row is None:
        return Verdict.LOST
    row.crashes += 1
    if row.crashes < lifecycle.MAX_CRASHES:
        return _queue_again(connection, row, claim, "crashed")
    message = f"Its process died {row.crashes} times ({how}); it will not be retried."
    return _fail(connection, row, claim, WorkerCrashed.code, message)


def server_failed(connection: Connection, claim: Claim, *, code: str, message: str, after_seconds: float) -> Verdict:
    row = _ours(connection, claim)
    if row is None:
        return Verdict.LOST
    row.retries += 1
    if row.retries >= lifecycle.MAX_TRANSIENT_ATTEMPTS:
        return _fail(connection, row, claim, code, f"{message} It was tried {row.retries} times.")
    _queue_again(connection, row, claim, "server_failed", after_seconds=after_seconds)
    return Verdict.LATER


def give_up(connection: Connection) -> list[tuple[str, str]]:
    given_up = []
    for row in connection.table.rows.values():
        if _is_idle(row, connection.now) and _is_used_up(row):
            message = (
                "It was attempted too often, and each time its replica or a server stopped first; it "
                "will not be retried."
            )
            _fail(connection, row, None, AttemptsExhausted.code, message)
            given_up.append((row.id, row.kind))
    return given_up


def cancel(connection: Connection, job_id: str) -> bool:
    row = connection.table.rows.get(job_id)
    if row is None or row.status not in _ORIGINS[JobStatus.CANCELLED]:
        return False
    lease_until, owner = row.lease_until, row.owner
    _end(connection, row, JobStatus.CANCELLED, None)
    row.lease_until, row.owner = lease_until, owner
    return True


def stopped(connection: Connection, claim: Claim) -> None:
    row = connection.table.rows.get(claim.id)
    if row is not None and _is_ours(row, claim) and row.status == JobStatus.CANCELLED:
        row.lease_until = row.owner = None


def remove(connection: Connection, job_id: str) -> bool:
    row = connection.table.rows.get(job_id)
    if row is None or row.status not in {JobStatus.COMPLETE, JobStatus.FAILED}:
        return False
    del connection.table.rows[job_id]
    connection.table.changed(row, "remove", None)
    return True


def expire(connection: Connection, *, kind: str, days: int, limit: int, kept: object = None) -> list[str]:
    before = connection.now - days * 86400
    rows = [row for row in connection.table.rows.values() if row.kind == kind]
    old = [row for row in rows if row.created_at < before and not row.is_outstanding][:limit]
    for row in old:
        del connection.table.rows[row.id]
    return [row.id for row in old]


def find(connection: Connection, job_id: str) -> JobRecord | None:
    row = connection.table.rows.get(job_id)
    if row is None:
        return None
    return JobRecord(
        id=row.id,
        kind=row.kind,
        status=row.status,
        attempt=row.attempt,
        as_of=row.as_of,
        begun_by=row.begun_by,
        artifacts=tuple(StoredArtifact(**artifact) for artifact in row.artifacts or ()),
        error_code=row.error_code,
        error_message=row.error_message,
        created_at=instant(row.created_at),
        started_at=None if row.started_at is None else instant(row.started_at),
        finished_at=None if row.finished_at is None else instant(row.finished_at),
        warnings=row.warnings or (),
    )


def outstanding(connection: Connection, ids: Collection[str]) -> set[str]:
    rows = connection.table.rows
    return {job_id for job_id in ids if job_id in rows and rows[job_id].is_outstanding}


def kept_objects(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    rows = [connection.table.rows[job_id] for job_id in ids if job_id in connection.table.rows]
    return {
        row.id: {artifact["key"] for artifact in row.artifacts or ()}
        for row in rows
        if row.status == JobStatus.COMPLETE
    }


def backlog(connection: Connection, kinds: Collection[str] | None = None) -> Backlog:
    rows = [row for row in connection.table.rows.values() if kinds is None or row.kind in kinds]
    waiting = [connection.now - row.created_at for row in rows if _is_idle(row, connection.now)]
    running = sum(row.status == JobStatus.RUNNING and not _is_abandoned(row, connection.now) for row in rows)
    return Backlog(len(waiting), max(waiting, default=0.0), running)


def instant(seconds: float) -> datetime:
    """A time of the virtual clock as the code under test sees it."""
    return EPOCH + timedelta(seconds=seconds)


def _is_ours(row: Row, claim: Claim) -> bool:
    return row.attempt == claim.attempt


def _ours(connection: Connection, claim: Claim) -> Row | None:
    row = connection.table.rows.get(claim.id)
    return row if row is not None and row.status == JobStatus.RUNNING and _is_ours(row, claim) else None


def _is_idle(row: Row, now: float) -> bool:
    """Whether it waits, or runs with a lease that ran out."""
    return row.status == JobStatus.QUEUED or _is_abandoned(row, now)


def _is_abandoned(row: Row, now: float) -> bool:
    return row.status == JobStatus.RUNNING and row.lease_until is not None and row.lease_until < now


def _is_waiting(connection: Connection, row: Row) -> bool:
    now, key = connection.now, row.concurrency_key
    if row.status != JobStatus.QUEUED or (row.not_before is not None and row.not_before > now):
        return False
    others = connection.table.rows.values()
    return key is None or not any(other.concurrency_key == key and _holds_key(other, now) for other in others)


def _holds_key(row: Row, now: float) -> bool:
    is_ending = row.status == JobStatus.CANCELLED and row.lease_until is not None and row.lease_until > now
    return row.status == JobStatus.RUNNING or is_ending


def _is_used_up(row: Row) -> bool:
    return row.attempt - row.returned >= lifecycle.MAX_ATTEMPTS or row.attempt >= lifecycle.MAX_CLAIMS


def _end(connection: Connection, row: Row, status: JobStatus, claim: Claim | None) -> Verdict:
    row.status = status
    row.finished_at = connection.now
    row.lease_until = row.owner = None
    connection.table.changed(row, status, claim)
    return Verdict.ENDED


def _fail(connection: Connection, row: Row, claim: Claim | None, code: str, message: str) -> Verdict:
    row.error_code, row.error_message = code, message
    return _end(connection, row, JobStatus.FAILED, claim)


def _queue_again(
    connection: Connection, row: Row, claim: Claim, what: str, *, after_seconds: float | None = None
) -> Verdict:
    now = connection.now
    row.status = JobStatus.QUEUED
    row.not_before = None if after_seconds is None else now + after_seconds
    row.lease_until = row.owner = None
    connection.table.changed(row, what, claim)
    return Verdict.QUEUED
