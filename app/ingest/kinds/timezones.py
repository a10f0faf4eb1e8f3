"""Dataset kind ``timezones``: the IANA zone of each store or team; a file replaces the zones of those in it."""

from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from app.ingest.column_types import ZONE
from app.ingest.entity_columns import ENTITY_COLUMNS, EntityIds
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow
from app.series import new_entities
from app.series.entities import lock_entities
from app.storage.binary_copy import INTEGER, Columns, write_columns

#: ``zone`` is an index into the list passed with the statement; of rows of one entity, the highest line wins.
_STAGED_COLUMNS: Final[Columns] = {"entity_id": INTEGER, "zone": INTEGER, "line": INTEGER}

_STAGED: Final = (
    "(SELECT DISTINCT ON (entity_id) entity_id, (CAST(:zones AS text[]))[zone] AS zone FROM staged_zone "
    "ORDER BY entity_id, line DESC) AS staged"
)


class ZoneLoading:
    """Collects zones and sets them at the end; the last row of an entity wins."""

    def __init__(self, connection: Connection, _: str) -> None:
        self._connection = connection
        self._ids = EntityIds(connection)
        self._zones: dict[str, int] = {}
        self._execute("CREATE TEMP TABLE staged_zone (entity_id int, zone int, line int) ON COMMIT DROP")

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        zones = rows.columns["timezone_str"]
        numbers = [self._zones.setdefault(zone, len(self._zones) + 1) for zone in zones.distinct.tolist()]
        block = {
            "entity_id": self._ids.of(rows),
            "zone": np.array(numbers)[zones.codes],
            "line": np.arange(rows.first_row, rows.first_row + len(rows)),
        }
        write_columns(self._connection, "staged_zone", _STAGED_COLUMNS, [block])

    def merge(self) -> int:
        new_entities.write_rows(self._connection, "staged_zone", "entity_id")
        lock_entities(self._connection, "SELECT entity_id FROM staged_zone")
        self._execute(
            f"UPDATE entity SET timezone = staged.zone FROM {_STAGED} "
            "WHERE entity.id = staged.entity_id AND entity.timezone IS DISTINCT FROM staged.zone"
        )
        stand: int = self._execute("SELECT count(DISTINCT entity_id) FROM staged_zone").scalar_one()
        return stand

    def remove(self) -> int:
        new_entities.settle(self._connection, "staged_zone", "entity_id")
        lock_entities(self._connection, "SELECT entity_id FROM staged_zone")
        removed: int = self._execute(
            f"UPDATE entity SET timezone = NULL FROM {_STAGED} "
            "WHERE entity.id = staged.entity_id AND entity.timezone = staged.zone"
        ).rowcount
        return removed

    def _execute(self, statement: str) -> Any:
        return self._connection.execute(text(statement), {"zones": list(self._zones)} if ":zones" in statement else {})


TIMEZONES = DatasetKind(
    name="timezones",
    summary="one row per store or team: its zone of the IANA time zone database",
    columns=(
        *ENTITY_COLUMNS,
        Column("timezone_str", ZONE, example="America/Denver"),
    ),
    loading=ZoneLoading,
    documentation="""
        The time zone of a store or a team. A file replaces the time zones of the stores and teams that it contains.
        If several rows name the same store or team, the last one counts.

        The key is as in `hours`. A store or team without a time zone uses `OPENHOURS_DEFAULT_TIMEZONE`.
    """,
    wrong=WrongRow("timezone_str", "America/Nowhere", "unknown_zone"),
)
