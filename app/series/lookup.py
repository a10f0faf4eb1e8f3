"""One entity, or a page of them, by kind and key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from app.series.versions import TEXT, known
from app.wording.suggestions import suggestions, suggestions_for_each

#: Largest kind whose keys are all compared with an unknown one.
COMPARED: Final = 20_000

#: Longest key that is compared, characters: nobody who misspells a longer one is helped by seeing it.
COMPARED_LENGTH: Final = 512

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


#: The zone of an entity today, null without one of its own; ``known`` is a condition.
_ZONE: Final = (
    "(SELECT zone.timezone FROM entity_zone AS zone WHERE entity_id = id AND {known} "
    "AND valid_from <= current_date ORDER BY valid_from DESC LIMIT 1) AS timezone"
)

#: The windows that count today: those of the version that began last, of two of those of the one that ends first.
_WINDOWS: Final = """
SELECT weekday, CAST(opens AS text), CAST(closes AS text) FROM (
    SELECT *, rank() OVER (ORDER BY valid_from DESC, valid_to) AS place FROM hours_window
    WHERE entity_id = :id AND {known} AND current_date BETWEEN valid_from AND valid_to
) AS counted WHERE place = 1 ORDER BY weekday, opens, closes
"""

_POLL_SPAN: Final = """
SELECT min(first_at), max(last_at), coalesce(sum(rows), 0)::bigint FROM (
    SELECT min(at) AS first_at, max(at) AS last_at, count(*) AS rows FROM poll WHERE entity_id = :id
    UNION ALL SELECT first_at, last_at, rows FROM sealed_entity WHERE entity_id = :id
) AS weeks
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An entity; ``timezone`` is its own zone today, None without one."""

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


def find(connection: Connection, kind: str, key: str, *, as_known_at: datetime | None = None) -> Named | None:
    """The entity of this key."""
    zone = _ZONE.format(known=known(as_known_at, named=TEXT))
    row = connection.execute(
        text(f"SELECT id, kind, key, {zone} FROM entity WHERE kind = :kind AND key = :key"),
        {"kind": kind, "key": key, "as_known_at": as_known_at},
    ).one_or_none()
    return None if row is None else Named(*row)


def find_all(connection: Connection, kind: str, keys: Sequence[str]) -> list[Named]:
    """The entities of these keys, in the order of their keys; there may be none of some."""
    zone = _ZONE.format(known=known(None))
    query = f"SELECT id, kind, key, {zone} FROM entity WHERE kind = :kind AND key = ANY(:keys) ORDER BY key"
    return [Named(*row) for row in connection.execute(text(query), {"kind": kind, "keys": list(keys)})]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entities of a kind are wanted.

    Attributes:
        prefix: with which their keys begin.
        zone: in which they are today; None: in any.
        zone_is_default: whether those without a zone of their own are in it, too.
        exceptions: only those with an exception today or later.
    """

    prefix: str = ""
    zone: str | None = None
    zone_is_default: bool = False
    exceptions: bool = False


def page(connection: Connection, kind: str, wanted: Wanted, *, after: str, limit: int) -> list[Named]:
    """Entities that are wanted and whose key comes after ``after``, by code points."""
    conditions = ["kind = :kind", "starts_with(key, :prefix)", "key > :after"]
    if wanted.exceptions:
        # A date may still be today somewhere when it is yesterday in UTC.
        conditions.append(
            f"id IN (SELECT entity_id FROM hours_exception WHERE {known(None)} AND on_date >= current_date - 1)"
        )
    if wanted.zone is not None and not wanted.zone_is_default:
        # Those that ever are in it are few, mostly; of each of them the zone of today is then looked up.
        conditions.append(f"id IN (SELECT entity_id FROM entity_zone WHERE {known(None)} AND timezone = :zone)")
    zone = _ZONE.format(known=known(None))
    query = f"SELECT id, kind, key, {zone} FROM entity WHERE {' AND '.join(conditions)}"
    if wanted.zone is not None:
        own = "coalesce(timezone, :zone)" if wanted.zone_is_default else "timezone"
        query = f"SELECT * FROM ({query}) AS found WHERE {own} = :zone"
    rows = connection.execute(
        text(f"{query} ORDER BY key LIMIT :limit"),
        {"kind": kind, "prefix": wanted.prefix, "after": after, "limit": limit, "zone": wanted.zone},
    )
    return [Named(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Unknown keys, and the known keys that they may be misspelt for; compared only when it is asked, which takes time.

    Attributes:
        asked: the unknown keys.
        known: the keys to compare each of them with.
        beside: the keys to compare one of them with, for a kind with more than COMPARED.
    """

    asked: Sequence[str]
    known: Sequence[str]
    beside: Mapping[str, Sequence[str]]

    def nearest(self) -> dict[str, list[str]]:
        """For each of the unknown keys the most similar ones, most similar first."""
        if self.beside:
            return {key: suggestions(key, self.beside[key]) for key in self.asked}
        return suggestions_for_each(self.asked, self.known)


def comparison(connection: Connection, kind: str, asked: Sequence[str]) -> Comparison:
    """What these unknown keys are to be compared with: all keys of the kind, or their neighbours in order of keys."""
    query = text("SELECT key FROM entity WHERE kind = :kind AND length(key) <= :longest ORDER BY key LIMIT :count")
    given = {"kind": kind, "longest": COMPARED_LENGTH, "count": COMPARED + 1}
    keys = list(connection.scalars(query, given))
    if len(keys) > COMPARED:
        return Comparison(asked, (), {key: keys_beside(connection, kind, key) for key in asked})
    return Comparison(asked, keys, {})


def keys_beside(connection: Connection, kind: str, key: str) -> Sequence[str]:
    """Neighbours of this key in order of keys, and other spellings of it, sorted."""
    spellings = [key.strip(), key.lower(), key.upper()]
    given = {"kind": kind, "key": key, "spellings": spellings, "count": NEIGHBOURS}
    return sorted(connection.scalars(text(_NEAR), given))


def windows(
    connection: Connection, entity_id: int, *, as_known_at: datetime | None = None
) -> list[tuple[int, str, str]]:
    """Weekday, start and end of each window that counts today, in the order of the week.

    Times are texts, 09:00:00 … 24:00:00, because Python has no 24:00.
    """
    query = _WINDOWS.format(known=known(as_known_at, named=TEXT))
    rows = connection.execute(text(query), {"id": entity_id, "as_known_at": as_known_at})
    return [(row[0], row[1], row[2]) for row in rows]


def poll_span(connection: Connection, entity_id: int) -> PollSpan:
    """First and last instant and number of the polls of an entity; reads its part of each week's index.

    Of sealed weeks, what is in their files was written down when they were sealed.
    """
    row = connection.execute(text(_POLL_SPAN), {"id": entity_id}).one()
    return PollSpan(*row)
