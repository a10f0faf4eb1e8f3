"""Dataset kind ``issues``: the issues of repositories."""

from typing import Final

from app.ingest.collected import NUMBER_IN_REPO, REPO, person
from app.ingest.column_types import COUNT, INSTANT, NAMES, TEXT, choice
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    NUMBER_IN_REPO,
    *person("author"),
    Column("state", choice({"open": "open", "closed": "closed"}), example="closed"),
    Column("state_reason", TEXT, example="completed", required=False),
    Column("labels", NAMES, example="bug;ui", required=False),
    Column("comments", COUNT, example="3", required=False),
    Column("created_at", INSTANT, example="2024-11-01T20:00:00Z"),
    Column("updated_at", INSTANT, example="2024-11-05T08:00:00Z", required=False),
    Column("closed_at", INSTANT, example="2024-11-05T08:00:00Z", required=False),
    DROPPED,
)


class IssueLoading(KeyedLoading):
    """Collects issues and merges them by repository and number."""

    columns = _COLUMNS
    table = keyed_table("issue", _COLUMNS, key=("repo", "number"))


ISSUES = DatasetKind(
    name="issues",
    summary="one row per issue: who opened it, when it was closed, its labels",
    columns=_COLUMNS,
    loading=IssueLoading,
    instant="created_at",
    is_guessed=False,
    documentation="""
        One issue; pull requests do not belong here, although they share their numbers with issues. If rows have the
        same `repo` and `number`, the last one counts.

        A row with `dropped` `true` removes the issue: it was moved or deleted.
    """,
    wrong=WrongRow("state", "reopened", "not_allowed"),
)
