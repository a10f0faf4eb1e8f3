"""Dataset kind ``branches``: the branches of repositories, day by day."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import DATE, INSTANT, SHORT_TEXT, TRUTH
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("branch", SHORT_TEXT, example="fix/late-polls"),
    Column("seen_on", DATE, example="2024-11-04"),
    Column("sha", SHORT_TEXT, example="6dcb09b5b57875f334f61aebed695e2e4193db5e", required=False),
    Column("is_default", TRUTH, example="false", required=False),
    Column("is_protected", TRUTH, example="false", required=False),
    Column("committed_at", INSTANT, example="2024-11-01T20:00:00Z", required=False),
)


class BranchLoading(KeyedLoading):
    """Collects branches and merges them by repository, day and name."""

    columns = _COLUMNS
    table = keyed_table("branch", _COLUMNS, key=("repo", "seen_on", "branch"))


BRANCHES = DatasetKind(
    name="branches",
    summary="one row per branch and day: its last commit and whether it is protected",
    columns=_COLUMNS,
    loading=BranchLoading,
    is_guessed=False,
    documentation="""
        The state of a branch on a day, UTC. If rows have the same `repo`, `seen_on` and `branch`, the last one counts.
        `committed_at` is of the branch's last commit.
    """,
    wrong=WrongRow("seen_on", "yesterday", "bad_date"),
)
