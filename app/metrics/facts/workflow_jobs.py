"""Facts ``workflow_jobs``: the jobs of attempts of CI."""

from typing import Any, Final

from sqlalchemy import Select, case, func, select

from app.ingest.kinds.repositories import RepositoryLoading
from app.ingest.kinds.workflow_jobs import WorkflowJobLoading
from app.ingest.kinds.workflow_runs import WorkflowRunLoading
from app.metrics.facts.fact import REPO_ID, TEAM_AT, Asked, Fact, FactColumn, Type, same, until
from app.metrics.facts.workflow_runs import ATTEMPT, name_of, where_run

_COLUMNS: Final = {
    "run_id": FactColumn(Type.NUMBER, "of its run"),
    "attempt": FactColumn(Type.NUMBER, "of the run"),
    "name": FactColumn(Type.WORD, "of the job"),
    "workflow": FactColumn(
        Type.WORD,
        "name of the workflow, else `workflow` and its number",
    ),
    "on": FactColumn(
        Type.WORD,
        "`default branch`, `pull requests` or `other`",
    ),
    "conclusion": FactColumn(Type.WORD, "its result, such as success; unknown while it runs"),
    "created_at": FactColumn(Type.INSTANT, "when it was queued"),
    "started_at": FactColumn(Type.INSTANT, "when it started; before it was created if an attempt took it over"),
    "completed_at": FactColumn(Type.INSTANT, "when it ended"),
}


def _rows(asked: Asked) -> Select[Any]:
    run, job, repository = WorkflowRunLoading.table, WorkflowJobLoading.table, RepositoryLoading.table
    return (
        select(
            job.c.repo_id.label(REPO_ID),
            job.c.run_id,
            job.c.attempt,
            job.c.name,
            func.coalesce(job.c.created_at, job.c.started_at).label(TEAM_AT),
            name_of(run).label("workflow"),
            case((run.c.run_id.is_not(None), where_run(run, repository))).label("on"),
            job.c.conclusion,
            until(job.c.created_at, asked).label("created_at"),
            until(job.c.started_at, asked).label("started_at"),
            until(job.c.completed_at, asked).label("completed_at"),
        )
        .outerjoin(run, same(run, job, *ATTEMPT))
        .outerjoin(repository, repository.c.repo_id == job.c.repo_id)
        .where(func.coalesce(func.coalesce(job.c.created_at, job.c.started_at) <= asked.as_of, True))
    )


WORKFLOW_JOBS: Final = Fact(
    name="workflow_jobs",
    summary="jobs of CI: when each was queued, started and ended",
    stream="workflow_runs",
    columns=_COLUMNS,
    rows=_rows,
    when="created_at",
)
