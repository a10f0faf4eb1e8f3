"""Dataset kind ``releases``: the releases of repositories."""

from typing import Final

from app.ingest.collected import REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER, TEXT, TRUTH
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("release_id", LONG_NUMBER, example="183456789"),
    Column("tag", TEXT, example="v2.14.0"),
    Column("name", TEXT, example="2.14", required=False),
    *person("author"),
    Column("is_draft", TRUTH, example="false", required=False),
    Column("is_prerelease", TRUTH, example="false", required=False),
    Column("created_at", INSTANT, example="2024-11-01T18:00:00Z", required=False),
    Column("published_at", INSTANT, example="2024-11-01T20:00:00Z", required=False),
    DROPPED,
)


class ReleaseLoading(KeyedLoading):
    """Collects releases and merges them by repository and id."""

    columns = _COLUMNS
    table = keyed_table("release", _COLUMNS, key=("repo", "release_id"))


RELEASES = DatasetKind(
    name="releases",
    summary="one row per release: its tag, when it was published, whether it is a draft",
    columns=_COLUMNS,
    loading=ReleaseLoading,
    instant="published_at",
    is_guessed=False,
    documentation="""
        One release. If rows have the same `repo` and `release_id`, the last one counts. A draft has no `published_at`.
        `created_at` is the date of the commit that is released.

        A row with `dropped` `true` removes the release.
    """,
    wrong=WrongRow("is_draft", "yes", "not_allowed"),
)
