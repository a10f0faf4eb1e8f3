"""The job that refreshes the views of dashboards. A run may end at any moment and be done again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from app.dashboards.refresh import refresh
from app.dashboards.role import let_readers_read
from app.files.artifact import Artifact
from app.jobs.kind import JobClass, JobContext, JobKind, Params

#: Name of the kind.
JOB_KIND: Final = "dashboards"


class RefreshParams(Params):
    """A job refreshes whatever is due."""


def produce(context: JobContext, _: RefreshParams) -> Sequence[Artifact]:
    """Refresh what is due, as much as one run does. Makes no artifacts."""
    let_readers_read(context.engine)
    refresh(context, now=datetime.now(UTC))
    return []


def concurrency_key(_: Mapping[str, Any]) -> str:
    """One run after the other: two would compute the same."""
    return JOB_KIND


REFRESH_JOB: Final = JobKind(
    name=JOB_KIND,
    params=RefreshParams,
    produce=produce,
    job_class=JobClass.MAINTENANCE,
    concurrency_key=concurrency_key,
)
