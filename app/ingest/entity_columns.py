"""The columns that name the entity of hours and zones: a store, a team, or an entity and its kind."""

from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.ingest.column_types import KEY, choice
from app.ingest.keys import KeyIds
from app.ingest.kind import Column, Rows
from app.series.entities import STORE, TEAM

#: Kinds whose hours and zones some report uses.
_KINDS: Final = (STORE, TEAM)

#: The kind that each key column stands for, unless ``entity_kind`` names another.
_KIND_OF: Final = {"store_id": STORE, "team": TEAM, "entity": STORE}

ENTITY_COLUMNS: Final = (
    Column("store_id", KEY, example="1481966498820158979"),
    Column("team", KEY, example="Platform", instead_of="store_id"),
    Column("entity", KEY, example="1481966498820158979", instead_of="store_id"),
    Column("entity_kind", choice({kind: kind for kind in _KINDS}), example="store", required=False),
)


class EntityIds:
    """Ids of the entities of rows; ids of new entities are reserved, see new_entities.py."""

    def __init__(self, connection: Connection) -> None:
        self._ids = {kind: KeyIds(connection, kind) for kind in _KINDS}

    def of(self, rows: Rows) -> npt.NDArray[np.int64]:
        """The id of each row's entity."""
        ((name, keys),) = ((name, rows.columns[name]) for name in _KIND_OF if name in rows.columns)
        usual = _KIND_OF[name]
        if "entity_kind" not in rows.columns:
            return self._ids[usual].of(keys)
        named = rows.columns["entity_kind"].array()
        kinds = np.where(named == None, usual, named)  # noqa: E711 - element by element
        ids = np.zeros(len(rows), np.int64)
        for kind in _KINDS:
            here = kinds == kind
            if here.any():
                ids[here] = self._ids[kind].of(keys.where(here))
        return ids
