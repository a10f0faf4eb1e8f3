"""The life of a report in Postgres: the only code that writes its status.

Every change is one UPDATE that names the states it may come from (TRANSITIONS) and, once a report runs, the attempt it
was claimed with: the attempt is the fence that keeps a late worker from touching a report that another has taken over.
It only ever grows. What an attempt is charged with is counted beside it: ``crashes`` (its process died), ``retries`` (a
server failed it), ``returned`` (a worker that stopped gave it back, which costs nothing).
Times are compared with Postgres' ``now()`` only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Update,
    and_,
    cast,
    delete,
    exists,
    extract,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from app.catalogue.tables import dataset
from app.errors import AttemptsExhausted, AttemptSuperseded, WorkerCrashed
from app.ids import new_id
from app.jobs.kind import DATASET_WORK, names_of
from app.jobs.records import OUTSTANDING, ReportStatus, StoredArtifact, is_waiting
from app.jobs.tables import job

#: A worker that has not renewed its claim for this long is taken for dead, seconds.
LEASE_SECONDS: Final = 30

#: A report that nobody has claimed for this long is dispatched again, seconds.
REDISPATCH_SECONDS: Final = 10

#: Deaths of its process after which a report is given up: by then it is the report, not bad luck.
MAX_CRASHES: Final = 3

#: Attempts that a server may fail.
MAX_TRANSIENT_ATTEMPTS: Final = 5

#: Attempts in all, those not counted that a stopping worker gave back: a report that takes its replicas down with it
#: must not do so for ever.
MAX_ATTEMPTS: Final = 10

#: How long an idempotency key is remembered, seconds.
KEY_SECONDS: Final = 24 * 3600

TRANSITIONS: Final[Mapping[ReportStatus, frozenset[ReportStatus]]] = {
    ReportStatus.QUEUED: frozenset(
        {
            ReportStatus.RUNNING,
            ReportStatus.FAILED,  # all its attempts are used up
            ReportStatus.CANCELLED,
        }
    ),
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
class Claim:
    """A worker's right to run a report: good while the row is running with this attempt.

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

    @property
    def names(self) -> dict[str, str]:
        """What the log calls it."""
        return names_of(self.kind, self.id, self.params)


class Verdict(StrEnum):
    """What an attempt's end made of its report."""

    ENDED = "ended"
    QUEUED = "queued again"
    LATER = "queued for later"
    LOST = "no longer ours"


@dataclass(frozen=True, slots=True)
class KeyedReport:
    """The report that an idempotency key stands for, and the fingerprint of what was asked for with it."""

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
) -> str | None:
    """Record a new report as queued; returns its id, or None when the idempotency key stands for another already.

    ``params_sha256`` is the fingerprint of what was asked for, before defaults were filled in from the data.
    """
    created: str | None = connection.scalar(
        insert(job)
        .values(
            id=new_id(datetime.now(UTC)),
            kind=kind,
            params=dict(params),
            params_sha256=params_sha256,
            idempotency_key=idempotency_key,
            status=ReportStatus.QUEUED,
            as_of=as_of,
            dispatched_at=func.now(),
        )
        .on_conflict_do_nothing(index_elements=[job.c.idempotency_key])
        .returning(job.c.id)
    )
    return created


def keyed(connection: Connection, idempotency_key: str) -> KeyedReport | None:
    """The report that was triggered with this key; a key that is too old is free again."""
    mine = job.c.idempotency_key == idempotency_key
    too_old = job.c.created_at < _in_seconds(-KEY_SECONDS)
    connection.execute(update(job).where(mine, too_old).values(idempotency_key=None))
    row = connection.execute(select(job.c.id, job.c.params_sha256).where(mine)).one_or_none()
    return None if row is None else KeyedReport(*row)


def claim(connection: Connection, report_id: str, *, owner: str) -> Claim | None:
    """Take a queued report, or a running one whose lease ran out; None when it is neither, or not due yet."""
    free = or_(is_waiting(), _is_abandoned())
    before = (
        select(job.c.id, job.c.status)
        .where(job.c.id == report_id, free, _charged() < MAX_ATTEMPTS)
        .with_for_update()
        .cte("before")
    )
    row = connection.execute(
        _to(ReportStatus.RUNNING)
        .where(job.c.id == before.c.id)
        .values(
            attempt=job.c.attempt + 1,
            owner=owner,
            lease_until=_in_seconds(LEASE_SECONDS),
            started_at=func.coalesce(job.c.started_at, func.now()),
        )
        .returning(
            job.c.id,
            job.c.attempt,
            job.c.kind,
            job.c.params,
            job.c.retries,
            (before.c.status == ReportStatus.RUNNING).label("took_over"),
            cast(extract("epoch", func.now() - job.c.created_at), Double).label("waited_seconds"),
        )
    ).one_or_none()
    return None if row is None else Claim(**row._mapping)  # noqa: SLF001 - the documented name of a row's mapping


