"""Facts ``deployments``: what was deployed where, and what came of it where there is a convention for that."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Select, Subquery, and_, case, cast, exists, func, null, or_, select

from app.ingest.kinds.commits import CommitLoading
from app.ingest.kinds.deployments import DeploymentLoading
from app.ingest.kinds.issues import IssueLoading
from app.metrics.facts.brought import BROUGHT, is_production, is_success, prepare
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, is_bot, person, until
from app.metrics.facts.issues import is_incident

_COLUMNS: Final = {
    "deployment_id": FactColumn(Type.NUMBER, "of the deployment"),
    "environment": FactColumn(Type.WORD, "where it went"),
    "is_production": FactColumn(Type.TRUTH, "whether the environment is that of production"),
    "is_transient": FactColumn(Type.TRUTH, "whether the environment goes away again"),
    "task": FactColumn(Type.WORD, "such as deploy"),
    "creator": FactColumn(Type.PERSON, "who began it"),
    "creator_is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "created_at": FactColumn(Type.INSTANT, "when it was created"),
    "succeeded_at": FactColumn(Type.INSTANT, "when it first succeeded"),
    "failed_at": FactColumn(Type.INSTANT, "when it first failed"),
    "has_failed": FactColumn(
        Type.TRUTH,
        "whether an incident, a rollback or a revert of what it brought followed; unknown without a convention, "
        "without a success, and elsewhere than in production",
    ),
    "recovered_at": FactColumn(Type.INSTANT, "when the next one succeeded there, of one that has_failed"),
}


def _successes(asked: Asked) -> Subquery:
    """Successful deployments with the one before and the one after in their environment."""
    of = DeploymentLoading.table
    place, order = (of.c.repo_id, of.c.environment), (of.c.succeeded_at, of.c.deployment_id)
    before = func.lag(of.c.sha).over(partition_by=place, order_by=order)
    times = func.row_number().over(partition_by=(*place, of.c.sha), order_by=order)
    is_old = and_(of.c.sha.is_not(None), times > 1, func.coalesce(before != of.c.sha, False))
    return (
        select(
            of.c.repo_id,
            of.c.deployment_id,
            of.c.environment,
            of.c.sha,
            of.c.succeeded_at,
            is_old.label("is_rollback"),
            func.lead(of.c.succeeded_at).over(partition_by=place, order_by=order).label("next_at"),
            func.lead(of.c.deployment_id).over(partition_by=place, order_by=order).label("next_id"),
        )
        .where(is_success(of, asked))
        .subquery("success")
    )


def _has_incident(deployment: Any, asked: Asked) -> ColumnElement[bool]:
    """Whether an incident was opened within the window, and it is the latest one to production before that."""
    issue, other = IssueLoading.table, DeploymentLoading.table.alias("later")
    window = timedelta(hours=asked.incident_hours)
    later = exists(
        select(1)
        .where(
            other.c.repo_id == deployment.c.repo_id,
            is_production(other),
            other.c.succeeded_at > deployment.c.succeeded_at,
            other.c.succeeded_at <= issue.c.created_at,
        )
        .correlate(deployment, issue)  # two queries further out; by itself it would be of all deployments
    )
    return exists(
        select(1).where(
            issue.c.repo_id == deployment.c.repo_id,
            is_incident(issue, asked),
            issue.c.created_at <= asked.as_of,
            issue.c.created_at >= deployment.c.succeeded_at,
            issue.c.created_at <= deployment.c.succeeded_at + window,
            ~later,
        )
    )


def _is_reverted(deployment: Any, asked: Asked) -> ColumnElement[bool]:
    """Whether a commit takes back, within the window, one that the deployment has brought."""
    commit, window = CommitLoading.table, timedelta(hours=asked.incident_hours)
    return exists(
        select(1)
        .select_from(BROUGHT)
        .join(commit, and_(commit.c.repo_id == BROUGHT.c.repo_id, commit.c.reverts == BROUGHT.c.sha))
        .where(
            BROUGHT.c.repo_id == deployment.c.repo_id,
            BROUGHT.c.deployment_id == deployment.c.deployment_id,
            commit.c.committed_at <= asked.as_of,
            commit.c.committed_at >= deployment.c.succeeded_at,
            commit.c.committed_at <= deployment.c.succeeded_at + window,
        )
    )


def _rows(asked: Asked) -> Select[Any]:
    of, success = DeploymentLoading.table, _successes(asked)
    after = success.alias("after")
    window = timedelta(hours=asked.incident_hours)
    rolled_back = exists(
        select(1).where(
            after.c.repo_id == success.c.repo_id,
            after.c.deployment_id == success.c.next_id,
            after.c.succeeded_at <= success.c.succeeded_at + window,
            after.c.is_rollback,
        )
    )
    failed: Any = cast(null(), Boolean)
    if asked.incident_labels:
        to_production = and_(is_success(of, asked), is_production(of))
        failed = case((to_production, or_(rolled_back, _has_incident(of, asked), _is_reverted(of, asked))))
    return (
        select(
            of.c.repo_id.label(REPO_ID),
            of.c.deployment_id,
            of.c.environment,
            is_production(of).label("is_production"),
            func.coalesce(of.c.is_transient, False).label("is_transient"),
            of.c.task,
            person(of.c.creator, of.c.creator_id).label("creator"),
            is_bot(of.c.creator, of.c.creator_is_bot, asked).label("creator_is_bot"),
            of.c.created_at,
            until(of.c.succeeded_at, asked).label("succeeded_at"),
            until(of.c.failed_at, asked).label("failed_at"),
            failed.label("has_failed"),
            case((failed, success.c.next_at)).label("recovered_at"),
        )
        .outerjoin(success, and_(success.c.repo_id == of.c.repo_id, success.c.deployment_id == of.c.deployment_id))
        .where(of.c.created_at <= asked.as_of)
    )


DEPLOYMENTS: Final = Fact(
    name="deployments",
    summary="deployments: where, when each first succeeded, and whether it failed",
    stream="deployments",
    columns=_COLUMNS,
    rows=_rows,
    when="created_at",
    prepare=prepare,
)
