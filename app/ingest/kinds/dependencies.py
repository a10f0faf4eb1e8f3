"""Dataset kind ``dependencies``: what repositories depend on, day by day."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import DATE, SHORT_TEXT, TEXT
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("seen_on", DATE, example="2024-11-04"),
    Column("ecosystem", SHORT_TEXT, example="pypi", required=False),
    Column("name", SHORT_TEXT, example="numpy"),
    Column("version", SHORT_TEXT, example="2.2.1", required=False),
    Column("license", TEXT, example="BSD-3-Clause", required=False),
)


class DependencyLoading(KeyedLoading):
    """Collects dependencies and merges them by repository, day, ecosystem, name and version."""

    columns = _COLUMNS
    table = keyed_table("dependency", _COLUMNS, key=("repo", "seen_on", "ecosystem", "name", "version"))


DEPENDENCIES = DatasetKind(
    name="dependencies",
    summary="one row per dependency of a repository and day: its ecosystem, name and version",
    columns=_COLUMNS,
    loading=DependencyLoading,
    is_guessed=False,
    documentation="""
        What a repository depended on, on a day, UTC. If rows have the same `repo`, `seen_on`, `ecosystem`, `name` and
        `version`, the last one counts. `version` is empty, or a range such as `>=2,<3`, where the repository pins
        none. `ecosystem` is the type of a package URL, such as `npm`.
    """,
    wrong=WrongRow("seen_on", "2024-11-31", "bad_date"),
)
