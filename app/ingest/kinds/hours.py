"""Dataset kind ``hours``: weekly opening windows; a file replaces all windows of the stores or teams in it."""

import numpy as np
from sqlalchemy import Connection

from app.ingest.column_types import CLOSING_TIME, DATE, OPENING_TIME, WEEKDAY
from app.ingest.counterparts import lacking_counterparts
from app.ingest.dates import days_or, refuse
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.hours import HOURS_COLUMNS, VALIDITY, merge_hours, remove_hours, stage_hours, wrong_validity
from app.series.versions import begin_change
from app.storage.binary_copy import FIRST_DAY, INTEGER, LAST_DAY, write_columns
from app.wording.warnings import DataWarning


class HoursLoading:
    """Collects windows in a staging table, then replaces all windows of the same entities by them."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._table = stage_hours(connection)
        self._ids = EntityIds(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        block = {
            "entity_id": self._ids.of(rows),
            "weekday": rows.columns["day"].array(),
            "opens": rows.columns["start_time_local"].array(),
            "closes": rows.columns["end_time_local"].array(),
            "valid_from": days_or(rows, "valid_from", FIRST_DAY),
            "valid_to": days_or(rows, "valid_to", LAST_DAY),
            "line": np.zeros(len(rows), np.int64) if rows.lines is None else rows.lines,
        }
        write_columns(self._connection, self._table, {**HOURS_COLUMNS, **VALIDITY, "line": INTEGER}, [block])

    def merge(self) -> int:
        new_entities.write_rows(self._connection, self._table, "entity_id")
        refuse("hours", wrong_validity(self._connection))
        return merge_hours(self._connection, begin_change(self._connection, by=self._dataset_id))

    def warnings(self) -> tuple[DataWarning, ...]:
        """Which stores lack polls, and which lack hours."""
        return lacking_counterparts(self._connection, self._table, "hours_window", code="default_hours")

    def remove(self) -> int:
        new_entities.settle(self._connection, self._table, "entity_id")
        return remove_hours(self._connection, begin_change(self._connection, by=self._dataset_id))


HOURS = DatasetKind(
    name="hours",
    summary="one row per opening window of a store or a team: weekday, start and end in local time",
    columns=(
        *ENTITY_COLUMNS,
        Column("day", WEEKDAY, example="0", aliases=("dayOfWeek",)),
        Column("start_time_local", OPENING_TIME, example="09:00:00"),
        Column("end_time_local", CLOSING_TIME, example="17:00:00"),
        Column("valid_from", DATE, example="2026-07-01", required=False),
        Column("valid_to", DATE, example="2026-08-31", required=False),
    ),
    loading=HoursLoading,
    names_lines=True,
    holds_from=True,
    documentation="""
        One opening window of a store or of a team. A file replaces all windows of the stores and teams that it
        contains.

        The header has one of `store_id`, `team` and `entity`. With `store_id` or `entity` the rows describe stores,
        with `team` teams. `entity_kind` overrides this row by row, so that one file can contain the hours of both. A
        store without hours is open around the clock; a team without hours works in `OPENHOURS_TEAM_HOURS`.

        Hours with `valid_from` or `valid_to` count on the dates between them, both included; such a file replaces only
        the hours with the same two dates. A `valid_from` given with the file replaces the column. On each date, the
        hours with the latest beginning count, see [the rules](calendar-rules.md). Two spans of one file must either be
        nested or have no date in common.
    """,
    wrong=WrongRow("day", "7", "bad_weekday"),
)
