"""What Postgres knows of jobs: their records as values, and every look at them that changes nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    true,
    tuple_,
)

from app.files.artifact import StoredArtifact
from app.jobs.tables import job

#: Jobs that ended last and tell how long one takes.
_RECENT: Final = 50


#: Nobody is told to come back later than this, seconds.
LONGEST_RETRY_SECONDS: Final = 3600


class JobStatus(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: A job in one of these has not ended.
OUTSTANDING: Final = (JobStatus.QUEUED, JobStatus.RUNNING)

#: A job in one of these has.
ENDED: Final = (JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as Postgres knows it, but for its parameters, which may be long: see parameters()."""

    id: str
    kind: str
    status: JobStatus
    attempt: int
    as_of: datetime | None
    begun_by: str | None
    artifacts: tuple[StoredArtifact, ...]
    warnings: Sequence[Mapping[str, Any]]
    error_code: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedJob(JobRecord):
    """A job in a list, with its parameters if they are short."""

    params: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and runs in the whole installation.

    Attributes:
        queued: jobs that nobody works on: no worker has claimed them, or it has let its lease run out.
        oldest_seconds: age of the oldest of them, 0 when there is none.
        running: jobs that a worker has claimed, and works on.
    """

    queued: int
    oldest_seconds: float
    running: int


_RECORD = select(*(job.c[name] for name in JobRecord.__dataclass_fields__))

#: Longest parameters that lists show, bytes of JSON.
_SHORT_BYTES: Final = 4_096

_LISTED = _RECORD.add_columns(
    case((func.octet_length(cast(job.c.params, Text)) <= _SHORT_BYTES, job.c.params)).label("params")
)

_NEWEST_FIRST: Final = (job.c.created_at.desc(), job.c.id.desc())

#: Built once: every poll asks it.
_RECORD_OF = _RECORD.where(job.c.id == bindparam("job_id"))


def find(connection: Connection, job_id: str) -> JobRecord | None:
    """The record of a job."""
    row = connection.execute(_RECORD_OF, {"job_id": job_id}).one_or_none()
    return None if row is None else _record(row)


def parameters(connection: Connection, job_id: str) -> Mapping[str, Any] | None:
    """The parameters of a job."""
    found: Mapping[str, Any] | None = connection.scalar(select(job.c.params).where(job.c.id == job_id))
    return found


def _ids_of_newest() -> Select[tuple[str]]:
    """Ids of the newest jobs of some kinds and statuses, newest first; its parameters are those of _wanted().

    The newest of each kind and status are looked for separately: an index has them, so that a list takes a few steps
    whatever else there is. That needs no other index to serve the order: Postgres does not know what the kinds are when
    it chooses one.
    """
    kind = func.unnest(bindparam("kinds", type_=ARRAY(Text))).table_valued("kind").render_derived()
    status = func.unnest(bindparam("statuses", type_=ARRAY(Text))).table_valued("status").render_derived()
    before_at, before_id = bindparam("before_at", type_=job.c.created_at.type), bindparam("before_id", type_=Text)
    is_next = or_(before_at.is_(None), tuple_(job.c.created_at, job.c.id) < tuple_(before_at, before_id))
    most = bindparam("most", type_=Integer)
    each = select(job.c.id, job.c.created_at).select_from(job)
    each = each.where(job.c.kind == kind.c.kind, job.c.status == status.c.status, is_next)
    found = each.order_by(*_NEWEST_FIRST).limit(most).lateral("found")
    query = select(found.c.id).select_from(kind).join(status, true()).join(found, true())
    return query.order_by(found.c.created_at.desc(), found.c.id.desc()).limit(most)


def _wanted(
    kinds: Collection[str], statuses: Collection[JobStatus], *, before: tuple[datetime, str] | None, limit: int
) -> dict[str, Any]:
    created_at, job_id = before or (None, None)
    place = {"before_at": created_at, "before_id": job_id}
    return {"kinds": list(kinds), "statuses": list(statuses), "most": limit, **place}


#: Built once, which takes longer than to ask it.
_NEWEST: Final = _LISTED.where(job.c.id.in_(_ids_of_newest())).order_by(*_NEWEST_FIRST)

_SECONDS: Final = select(extract("epoch", job.c.finished_at - job.c.started_at).label("seconds"))
_RECENT_SECONDS: Final = _SECONDS.where(job.c.id.in_(_ids_of_newest())).subquery()
_MEDIAN_SECONDS: Final = select(func.percentile_cont(0.5).within_group(_RECENT_SECONDS.c.seconds))


def newest(
    connection: Connection,
    *,
    kinds: Collection[str],
    status: JobStatus | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[ListedJob]:
    """Records of these kinds, newest first, optionally of one status, from after ``before`` (created_at, id) on."""
    wanted = _wanted(kinds, tuple(JobStatus) if status is None else (status,), before=before, limit=limit)
    return [ListedJob(**_fields(row)) for row in connection.execute(_NEWEST, wanted)]


def outstanding(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these jobs that have not ended."""
    query = select(job.c.id).where(job.c.id.in_(ids), job.c.status.in_(OUTSTANDING))
    return set(connection.scalars(query))