def renew(connection: Connection, claims: Iterable[Claim]) -> set[str]:
    """Prolong the leases of these claims in one statement; returns the ids that are still ours."""
    ours = [(claim.id, claim.attempt) for claim in claims]
    rows = connection.execute(
        update(job)
        .where(tuple_(job.c.id, job.c.attempt).in_(ours), job.c.status == ReportStatus.RUNNING)
        .values(lease_until=_in_seconds(LEASE_SECONDS))
        .returning(job.c.id)
    )
    return set(rows.scalars())


def fence(connection: Connection, *, job_id: str, attempt: int) -> None:
    """Let this transaction commit only as the work of the attempt that counts; nobody else gets the job before it ends.

    To be called last, because it keeps the lease from being renewed until then.

    Raises:
        AttemptSuperseded: another attempt counts by now, or the job has ended.
    """
    ours = select(job.c.id).where(job.c.id == job_id, job.c.attempt == attempt, job.c.status == ReportStatus.RUNNING)
    if connection.scalar(ours.with_for_update(read=True)) is None:
        raise AttemptSuperseded("Another attempt at this work counts by now, or it has ended.")


def publish(connection: Connection, claim: Claim, artifacts: Sequence[StoredArtifact]) -> Verdict:
    """Make the report complete with these artifacts.

    To repeat it is safe: when the connection broke during the commit, nobody knows whether it took place.
    """
    stored = [asdict(artifact) for artifact in artifacts]
    verdict = _end(connection, claim, ReportStatus.COMPLETE, artifacts=stored)
    if verdict is Verdict.LOST and _is_published(connection, claim):
        return Verdict.ENDED
    return verdict


def fail(connection: Connection, claim: Claim, *, code: str, message: str) -> Verdict:
    """Make the report failed, with a stable code and a message for people."""
    return _end(connection, claim, ReportStatus.FAILED, error_code=code, error_message=message)


def hand_back(connection: Connection, claim: Claim) -> Verdict:
    """A worker that stops queues its report again, free of charge."""
    return _queue_again(connection, claim, returned=job.c.returned + 1)


def crashed(connection: Connection, claim: Claim, *, how: str) -> Verdict:
    """The report's process died: queue it again, or give it up after MAX_CRASHES."""
    crashes = _count(connection, claim, "crashes")
    if crashes is None:
        return Verdict.LOST
    if crashes < MAX_CRASHES:
        return _queue_again(connection, claim)
    message = f"Its process died {crashes} times ({how}); it is not tried again."
    return fail(connection, claim, code=WorkerCrashed.code, message=message)


def server_failed(connection: Connection, claim: Claim, *, code: str, message: str, after_seconds: float) -> Verdict:
    """A server failed the report for a while: queue it again for later, or give it up."""
    retries = _count(connection, claim, "retries")
    if retries is None:
        return Verdict.LOST
    if retries >= MAX_TRANSIENT_ATTEMPTS:
        return fail(connection, claim, code=code, message=f"{message} It was tried {retries} times.")
    # Dated back, so that the first sweep after it is due hands it out.
    due, dispatched = _in_seconds(after_seconds), _in_seconds(after_seconds - REDISPATCH_SECONDS)
    _queue_again(connection, claim, not_before=due, dispatched_at=dispatched)
    return Verdict.LATER


def give_up(connection: Connection) -> list[str]:
    """Fail the reports that nobody works on and whose attempts are used up; returns their ids."""
    idle = or_(job.c.status == ReportStatus.QUEUED, _is_abandoned())
    rows = connection.execute(
        _to(ReportStatus.FAILED)
        .where(idle, _charged() >= MAX_ATTEMPTS)
        .values(
            **_ENDED,
            error_code=AttemptsExhausted.code,
            error_message=f"It was begun {MAX_ATTEMPTS} times, and each time its replica or a server ended "
            "before it did; it is not tried again.",
        )
        .returning(job.c.id)
    )
    return list(rows.scalars())


def cancel(connection: Connection, report_id: str) -> bool:
    """Make a report that has not ended cancelled; False when there is none."""
    return _changed(connection, _to(ReportStatus.CANCELLED).where(job.c.id == report_id).values(**_ENDED))


def remove(connection: Connection, report_id: str) -> bool:
    """Delete the record of a report that is complete or has failed; False when there is none."""
    removable = job.c.status.in_([ReportStatus.COMPLETE, ReportStatus.FAILED])
    return connection.execute(delete(job).where(job.c.id == report_id, removable)).rowcount == 1


