"""Queues the sync of a source, at most one that waits; the sync itself is in sync.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal, select, union_all

from app.jobs import lifecycle
from app.jobs.records import ENDED, OUTSTANDING, JobStatus
from app.jobs.tables import job

#: Name of the job kind.
JOB_KIND: Final = "sync"


def concurrency_key(source_id: str) -> str:
    """Of the syncs of one source only one runs at a time."""
    return f"{JOB_KIND} {source_id}"


def names_of_job(_: str, params: Mapping[str, Any]) -> dict[str, str]:
    """What the log calls a job of a source."""
    return {"source_id": str(params["source_id"])}


def key_of_job(params: Mapping[str, Any]) -> str:
    """The concurrency key of any job of a source: what makes rows anew must not meet what reads newer ones."""
    return concurrency_key(str(params["source_id"]))


def queue_sync(
    connection: Connection, source_id: str, *, not_before: datetime | None = None, began: datetime | None = None
) -> str:
    """Queue a sync, unless one waits already; returns its id. The caller holds the row of the source.

    One that goes on with what another has not ended has ``began``: when the first of them did.

    One that waits for the pause which the API has asked for counts, too: it must not be overtaken.
    """
    if (waiting := waiting_sync(connection, source_id)) is not None:
        return waiting
    return lifecycle.queue(
        connection,
        kind=JOB_KIND,
        params={"source_id": source_id} | ({} if began is None else {"began": began.isoformat()}),
        concurrency_key=concurrency_key(source_id),
        not_before=not_before,
    )


def waiting_sync(connection: Connection, source_id: str) -> str | None:
    """The sync that waits to begin."""
    return connection.scalar(_syncs(source_id, JobStatus.QUEUED))


def latest_sync(connection: Connection, source_id: str) -> str | None:
    """The sync that began last, or else will; those that ended long ago are not known any more.

    One statement: one that begins between two of them would neither wait nor run.
    """
    turns = enumerate(((JobStatus.RUNNING,), (JobStatus.QUEUED,), ENDED))
    by_turn = (_syncs(source_id, *statuses).add_columns(literal(turn).label("turn")) for turn, statuses in turns)
    found = union_all(*(query.subquery().select() for query in by_turn)).subquery().c
    sync_id: str | None = connection.scalar(select(found.id).order_by(found.turn).limit(1))
    return sync_id


def begins_at(connection: Connection, sync_id: str) -> datetime | None:
    """Before when a sync that waits does not begin; None: it may at once, or does not wait."""
    now = func.now()
    found: datetime | None = connection.scalar(
        select(job.c.not_before).where(job.c.id == sync_id, job.c.status == JobStatus.QUEUED, job.c.not_before > now)
    )
    return found


def is_reprocessed(connection: Connection, source_id: str) -> bool:
    """Whether a job runs or waits that makes rows anew: it has the key of the syncs."""
    anew = select(job.c.id).where(
        job.c.kind != JOB_KIND, job.c.status.in_(OUTSTANDING), job.c.concurrency_key == concurrency_key(source_id)
    )
    return connection.scalar(anew.limit(1)) is not None


def cancel_waiting(connection: Connection, source_id: str) -> None:
    """Have no sync begin that waits; one that runs goes on."""
    _cancel(connection, source_id, JobStatus.QUEUED)


def cancel_syncs(connection: Connection, source_id: str) -> None:
    """Have no sync begin, and one that runs end without a result."""
    _cancel(connection, source_id, *OUTSTANDING)


def _cancel(connection: Connection, source_id: str, *statuses: JobStatus) -> None:
    for job_id in connection.scalars(_syncs(source_id, *statuses).limit(None)).all():
        lifecycle.cancel(connection, job_id)


def _syncs(source_id: str, *statuses: JobStatus) -> Select[str]:
    return (
        select(job.c.id)
        .where(job.c.kind == JOB_KIND, job.c.status.in_(statuses), job.c.concurrency_key == concurrency_key(source_id))
        .order_by(job.c.created_at.desc())
        .limit(1)
    )
