"""Maps keys of entities to ids during a load."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.csv.memory import Memory
from app.ingest.kind import Values
from app.series import new_entities

#: Size of the cache of keys of a kind, bytes: about 150,000 stores. Others are looked up block by block.
REMEMBERED_BYTES: Final = 32 << 20


class KeyIds:
    """Ids of the entities of one kind; ids of new entities are reserved, see new_entities.py."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._memory = Memory(REMEMBERED_BYTES)
        self._ids: dict[str, int] = {}
        self._has_forgotten = False
        new_entities.prepare(connection)

    def of(self, keys: Values) -> npt.NDArray[np.int64]:
        """The id of each row's key."""
        every = keys.distinct.tolist()
        try:
            ids = [self._ids[key] for key in every]
        except KeyError:
            used = np.zeros(len(every), bool)
            used[keys.codes] = True
            new = [key for key, wanted in zip(every, used, strict=True) if wanted and key not in self._ids]
            found = self._look_up(new)
            ids = [self._ids.get(key) or found.get(key, 0) for key in every]
        return Values(keys.codes, np.array(ids, np.int64)).array()

    def _look_up(self, keys: Sequence[str]) -> dict[str, int]:
        found = new_entities.ids_of(self._connection, self._kind, keys, may_be_reserved=self._has_forgotten)
        if not self._memory.keep(self._ids, found) and not self._has_forgotten:
            self._has_forgotten = True
            new_entities.make_findable(self._connection)
        return found


def optional_ids(ids: KeyIds, keys: Values | None) -> pa.Array | None:
    """The id of each row's key, null for a row without one; None where the file lacks the column."""
    if keys is None:
        return None
    missing = keys.array() == None  # noqa: E711 - element by element
    found = np.zeros(len(keys), np.int64)
    found[~missing] = ids.of(keys.where(~missing))
    return pa.array(found, mask=missing)
