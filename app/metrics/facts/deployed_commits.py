"""Facts ``deployed_commits``: which deployment to production was the first to bring a commit."""

from typing import Any, Final

from sqlalchemy import Select, and_, func, select

from app.ingest.kinds.commits import CommitLoading
from app.metrics.facts.brought import BROUGHT, prepare
from app.metrics.facts.fact import AUTHOR, REPO_ID, Asked, Fact, FactColumn, Type, is_bot, person, until

_COLUMNS: Final = {
    "sha": FactColumn(Type.WORD, "of the commit"),
    "author": FactColumn(Type.PERSON, "who wrote it"),
    "author_is_bot": FactColumn(Type.TRUTH, "whether a bot did"),
    "is_merge": FactColumn(Type.TRUTH, "whether it has two or more parents"),
    "environment": FactColumn(Type.WORD, "where it was deployed"),
    "committed_at": FactColumn(Type.INSTANT, "when it got its place"),
    "deployed_at": FactColumn(Type.INSTANT, "when the deployment first succeeded that brought it"),
}


def _rows(asked: Asked) -> Select[Any]:
    commit = CommitLoading.table
    return select(
        commit.c.repo_id.label(REPO_ID),
        commit.c.author.label(AUTHOR),
        commit.c.sha,
        person(commit.c.author, commit.c.author_id, commit.c.author_email_hash).label("author"),
        is_bot(commit.c.author, commit.c.author_is_bot, asked).label("author_is_bot"),
        (func.coalesce(commit.c.parents, 1) > 1).label("is_merge"),
        BROUGHT.c.environment,
        until(commit.c.committed_at, asked).label("committed_at"),
        BROUGHT.c.deployed_at,
    ).join(BROUGHT, and_(BROUGHT.c.repo_id == commit.c.repo_id, BROUGHT.c.sha == commit.c.sha))


DEPLOYED_COMMITS: Final = Fact(
    name="deployed_commits",
    summary="commits that a deployment to production was the first to bring",
    stream="deployments",
    columns=_COLUMNS,
    rows=_rows,
    when="deployed_at",
    prepare=prepare,
)
