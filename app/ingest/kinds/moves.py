"""Dataset kind ``moves``: repositories and projects that have another name now."""

from typing import Final

from app.ingest.column_types import KEY, choice
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow
from app.series.entities import PROJECT, REPOSITORY

_COLUMNS: Final = (
    Column("kind", choice({kind: kind for kind in (REPOSITORY, PROJECT)}), example="repository"),
    Column("old_key", KEY, example="oldhours/api"),
    Column("key", KEY, example="openhours/api"),
    DROPPED,
)


class MoveLoading(KeyedLoading):
    """Collects moves and merges them by the old key."""

    columns = _COLUMNS
    table = keyed_table("entity_move", _COLUMNS, key=("kind", "old_key"))


MOVES = DatasetKind(
    name="moves",
    summary="one row per repository or project that has another name now",
    columns=_COLUMNS,
    loading=MoveLoading,
    is_guessed=False,
    documentation="""
        A repository or a project that was moved or renamed: its activity counts for the new key. Rows that were loaded
        under the old key are not changed. A commit that exists under both keys counts once. The new key may itself have
        been moved. If rows have the same `kind` and `old_key`, the last one counts.

        A row with `dropped` `true` removes the move.
    """,
    wrong=WrongRow("kind", "store", "not_allowed"),
)
