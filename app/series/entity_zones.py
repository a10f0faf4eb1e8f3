"""Zones of entities, written by merging a staging table."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from app.series.versions import Change, settle, supersede
from app.storage.binary_copy import DATE, INTEGER, Columns

#: ``zone`` is an index into the list passed with the statement, from 1; of rows of one entity and date, the highest
#: line counts.
STAGED_COLUMNS: Final[Columns] = {"entity_id": INTEGER, "valid_from": DATE, "zone": INTEGER, "line": INTEGER}

#: The staging table of a load.
STAGED: Final = "staged_zone"

COLUMNS: Final = ("entity_id", "valid_from", "timezone")

_ROWS: Final = (
    f"SELECT DISTINCT ON (entity_id, valid_from) entity_id, valid_from, (CAST(:zones AS text[]))[zone] AS timezone "
    f"FROM {STAGED} ORDER BY entity_id, valid_from, line DESC"
)

_ONE_ZONE: Final = (
    "SELECT id AS entity_id, CAST(:since AS date) AS valid_from, CAST(:zone AS text) AS timezone "
    "FROM unnest(CAST(:ids AS int[])) AS asked (id) WHERE CAST(:zone AS text) IS NOT NULL"
)


def stage_zones(connection: Connection) -> str:
    """Create the staging table, to fill by ``write_columns`` with STAGED_COLUMNS; dropped on commit."""
    connection.execute(
        text(f"CREATE TEMP TABLE {STAGED} (entity_id int, valid_from date, zone int, line int) ON COMMIT DROP")
    )
    return STAGED


def set_zones(connection: Connection, change: Change, ids: Sequence[int], zone: str | None, *, since: str) -> None:
    """Have entities be in a zone from a date on, or have none of their own from then on; zones of before stay."""
    settle(
        connection,
        change,
        "entity_zone",
        COLUMNS,
        named="entity_id = ANY(:ids) AND valid_from >= CAST(:since AS date)",
        wanted=_ONE_ZONE,
        params={"ids": list(ids), "zone": zone, "since": since},
    )


def merge_zones(connection: Connection, change: Change, zones: Sequence[str]) -> int:
    """Replace the zones of the staged entities, from the first staged date on, by the staged ones; their number."""
    named = (
        "ctid IN (SELECT zone.ctid FROM entity_zone AS zone JOIN "
        f"(SELECT entity_id, min(valid_from) AS since FROM {STAGED} GROUP BY entity_id) AS staged USING (entity_id) "
        "WHERE zone.superseded_at IS NULL AND zone.valid_from >= since)"
    )
    settle(connection, change, "entity_zone", COLUMNS, named=named, wanted=_ROWS, params={"zones": list(zones)})
    stand: int = connection.execute(
        text(f"SELECT count(*) FROM (SELECT DISTINCT entity_id, valid_from FROM {STAGED}) AS staged")
    ).scalar_one()
    return stand


def remove_zones(connection: Connection, change: Change, zones: Sequence[str]) -> int:
    """Take out the zones that equal staged ones; returns their number."""
    same = f"(entity_id, valid_from, timezone) IN ({_ROWS})"
    return supersede(connection, change, "entity_zone", same, {"zones": list(zones)})
