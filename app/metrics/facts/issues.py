"""Facts ``issues``: what was reported, pull requests left out."""

from typing import Any, Final

from sqlalchemy import Select, case, false, func, select
from sqlalchemy.dialects.postgresql import array

from app.ingest.kinds.issues import IssueLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, is_bot, person, until

_COLUMNS: Final = {
    "number": FactColumn(Type.NUMBER, "of the issue"),
    "author": FactColumn(Type.PERSON, "who opened it"),
    "author_is_bot": FactColumn(Type.TRUTH, "whether a bot did"),
    "is_incident": FactColumn(Type.TRUTH, "whether it has a label of OPENHOURS_INCIDENT_LABELS"),
    "state_reason": FactColumn(
        Type.WORD,
        "why it was closed, such as completed; unknown while it is open",
    ),
    "comments": FactColumn(Type.NUMBER, "comments on it"),
    "created_at": FactColumn(Type.INSTANT, "when it was opened"),
    "closed_at": FactColumn(Type.INSTANT, "when it was closed"),
}


def is_incident(issue: Any, asked: Asked) -> Any:
    """Whether an issue has one of the agreed labels."""
    if not asked.incident_labels:
        return false()
    return func.coalesce(issue.c.labels.overlap(array(asked.incident_labels)), False)


def _rows(asked: Asked) -> Select[Any]:
    issue = IssueLoading.table
    closed = until(issue.c.closed_at, asked)
    return select(
        issue.c.repo_id.label(REPO_ID),
        issue.c.number,
        person(issue.c.author, issue.c.author_id).label("author"),
        is_bot(issue.c.author, issue.c.author_is_bot, asked).label("author_is_bot"),
        is_incident(issue, asked).label("is_incident"),
        case((closed.is_not(None), issue.c.state_reason)).label("state_reason"),
        issue.c.comments,
        issue.c.created_at,
        closed.label("closed_at"),
    ).where(issue.c.created_at <= asked.as_of)


ISSUES: Final = Fact(
    name="issues",
    summary="issues, without pull requests",
    stream="issues",
    columns=_COLUMNS,
    rows=_rows,
    when="created_at",
)
