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


def merge(connection: Connection, table: Table, given: Collection[str], *, newest: str | None = None) -> int:
    """Insert the staged rows, or change those with the same keys; delete those that are staged as dropped.

    Args:
        connection: in the transaction of the load, while it is its turn.
        table: where they go.
        given: the columns that the file has, the key among them; the others stay as they were.
        newest: the one of them that keeps its greater value, the id of the dataset that named a row last. Datasets are
            in the order in which they came: what an older one says fills what the newer ones left empty, and it drops
            no row that a newer one has named.

    Returns:
        How many different keys are staged.
    """
    key = _key(table)
    others = [name for name in given if name not in key]
    ours, theirs = (_list(others, source) for source in (table.name, "excluded"))
    is_older = "false"
    if newest is not None:
        theirs = ", ".join(_unless_older(name, table.name, newest) for name in others)
        is_older = f'latest."{newest}" < {table.name}."{newest}"'
    change = f"UPDATE SET ({_list(others)}) = ROW({theirs}) WHERE ({ours}) IS DISTINCT FROM ({theirs})"
    stand: int = connection.execute(
        text(
            f"WITH latest AS MATERIALIZED ({_latest(table, given)}), "
            f"gone AS (DELETE FROM {table.name} USING latest "
            f"WHERE {DROPPED} AND {_same(key, table.name, 'latest')} AND NOT {is_older}), "
            f"put AS (INSERT INTO {table.name} ({_list(given)}) SELECT {_list(given)} FROM latest "
            f"WHERE {DROPPED} IS NOT TRUE ON CONFLICT ({_list(key)}) DO {change if others else 'NOTHING'}) "
            "SELECT count(*) FROM latest"
        )
    ).scalar_one()
    return stand


def remove(connection: Connection, table: Table, given: Collection[str], *, newest: str | None = None) -> int:
    """Delete the rows that equal staged ones; returns their number.

    A row of which another file has said more, in a column that this file lacks, stays.

    Args:
        connection, table, given, newest: as for merge(); what ``newest`` says does not matter.
    """
    key = _key(table)
    columns = [column.name for column in table.columns]
    equal = [name for name in columns if name not in key and name in given and name != newest]
    unsaid = [name for name in columns if name not in key and name not in given and name != newest]
    conditions = [
        f"{DROPPED} IS NOT TRUE",
        _same(key, table.name, "latest"),
        *(f"{table.name}.{name} IS NOT DISTINCT FROM latest.{name}" for name in equal),
        *(f"{table.name}.{name} IS NULL" for name in unsaid),
    ]
    statement = f"DELETE FROM {table.name} USING ({_latest(table, given)}) AS latest WHERE {' AND '.join(conditions)}"
    return connection.execute(text(statement)).rowcount


def _unless_older(name: str, table: str, newest: str) -> str:
    """What a column becomes: what the newer dataset says, or else the older one."""
    ours, theirs = f'{table}."{name}"', f'excluded."{name}"'
    if name == newest:
        return f"greatest({ours}, {theirs})"
    is_older = f'excluded."{newest}" < {table}."{newest}"'
    return f"CASE WHEN {is_older} THEN coalesce({ours}, {theirs}) ELSE {theirs} END"


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _latest(table: Table, given: Collection[str]) -> str:
    key = _list(_key(table))
    return f"SELECT DISTINCT ON ({key}) {_list(given)}, {DROPPED} FROM {staged(table)} ORDER BY {key}, line DESC"


def _same(key: Collection[str], one: str, other: str) -> str:
    return f"({_list(key, one)}) = ({_list(key, other)})"


def _list(names: Collection[str], source: str = "") -> str:
    return ", ".join(f'{source}."{name}"' if source else f'"{name}"' for name in names)
