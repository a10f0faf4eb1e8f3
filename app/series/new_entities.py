"""Entities that a load is the first to name: ids are reserved while it checks, rows are written when it merges.

Any number of loads may name the same new key at the same time. Were the row inserted at once, the second load would
wait in the unique index until the first commits. So each reserves an id of its own, and notes it in a temporary table;
the first to merge writes the row, and the others then put its id in the place of theirs. Nothing is left of a load that
is rolled back but a gap in the sequence.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text


def prepare(connection: Connection) -> None:
    """Make the table of reserved ids, unless this transaction has it; it is gone with the transaction."""
    connection.execute(
        text(
            'CREATE TEMP TABLE IF NOT EXISTS new_entity (kind text, key text COLLATE "C", id int, '
            "PRIMARY KEY (kind, key)) ON COMMIT DROP"
        )
    )


def ids_of(connection: Connection, kind: str, keys: Sequence[str]) -> dict[str, int]:
    """Ids of these keys, which differ from each other; for those that nobody has, ids are reserved."""
    found = {
        row.key: row.id
        for row in connection.execute(
            text(
                "SELECT key, id FROM entity WHERE kind = :kind AND key = ANY(:keys) "
                "UNION ALL SELECT key, id FROM new_entity WHERE kind = :kind AND key = ANY(:keys)"
            ),
            {"kind": kind, "keys": list(keys)},
        )
    }
    unknown = sorted(key for key in keys if key not in found)
    return found | (_reserved(connection, kind, unknown) if unknown else {})


def _reserved(connection: Connection, kind: str, keys: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        text(
            "INSERT INTO new_entity (kind, key, id) SELECT :kind, key, nextval('entity_id_seq') "
            "FROM unnest(CAST(:keys AS text[])) AS key RETURNING key, id"
        ),
        {"kind": kind, "keys": list(keys)},
    )
    return {row.key: row.id for row in rows}


def write_rows(connection: Connection, staged: str, *columns: str) -> None:
    """Write the entities that the load is the first to name, and settle the ids in these columns of its staged rows.

    Args:
        connection: in the transaction of the load.
        staged: the table of the staged rows.
        columns: those that hold ids of entities.
    """
    # Everybody who inserts several does so in the order of their keys, or two could wait for each other.
    written = connection.execute(
        text(
            "INSERT INTO entity (id, kind, key) OVERRIDING SYSTEM VALUE "
            "SELECT id, kind, key FROM new_entity ORDER BY kind, key ON CONFLICT (kind, key) DO NOTHING"
        )
    ).rowcount
    if written < connection.execute(text("SELECT count(*) FROM new_entity")).scalar_one():
        settle(connection, staged, *columns)


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
