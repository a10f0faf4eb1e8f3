"""Maps keys of entities to ids during a load."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.csv.memory import Memory
from app.ingest.kind import Values
from app.series.entities import ensure_entities

#: Size of the cache of keys of a kind, bytes: about 150,000 stores. Others are looked up block by block.
REMEMBERED_BYTES: Final = 32 << 20


class KeyIds:
    """Ids of the entities of one kind; a load creates entities that are new."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._memory = Memory(REMEMBERED_BYTES)
        self._ids: dict[str, int] = {}

    def of(self, keys: Values) -> npt.NDArray[np.int64]:
        """The id of each row's key."""
        every = keys.distinct.tolist()
        try:
            ids = [self._ids[key] for key in every]
        except KeyError:
            used = np.zeros(len(every), bool)
            used[keys.codes] = True
            new = [key for key, wanted in zip(every, used, strict=True) if wanted and key not in self._ids]
            made = ensure_entities(self._connection, self._kind, new)
            ids = [self._ids.get(key) or made.get(key, 0) for key in every]
            self._memory.keep(self._ids, made)
        return Values(keys.codes, np.array(ids, np.int64)).array()


def optional_ids(ids: KeyIds, keys: Values | None) -> pa.Array | None:
    """The id of each row's key, null for a row without one; None where the file lacks the column."""
    if keys is None:
        return None
    missing = keys.array() == None  # noqa: E711 - element by element
    found = np.zeros(len(keys), np.int64)
    found[~missing] = ids.of(keys.where(~missing))
    return pa.array(found, mask=missing)
