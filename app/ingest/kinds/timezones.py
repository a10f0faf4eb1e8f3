"""Dataset kind ``timezones``: the IANA zone of each store or team; a file replaces the zones of those in it."""

import numpy as np
from sqlalchemy import Connection

from app.ingest.column_types import DATE, ZONE
from app.ingest.counterparts import lacking_counterparts
from app.ingest.dates import days_or
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.entity_zones import STAGED_COLUMNS, merge_zones, remove_zones, stage_zones
from app.series.versions import begin_change
from app.storage.binary_copy import FIRST_DAY, write_columns
from app.wording.warnings import DataWarning


class ZoneLoading:
    """Collects zones and sets them at the end; the last row of an entity and date counts."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._ids = EntityIds(connection)
        self._zones: dict[str, int] = {}
        self._table = stage_zones(connection)

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        zones = rows.columns["timezone_str"]
        numbers = [self._zones.setdefault(zone, len(self._zones) + 1) for zone in zones.distinct.tolist()]
        block = {
            "entity_id": self._ids.of(rows),
            "valid_from": days_or(rows, "valid_from", FIRST_DAY),
            "zone": np.array(numbers)[zones.codes],
            "line": np.arange(rows.first_row, rows.first_row + len(rows)),
        }
        write_columns(self._connection, self._table, STAGED_COLUMNS, [block])

    def merge(self) -> int:
        new_entities.write_rows(self._connection, self._table, "entity_id")
        change = begin_change(self._connection, by=self._dataset_id)
        return merge_zones(self._connection, change, list(self._zones))

    def warnings(self) -> tuple[DataWarning, ...]:
        """Which stores lack polls, and which lack a zone."""
        return lacking_counterparts(self._connection, self._table, "entity_zone", code="default_zone")

    def remove(self) -> int:
        new_entities.settle(self._connection, self._table, "entity_id")
        change = begin_change(self._connection, by=self._dataset_id)
        return remove_zones(self._connection, change, list(self._zones))


TIMEZONES = DatasetKind(
    name="timezones",
    summary="one row per store or team: its zone of the IANA time zone database",
    columns=(
        *ENTITY_COLUMNS,
        Column("timezone_str", ZONE, example="America/Denver"),
        Column("valid_from", DATE, example="2026-07-01", required=False),
    ),
    loading=ZoneLoading,
    holds_from=True,
    documentation="""
        The time zone of a store or a team. A file replaces the time zones of the stores and teams that it contains.
        If several rows name the same store or team, the last one counts.

        A time zone with `valid_from` takes effect on that date: a store that has moved has a row for each zone. If all
        rows of a store or a team have a date, its zones from before the first of these dates stay. A `valid_from` given
        with the file replaces the column.

        The key is as in `hours`. A store or team without a time zone uses `OPENHOURS_DEFAULT_TIMEZONE`.
    """,
    wrong=WrongRow("timezone_str", "America/Nowhere", "unknown_zone"),
)
