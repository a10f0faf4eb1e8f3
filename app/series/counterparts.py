"""Which stores of a load of hours or zones have no polls, and which stores with polls have none of these."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from app.series.entities import STORE

#: Most stores that are looked at: each is one step in the index of every week of polls that it is not in.
MOST: Final = 50_000

# Its place among the columns has it asked store by store, which ends at the first poll; a join would read all polls.
_HAS_POLLS: Final = (
    "coalesce((SELECT true FROM sealed_entity WHERE entity_id = store.id LIMIT 1), "
    "(SELECT true FROM poll WHERE poll.entity_id = store.id LIMIT 1))"
)

_STORES: Final = f"""
WITH store AS MATERIALIZED (SELECT id, key FROM entity WHERE kind = '{STORE}' AND {{which}} LIMIT {MOST}),
judged AS MATERIALIZED (SELECT key, {_HAS_POLLS} IS NOT NULL AS has_polls FROM store)
SELECT count(*), (array_agg(key ORDER BY key))[1:{{examples}}] FROM judged WHERE has_polls = {{has_polls}}
"""


@dataclass(frozen=True, slots=True)
class Stores:
    """How many stores there are of a sort, and the keys of the first few."""

    count: int
    examples: tuple[str, ...]


def without_polls(connection: Connection, staged: str, *, examples: int) -> Stores:
    """The stores of staged rows that have no polls; none if nobody has polls: then they are yet to come."""
    if not connection.execute(
        text("SELECT EXISTS (SELECT FROM sealed_entity) OR EXISTS (SELECT FROM poll)")
    ).scalar_one():
        return Stores(0, ())
    named = f"id IN (SELECT entity_id FROM {staged})"
    return _stores(connection, which=named, has_polls="false", examples=examples)


def polled_without(connection: Connection, table: str, staged: str, *, examples: int) -> Stores:
    """The stores with polls that no row of ``table`` is known of; none unless a store is among the staged rows."""
    lacking = (
        f"NOT EXISTS (SELECT FROM {table} WHERE entity_id = entity.id AND superseded_at IS NULL) AND EXISTS "
        f"(SELECT FROM {staged} AS named JOIN entity AS one ON one.id = named.entity_id WHERE one.kind = '{STORE}')"
    )
    return _stores(connection, which=lacking, has_polls="true", examples=examples)


def _stores(connection: Connection, *, which: str, has_polls: str, examples: int) -> Stores:
    query = _STORES.format(which=which, has_polls=has_polls, examples=examples)
    count, first = connection.execute(text(query)).one()
    return Stores(count, tuple(first or ()))
