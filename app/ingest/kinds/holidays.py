"""Dataset kind ``holidays``: the dates of calendars."""

from typing import Final

import pyarrow as pa
from sqlalchemy import Connection

from app.ingest.column_types import CLOSING_TIME, DATE, KEY, OPENING_TIME, choice
from app.ingest.dates import LABEL, line_numbers, optional, optional_dates, optional_times, refuse
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series.dates import CALENDAR_DAYS, record_source
from app.series.versions import begin_change, supersede
from app.storage.csv_copy import copy_rows

_WHAT: Final = choice({what: what for what in ("closed", "hours")})


class HolidayLoading:
    """Collects dates in a staging table, then replaces the calendars that they are of."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        CALENDAR_DAYS.stage(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        columns = {
            "calendar": optional(rows, "calendar", pa.string()),
            "on_date": optional_dates(rows, "date"),
            "what": optional(rows, "what", pa.string()).fill_null("closed"),
            "opens": optional_times(rows, "start_time_local"),
            "closes": optional_times(rows, "end_time_local"),
            "name": optional(rows, "name", pa.string()).fill_null(""),
            "line": line_numbers(rows),
        }
        copy_rows(self._connection, CALENDAR_DAYS.staged, pa.table(columns))

    def merge(self) -> int:
        refuse("holidays", CALENDAR_DAYS.contradictions(self._connection))
        change = begin_change(self._connection, by=self._dataset_id)
        record_source(self._connection, change, f"SELECT calendar FROM {CALENDAR_DAYS.staged}", "a file of holidays")
        return CALENDAR_DAYS.merge(self._connection, change)

    def remove(self) -> int:
        change = begin_change(self._connection, by=self._dataset_id)
        removed = CALENDAR_DAYS.remove(self._connection, change)
        empty = f"name IN (SELECT calendar FROM {CALENDAR_DAYS.staged}) AND name NOT IN "
        empty += "(SELECT calendar FROM calendar_day WHERE superseded_at IS NULL)"
        supersede(self._connection, change, "calendar", empty)
        return removed


HOLIDAYS = DatasetKind(
    name="holidays",
    summary="one row per date of a calendar: a holiday, closed or with hours of its own",
    columns=(
        Column("calendar", KEY, example="public:DE-BY"),
        Column("date", DATE, example="2026-12-25"),
        Column("what", _WHAT, example="closed", required=False),
        Column("start_time_local", OPENING_TIME, example="09:00", required=False),
        Column("end_time_local", CLOSING_TIME, example="12:00", required=False),
        Column("name", LABEL, example="Christmas", required=False),
    ),
    loading=HolidayLoading,
    names_lines=True,
    documentation="""
        The dates of calendars. A file of `calendars` says which stores and teams use them. A file completely
        replaces each calendar that it names.

        On a date that is `closed`, or has no value in `what`, the stores and teams that use the calendar are closed.
        `hours` gives them these hours on the date, with a row for each window, and needs both times.
    """,
    wrong=WrongRow("date", "25.12.2026", "bad_date"),
)