def remove_work(connection: Connection, dataset_id: str) -> list[str]:
    """Delete the records of all work on a dataset that has ended; returns their ids."""
    of_it = job.c.params["dataset_id"].astext == dataset_id
    ended = job.c.status.not_in(OUTSTANDING)
    rows = connection.execute(delete(job).where(job.c.kind == DATASET_WORK, of_it, ended).returning(job.c.id))
    return list(rows.scalars())


def expire(connection: Connection, *, days: int, limit: int) -> list[str]:
    """Delete records of ended reports that were triggered longer ago; returns their ids, at most ``limit``."""
    old = (
        select(job.c.id)
        .where(
            job.c.created_at < func.now() - timedelta(days=days),
            job.c.status.not_in(OUTSTANDING),
            ~exists().where(dataset.c.job_id == job.c.id),  # these stay as long as their dataset
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    rows = connection.execute(delete(job).where(job.c.id == old.c.id).returning(job.c.id))
    return list(rows.scalars())


def take_abandoned(connection: Connection, *, limit: int) -> list[str]:
    """Running reports to dispatch again because their lease ran out."""
    return _take(connection, _is_abandoned(), limit=limit, after_seconds=REDISPATCH_SECONDS)


def take_forgotten(connection: Connection, *, limit: int, after_seconds: float | None = None) -> list[str]:
    """Queued reports to dispatch again, oldest first: nobody has claimed them for so long (REDISPATCH_SECONDS)."""
    seconds = REDISPATCH_SECONDS if after_seconds is None else after_seconds
    return _take(connection, is_waiting(), limit=limit, after_seconds=seconds)


def _take(connection: Connection, condition: ColumnElement[bool], *, limit: int, after_seconds: float) -> list[str]:
    # The dispatch time counts: a report that was just handed out again is not handed out every sweep. A CTE, because a
    # subquery after IN may be run once for each row, which makes nothing of its limit.
    due = (
        select(job.c.id)
        .where(condition, job.c.dispatched_at < _in_seconds(-after_seconds))
        .order_by(job.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    rows = connection.execute(
        update(job).where(job.c.id == due.c.id).values(dispatched_at=func.now()).returning(job.c.id)
    )
    return sorted(rows.scalars())  # ids sort by age


#: What every end sets.
_ENDED: Final[Mapping[str, Any]] = {"finished_at": func.now(), "lease_until": None, "owner": None}


def _to(status: ReportStatus) -> Update:
    """An UPDATE to ``status`` that only matches rows in a state from which TRANSITIONS allow it."""
    origins = [origin for origin, targets in TRANSITIONS.items() if status in targets]
    return update(job).where(job.c.status.in_(origins)).values(status=status)


def _is_ours(claim: Claim) -> ColumnElement[bool]:
    return and_(_is_of(claim), job.c.status == ReportStatus.RUNNING)


def _is_of(claim: Claim) -> ColumnElement[bool]:
    return and_(job.c.id == claim.id, job.c.attempt == claim.attempt)


def _is_abandoned() -> ColumnElement[bool]:
    return and_(job.c.status == ReportStatus.RUNNING, job.c.lease_until < func.now())


def _charged() -> ColumnElement[int]:
    return job.c.attempt - job.c.returned


def _end(connection: Connection, claim: Claim, status: ReportStatus, **values: Any) -> Verdict:
    statement = _to(status).where(_is_ours(claim)).values(**_ENDED, **values)
    return Verdict.ENDED if _changed(connection, statement) else Verdict.LOST


def _is_published(connection: Connection, claim: Claim) -> bool:
    query = select(job.c.id).where(_is_of(claim), job.c.status == ReportStatus.COMPLETE)
    return connection.scalar(query) is not None


def _queue_again(connection: Connection, claim: Claim, **values: Any) -> Verdict:
    free = {"not_before": None, "lease_until": None, "owner": None, "dispatched_at": func.now()}
    statement = _to(ReportStatus.QUEUED).where(_is_ours(claim)).values(free | values)
    return Verdict.QUEUED if _changed(connection, statement) else Verdict.LOST


def _count(connection: Connection, claim: Claim, column: str) -> int | None:
    """Add one to a counter of a report that runs; its new value, or None when the report is no longer ours."""
    counted: int | None = connection.scalar(
        update(job).where(_is_ours(claim)).values({column: job.c[column] + 1}).returning(job.c[column])
    )
    return counted


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def _in_seconds(seconds: float) -> Any:
    return func.now() + timedelta(seconds=seconds)
