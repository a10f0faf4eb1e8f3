"""Facts ``workflow_runs``: the attempts of runs of CI, with the times of their jobs."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, Text, and_, case, cast, func, or_, select

from app.ingest.kinds.repositories import RepositoryLoading
from app.ingest.kinds.workflow_jobs import WorkflowJobLoading
from app.ingest.kinds.workflow_runs import WorkflowRunLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, is_bot, person, same, until

#: What identifies an attempt of a run.
ATTEMPT: Final = ("repo_id", "run_id", "attempt")

_SAME_COMMIT: Final = ("repo_id", "run_id", "head_sha")

_COLUMNS: Final = {
    "run_id": FactColumn(Type.NUMBER, "of the run"),
    "attempt": FactColumn(Type.NUMBER, "1, and one more for each rerun"),
    "workflow": FactColumn(
        Type.WORD,
        "name of the workflow, else `workflow` and its number",
    ),
    "event": FactColumn(Type.WORD, "what began it, such as push"),
    "on": FactColumn(
        Type.WORD,
        "`default branch`, `pull requests` or `other`",
    ),
    "actor": FactColumn(Type.PERSON, "who began it"),
    "actor_is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "conclusion": FactColumn(Type.WORD, "its result, such as success; unknown while it runs"),
    "started_at": FactColumn(Type.INSTANT, "when the attempt began"),
    "jobs_started_at": FactColumn(Type.INSTANT, "when the first job of the attempt started"),
    "jobs_completed_at": FactColumn(Type.INSTANT, "when the last job of the attempt ended; unknown while one has not"),
    "passed_later": FactColumn(Type.TRUTH, "whether a later attempt of the same commit succeeded"),
}


def name_of(run: Any) -> ColumnElement[Any]:
    """The name of its workflow, else the number of that."""
    return func.coalesce(run.c.workflow, "workflow " + cast(run.c.workflow_id, Text))


def where_run(run: Any, repository: Any) -> ColumnElement[str]:
    """Where an attempt ran: on the default branch, for a pull request, or elsewhere."""
    of_pulls = run.c.event.in_(("pull_request", "pull_request_target"))
    return case(
        (of_pulls, "pull requests"), (run.c.branch == repository.c.default_branch, "default branch"), else_="other"
    )


def _last_success(asked: Asked) -> Subquery:
    """By run and commit, the last attempt but the first that succeeded."""
    run = WorkflowRunLoading.table
    return (
        select(*(run.c[name] for name in _SAME_COMMIT), func.max(run.c.attempt).label("attempt"))
        .where(
            run.c.attempt > 1,
            run.c.conclusion == "success",
            func.coalesce(run.c.started_at, run.c.created_at) <= asked.as_of,
        )
        .group_by(*(run.c[name] for name in _SAME_COMMIT))
        .subquery("later")
    )


def _rows(asked: Asked) -> Select[Any]:
    run, job, repository = WorkflowRunLoading.table, WorkflowJobLoading.table, RepositoryLoading.table
    later = _last_success(asked)
    # A job that the attempt took over from an earlier one began before it was created.
    is_its_own = func.coalesce(job.c.started_at >= job.c.created_at, True)
    ran = and_(is_its_own, or_(job.c.conclusion.is_(None), job.c.conclusion != "skipped"))
    jobs = (
        select(
            *(job.c[name] for name in ATTEMPT),
            func.min(job.c.started_at).filter(ran).label("started"),
            func.max(job.c.completed_at).filter(ran).label("completed"),
            func.bool_or(and_(ran, or_(job.c.completed_at.is_(None), job.c.completed_at > asked.as_of))).label("runs"),
        )
        .group_by(*(job.c[name] for name in ATTEMPT))
        .subquery("of_jobs")
    )
    began = func.coalesce(run.c.started_at, run.c.created_at)
    return (
        select(
            run.c.repo_id.label(REPO_ID),
            run.c.run_id,
            run.c.attempt,
            name_of(run).label("workflow"),
            run.c.event,
            where_run(run, repository).label("on"),
            person(run.c.actor, run.c.actor_id).label("actor"),
            is_bot(run.c.actor, run.c.actor_is_bot, asked).label("actor_is_bot"),
            run.c.conclusion,
            began.label("started_at"),
            until(jobs.c.started, asked).label("jobs_started_at"),
            case((~func.coalesce(jobs.c.runs, False), until(jobs.c.completed, asked))).label("jobs_completed_at"),
            func.coalesce(later.c.attempt > run.c.attempt, False).label("passed_later"),
        )
        .outerjoin(repository, repository.c.repo_id == run.c.repo_id)
        .outerjoin(jobs, same(jobs, run, *ATTEMPT))
        .outerjoin(later, same(later, run, *_SAME_COMMIT))
        .where(began <= asked.as_of)
    )


WORKFLOW_RUNS: Final = Fact(
    name="workflow_runs",
    summary="attempts of runs of CI: where, when, with what result",
    stream="workflow_runs",
    columns=_COLUMNS,
    rows=_rows,
    when="started_at",
)
