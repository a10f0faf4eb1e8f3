"""Rows of a key of which several files tell: what counts is the same in whatever order the files are loaded.

Ids of datasets are in the order in which the files came. Of each column the newest file counts that says something in
it. A file that drops a row, or that is all there is of some rows, ends what older files have said: nothing of it is
left, and nothing of it comes back when such a file is loaded once more.

A row has the dataset that named it last, and in TELLERS those of columns that an older one has told. Rows that were
dropped are noted in a table beside it.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, Table, text

from app.series.keyed_rows import DROPPED, key_of, latest, listed, same, staged

#: The column of a table that has the last dataset which named the row.
DATASET_ID: Final = "dataset_id"

#: The column that has the datasets of the columns that an older one has told, as JSON; null: none.
TELLERS: Final = "tellers"


def gone(table: Table) -> str:
    """The name of the table of the keys that were dropped, and by which dataset last."""
    return f"{table.name}_gone"


def merge(connection: Connection, table: Table, given: Collection[str], dataset_id: str) -> int:
    """Insert the staged rows, or change those with the same keys; delete those that are staged as dropped.

    Args:
        connection, table, given: as for keyed_rows.merge(); the dataset is one of the columns.
        dataset_id: of the staged rows.

    Returns:
        How many different keys are staged.
    """
    key, ours, named = key_of(table), table.name, {"dataset": dataset_id}
    staged_rows = f"({latest(table, given)}) AS latest"
    stand: int = connection.execute(text(f"SELECT count(*) FROM {staged_rows}")).scalar_one()
    forget_dropped(connection, table, dataset_id)
    since_dropped = f"known.{DATASET_ID} > :dataset AND {same(key, 'known', 'latest')}"
    connection.execute(
        text(
            f"INSERT INTO {ours} ({listed(given)}) SELECT {listed(given)} FROM {staged_rows} "
            f"WHERE {DROPPED} IS NOT TRUE AND NOT EXISTS (SELECT FROM {gone(table)} AS known WHERE {since_dropped}) "
            f"ON CONFLICT ({listed(key)}) DO UPDATE SET {_changes(table, given)}"
        ),
        named,
    )
    dropped = f"(SELECT {listed(key)} FROM {staged_rows} WHERE {DROPPED})"
    end_older(connection, table, f"({listed(key, ours)}) IN {dropped}", dataset_id)
    connection.execute(
        text(f"DELETE FROM {ours} WHERE ({listed(key)}) IN {dropped} AND {DATASET_ID} <= :dataset"), named
    )
    connection.execute(
        text(
            f"INSERT INTO {gone(table)} AS known ({listed(key)}, {DATASET_ID}) SELECT {listed(key)}, :dataset "
            f"FROM {dropped} AS dropped ON CONFLICT ({listed(key)}) "
            f"DO UPDATE SET {DATASET_ID} = greatest(known.{DATASET_ID}, excluded.{DATASET_ID})"
        ),
        named,
    )
    return stand


def forget_dropped(connection: Connection, table: Table, dataset_id: str) -> None:
    """Forget that the dataset of the staged rows has dropped some: it is taken out, or says something else now."""
    connection.execute(
        text(
            f"DELETE FROM {gone(table)} AS known USING {staged(table)} AS staged "
            f"WHERE known.{DATASET_ID} = :dataset AND {same(key_of(table), 'known', 'staged')}"
        ),
        {"dataset": dataset_id},
    )


def end_older(connection: Connection, table: Table, which: str, dataset_id: str) -> None:
    """Empty what datasets older than this one have told of rows that a newer one has named, too.

    Args:
        connection, table, dataset_id: as for merge().
        which: of these rows, a condition.
    """
    rest = _rest(table)
    is_older = {name: f"{TELLERS} ->> '{name}' < :dataset" for name in rest}
    emptied = [f'"{name}" = CASE WHEN {is_older[name]} THEN NULL ELSE "{name}" END' for name in rest]
    left = ", ".join(f"'{name}', CASE WHEN NOT {is_older[name]} THEN {TELLERS} ->> '{name}' END" for name in rest)
    notes = f"{TELLERS} = nullif(jsonb_strip_nulls(jsonb_build_object({left})), '{{}}')"
    connection.execute(
        text(f"UPDATE {table.name} SET {', '.join([*emptied, notes])} WHERE {TELLERS} IS NOT NULL AND {which}"),
        {"dataset": dataset_id},
    )


def _changes(table: Table, given: Collection[str]) -> str:
    """What becomes of a row that is there already: its columns, who named it last, and who has told what is older."""
    tellers, columns = [], []
    for name in _rest(table):
        value, teller = _value(table, name, given), _teller_then(table, name, given)
        tellers.append(f"'{name}', CASE WHEN {value} IS NOT NULL THEN nullif({teller}, {_newest(table)}) END")
        columns += [f'"{name}" = {value}'] if name in given else []
    notes = f"nullif(jsonb_strip_nulls(jsonb_build_object({', '.join(tellers)})), '{{}}')"
    return ", ".join([*columns, f"{DATASET_ID} = {_newest(table)}", f"{TELLERS} = {notes}"])


def _rest(table: Table) -> Sequence[str]:
    """The columns that files tell, without the key."""
    key = {*key_of(table), DATASET_ID, TELLERS}
    return [column.name for column in table.columns if column.name not in key]


def _newest(table: Table) -> str:
    return f"greatest({table.name}.{DATASET_ID}, excluded.{DATASET_ID})"


def _teller(table: Table, name: str) -> str:
    """Who has told what a column holds."""
    return f"coalesce({table.name}.{TELLERS} ->> '{name}', {table.name}.{DATASET_ID})"


def _value(table: Table, name: str, given: Collection[str]) -> str:
    """What a column becomes: what the newest dataset says that says something; each may take back what it has said."""
    ours, theirs = f'{table.name}."{name}"', f'excluded."{name}"'
    if name not in given:
        return ours
    teller = _teller(table, name)
    is_newer = f"excluded.{DATASET_ID} > {teller} AND {theirs} IS NOT NULL"
    return f"CASE WHEN {ours} IS NULL OR excluded.{DATASET_ID} = {teller} OR {is_newer} THEN {theirs} ELSE {ours} END"


def _teller_then(table: Table, name: str, given: Collection[str]) -> str:
    """Who has told what a column becomes."""
    ours, theirs, teller = f'{table.name}."{name}"', f'excluded."{name}"', _teller(table, name)
    if name not in given:
        return teller
    is_theirs = f"{theirs} IS NOT NULL AND ({ours} IS NULL OR excluded.{DATASET_ID} >= {teller})"
    return f"CASE WHEN {is_theirs} THEN excluded.{DATASET_ID} ELSE {teller} END"
