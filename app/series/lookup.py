"""One entity, or a page of them, by kind and key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from app.wording.suggestions import suggestions

#: Largest kind whose keys are all compared with an unknown one; takes about 20 ms per ten thousand.
COMPARED: Final = 20_000

#: Comparisons of keys per response; beyond that, no suggestions are made for further keys.
COMPARISONS: Final = 50_000

#: For a kind with more keys than COMPARED: neighbours in order of keys that are compared, on each side.
NEIGHBOURS: Final = 10

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
class PollSpan:
    """The polls of an entity."""

    first: datetime | None
    last: datetime | None
    count: int


def kinds(connection: Connection) -> list[str]:
    """The kinds that have entities, sorted."""
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


def keys_like(connection: Connection, kind: str, asked: Sequence[str]) -> dict[str, list[str]]:
    """For each of these unknown keys, the most similar keys of the kind, most similar first.

    Compares all keys of the kind, or, if it has more than COMPARED, the neighbours in order of keys.
    """
    query = text("SELECT key FROM entity WHERE kind = :kind ORDER BY key LIMIT :count")
    known = list(connection.scalars(query, {"kind": kind, "count": COMPARED + 1}))
    if len(known) > COMPARED:
        return {key: suggestions(key, keys_beside(connection, kind, key)) for key in asked}
    return suggestions_for_each(asked, known)


def suggestions_for_each(asked: Sequence[str], known: Sequence[str]) -> dict[str, list[str]]:
    """The most similar known keys of each; for as many as COMPARISONS allow, but at least one."""
    compared = max(1, COMPARISONS // max(1, len(known)))
    return {key: suggestions(key, known) if number < compared else [] for number, key in enumerate(asked)}


def keys_beside(connection: Connection, kind: str, key: str) -> Sequence[str]:
    """Neighbours of this key in order of keys, and other spellings of it, sorted."""
    spellings = [key.strip(), key.lower(), key.upper()]
    given = {"kind": kind, "key": key, "spellings": spellings, "count": NEIGHBOURS}
    return sorted(connection.scalars(text(_NEAR), given))


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


def poll_span(connection: Connection, entity_id: int) -> PollSpan:
    """First and last instant and number of the polls of an entity; reads its part of each week's index."""
    row = connection.execute(
        text("SELECT min(at), max(at), count(*) FROM poll WHERE entity_id = :id"), {"id": entity_id}
    ).one()
    return PollSpan(*row)
