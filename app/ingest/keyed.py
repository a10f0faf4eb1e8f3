"""The base of dataset kinds whose rows have a key: their table and their loading follow from their columns.

Such a kind is a file in kinds/: its columns, a class that names its table, its entry. See docs/contributing.md.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.files.csv_output import iso_instants
from app.ingest import column_types
from app.ingest.dates import FIRST
from app.ingest.keys import KeyIds, optional_ids
from app.ingest.kind import Column, ColumnType, Rows, Values
from app.series import keyed_rows, new_entities, told_rows
from app.series.entities import REPOSITORY, TEAM
from app.storage.csv_copy import copy_rows
from app.storage.postgres import metadata

#: The column of a file with which a source says that a row exists no more.
DROPPED: Final = Column(keyed_rows.DROPPED, column_types.TRUTH, example="false", required=False)

#: Columns whose values become entities, and of which kind.
_ENTITIES: Final = {"repo": REPOSITORY, "team": TEAM}


def _instants(values: list[Any]) -> pa.Array:
    return iso_instants(pa.array(values, pa.timestamp("us")))


def _days(values: list[Any]) -> pa.Array:
    return pa.array(values, pa.int32()).cast(pa.date32()).cast(pa.string())


def _of(kind: pa.DataType) -> Callable[[list[Any]], pa.Array]:
    return lambda values: pa.array(values, kind)


def _arrays(values: list[Any]) -> pa.Array:
    """JSON lists of texts as Postgres writes arrays."""
    return pa.array([None if value is None else _array(json.loads(value)) for value in values], pa.string())


def _array(names: list[str]) -> str:
    escaped = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return "{" + ",".join(f'"{name}"' for name in escaped) + "}"


#: Each type of column in Postgres, and how its values are written for COPY. Choices are texts.
_TYPES: Final[dict[str, tuple[Any, Callable[[list[Any]], pa.Array]]]] = {
    column_types.INSTANT.name: (sa.DateTime(timezone=True), _instants),
    column_types.DATE.name: (sa.Date(), _days),
    column_types.NUMBER.name: (sa.Integer(), _of(pa.int64())),
    column_types.COUNT.name: (sa.Integer(), _of(pa.int64())),
    column_types.LONG_NUMBER.name: (sa.BigInteger(), _of(pa.int64())),
    column_types.TRUTH.name: (sa.Boolean(), _of(pa.bool_())),
    column_types.NAMES.name: (ARRAY(sa.Text), _arrays),
}

#: What an empty field of a key is, by the type in Postgres: part of a primary key cannot be null.
_UNSAID: Final[dict[str, str]] = {column_types.DATE.name: FIRST}


def keyed_table(
    name: str,
    columns: Sequence[Column],
    *,
    key: Sequence[str],
    indexes: Sequence[Sequence[str]] = (),
    has_snapshots: bool = False,
) -> sa.Table:
    """Declare the table of a kind.

    Args:
        name: of the table.
        columns: of the kind; ``repo`` and ``team`` become the ids of entities, ``dropped`` is none of the table.
        key: names of the columns that identify a row.
        indexes: names of the columns of each further index.
        has_snapshots: files may be all that there is, so that it counts which came when: see told_rows.py.
    """
    stored = [column for column in columns if column.name != DROPPED.name]
    table = sa.Table(
        name,
        metadata,
        *(
            sa.Column(
                _stored_name(column.name),
                sa.Integer() if column.name in _ENTITIES else _type(column.type)[0],
                nullable=column.name not in key and (not column.required or column.may_be_empty),
            )
            for column in stored
        ),
        *([sa.Column(told_rows.DATASET_ID, sa.String(32), nullable=False)] if has_snapshots else []),
        *([sa.Column(told_rows.TELLERS, JSONB())] if has_snapshots else []),
        sa.PrimaryKeyConstraint(*map(_stored_name, key)),
    )
    if has_snapshots:
        sa.Table(
            told_rows.gone(table),
            metadata,
            *(sa.Column(column.name, column.type, nullable=False) for column in table.primary_key),
            sa.Column(told_rows.DATASET_ID, sa.String(32), nullable=False),
            sa.PrimaryKeyConstraint(*(column.name for column in table.primary_key)),
        )
    for index in indexes:
        sa.Index(None, *(table.c[_stored_name(column)] for column in index))
    return table


def _stored_name(name: str) -> str:
    return f"{name}_id" if name in _ENTITIES else name


def _type(kind: ColumnType) -> tuple[Any, Callable[[list[Any]], pa.Array]]:
    return _TYPES.get(kind.name, (sa.Text(), _of(pa.string())))


class KeyedLoading:
    """Collects rows in a staging table and merges them by their key; what a file has no column for stays as it was."""

    table: ClassVar[sa.Table]
    columns: ClassVar[Sequence[Column]]

    def __init__(self, connection: sa.Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._ids = {name: KeyIds(connection, kind) for name, kind in _ENTITIES.items()}
        self._types = {column.name: column.type for column in self.columns}
        self._key = {column.name for column in self.table.primary_key}
        self._given: dict[str, None] = {}
        keyed_rows.stage(connection, self.table)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        staged = {_stored_name(name): self._staged(name, values) for name, values in rows.columns.items()}
        for name, kind in self._types.items():
            if name not in rows.columns and _stored_name(name) in self._key:
                staged[name] = pa.repeat(_UNSAID.get(kind.name, ""), len(rows))
        if self._tells_when:
            staged[told_rows.DATASET_ID] = pa.repeat(self._dataset_id, len(rows))
        self._given |= dict.fromkeys(name for name in staged if name != DROPPED.name)
        staged["line"] = pa.array(np.arange(rows.first_row, rows.first_row + len(rows)))
        copy_rows(self._connection, keyed_rows.staged(self.table), pa.table(staged))

    def _staged(self, name: str, values: Values) -> pa.Array:
        if name in self._ids:
            return optional_ids(self._ids[name], values)
        kind = self._types[name]
        array = _type(kind)[1](values.array().tolist())
        return array.fill_null(_UNSAID.get(kind.name, "")) if name in self._key and array.null_count else array

    def merge(self) -> int:
        new_entities.write_rows(self._connection, keyed_rows.staged(self.table), *self._entity_columns())
        if not self._given:
            return 0
        if self._tells_when:
            return told_rows.merge(self._connection, self.table, self._given, self._dataset_id)
        return keyed_rows.merge(self._connection, self.table, self._given)

    def remove(self) -> int:
        new_entities.settle(self._connection, keyed_rows.staged(self.table), *self._entity_columns())
        if not self._given:
            return 0
        if self._tells_when:
            told_rows.forget_dropped(self._connection, self.table, self._dataset_id)
        besides = (told_rows.DATASET_ID, told_rows.TELLERS)
        return keyed_rows.remove(self._connection, self.table, self._given, besides=besides)

    @property
    def _tells_when(self) -> bool:
        return told_rows.DATASET_ID in self.table.columns

    def _entity_columns(self) -> list[str]:
        return [_stored_name(column.name) for column in self.columns if column.name in _ENTITIES]
