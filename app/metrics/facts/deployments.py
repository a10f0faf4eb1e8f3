"""Facts ``deployments``: what was deployed where, and what came of it where there is a convention for that."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    DateTime,
    FrameClause,
    FrameClauseType,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
)

from app.ingest.kinds.commits import CommitLoading
from app.ingest.kinds.deployments import DeploymentLoading
from app.ingest.kinds.issues import IssueLoading
from app.metrics.facts.brought import BROUGHT, is_production, is_success, prepare
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, is_bot, person, same, until
from app.metrics.facts.issues import is_incident

_COLUMNS: Final = {
    "deployment_id": FactColumn(Type.NUMBER, "of the deployment"),
    "environment": FactColumn(Type.WORD, "where it went"),
    "is_production": FactColumn(
        Type.TRUTH,
        "whether the environment is that of production: as GitHub says, else if it is called `production` or `prod`",
    ),
    "is_transient": FactColumn(Type.TRUTH, "whether the environment is temporary"),
    "task": FactColumn(Type.WORD, "such as deploy"),
    "creator": FactColumn(Type.PERSON, "who began it"),
    "creator_is_bot": FactColumn(Type.TRUTH, "whether that is a bot"),
    "created_at": FactColumn(Type.INSTANT, "when it was created"),
    "succeeded_at": FactColumn(Type.INSTANT, "when it first succeeded"),
    "failed_at": FactColumn(Type.INSTANT, "when it first failed"),
    "has_failed": FactColumn(
        Type.TRUTH,
        "whether an incident, a rollback or a revert of its commits followed; unknown without "
        "OPENHOURS_INCIDENT_LABELS, without a success, and elsewhere than in production",
    ),
    "recovered_at": FactColumn(Type.INSTANT, "when the next one succeeded there, if it has_failed"),
}


def _successes(asked: Asked) -> Subquery:
    """Successful deployments: when the next one succeeded in their environment, and whether that was a rollback."""
    of = DeploymentLoading.table
    before = func.lag(of.c.sha).over(partition_by=(of.c.repo_id, of.c.environment), order_by=_order(of))
    times = func.row_number().over(partition_by=(of.c.repo_id, of.c.environment, of.c.sha), order_by=_order(of))
    is_old = and_(of.c.sha.is_not(None), times > 1, func.coalesce(before != of.c.sha, False))
    done = (
        select(of.c.repo_id, of.c.deployment_id, of.c.environment, of.c.succeeded_at, is_old.label("is_rollback"))
        .where(is_success(of, asked))
        .subquery("done")
    )
    after = {"partition_by": (done.c.repo_id, done.c.environment), "order_by": _order(done)}
    next_at = func.lead(done.c.succeeded_at).over(**after)  # type: ignore[arg-type]  # names of its own parameters
    is_taken_back = func.lead(done.c.is_rollback).over(**after)  # type: ignore[arg-type]  # as above
    within = next_at <= done.c.succeeded_at + timedelta(hours=asked.incident_hours)
    return select(
        done.c.repo_id,
        done.c.deployment_id,
        next_at.label("next_at"),
        func.coalesce(and_(is_taken_back, within), False).label("was_rolled_back"),
    ).subquery("success")


def _order(of: Any) -> tuple[Any, ...]:
    return of.c.succeeded_at, of.c.deployment_id


def _with_incidents(asked: Asked) -> Subquery:
    """Deployments to production after which an incident was opened within the window, before the next one succeeded."""
    of, issue = DeploymentLoading.table, IssueLoading.table
    following = FrameClause(timedelta(microseconds=1), None, FrameClauseType.FOLLOWING, FrameClauseType.UNBOUNDED)
    production = (
        select(
            of.c.repo_id,
            of.c.deployment_id,
            of.c.succeeded_at,
            func.min(of.c.succeeded_at)
            .over(partition_by=of.c.repo_id, order_by=of.c.succeeded_at, range_=following)
            .label("next_at"),
        )
        .where(is_success(of, asked), is_production(of))
        .subquery("production")
    )
    return (
        select(production.c.repo_id, production.c.deployment_id)
        .join(issue, issue.c.repo_id == production.c.repo_id)
        .where(
            is_incident(issue, asked),
            issue.c.created_at <= asked.as_of,
            issue.c.created_at >= production.c.succeeded_at,
            issue.c.created_at <= production.c.succeeded_at + timedelta(hours=asked.incident_hours),
            or_(production.c.next_at.is_(None), issue.c.created_at < production.c.next_at),
        )
        .distinct()
        .subquery("with_incident")
    )


def _reverted(asked: Asked) -> Subquery:
    """Deployments of which a commit takes back, within the window, one that they were the first to bring."""
    commit = CommitLoading.table
    return (
        select(BROUGHT.c.repo_id, BROUGHT.c.deployment_id)
        .join(commit, and_(commit.c.repo_id == BROUGHT.c.repo_id, commit.c.reverts == BROUGHT.c.sha))
        .where(
            commit.c.committed_at <= asked.as_of,
            commit.c.committed_at >= BROUGHT.c.deployed_at,
            commit.c.committed_at <= BROUGHT.c.deployed_at + timedelta(hours=asked.incident_hours),
        )
        .distinct()
        .subquery("reverted")
    )


def _rows(asked: Asked) -> Select[Any]:
    of, success = DeploymentLoading.table, _successes(asked)
    joined: list[Subquery] = [success]
    failed: Any = null()
    recovered: Any = null()
    if asked.incident_labels:
        incidents, reverted = _with_incidents(asked), _reverted(asked)
        joined += [incidents, reverted]
        failures = (
            success.c.was_rolled_back,
            incidents.c.deployment_id.is_not(None),
            reverted.c.deployment_id.is_not(None),
        )
        failed = case((and_(is_success(of, asked), is_production(of)), or_(*failures)))
        recovered = case((failed, success.c.next_at))
    query = select(
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
        cast(failed, Boolean).label("has_failed"),
        cast(recovered, DateTime(timezone=True)).label("recovered_at"),
    )
    for one in joined:
        query = query.outerjoin(one, same(one, of, "repo_id", "deployment_id"))
    return query.where(of.c.created_at <= asked.as_of)


DEPLOYMENTS: Final = Fact(
    name="deployments",
    summary="deployments: where, when each first succeeded, and whether it failed",
    stream="deployments",
    columns=_COLUMNS,
    rows=_rows,
    when="created_at",
    prepare=prepare,
)
