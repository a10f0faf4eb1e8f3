"""Dataset kind ``entities``: a name, a group, an own gap and the dates of existence of each store or team."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.column_types import DATE, KEY, MINUTES
from app.ingest.dates import line_numbers, refuse
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.details import merge_details, remove_details, stage_details, wrong_existence
from app.series.versions import begin_change
from app.storage.csv_copy import copy_rows

#: What columns of a file are called in the table, and what they hold there.
_DETAILS: Final[dict[str, tuple[str, pa.DataType]]] = {
    "name": ("name", pa.string()),
    "group": ("group_name", pa.string()),
    "max_gap_minutes": ("max_gap_minutes", pa.int32()),
    "active_from": ("active_from", pa.date32()),
    "active_to": ("active_to", pa.date32()),
}


class EntityLoading:
    """Collects details of entities and says them at the end; the last row of an entity counts."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._ids = EntityIds(connection)
        self._table = stage_details(connection)
        self._given: set[str] = set()

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns: dict[str, Any] = {"entity_id": pa.array(self._ids.of(rows))}
        for name, (column, kind) in _DETAILS.items():
            if name in rows.columns:
                columns[column] = pa.array(rows.columns[name].array().tolist(), kind)
        self._given |= columns.keys()
        columns["line"] = pa.array(np.arange(rows.first_row, rows.first_row + len(rows)))
        columns["named_line"] = line_numbers(rows)
        copy_rows(self._connection, self._table, pa.table(columns))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, self._table, "entity_id")
        change = begin_change(self._connection, by=self._dataset_id)
        refuse("entities", wrong_existence(self._connection, self._given))
        return merge_details(self._connection, change, self._given)

    def remove(self) -> int:
        new_entities.settle(self._connection, self._table, "entity_id")
        change = begin_change(self._connection, by=self._dataset_id)
        return remove_details(self._connection, change, self._given)


ENTITIES = DatasetKind(
    name="entities",
    summary="one row per store or team: its name, its group, how long its polls are valid, when it exists",
    columns=(
        *ENTITY_COLUMNS,
        Column("name", KEY, example="Main Street", required=False),
        Column("group", KEY, example="North", required=False),
        Column("max_gap_minutes", MINUTES, example="15", required=False),
        Column("active_from", DATE, example="2023-01-14", required=False),
        Column("active_to", DATE, example="2024-12-31", required=False),
    ),
    loading=EntityLoading,
    names_lines=True,
    documentation="""
        Further details of a store or a team. A file replaces, for the stores and teams that it contains, the details
        for which it has columns; other details stay. An empty field removes a detail. If several rows name the same
        store or team, the last one counts. Removing the file removes each detail that still is as the file set it.

        The key is as in `hours`. `max_gap_minutes` is how long a poll of the store holds in exact accounting, in place
        of the report's parameter; `0` is for logs that list only changes: a poll holds until the next one. The store
        exists from `active_from` to `active_to`, local dates, both included; outside them it is closed. A file is
        refused if it would make a store end before it begins.
    """,
    wrong=WrongRow("max_gap_minutes", "-5", "bad_minutes"),
)
