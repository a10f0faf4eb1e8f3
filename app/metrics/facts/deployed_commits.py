"""Facts ``deployed_commits``: which deployment to production was the first to bring a commit."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.ingest.kinds.commits import CommitLoading
from app.metrics.facts.brought import BROUGHT, prepare
from app.metrics.facts.commits import COMMIT_COLUMNS, of_commit
from app.metrics.facts.fact import Asked, Fact, FactColumn, Type, same, until

_COLUMNS: Final = {
    **COMMIT_COLUMNS,
    "environment": FactColumn(Type.WORD, "where it was deployed"),
    "committed_at": FactColumn(Type.INSTANT, "when it was committed"),
    "deployed_at": FactColumn(Type.INSTANT, "when the deployment that brought it first succeeded"),
}


def _rows(asked: Asked) -> Select[Any]:
    commit = CommitLoading.table
    return select(
        *of_commit(commit, asked),
        BROUGHT.c.environment,
        until(commit.c.committed_at, asked).label("committed_at"),
        BROUGHT.c.deployed_at,
    ).join(BROUGHT, same(BROUGHT, commit, "repo_id", "sha"))


DEPLOYED_COMMITS: Final = Fact(
    name="deployed_commits",
    summary="commits, with the deployment that first brought them to production",
    stream="deployments",
    columns=_COLUMNS,
    rows=_rows,
    when="deployed_at",
    prepare=prepare,
)
