"""Dataset kind ``exceptions``: other hours of a store or a team on single dates."""

from typing import Final

import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.column_types import CLOSING_TIME, DATE, OPENING_TIME, choice
from app.ingest.dates import LABEL, line_numbers, optional, optional_dates, optional_times, refuse
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.dates import EXCEPTIONS as DATES
from app.series.versions import begin_change
from app.storage.csv_copy import copy_rows

_WHAT: Final = choice({what: what for what in ("closed", "hours", "usual", "minus")})


class ExceptionLoading:
    """Collects dates in a staging table, then replaces the same dates of the same entities by them."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._ids = EntityIds(connection)
        DATES.stage(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns = {
            "entity_id": pa.array(self._ids.of(rows)),
            "on_date": optional_dates(rows, "date" if "date" in rows.columns else "date_from"),
            "last_date": optional_dates(rows, "date_to"),
            "what": optional(rows, "what", pa.string()),
            "opens": optional_times(rows, "start_time_local"),
            "closes": optional_times(rows, "end_time_local"),
            "name": optional(rows, "name", pa.string()).fill_null(""),
            "line": line_numbers(rows),
        }
        copy_rows(self._connection, DATES.staged, pa.table(columns))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, DATES.staged, "entity_id")
        refuse("exceptions", DATES.contradictions(self._connection))
        return DATES.merge(self._connection, begin_change(self._connection, by=self._dataset_id))

    def remove(self) -> int:
        new_entities.settle(self._connection, DATES.staged, "entity_id")
        return DATES.remove(self._connection, begin_change(self._connection, by=self._dataset_id))


EXCEPTIONS = DatasetKind(
    name="exceptions",
    summary="one row per date of a store or a team that differs from its week: closed, other hours, or a part less",
    columns=(
        *ENTITY_COLUMNS,
        Column("date", DATE, example="2026-12-24"),
        Column("date_from", DATE, example="2026-12-24", instead_of="date"),
        Column("date_to", DATE, example="2026-12-24", required=False),
        Column("what", _WHAT, example="closed"),
        Column("start_time_local", OPENING_TIME, example="09:00", required=False),
        Column("end_time_local", CLOSING_TIME, example="12:00", required=False),
        Column("name", LABEL, example="Christmas", required=False),
    ),
    loading=ExceptionLoading,
    names_lines=True,
    documentation="""
        Exceptions from the usual hours of a store or a team, on single dates or on each date up to `date_to`. A file
        replaces the exceptions of the same stores and teams on the same dates. [The rules](calendar-rules.md) define
        which one counts.

        `closed` closes the date. `hours` replaces all other hours of the date, with a row for each window. `usual`
        keeps the weekly hours although a calendar has the date. `minus` removes a part of the hours of the date, and
        must not run past midnight. Only `hours` and `minus` need times. A date has at most one of `closed`, `hours` and
        `usual`.
    """,
    wrong=WrongRow("what", "open", "not_allowed"),
)
