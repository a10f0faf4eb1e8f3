"""The life of a job in Postgres: the only code that writes its status.

Every change is one UPDATE that names the states it may come from (TRANSITIONS) and, once a job runs, the attempt it
was claimed with: the attempt is the fence that keeps a late worker from touching a job that another has taken over.
It only ever grows. What an attempt is charged with is counted beside it: ``crashes`` (its process died), ``retries`` (a
server failed it), ``returned`` (a worker that stopped gave it back, which costs nothing).
Times are compared with Postgres' ``now()`` only. Every end is also an event (app/events), in the same transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    Update,
    and_,
    bindparam,
    cast,
    delete,
    extract,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.errors import AttemptsExhausted, AttemptSuperseded, WorkerCrashed
from app.events.outbox import all_happened
from app.files.artifact import StoredArtifact
from app.ids import new_id
from app.jobs.records import ENDED, JobStatus, is_abandoned, is_waiting
from app.jobs.tables import job

#: A worker that has not renewed its claim for this long is taken for dead, seconds.
LEASE_SECONDS: Final = 30

#: Deaths of its process after which a job is given up: by then it is the job, not bad luck.
MAX_CRASHES: Final = 3

#: Attempts that a server may fail.
MAX_TRANSIENT_ATTEMPTS: Final = 5

#: Attempts in all, those not counted that a stopping worker gave back: a job that takes its replicas down with it
#: must not do so for ever.
MAX_ATTEMPTS: Final = 10

#: Claims in all, those that cost nothing included: what looks like a fault of each replica must not go round for ever.
MAX_CLAIMS: Final = 50

#: How long an idempotency key is remembered, seconds.
KEY_SECONDS: Final = 24 * 3600

TRANSITIONS: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: frozenset(
        {
            JobStatus.RUNNING,
            JobStatus.FAILED,  # all its attempts are used up
            JobStatus.CANCELLED,
        }
    ),
    JobStatus.RUNNING: frozenset(
        {
            JobStatus.RUNNING,  # taken over after the lease ran out
            JobStatus.QUEUED,  # to be tried again
            JobStatus.COMPLETE,
            JobStatus.FAILED,
            JobStatus.CANCELLED,
        }
    ),
    JobStatus.COMPLETE: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to run a job: good while the row is running with this attempt.

    Attributes:
        attempt: the fence.
        retries: attempts that a server has failed so far.
        took_over: another worker held it, and let its lease run out.
        waited_seconds: since it was triggered.
    """

    id: str
    attempt: int
    kind: str
    params: Mapping[str, Any]
    retries: int = 0
    took_over: bool = False
    waited_seconds: float = 0.0


class Verdict(StrEnum):
    """What an attempt's end made of its job."""

    ENDED = "ended"
    QUEUED = "queued again"
    LATER = "queued for later"
    LOST = "no longer ours"


@dataclass(frozen=True, slots=True)
class KeyedJob:
    """The job that an idempotency key stands for, and the fingerprint of what was asked for with it."""

    id: str
    params_sha256: str


def create(
    connection: Connection,
    *,
    kind: str,
    params: Mapping[str, Any],
    params_sha256: str,
    as_of: datetime | None = None,
    idempotency_key: str | None = None,
    concurrency_key: str | None = None,
    not_before: datetime | None = None,
    begun_by: str | None = None,
) -> str | None:
    """Record a new job as queued; returns its id, or None when the idempotency key stands for another already.

    Args:
        connection: in the caller's transaction.
        kind, params: what to run.
        params_sha256: fingerprint of what was asked for, before defaults were filled in from the data.
        as_of: the instant that a report speaks for.
        idempotency_key: repeating a request with it makes no second job.
        concurrency_key: of two jobs with the same key only one runs at a time.
        not_before: no worker takes the job before then; None: at once.
        begun_by: what began it unasked, such as ``schedule`` and its id; None: somebody asked for it.
    """
    created: str | None = connection.scalar(
        insert(job)
        .values(
            id=new_id(datetime.now(UTC)),
            kind=kind,
            params=dict(params),
            params_sha256=params_sha256,
            idempotency_key=idempotency_key,
            concurrency_key=concurrency_key,
            status=JobStatus.QUEUED,
            as_of=as_of,
            not_before=not_before,
            begun_by=begun_by,
            dispatched_at=func.now(),
        )
        .on_conflict_do_nothing(index_elements=[job.c.idempotency_key])
        .returning(job.c.id)
    )
    return created


