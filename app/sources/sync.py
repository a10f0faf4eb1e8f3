"""The job that reads a source: as much as one sync may take, of each stream what is new since the last one.

Pages go into the raw layer before anything is made of them. What is made of the pages of a stream is committed with the
places from which the next sync goes on, under the fence of the job: a sync that dies leaves either what was before, or
what is after. A longer wait, or more than one sync may take, is a job for later; no slot is held meanwhile.
"""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Final

from app.errors import BadInput, SetupError
from app.files.artifact import Artifact
from app.jobs.kind import JobClass, JobContext, JobKind, Params
from app.sources import queueing, register
from app.sources.run import Run
from app.sources.secrets import source_secrets
from app.storage.object_store import ObjectStore
from app.storage.postgres import database_now


class SyncParams(Params):
    """Which source is read; ``began``: when the first of the syncs began that this one goes on with."""

    source_id: str
    began: datetime | None = None


def produce(context: JobContext, params: SyncParams) -> Sequence[Artifact]:
    """Read a source, unless it was removed or is paused. Makes no artifacts.

    Raises:
        Unavailable, RejectedFile, AttemptSuperseded: what was committed before stays.
    """
    with context.engine.connect() as connection:
        source, now = register.find(connection, params.source_id), database_now(connection)
    if source is None or not source.enabled:
        return []
    with closing(ObjectStore(context.store)) as store:
        run = Run(context, store, source, began=params.began or now, now=now)
        try:
            access = register.access_of(source, source_secrets(context.settings), context.engine)
        except (BadInput, SetupError) as error:
            run.end(error)
            return []
        with source.source_kind.client(access) as client:
            run.read(client)
    return []


SYNC_JOB: Final = JobKind(
    name=queueing.JOB_KIND,
    params=SyncParams,
    produce=produce,
    first_stage="reading",
    job_class=JobClass.SYNC,
    concurrency_key=queueing.key_of_job,
    names=queueing.names_of_job,
)
