"""Entities for tests of what is said of them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text


def ensure_entities(connection: Connection, kind: str, keys: Sequence[str]) -> dict[str, int]:
    """Ids of these keys; entities that do not exist yet are made, in the caller's transaction."""
    given = {"kind": kind, "keys": list(keys)}
    insert = "INSERT INTO entity (kind, key) SELECT :kind, unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING"
    connection.execute(text(insert), given)
    rows = connection.execute(text("SELECT key, id FROM entity WHERE kind = :kind AND key = ANY(:keys)"), given)
    return {row.key: row.id for row in rows}