def queue(
    connection: Connection,
    *,
    kind: str,
    params: Mapping[str, Any],
    as_of: datetime | None = None,
    concurrency_key: str | None = None,
    not_before: datetime | None = None,
) -> str:
    """As create(), for a job that nobody asks for a second time by a key; returns its id."""
    job_id = create(
        connection,
        kind=kind,
        params=params,
        params_sha256="",
        as_of=as_of,
        concurrency_key=concurrency_key,
        not_before=not_before,
    )
    assert job_id is not None  # noqa: S101 - without a key there is no other; this tells the type checker
    return job_id


def keyed(connection: Connection, idempotency_key: str) -> KeyedJob | None:
    """The job that was created with this key; a key that is too old is free again."""
    mine = job.c.idempotency_key == idempotency_key
    too_old = job.c.created_at < _in_seconds(-KEY_SECONDS)
    connection.execute(update(job).where(mine, too_old).values(idempotency_key=None))
    row = connection.execute(select(job.c.id, job.c.params_sha256).where(mine)).one_or_none()
    return None if row is None else KeyedJob(*row)


def claim(connection: Connection, job_id: str, *, owner: str) -> Claim | None:
    """Take a queued job, or a running one whose lease ran out; None when it is neither, or may not run yet.

    In a transaction of its own, as claim_next: a claim that comes too late for its concurrency key breaks it.
    """
    return _claim(connection, _CLAIM_ONE, owner, wanted_id=job_id)


def claim_next(connection: Connection, *, owner: str, kinds: Collection[str]) -> Claim | None:
    """Take the next job of these kinds: first one whose worker let its lease run out, then the oldest that waits.

    Two workers that reach for jobs with the same concurrency key at the same moment are told apart by the unique index
    on the keys of running jobs: the later one gets nothing.
    """
    ours = {"wanted_kinds": list(kinds)}
    return _claim(connection, _CLAIM_ABANDONED, owner, **ours) or _claim(connection, _CLAIM_WAITING, owner, **ours)


def _claim(connection: Connection, claiming: Update, owner: str, **wanted: Any) -> Claim | None:
    try:
        row = connection.execute(claiming, {"claim_owner": owner, **wanted}).one_or_none()
    except IntegrityError:  # another job with its concurrency key began to run at the same moment
        return None
    return None if row is None else Claim(**row._mapping)  # noqa: SLF001 - the documented name of a row's mapping


def renew(connection: Connection, claims: Iterable[Claim]) -> set[str]:
    """Prolong the leases of these claims in one statement; returns the ids that are still ours.

    A row that is locked is passed over, so that a job in a long commit (see fence) does not cost its neighbours their
    leases. It is still ours: nobody takes over what is locked.
    """
    pairs = tuple_(job.c.id, job.c.attempt).in_([(claim.id, claim.attempt) for claim in claims])
    ours = select(job.c.id).where(pairs, job.c.status == JobStatus.RUNNING)
    free = ours.order_by(job.c.id).with_for_update(skip_locked=True).cte("free")
    connection.execute(update(job).where(job.c.id == free.c.id).values(lease_until=_in_seconds(LEASE_SECONDS)))
    return set(connection.scalars(ours))


def fence(connection: Connection, *, job_id: str, attempt: int) -> None:
    """Let this transaction commit only as the work of the attempt that counts; nobody else gets the job before it ends.

    To be called last, because it keeps the lease from being renewed until then.

    Raises:
        AttemptSuperseded: another attempt counts by now, or the job has ended.
    """
    ours = select(job.c.id).where(job.c.id == job_id, job.c.attempt == attempt, job.c.status == JobStatus.RUNNING)
    if connection.scalar(ours.with_for_update(read=True)) is None:
        raise AttemptSuperseded("Another attempt has taken this job over, or it has ended.")


