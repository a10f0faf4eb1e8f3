"""Entities with their weekly hours and zones: read as arrays, written by merging a staging table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from app.storage.binary_copy import INTEGER, SMALLINT, TIME
from app.timeline.entities import Entities

#: Kinds of entities: subjects of polls, owners of pull requests, and repositories.
STORE: Final = "store"
TEAM: Final = "team"
REPOSITORY: Final = "repository"

HOURS_COLUMNS: Final = {"entity_id": INTEGER, "weekday": SMALLINT, "opens": TIME, "closes": TIME}


def read_entities(
    connection: Connection, kind: str, *, keys: Sequence[str] | None = None, after: int = 0, limit: int | None = None
) -> Entities:
    """All entities of a kind, or those with the given keys; of these the first ``limit`` with an id above ``after``."""
    rows = connection.execute(
        text(f"SELECT id, key FROM entity WHERE {_chosen(keys)} AND id > :after ORDER BY id LIMIT :limit"),
        {"kind": kind, "keys": keys and list(keys), "after": after, "limit": limit},
    ).all()
    return Entities(np.fromiter((row[0] for row in rows), np.int64, len(rows)), [row[1] for row in rows])


def count_entities(connection: Connection, kind: str, *, keys: Sequence[str] | None = None) -> int:
    """How many read_entities() reads without a limit."""
    query = text(f"SELECT count(*) FROM entity WHERE {_chosen(keys)}")
    found: int = connection.scalar(query, {"kind": kind, "keys": keys and list(keys)}) or 0
    return found


def _chosen(keys: Sequence[str] | None) -> str:
    return "kind = :kind" if keys is None else "kind = :kind AND key = ANY(:keys)"


def stage_hours(connection: Connection) -> str:
    """Create the staging table for windows, to fill by ``write_columns`` with HOURS_COLUMNS; dropped on commit."""
    connection.execute(
        text("CREATE TEMP TABLE staged_hours (entity_id int, weekday smallint, opens time, closes time) ON COMMIT DROP")
    )
    return "staged_hours"


def replace_hours(
    connection: Connection, windows: str, params: Mapping[str, Any] | None = None, *, ids: Sequence[int] | None = None
) -> int:
    """Replace all windows of the same entities.

    The entities are locked first, so if two transactions replace the hours of an entity, the second waits and sees what
    the first wrote.

    Args:
        connection: in the caller's transaction.
        windows: a query of entity_id, weekday, opens, closes; repeated rows count once.
        params: the query's parameters.
        ids: the entities; those without rows in ``windows`` end up without windows. None: those that have rows.

    Returns:
        Number of windows in effect.
    """
    which = "SELECT entity_id FROM named_windows" if ids is None else "SELECT unnest(CAST(:ids AS int[]))"
    named = f"WITH named_windows AS ({windows}) {which}"
    given = dict(params or {}) | ({} if ids is None else {"ids": list(ids)})
    lock_entities(connection, named, given)
    connection.execute(text(f"DELETE FROM working_hours WHERE entity_id IN ({named})"), given)
    return connection.execute(
        text(
            "INSERT INTO working_hours (entity_id, weekday, opens, closes) "
            f"SELECT DISTINCT entity_id, weekday, opens, closes FROM ({windows}) AS windows"
        ),
        params or {},
    ).rowcount


def remove_hours(connection: Connection) -> int:
    """Delete the windows that equal staged ones; returns their number."""
    lock_entities(connection, "SELECT entity_id FROM staged_hours")
    return connection.execute(
        text(
            "DELETE FROM working_hours AS hours USING (SELECT DISTINCT * FROM staged_hours) AS staged "
            "WHERE (hours.entity_id, hours.weekday, hours.opens, hours.closes) "
            "= (staged.entity_id, staged.weekday, staged.opens, staged.closes)"
        )
    ).rowcount


def lock_entities(connection: Connection, which: str, params: Mapping[str, Any] | None = None) -> None:
    """Lock the entities whose ids the query ``which`` gives, in order of id, as everywhere, to avoid deadlocks."""
    locked = f"SELECT FROM entity WHERE id IN ({which}) ORDER BY id FOR UPDATE"
    connection.execute(text(f"SELECT count(*) FROM ({locked}) AS locked"), params or {})


def unknown_keys(connection: Connection, kind: str, keys: Sequence[str]) -> list[str]:
    """The ``keys`` that no entity of the kind has, in their order."""
    found = connection.execute(
        text("SELECT key FROM entity WHERE kind = :kind AND key = ANY(:keys)"), {"kind": kind, "keys": list(keys)}
    ).scalars()
    known = set(found)
    return [key for key in keys if key not in known]
