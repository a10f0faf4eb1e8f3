"""The job that seals a week of polls. A run may end at any moment and be done again by another replica."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from app.access import audit
from app.files.artifact import Artifact
from app.ids import new_id
from app.jobs.kind import JobClass, JobContext, JobKind, Params
from app.series.sealed.seal import Result, Sealing, seal
from app.storage.object_store import ObjectStore

#: Name of the kind.
JOB_KIND: Final = "seal"


class SealParams(Params):
    """Which week a job is to seal."""

    week: date


def produce(context: JobContext, params: SealParams) -> Sequence[Artifact]:
    """Seal a week, unless it is sealed already or changes meanwhile: then it is due later. Makes no artifacts."""
    with closing(ObjectStore(context.store)) as store:
        run = Sealing(
            engine=context.engine,
            store=store,
            folder=context.folder,
            fence=context.fence,
            recorded=record_sealed,
            progress=lambda share: context.progress("writing", share),
        )
        seal(run, params.week, run_id=new_id(datetime.now(UTC)))
    return []


def record_sealed(connection: Connection, week: date, result: Result) -> None:
    """Write into the audit that a week is sealed."""
    audit.record(connection, "polls.seal", "week", week.isoformat(), polls=result.rows, bytes=result.bytes)


def concurrency_key(_: Mapping[str, Any]) -> str:
    """One week after the other is sealed: each holds up the others that want to drop a partition."""
    return JOB_KIND


SEAL_JOB: Final = JobKind(
    name=JOB_KIND,
    params=SealParams,
    produce=produce,
    first_stage="writing",
    job_class=JobClass.MAINTENANCE,
    concurrency_key=concurrency_key,
)
