"""Rows that a key identifies: collected in a staging table, merged by their key, taken out if they still are the same.

For tables whose rows a later file replaces one by one. Of rows with the same key the one with the highest line counts.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, Table, text

#: The column of a staging table that says that a row exists no more.
DROPPED: Final = "dropped"


def staged(table: Table) -> str:
    """The name of the staging table."""
    return f"staged_{table.name}"


def stage(connection: Connection, table: Table) -> None:
    """Create the staging table: the columns of ``table``, ``line`` and ``dropped``; gone with the transaction."""
    columns = f"LIKE {table.name}, line bigint, {DROPPED} boolean"
    connection.execute(text(f"CREATE TEMP TABLE {staged(table)} ({columns}) ON COMMIT DROP"))


def merge(connection: Connection, table: Table, given: Collection[str]) -> int:
    """Insert the staged rows, or change those with the same keys; delete those that are staged as dropped.

    Args:
        connection: in the transaction of the load, while it is its turn.
        table: where they go.
        given: the columns that the file has, the key among them; the others stay as they were.

    Returns:
        How many different keys are staged.
    """
    key = key_of(table)
    others = [name for name in given if name not in key]
    ours, theirs = (listed(others, source) for source in (table.name, "excluded"))
    change = f"UPDATE SET ({listed(others)}) = ROW({theirs}) WHERE ({ours}) IS DISTINCT FROM ({theirs})"
    stand: int = connection.execute(
        text(
            f"WITH latest AS MATERIALIZED ({latest(table, given)}), "
            f"gone AS (DELETE FROM {table.name} USING latest "
            f"WHERE {DROPPED} AND {same(key, table.name, 'latest')}), "
            f"put AS (INSERT INTO {table.name} ({listed(given)}) SELECT {listed(given)} FROM latest "
            f"WHERE {DROPPED} IS NOT TRUE ON CONFLICT ({listed(key)}) DO {change if others else 'NOTHING'}) "
            "SELECT count(*) FROM latest"
        )
    ).scalar_one()
    return stand


def remove(connection: Connection, table: Table, given: Collection[str], *, besides: Collection[str] = ()) -> int:
    """Delete the rows that equal staged ones; returns their number.

    A row of which another file has said more, in a column that this file lacks, stays.

    Args:
        connection, table, given: as for merge().
        besides: columns that no file tells; what they hold does not matter.
    """
    key = key_of(table)
    columns = [column.name for column in table.columns]
    equal = [name for name in columns if name not in key and name in given and name not in besides]
    unsaid = [name for name in columns if name not in key and name not in given and name not in besides]
    conditions = [
        f"{DROPPED} IS NOT TRUE",
        same(key, table.name, "latest"),
        *(f"{table.name}.{name} IS NOT DISTINCT FROM latest.{name}" for name in equal),
        *(f"{table.name}.{name} IS NULL" for name in unsaid),
    ]
    statement = f"DELETE FROM {table.name} USING ({latest(table, given)}) AS latest WHERE {' AND '.join(conditions)}"
    return connection.execute(text(statement)).rowcount


def key_of(table: Table) -> list[str]:
    """The columns that identify a row."""
    return [column.name for column in table.primary_key]


def latest(table: Table, given: Collection[str]) -> str:
    """A query of the staged rows, the last one of each key."""
    key = listed(key_of(table))
    return f"SELECT DISTINCT ON ({key}) {listed(given)}, {DROPPED} FROM {staged(table)} ORDER BY {key}, line DESC"


def same(key: Collection[str], one: str, other: str) -> str:
    """The condition that two rows have the same key."""
    return f"({listed(key, one)}) = ({listed(key, other)})"


def listed(names: Collection[str], source: str = "") -> str:
    """Columns, separated by commas; of one source if it is given."""
    return ", ".join(f'{source}."{name}"' if source else f'"{name}"' for name in names)
