"""Dataset kind ``moves``: repositories and projects that have another name now."""

from dataclasses import replace
from typing import Final

import numpy as np

from app.flow.spellings import project_key, repository_key
from app.ingest.column_types import KEY, choice
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, Rows, Values, WrongRow
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

    def add(self, rows: Rows) -> None:
        kinds = rows.columns["kind"].array().tolist()
        spelt = dict(rows.columns)
        for name in ("old_key", "key"):
            keys = rows.columns[name].array().tolist()
            found = [_spelt(*one) for one in zip(kinds, keys, strict=True)]
            spelt[name] = Values(np.arange(len(found)), np.array(found, object))
        super().add(replace(rows, columns=spelt))


def _spelt(kind: str, key: str) -> str:
    """The key as rows of the kind have it, however people write it."""
    return repository_key(key) if kind == REPOSITORY else project_key(key) or key


MOVES = DatasetKind(
    name="moves",
    summary="one row per repository or project that has a new name",
    columns=_COLUMNS,
    loading=MoveLoading,
    is_guessed=False,
    documentation="""
        A repository or a project that was moved or renamed: its activity counts for the new key. Rows that were loaded
        under the old key are not changed. A commit that exists under both keys counts once. The new key may itself have
        been moved. Keys are names of projects in any spelling, and `owner/name` or addresses of repositories. If rows
        have the same `kind` and `old_key`, the last one counts.

        A row with `dropped` `true` removes the move.
    """,
    wrong=WrongRow("kind", "store", "not_allowed"),
)
