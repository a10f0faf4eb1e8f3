"""Which deployment to production was the first to bring a commit, by the parents of commits.

GitHub can compare two deployments, one request each. The parents tell the same: what a deployment brings is what its
commit reaches and none before it in its environment has reached.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Text,
    func,
    or_,
    select,
)

from app.ingest.kinds.commits import CommitLoading
from app.ingest.kinds.deployments import DeploymentLoading
from app.metrics.facts.fact import Asked
from app.metrics.facts.temporary import fill, temporary

#: Of a commit, its deployment; gone with the transaction.
BROUGHT: Final = temporary(
    "brought_commit",
    Column("repo_id", Integer, nullable=False),
    Column("sha", Text, nullable=False),
    Column("deployment_id", BigInteger, nullable=False),
    Column("environment", Text),
    Column("deployed_at", DateTime(timezone=True), nullable=False),
)


def is_production(deployment: Any) -> ColumnElement[bool]:
    """Whether it went to production: as GitHub says, else by the name of the environment."""
    by_name = func.lower(deployment.c.environment).in_(("production", "prod"))
    return func.coalesce(deployment.c.is_production, by_name, False)


def is_success(deployment: Any, asked: Asked) -> ColumnElement[bool]:
    """Whether it had succeeded by then."""
    return func.coalesce(deployment.c.succeeded_at <= asked.as_of, False)


def brought(deployed: Sequence[str | None], parents: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, str]]:
    """What each deployment of an environment brings, as pairs of its number and a commit.

    The first deployment brings nothing: nobody knows what was there before it. The same holds for what cannot be
    followed because a commit is not known: what lies behind it is taken for deployed before.

    Args:
        deployed: the commits that were deployed, one after the other.
        parents: of each commit that is known.
    """
    reached: set[str] = set()
    has_begun = False
    for number, sha in enumerate(deployed):
        if sha is None or sha not in parents:
            continue
        waiting = [sha]
        while waiting:
            one = waiting.pop()
            if one in reached or one not in parents:
                continue
            reached.add(one)
            waiting += parents[one]
            if has_begun:
                yield number, one
        has_begun = True


def prepare(connection: Connection, asked: Asked) -> None:
    """Make the table BROUGHT, repository by repository."""
    fill(connection, BROUGHT, _brought_of_all(connection, asked))


def _brought_of_all(connection: Connection, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """The rows of the table."""
    deployment = DeploymentLoading.table
    query = (
        select(
            deployment.c.repo_id,
            deployment.c.environment,
            deployment.c.deployment_id,
            deployment.c.sha,
            deployment.c.succeeded_at,
        )
        .where(is_success(deployment, asked), is_production(deployment))
        .order_by(deployment.c.repo_id, deployment.c.environment, deployment.c.succeeded_at, deployment.c.deployment_id)
    )
    by_repo: dict[int, dict[str | None, list[Any]]] = {}
    for row in connection.execute(query):
        by_repo.setdefault(row.repo_id, {}).setdefault(row.environment, []).append(row)
    for repo_id, environments in by_repo.items():
        parents = _parents(connection, repo_id)
        for environment, rows in environments.items():
            for number, sha in brought([row.sha for row in rows], parents):
                yield repo_id, sha, rows[number].deployment_id, environment, rows[number].succeeded_at


def _parents(connection: Connection, repo_id: int) -> dict[str, Sequence[str]]:
    """The parents of the commits of a repository of which they are known; the first commit has none."""
    commit = CommitLoading.table
    query = select(commit.c.sha, commit.c.parent_shas).where(
        commit.c.repo_id == repo_id, or_(commit.c.parent_shas.is_not(None), commit.c.parents == 0)
    )
    return {row.sha: row.parent_shas or () for row in connection.execute(query)}
