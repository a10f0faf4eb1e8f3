"""Dataset kind ``timezones``: the IANA zone of each store; a file replaces the zones of the stores that it names."""

from sqlalchemy import Connection, text

from app.datasets import values
from app.datasets.keys import KeyIds
from app.datasets.kind import Column, DatasetKind, Rows


class ZoneLoading:
    """Collects zones, the last row of a store wins, and sets them at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids = KeyIds(connection, "store")
        self._zones: dict[int, str] = {}

    def add(self, rows: Rows) -> None:
        if len(rows):
            ids = self._ids.of(rows.columns["store_id"]).tolist()
            self._zones |= zip(ids, rows.columns["timezone_str"].array().tolist(), strict=True)

    def merge(self) -> None:
        self._connection.execute(
            text(
                "UPDATE entity SET timezone = new.zone "
                "FROM unnest(CAST(:ids AS int[]), CAST(:zones AS text[])) AS new(id, zone) "
                "WHERE entity.id = new.id AND entity.timezone IS DISTINCT FROM new.zone"
            ),
            {"ids": list(self._zones), "zones": list(self._zones.values())},
        )


TIMEZONES = DatasetKind(
    name="timezones",
    summary="one row per store: its zone of the IANA time zone database",
    columns=(
        Column("store_id", values.key, example="8139926242460185114"),
        Column("timezone_str", values.zone, example="America/Denver"),
    ),
    loading=ZoneLoading,
)
