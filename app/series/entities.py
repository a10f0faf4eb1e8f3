"""Entities with their weekly hours and zones: read as arrays, written by merging a staging table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from app.storage.binary_copy import INTEGER, SMALLINT, TIME, read_columns
from app.timeline.entities import Entities
from app.timeline.working_hours import WeeklyHours

#: Kinds of entities: what polls are about, who owns pull requests, and where those are.
STORE: Final = "store"
TEAM: Final = "team"
REPOSITORY: Final = "repository"

HOURS_COLUMNS: Final = {"entity_id": INTEGER, "weekday": SMALLINT, "opens": TIME, "closes": TIME}


def read_entities(
    connection: Connection, kind: str, *, default_zone: str, keys: Sequence[str] | None = None
) -> Entities:
    """All entities of a kind, or those with the given keys."""
    chosen = "" if keys is None else "AND key = ANY(:keys)"
    rows = connection.execute(
        text(f"SELECT id, key, coalesce(timezone, :zone) FROM entity WHERE kind = :kind {chosen} ORDER BY id"),
        {"kind": kind, "zone": default_zone, "keys": None if keys is None else list(keys)},
    ).all()
    codes: dict[str, int] = {}
    zone_of = np.fromiter((codes.setdefault(row[2], len(codes)) for row in rows), np.int64, len(rows))
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return Entities(ids, [row[1] for row in rows], zone_of, list(codes))


def read_hours(connection: Connection, entities: Entities) -> WeeklyHours:
    """The windows of these entities."""
    bounds = {"low": int(entities.ids[0]), "high": int(entities.ids[-1])} if len(entities) else {"low": 1, "high": 0}
    rows = read_columns(connection, HOURS_COLUMNS, "working_hours WHERE entity_id BETWEEN %(low)s AND %(high)s", bounds)
    number = entities.numbers(rows.pop("entity_id"))
    return WeeklyHours(number, **rows).of_rows(number >= 0)


def stage_hours(connection: Connection) -> str:
    """Make the table that windows are collected in, by ``write_columns`` with HOURS_COLUMNS; gone with the commit."""
    connection.execute(
        text("CREATE TEMP TABLE staged_hours (entity_id int, weekday smallint, opens time, closes time) ON COMMIT DROP")
    )
    return "staged_hours"


def replace_hours(
    connection: Connection, windows: str, params: Mapping[str, Any] | None = None, *, ids: Sequence[int] | None = None
) -> int:
    """Put windows in the place of all that the same entities have.

    The entities are locked first, so that of two who replace the hours of one entity the second waits, and finds what
    the first has written.

    Args:
        connection: in the caller's transaction.
        windows: a query of entity_id, weekday, opens, closes; rows that repeat each other count once.
        params: the query's parameters.
        ids: the entities; those that ``windows`` does not name end up without any. None: those that it names.

    Returns:
        How many windows stand.
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
    """Delete the windows that are as the staged ones say; returns how many there were."""
    lock_entities(connection, "SELECT entity_id FROM staged_hours")
    return connection.execute(
        text(
            "DELETE FROM working_hours AS hours USING (SELECT DISTINCT * FROM staged_hours) AS staged "
            "WHERE (hours.entity_id, hours.weekday, hours.opens, hours.closes) "
            "= (staged.entity_id, staged.weekday, staged.opens, staged.closes)"
        )
    ).rowcount


def lock_entities(connection: Connection, which: str, params: Mapping[str, Any] | None = None) -> None:
    """Lock the entities whose ids the query ``which`` gives, in the order of their ids, in which everybody does."""
    locked = f"SELECT FROM entity WHERE id IN ({which}) ORDER BY id FOR UPDATE"
    connection.execute(text(f"SELECT count(*) FROM ({locked}) AS locked"), params or {})


def unknown_keys(connection: Connection, kind: str, keys: Sequence[str]) -> list[str]:
    """Those of ``keys`` that no entity of the kind has, in their order."""
    found = connection.execute(
        text("SELECT key FROM entity WHERE kind = :kind AND key = ANY(:keys)"), {"kind": kind, "keys": list(keys)}
    ).scalars()
    known = set(found)
    return [key for key in keys if key not in known]
