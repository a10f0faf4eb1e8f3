"""Dataset kind ``calendars``: which calendars a store or a team uses."""

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.column_types import DATE, KEY
from app.ingest.dates import FIRST, LAST, line_numbers, optional, optional_dates, refuse
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.dates import STAGED_USES, merge_uses, remove_uses, stage_uses, wrong_uses
from app.series.versions import begin_change
from app.storage.csv_copy import copy_rows


class CalendarLoading:
    """Collects uses in a staging table, then replaces all uses of the same entities by them."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._ids = EntityIds(connection)
        stage_uses(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns = {
            "entity_id": pa.array(self._ids.of(rows)),
            "calendar": optional(rows, "calendar", pa.string()),
            "valid_from": optional_dates(rows, "valid_from", without=FIRST),
            "valid_to": optional_dates(rows, "valid_to", without=LAST),
            "line": pa.array(np.arange(rows.first_row, rows.first_row + len(rows))),
            "named_line": line_numbers(rows),
        }
        copy_rows(self._connection, STAGED_USES, pa.table(columns))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, STAGED_USES, "entity_id")
        refuse("calendars", wrong_uses(self._connection))
        return merge_uses(self._connection, begin_change(self._connection, by=self._dataset_id))

    def remove(self) -> int:
        new_entities.settle(self._connection, STAGED_USES, "entity_id")
        return remove_uses(self._connection, begin_change(self._connection, by=self._dataset_id))


CALENDARS = DatasetKind(
    name="calendars",
    summary="one row per calendar that a store or a team uses",
    columns=(
        *ENTITY_COLUMNS,
        Column("calendar", KEY, example="public:DE-BY"),
        Column("valid_from", DATE, example="2026-01-01", required=False),
        Column("valid_to", DATE, example="2026-12-31", required=False),
    ),
    loading=CalendarLoading,
    names_lines=True,
    documentation="""
        A calendar that a store or a team uses, on the dates from `valid_from` to `valid_to`, both included. A file
        replaces all uses of the stores and teams that it names.

        If two calendars have the same date, the one on the earlier line counts. A file of `holidays` defines the dates
        of a calendar; it may be loaded before or after this one.
    """,
    wrong=WrongRow("valid_from", "2026-13-01", "bad_date"),
)
