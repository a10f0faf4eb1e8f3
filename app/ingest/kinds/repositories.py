"""Dataset kind ``repositories``: what is known of each repository."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import INSTANT, LONG_NUMBER, NAMES, TEXT, TRUTH
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("external_id", LONG_NUMBER, example="1296269", required=False),
    Column("default_branch", TEXT, example="main", required=False),
    Column("is_private", TRUTH, example="false", required=False),
    Column("is_archived", TRUTH, example="false", required=False),
    Column("is_fork", TRUTH, example="false", required=False),
    Column("language", TEXT, example="Python", required=False),
    Column("topics", NAMES, example="uptime;reports", required=False),
    Column("created_at", INSTANT, example="2019-03-01T09:00:00Z", required=False),
    Column("pushed_at", INSTANT, example="2024-11-01T20:00:00Z", required=False),
)


class RepositoryLoading(KeyedLoading):
    """Collects what is known of repositories and merges it by their keys."""

    columns = _COLUMNS
    table = keyed_table("repository", _COLUMNS, key=("repo",))


REPOSITORIES = DatasetKind(
    name="repositories",
    summary="one row per repository: its default branch, whether it is archived, when it was last pushed to",
    columns=_COLUMNS,
    loading=RepositoryLoading,
    is_guessed=False,
    documentation="""
        Details of a repository. If rows have the same `repo`, the last one counts. A later row changes the columns that
        its file has; the others stay. `external_id` is the number by which the source identifies the repository,
        independent of its name.
    """,
    wrong=WrongRow("created_at", "2019-03-01", "bad_timestamp"),
)
