"""Entities by kind and key, read as arrays."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from app.storage.postgres import driver_cursor
from app.timeline.entities import Entities

#: Kinds of entities: subjects of polls, owners of pull requests, and repositories.
STORE: Final = "store"
TEAM: Final = "team"
REPOSITORY: Final = "repository"
PROJECT: Final = "project"


def read_entities(
    connection: Connection, kind: str, *, keys: Sequence[str] | None = None, after: int = 0, limit: int | None = None
) -> Entities:
    """All entities of a kind, or those with the given keys; of these the first ``limit`` with an id above ``after``."""
    condition = _chosen(keys, "%({})s")
    with driver_cursor(connection) as cursor:  # which takes half as long as SQLAlchemy to give many rows
        cursor.execute(
            f"SELECT id, key FROM entity WHERE {condition} AND id > %(after)s ORDER BY id LIMIT %(limit)s",
            {"kind": kind, "keys": _storable(keys), "after": after, "limit": limit},
        )
        rows = cursor.fetchall()
    return Entities(np.fromiter((row[0] for row in rows), np.int64, len(rows)), [row[1] for row in rows])


def count_entities(connection: Connection, kind: str, *, keys: Sequence[str] | None = None) -> int:
    """How many read_entities() reads without a limit."""
    query = text(f"SELECT count(*) FROM entity WHERE {_chosen(keys)}")
    found: int = connection.scalar(query, {"kind": kind, "keys": _storable(keys)}) or 0
    return found


def _chosen(keys: Sequence[str] | None, parameter: str = ":{}") -> str:
    """The condition for entities; ``parameter`` is how the statement names one."""
    of_kind = f"kind = {parameter.format('kind')}"
    return of_kind if keys is None else f"{of_kind} AND key = ANY({parameter.format('keys')})"


def _storable(keys: Sequence[str] | None) -> list[str] | None:
    """The keys that an entity can have: Postgres stores no NUL in a text."""
    return None if keys is None else [key for key in keys if "\x00" not in key]


def unknown_keys(connection: Connection, kind: str, keys: Sequence[str]) -> list[str]:
    """The ``keys`` that no entity of the kind has, in their order."""
    found = connection.execute(
        text("SELECT key FROM entity WHERE kind = :kind AND key = ANY(:keys)"), {"kind": kind, "keys": _storable(keys)}
    ).scalars()
    known = set(found)
    return [key for key in keys if key not in known]
