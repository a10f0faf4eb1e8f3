"""The schedules of entities: their hours and zones, read as arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.series.hours import HOURS_COLUMNS
from app.storage.binary_copy import read_columns
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours, Window


def read_schedule(
    connection: Connection, entities: Entities, *, default_zone: str, default: Sequence[Window] = ()
) -> Schedule:
    """The schedule of these entities by their numbers.

    Args:
        connection: any.
        entities: those to read.
        default_zone: of an entity without a zone.
        default: windows of an entity without hours; without any it is open around the clock.
    """
    zone_of, zones = _zones(connection, entities, default_zone)
    return Schedule(_hours(connection, entities), zone_of, zones, default)


def _hours(connection: Connection, entities: Entities) -> WeeklyHours:
    source = "hours_window WHERE entity_id BETWEEN %(low)s AND %(high)s AND superseded_at IS NULL"
    rows = read_columns(connection, HOURS_COLUMNS, source, _bounds(entities))
    number = entities.numbers(rows.pop("entity_id"))
    return WeeklyHours(number, **rows).of_rows(number >= 0)


def _zones(
    connection: Connection, entities: Entities, default_zone: str
) -> tuple[npt.NDArray[np.int64], Sequence[str]]:
    """The index of each entity's zone, and the zones; the default is the last one."""
    query = text(
        "SELECT entity_id, timezone FROM entity_zone WHERE entity_id BETWEEN :low AND :high AND superseded_at IS NULL"
    )
    rows = connection.execute(query, _bounds(entities)).all()
    codes: dict[str, int] = {}
    found = np.fromiter((codes.setdefault(row[1], len(codes)) for row in rows), np.int64, len(rows))
    number = entities.numbers(np.fromiter((row[0] for row in rows), np.int64, len(rows)))
    zone_of = np.full(len(entities), len(codes))
    zone_of[number[number >= 0]] = found[number >= 0]
    return zone_of, [*codes, default_zone]


def _bounds(entities: Entities) -> dict[str, int]:
    return {"low": int(entities.ids[0]), "high": int(entities.ids[-1])} if len(entities) else {"low": 1, "high": 0}
