"""Facts ``branches``: the branches of repositories as they were on a day."""

from typing import Any, Final

from sqlalchemy import Date, Select, Subquery, and_, cast, func, or_, select

from app.ingest.kinds.branches import BranchLoading
from app.ingest.kinds.commits import CommitLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, same
from app.metrics.facts.pulls import ended_at
from app.series.tables import pull_request

_KEY: Final = ("repo_id", "seen_on", "branch")

_COLUMNS: Final = {
    "branch": FactColumn(Type.WORD, "its name"),
    "seen_on": FactColumn(Type.DAY, "the day, UTC"),
    "is_default": FactColumn(Type.TRUTH, "whether it is the default branch"),
    "is_protected": FactColumn(Type.TRUTH, "whether it is protected"),
    "is_merged": FactColumn(Type.TRUTH, "whether the default branch reaches its last commit"),
    "has_open_pull": FactColumn(
        Type.TRUTH,
        "whether its last commit was that of a pull request that was open at the end of the day",
    ),
    "age_days": FactColumn(
        Type.NUMBER,
        "days from the date of its last commit (UTC) to that day; unknown of protected ones",
    ),
}


def _of_open_pulls(asked: Asked) -> Subquery:
    """The branches and days on which their last commit was that of an open pull request."""
    branch, pull = BranchLoading.table, pull_request
    ended = ended_at(pull, asked)
    day = func.timezone("UTC", branch.c.seen_on + 1)
    return (
        select(*(branch.c[name] for name in _KEY))
        .join(pull, and_(pull.c.repo_id == branch.c.repo_id, pull.c.head_sha == branch.c.sha))
        .where(pull.c.created_at < day, pull.c.created_at <= asked.as_of, or_(ended.is_(None), ended >= day))
        .distinct()
        .subquery("of_open_pulls")
    )


def _rows(asked: Asked) -> Select[Any]:
    branch, commit, pulls = BranchLoading.table, CommitLoading.table, _of_open_pulls(asked)
    last = cast(func.timezone("UTC", branch.c.committed_at), Date)
    return (
        select(
            branch.c.repo_id.label(REPO_ID),
            branch.c.branch,
            branch.c.seen_on,
            func.coalesce(branch.c.is_default, False).label("is_default"),
            func.coalesce(branch.c.is_protected, False).label("is_protected"),
            commit.c.sha.is_not(None).label("is_merged"),
            pulls.c.branch.is_not(None).label("has_open_pull"),
            (branch.c.seen_on - last).label("age_days"),
        )
        .outerjoin(commit, same(commit, branch, "repo_id", "sha"))
        .outerjoin(pulls, same(pulls, branch, *_KEY))
        .where(branch.c.seen_on <= cast(func.timezone("UTC", asked.as_of), Date))
    )


BRANCHES: Final = Fact(
    name="branches",
    summary="branches, once a day",
    stream="branches",
    columns=_COLUMNS,
    rows=_rows,
    when="seen_on",
)
