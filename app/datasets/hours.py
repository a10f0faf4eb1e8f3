"""Dataset kind ``hours``: weekly opening windows; a file replaces all windows of the stores that it names."""

from sqlalchemy import Connection, text

from app.binary_copy import write_columns
from app.datasets import values
from app.datasets.keys import KeyIds
from app.datasets.kind import Column, DatasetKind, Rows
from app.series.entities import HOURS_COLUMNS


class HoursLoading:
    """Collects windows in a staging table, then puts them in the place of the named stores' earlier ones."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids = KeyIds(connection, "store")
        connection.execute(
            text(
                "CREATE TEMP TABLE staged_hours (entity_id int, weekday smallint, opens time, closes time) "
                "ON COMMIT DROP"
            )
        )

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        block = {
            "entity_id": self._ids.of(rows.columns["store_id"]),
            "weekday": rows.columns["day"].array(),
            "opens": rows.columns["start_time_local"].array(),
            "closes": rows.columns["end_time_local"].array(),
        }
        write_columns(self._connection, "staged_hours", HOURS_COLUMNS, [block])

    def merge(self) -> None:
        self._connection.execute(
            text("DELETE FROM working_hours WHERE entity_id = ANY(:ids)"), {"ids": self._ids.named}
        )
        self._connection.execute(text("INSERT INTO working_hours SELECT DISTINCT * FROM staged_hours"))


HOURS = DatasetKind(
    name="hours",
    summary="one row per opening window of a store: weekday, start and end in local time",
    columns=(
        Column("store_id", values.key, example="1481966498820158979"),
        Column("day", values.weekday, example="0", aliases=("dayOfWeek",)),
        Column("start_time_local", values.opening_time, example="09:00:00"),
        Column("end_time_local", values.closing_time, example="17:00:00"),
    ),
    loading=HoursLoading,
)
