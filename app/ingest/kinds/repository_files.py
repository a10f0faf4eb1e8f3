"""Dataset kind ``repository_files``: some files of repositories, such as workflows and manifests."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import COUNT, DATE, KEY, SHORT_TEXT, TEXT
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("path", KEY, example=".github/workflows/ci.yml"),
    Column("sha", SHORT_TEXT, example="3d21ec53a331a6f037a91c368710b99387d012c1"),
    Column("seen_on", DATE, example="2024-11-04"),
    Column("bytes", COUNT, example="13", required=False),
    Column("content", TEXT, example="on: [push]", required=False),
)


class RepositoryFileLoading(KeyedLoading):
    """Collects versions of files and merges them by repository, path and hash."""

    columns = _COLUMNS
    table = keyed_table("repository_file", _COLUMNS, key=("repo", "path", "sha"))


REPOSITORY_FILES = DatasetKind(
    name="repository_files",
    summary="one row per version of a file: its text, and the last day on which it was there",
    columns=_COLUMNS,
    loading=RepositoryFileLoading,
    is_guessed=False,
    documentation="""
        A version of a file, of the default branch. If rows have the same `repo`, `path` and `sha`, the last one
        counts. `seen_on` is the last day, UTC, on which the file was so. `sha` is what Git calls the content.
        `content` is empty of a file that is not UTF-8 or too long for a field.
    """,
    wrong=WrongRow("bytes", "-1", "bad_number"),
)