def kept_objects(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """Keys of the artifacts of those of these jobs that are complete, by id."""
    query = select(job.c.id, job.c.artifacts).where(job.c.id.in_(ids), job.c.status == JobStatus.COMPLETE)
    return {row.id: {artifact["key"] for artifact in row.artifacts} for row in connection.execute(query)}


def backlog(connection: Connection, kinds: Collection[str] | None = None) -> Backlog:
    """What waits and runs, of these kinds or of all."""
    is_queued = or_(job.c.status == JobStatus.QUEUED, is_abandoned())
    query = select(
        func.count().filter(is_queued),
        func.coalesce(extract("epoch", func.now() - func.min(job.c.created_at).filter(is_queued)), 0),
        func.count().filter(~is_queued),
    ).where(job.c.status.in_(OUTSTANDING))
    if kinds is not None:
        query = query.where(job.c.kind.in_(kinds))
    queued, oldest, running = connection.execute(query).one()
    return Backlog(queued, float(oldest), running)


def is_abandoned() -> ColumnElement[bool]:
    """Running, but its worker let the lease run out: it has died, or is paused."""
    return and_(job.c.status == JobStatus.RUNNING, job.c.lease_until < func.now())


def is_waiting() -> ColumnElement[bool]:
    """Queued, due, and no other job with the same concurrency key runs, nor one whose worker has yet to stop it."""
    due = or_(job.c.not_before.is_(None), job.c.not_before <= func.now())
    return and_(job.c.status == JobStatus.QUEUED, due, ~_is_held_up())


def _is_held_up() -> ColumnElement[bool]:
    other = job.alias("other")
    ends = and_(other.c.status == JobStatus.CANCELLED, other.c.lease_until > func.now())
    still_runs = or_(other.c.status == JobStatus.RUNNING, ends)
    return exists().where(other.c.concurrency_key == job.c.concurrency_key, still_runs)


def median_seconds(connection: Connection, kinds: Collection[str]) -> float:
    """How long a job of these kinds took lately from its first claim to its end; 1 while none has ended."""
    wanted = _wanted(kinds, (JobStatus.COMPLETE,), before=None, limit=_RECENT)
    median = connection.scalar(_MEDIAN_SECONDS, wanted)
    return 1.0 if median is None else float(median)


def retry_after_seconds(connection: Connection, backlog: Backlog, kinds: Collection[str]) -> int:
    """When there may be room again for jobs of these kinds, whole seconds, at least one."""
    seconds = backlog.queued * median_seconds(connection, kinds) / max(backlog.running, 1)
    return min(max(ceil(seconds), 1), LONGEST_RETRY_SECONDS)


def _record(row: Row[Any]) -> JobRecord:
    return JobRecord(**_fields(row))


def _fields(row: Row[Any]) -> dict[str, Any]:
    fields = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    fields["status"] = JobStatus(fields["status"])
    fields["artifacts"] = tuple(StoredArtifact(**artifact) for artifact in fields["artifacts"] or ())
    fields["warnings"] = fields["warnings"] or ()
    return fields
