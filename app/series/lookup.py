"""One entity, or a page of them, as people ask for them: by kind and key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from sqlalchemy import Connection, text

#: Neighbours in the order of keys that are looked at for a key like the one that was asked for, on each side.
NEIGHBOURS: Final = 10

#: Other keys that are named when there is none such.
NEAREST: Final = 3

# Each kind is found by one step in the index of (kind, key), however many entities it has.
_KINDS: Final = """
WITH RECURSIVE found (kind) AS (
    SELECT min(kind) FROM entity
    UNION ALL
    SELECT (SELECT min(kind) FROM entity WHERE kind > found.kind) FROM found WHERE found.kind IS NOT NULL
)
SELECT kind FROM found WHERE kind IS NOT NULL
"""

_NEAR: Final = """
(SELECT key FROM entity WHERE kind = :kind AND key < :key ORDER BY key DESC LIMIT :count)
UNION (SELECT key FROM entity WHERE kind = :kind AND key > :key ORDER BY key LIMIT :count)
UNION (SELECT key FROM entity WHERE kind = :kind AND key = ANY(:spellings))
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An entity; ``timezone`` is its own zone, None without one."""

    id: int
    kind: str
    key: str
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Observed:
    """The polls of an entity."""

    first: datetime | None
    last: datetime | None
    count: int


def kinds(connection: Connection) -> list[str]:
    """The kinds that there are entities of, sorted."""
    return list(connection.scalars(text(_KINDS)))


def find(connection: Connection, kind: str, key: str) -> Named | None:
    """The entity of this key."""
    row = connection.execute(
        text("SELECT id, kind, key, timezone FROM entity WHERE kind = :kind AND key = :key"), {"kind": kind, "key": key}
    ).one_or_none()
    return None if row is None else Named(*row)


def page(connection: Connection, kind: str, *, prefix: str, after: str, limit: int) -> list[Named]:
    """Entities whose key begins with ``prefix`` and comes after ``after``, by code points."""
    rows = connection.execute(
        text(
            "SELECT id, kind, key, timezone FROM entity "
            "WHERE kind = :kind AND starts_with(key, :prefix) AND key > :after ORDER BY key LIMIT :limit"
        ),
        {"kind": kind, "prefix": prefix, "after": after, "limit": limit},
    )
    return [Named(*row) for row in rows]


def keys_near(connection: Connection, kind: str, key: str) -> Sequence[str]:
    """Keys beside this one in their order, and other spellings of it, sorted."""
    spellings = [key.strip(), key.lower(), key.upper()]
    given = {"kind": kind, "key": key, "spellings": spellings, "count": NEIGHBOURS}
    return sorted(connection.scalars(text(_NEAR), given))


def nearest(key: str, known: Sequence[str]) -> list[str]:
    """Those of the known keys that are most like this one, without regard to case; the likest first."""
    spelt = {one.lower(): one for one in known}
    return [spelt[one] for one in get_close_matches(key.lower(), spelt, n=NEAREST)]


def windows(connection: Connection, entity_id: int) -> list[tuple[int, str, str]]:
    """Weekday, start and end of each window of an entity, in the order of the week; times as 09:00:00 … 24:00:00."""
    rows = connection.execute(
        text(
            # As text, because Python has no 24:00.
            "SELECT weekday, CAST(opens AS text), CAST(closes AS text) FROM working_hours WHERE entity_id = :id "
            "ORDER BY weekday, opens, closes"
        ),
        {"id": entity_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def observed(connection: Connection, entity_id: int) -> Observed:
    """First and last instant and number of the polls of an entity; reads its part of each week's index."""
    row = connection.execute(
        text("SELECT min(at), max(at), count(*) FROM poll WHERE entity_id = :id"), {"id": entity_id}
    ).one()
    return Observed(*row)
