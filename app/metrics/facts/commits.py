"""Facts ``commits``: what the default branch reaches."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from app.ingest.kinds.commits import CommitLoading
from app.metrics.facts.fact import AUTHOR, REPO_ID, TEAM_AT, Asked, Fact, FactColumn, Type, is_bot, person, until

#: Columns of all facts that are commits.
COMMIT_COLUMNS: Final = {
    "sha": FactColumn(Type.WORD, "of the commit"),
    "author": FactColumn(Type.PERSON, "who wrote it"),
    "author_is_bot": FactColumn(Type.TRUTH, "whether a bot did"),
    "is_merge": FactColumn(Type.TRUTH, "whether it has two or more parents"),
}

_COLUMNS: Final = {
    **COMMIT_COLUMNS,
    "is_revert": FactColumn(Type.TRUTH, "whether its message says that it reverts another one"),
    "lines": FactColumn(Type.NUMBER, "lines added and deleted"),
    "authored_at": FactColumn(Type.INSTANT, "when it was written; a rebase keeps it"),
    "committed_at": FactColumn(Type.INSTANT, "when it was committed; a rebase changes it"),
}


def of_commit(commit: Any, asked: Asked) -> list[ColumnElement[Any]]:
    """These columns, and whose the commit is."""
    return [
        commit.c.repo_id.label(REPO_ID),
        commit.c.author.label(AUTHOR),
        commit.c.sha,
        person(commit.c.author, commit.c.author_id, commit.c.author_email_hash).label("author"),
        is_bot(commit.c.author, commit.c.author_is_bot, asked).label("author_is_bot"),
        (func.coalesce(commit.c.parents, 1) > 1).label("is_merge"),
    ]


def _rows(asked: Asked) -> Select[Any]:
    commit = CommitLoading.table
    return select(
        *of_commit(commit, asked),
        commit.c.reverts.is_not(None).label("is_revert"),
        (commit.c.additions + commit.c.deletions).label("lines"),
        until(commit.c.authored_at, asked).label("authored_at"),
        commit.c.committed_at,
        func.coalesce(commit.c.committed_at, commit.c.authored_at).label(TEAM_AT),
    ).where(func.coalesce(commit.c.committed_at <= asked.as_of, True))


COMMITS: Final = Fact(
    name="commits",
    summary="commits that the default branch reaches",
    stream="commits",
    columns=_COLUMNS,
    rows=_rows,
    when="committed_at",
)