def publish(
    connection: Connection,
    claim: Claim,
    artifacts: Sequence[StoredArtifact],
    warnings: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    """Make the job complete with these artifacts and warnings.

    To repeat it is safe: when the connection broke during the commit, nobody knows whether it took place.
    """
    stored = [asdict(artifact) for artifact in artifacts]
    verdict = _end(connection, claim, JobStatus.COMPLETE, artifacts=stored, warnings=list(warnings))
    if verdict is Verdict.LOST and _is_published(connection, claim):
        return Verdict.ENDED
    return verdict


def fail(connection: Connection, claim: Claim, *, code: str, message: str) -> Verdict:
    """Make the job failed, with a stable code and a message for people."""
    return _end(connection, claim, JobStatus.FAILED, error_code=code, error_message=message)


def release(connection: Connection, claim: Claim, *, after_seconds: float | None = None) -> Verdict:
    """A worker that stops queues its job again, free of charge; one that has a fault of its own does so for later."""
    if after_seconds is None:
        return _queue_again(connection, claim, returned=job.c.returned + 1)
    not_before = _in_seconds(after_seconds)
    verdict = _queue_again(connection, claim, returned=job.c.returned + 1, not_before=not_before)
    return Verdict.LATER if verdict is Verdict.QUEUED else verdict


def crashed(connection: Connection, claim: Claim, *, how: str) -> Verdict:
    """The job's process died: queue it again, or give it up after MAX_CRASHES."""
    crashes = _count(connection, claim, "crashes")
    if crashes is None:
        return Verdict.LOST
    if crashes < MAX_CRASHES:
        return _queue_again(connection, claim)
    message = f"Its process died {crashes} times ({how}); it will not be retried."
    return fail(connection, claim, code=WorkerCrashed.code, message=message)


def server_failed(connection: Connection, claim: Claim, *, code: str, message: str, after_seconds: float) -> Verdict:
    """A server failed the job for a while: queue it again for later, or give it up."""
    retries = _count(connection, claim, "retries")
    if retries is None:
        return Verdict.LOST
    if retries >= MAX_TRANSIENT_ATTEMPTS:
        return fail(connection, claim, code=code, message=f"{message} It was tried {retries} times.")
    _queue_again(connection, claim, not_before=_in_seconds(after_seconds))
    return Verdict.LATER


def give_up(connection: Connection) -> list[tuple[str, str]]:
    """Fail the jobs that nobody works on and whose attempts are used up; returns the id and kind of each."""
    idle = or_(job.c.status == JobStatus.QUEUED, is_abandoned())
    statement = (
        _to(JobStatus.FAILED)
        .where(idle, _is_used_up())
        .values(
            **_ENDED,
            error_code=AttemptsExhausted.code,
            error_message="It was attempted too often, and each time its replica or a server stopped first; it "
            "will not be retried.",
        )
    )
    return _ended(connection, statement)


def cancel(connection: Connection, job_id: str) -> bool:
    """Make a job that has not ended cancelled; False when there is none.

    The lease stays, and with it the concurrency key, until the worker has noticed (see stopped), because the process
    goes on until then.
    """
    statement = _to(JobStatus.CANCELLED).where(job.c.id == job_id).values(finished_at=func.now())
    return len(_ended(connection, statement)) == 1


def stopped(connection: Connection, claim: Claim) -> None:
    """The process of a job that was cancelled has ended: another with its concurrency key may run."""
    cancelled = and_(_is_of(claim), job.c.status == JobStatus.CANCELLED)
    connection.execute(update(job).where(cancelled).values(lease_until=None, owner=None))


def remove(connection: Connection, job_id: str) -> bool:
    """Delete the record of a job that is complete or has failed; False when there is none."""
    removable = job.c.status.in_([JobStatus.COMPLETE, JobStatus.FAILED])
    return connection.execute(delete(job).where(job.c.id == job_id, removable)).rowcount == 1


def remove_ended(connection: Connection, *, kinds: Collection[str], which: ColumnElement[bool]) -> list[str]:
    """Delete the records of those ended jobs; returns their ids. The customer has an index for ``which``."""
    statement = delete(job).where(job.c.kind.in_(kinds), which, job.c.status.in_(ENDED))
    return list(connection.execute(statement.returning(job.c.id)).scalars())


def change_kind(connection: Connection, job_id: str, kind: str) -> None:
    """Have another kind of the same customer make the next attempt at a job. Its fence must be held."""
    connection.execute(update(job).where(job.c.id == job_id).values(kind=kind))


def expire(
    connection: Connection, *, kind: str, days: int, limit: int, kept: ColumnElement[bool] | None = None
) -> list[str]:
    """Delete records of ended jobs of a kind that were created longer ago, but for those ``kept``.

    Returns their ids, at most ``limit``.
    """
    old = (
        select(job.c.id)
        .where(
            job.c.kind == kind,
            job.c.created_at < func.now() - timedelta(days=days),
            job.c.status.in_(ENDED),
            *([] if kept is None else [~kept]),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    rows = connection.execute(delete(job).where(job.c.id == old.c.id).returning(job.c.id))
    return list(rows.scalars())


#: What every end sets.
_ENDED: Final[Mapping[str, Any]] = {"finished_at": func.now(), "lease_until": None, "owner": None}


def _to(status: JobStatus) -> Update:
    """An UPDATE to ``status`` that only matches rows in a state from which TRANSITIONS allow it."""
    origins = [origin for origin, targets in TRANSITIONS.items() if status in targets]
    return update(job).where(job.c.status.in_(origins)).values(status=status)


def _is_ours(claim: Claim) -> ColumnElement[bool]:
    return and_(_is_of(claim), job.c.status == JobStatus.RUNNING)


def _is_of(claim: Claim) -> ColumnElement[bool]:
    return and_(job.c.id == claim.id, job.c.attempt == claim.attempt)


def _is_used_up() -> ColumnElement[bool]:
    most: BindParameter[int] = bindparam("most_attempts", callable_=lambda: MAX_ATTEMPTS)  # looked up by each statement
    return or_(job.c.attempt - job.c.returned >= most, job.c.attempt >= MAX_CLAIMS)


def _end(connection: Connection, claim: Claim, status: JobStatus, **values: Any) -> Verdict:
    statement = _to(status).where(_is_ours(claim)).values(**_ENDED, **values)
    return Verdict.ENDED if _ended(connection, statement) else Verdict.LOST


def _ended(connection: Connection, statement: Update) -> list[tuple[str, str]]:
    """Execute what ends jobs, and record that as events; returns the id and kind of each."""
    rows = connection.execute(statement.returning(job.c.id, job.c.kind, job.c.status)).all()
    all_happened(connection, [(f"job.{row.status}", row.id, {"kind": row.kind}) for row in rows])
    return [(row.id, row.kind) for row in rows]


def _is_published(connection: Connection, claim: Claim) -> bool:
    query = select(job.c.id).where(_is_of(claim), job.c.status == JobStatus.COMPLETE)
    return connection.scalar(query) is not None


def _queue_again(connection: Connection, claim: Claim, **values: Any) -> Verdict:
    free = {"not_before": None, "lease_until": None, "owner": None, "dispatched_at": func.now()}
    statement = _to(JobStatus.QUEUED).where(_is_ours(claim)).values(free | values)
    return Verdict.QUEUED if _changed(connection, statement) else Verdict.LOST


def _count(connection: Connection, claim: Claim, column: str) -> int | None:
    """Add one to a counter of a job that runs; its new value, or None when the job is no longer ours."""
    counted: int | None = connection.scalar(
        update(job).where(_is_ours(claim)).values({column: job.c[column] + 1}).returning(job.c[column])
    )
    return counted


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def _in_seconds(seconds: float) -> Any:
    return func.now() + timedelta(seconds=seconds)


def _claiming(
    condition: ColumnElement[bool], *, order: ColumnElement[Any] | None = None, skip_locked: bool = True
) -> Update:
    """The statement that takes the first job of a condition for ``claim_owner``."""
    before = (
        select(job.c.id, job.c.status)
        .where(condition, ~_is_used_up())
        .order_by(order)
        .limit(1)
        .with_for_update(skip_locked=skip_locked)
        .cte("before")
    )
    return (
        _to(JobStatus.RUNNING)
        .where(job.c.id == before.c.id)
        .values(
            attempt=job.c.attempt + 1,
            owner=bindparam("claim_owner"),
            lease_until=_in_seconds(LEASE_SECONDS),
            started_at=func.coalesce(job.c.started_at, func.now()),
        )
        .returning(
            job.c.id,
            job.c.attempt,
            job.c.kind,
            job.c.params,
            job.c.retries,
            (before.c.status == JobStatus.RUNNING).label("took_over"),
            cast(extract("epoch", func.now() - job.c.created_at), Double).label("waited_seconds"),
        )
    )


_OF_KINDS: Final = job.c.kind.in_(bindparam("wanted_kinds", expanding=True))

#: Made once: SQLAlchemy does not know one of these again that is made anew, and takes milliseconds to put it together.
_CLAIM_ONE: Final = _claiming(
    and_(job.c.id == bindparam("wanted_id"), or_(is_waiting(), is_abandoned())), skip_locked=False
)
_CLAIM_ABANDONED: Final = _claiming(and_(_OF_KINDS, is_abandoned()), order=job.c.lease_until)
_CLAIM_WAITING: Final = _claiming(and_(_OF_KINDS, is_waiting()), order=job.c.created_at)
