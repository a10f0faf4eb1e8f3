"""Dataset kind ``repository_files``: some files of repositories, such as workflows and manifests, day by day."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import COUNT, DATE, KEY, SHORT_TEXT, TEXT
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("path", KEY, example=".github/workflows/ci.yml"),
    Column("seen_on", DATE, example="2024-11-04"),
    Column("sha", SHORT_TEXT, example="3d21ec53a331a6f037a91c368710b99387d012c1", required=False),
    Column("bytes", COUNT, example="13", required=False),
    Column("content", TEXT, example="on: [push]", required=False),
    Column("team", KEY, example="platform", required=False),
)


class RepositoryFileLoading(KeyedLoading):
    """Collects files and merges them by repository, day and path."""

    columns = _COLUMNS
    table = keyed_table("repository_file", _COLUMNS, key=("repo", "seen_on", "path"))


REPOSITORY_FILES = DatasetKind(
    name="repository_files",
    summary="one row per file and day: its text, and the owner of the repository that it names",
    columns=_COLUMNS,
    loading=RepositoryFileLoading,
    is_guessed=False,
    documentation="""
        The state of a file of the default branch on a day, UTC. If rows have the same `repo`, `seen_on` and `path`, the
        last one counts. The rows of a repository and day are the complete list of its files that are stored, until the
        next such day. `sha` is Git's hash of the content; `content` is empty if the file is not UTF-8 or is too long
        for a field. `team` is the owner of the repository by its `CODEOWNERS`: [teams.md](teams.md).
    """,
    wrong=WrongRow("bytes", "-1", "bad_number"),
)
