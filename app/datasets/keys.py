"""Keys of entities to their ids while a file is loaded."""

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.datasets.kind import Values
from app.series.entities import ensure_entities


class KeyIds:
    """Ids of the entities of one kind, made as a load first names them."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._ids: dict[str, int] = {}

    def of(self, keys: Values) -> npt.NDArray[np.int64]:
        """The id of each row's key."""
        used = np.zeros(len(keys.distinct), bool)
        used[keys.codes] = True
        new = [key for key, wanted in zip(keys.distinct.tolist(), used, strict=True) if wanted and key not in self._ids]
        if new:
            self._ids |= ensure_entities(self._connection, self._kind, new)
        ids = np.fromiter((self._ids.get(key, 0) for key in keys.distinct.tolist()), np.int64, len(keys.distinct))
        return Values(keys.codes, ids).array()

    @property
    def named(self) -> list[int]:
        """Ids of all entities named so far."""
        return list(self._ids.values())
