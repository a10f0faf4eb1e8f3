"""Entities that a load is the first to name: ids are reserved while it checks, rows are written when it merges.

Any number of loads may name the same new key at the same time. Were the row inserted at once, the second load would
wait in the unique index until the first commits. So each reserves an id of its own, and notes it in a temporary table;
the first to merge writes the row, and the others then put its id in the place of theirs. Nothing is left of a load that
is rolled back but a gap in the sequence.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

# Each key is looked up by itself: a join would read a whole table for each block of a file.
_ENTITY: Final = "(SELECT id FROM entity WHERE kind = :kind AND key = asked.key)"
_RESERVED: Final = "(SELECT id FROM new_entity WHERE kind = :kind AND key = asked.key LIMIT 1)"

_IDS: Final = """
WITH known AS MATERIALIZED (
    SELECT key, number, coalesce({found}) AS id
    FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS asked (key, number)
), settled AS MATERIALIZED (
    SELECT number, key, id IS NULL AS is_new, coalesce(id, nextval('entity_id_seq')) AS id FROM known
), reserved AS (
    INSERT INTO new_entity (kind, key, id) SELECT :kind, key, id FROM settled WHERE is_new
)
SELECT id FROM settled ORDER BY number
"""


def prepare(connection: Connection) -> None:
    """Make the table of reserved ids, unless this transaction has it; it is gone with the transaction."""
    table = 'CREATE TEMP TABLE IF NOT EXISTS new_entity (kind text, key text COLLATE "C", id int) ON COMMIT DROP'
    connection.execute(text(table))


def make_findable(connection: Connection) -> None:
    """Index the reserved ids, which most loads do without: they remember those that they have reserved."""
    connection.execute(text("CREATE INDEX IF NOT EXISTS new_entity_key ON new_entity (kind, key)"))


def ids_of(connection: Connection, kind: str, keys: Sequence[str], *, may_be_reserved: bool) -> dict[str, int]:
    """Ids of these keys, which differ from each other; for those that nobody has, ids are reserved in their order.

    Args:
        connection: in the transaction of the load.
        kind, keys: of the entities.
        may_be_reserved: ids may have been reserved for some of these keys before; then make_findable() comes first.
    """
    wanted = sorted(keys)
    # What is reserved goes first: a key has one id in all of a load, also when another load has written it meanwhile.
    query = _IDS.format(found=f"{_RESERVED}, {_ENTITY}" if may_be_reserved else _ENTITY)
    ids = connection.scalars(text(query), {"kind": kind, "keys": wanted})
    return dict(zip(wanted, ids, strict=True))


def write_rows(connection: Connection, staged: str, *columns: str) -> None:
    """Write the entities that the load is the first to name, and settle the ids in these columns of its staged rows.

    Args:
        connection: in the transaction of the load.
        staged: the table of the staged rows.
        columns: those that hold ids of entities.
    """
    if not _write_all(connection):
        settle(connection, staged, *columns)


def write(connection: Connection) -> dict[int, int]:
    """Write the entities that the load is the first to name; returns what ``replaced`` does."""
    return {} if _write_all(connection) else replaced(connection)


def replaced(connection: Connection) -> dict[int, int]:
    """By reserved id, those of entities that exist by now under the same keys."""
    ids = "SELECT new_entity.id AS reserved, entity.id AS known FROM new_entity JOIN entity USING (kind, key)"
    rows = connection.execute(text(f"{ids} WHERE entity.id <> new_entity.id")).all()
    return {row.reserved: row.known for row in rows}


def _write_all(connection: Connection) -> bool:
    """Whether the load was the first to name all of them."""
    written = connection.execute(
        text(
            "INSERT INTO entity (id, kind, key) OVERRIDING SYSTEM VALUE "
            "SELECT id, kind, key FROM new_entity ON CONFLICT (kind, key) DO NOTHING"
        )
    ).rowcount
    reserved: int = connection.execute(text("SELECT count(*) FROM new_entity")).scalar_one()
    return written == reserved


def settle(connection: Connection, staged: str, *columns: str) -> None:
    """Put the ids of entities that exist by now in the place of those that were reserved for the same keys.

    Args:
        connection, staged, columns: as for write_rows().
    """
    for column in columns:
        connection.execute(
            text(
                f"UPDATE {staged} SET {column} = entity.id FROM new_entity JOIN entity USING (kind, key) "
                f"WHERE {staged}.{column} = new_entity.id AND entity.id <> new_entity.id"
            )
        )
