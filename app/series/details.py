"""What is said of entities beside hours and zones: names, groups, own gaps, the dates between which they exist."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.series.versions import Change, known, settle, supersede
from app.storage.binary_copy import INTEGER, read_columns
from app.storage.postgres import driver_cursor
from app.timeline.entities import Entities

#: Columns of entity_detail that are said of an entity.
DETAILS: Final = ("name", "group_name", "max_gap_minutes", "active_from", "active_to")

#: The staging table of a load; of rows of one entity the one with the highest line counts.
STAGED: Final = "staged_entity_detail"

#: Own gap of an entity that has none.
NO_GAP: Final = -1


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call entities; None where nothing is said.

    Attributes:
        names, groups: of each of the entities.
    """

    names: Sequence[str | None]
    groups: Sequence[str | None]


_LAST: Final = f"SELECT DISTINCT ON (entity_id) * FROM {STAGED} ORDER BY entity_id, line DESC"


def stage_details(connection: Connection) -> str:
    """Create the staging table; dropped on commit."""
    types = "name text, group_name text, max_gap_minutes int, active_from date, active_to date"
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} (entity_id int, {types}, line bigint) ON COMMIT DROP"))
    return STAGED


def merge_details(connection: Connection, change: Change, given: Collection[str]) -> int:
    """Say of the staged entities what is staged, and of details that are not ``given`` what was said before.

    Returns:
        How many entities there are.
    """
    said = ", ".join(f"{'new' if name in given else 'old'}.{name}" for name in DETAILS)
    wanted = (
        f"SELECT new.entity_id, {said} FROM ({_LAST}) AS new LEFT JOIN entity_detail AS old "
        "ON old.entity_id = new.entity_id AND old.superseded_at IS NULL"
    )
    named = f"entity_id IN (SELECT entity_id FROM {STAGED})"
    settle(connection, change, "entity_detail", ("entity_id", *DETAILS), named=named, wanted=wanted)
    stand: int = connection.execute(text(f"SELECT count(DISTINCT entity_id) FROM {STAGED}")).scalar_one()
    return stand


def remove_details(connection: Connection, change: Change, given: Collection[str]) -> int:
    """Take out what is said of entities where it still equals what is staged; returns their number."""
    same = " AND ".join(f"entity_detail.{name} IS NOT DISTINCT FROM staged.{name}" for name in DETAILS if name in given)
    which = f"EXISTS (SELECT FROM ({_LAST}) AS staged WHERE staged.entity_id = entity_detail.entity_id AND {same})"
    return supersede(connection, change, "entity_detail", which if same else "false")


def names_of(
    connection: Connection, kind: str, keys: Sequence[str], *, as_known_at: datetime | None = None
) -> dict[str, str]:
    """The names of those of these entities of a kind that have one, by key."""
    with driver_cursor(connection) as cursor:
        cursor.execute(
            "SELECT key, name FROM entity JOIN entity_detail ON entity_id = id "
            "WHERE kind = %(kind)s AND key = ANY(%(keys)s) AND name IS NOT NULL "
            f"AND {known(as_known_at, table='entity_detail.')}",
            {"kind": kind, "keys": list(keys), "as_known_at": as_known_at},
        )
        return dict(cursor.fetchall())


def own_gaps(
    connection: Connection, entities: Entities, *, as_known_at: datetime | None = None
) -> npt.NDArray[np.int64]:
    """How long a poll of each entity holds by its own detail, minutes, int64[entities]; NO_GAP without one."""
    gaps = np.full(len(entities), NO_GAP, np.int64)
    if len(entities):
        bounds = {"low": int(entities.ids[0]), "high": int(entities.ids[-1]), "as_known_at": as_known_at}
        source = (
            "entity_detail WHERE max_gap_minutes IS NOT NULL AND entity_id BETWEEN %(low)s AND %(high)s "
            f"AND {known(as_known_at)}"
        )
        rows = read_columns(connection, {"entity_id": INTEGER, "max_gap_minutes": INTEGER}, source, bounds)
        number = entities.numbers(rows["entity_id"])
        gaps[number[number >= 0]] = rows["max_gap_minutes"][number >= 0]
    return gaps


def read_labels(connection: Connection, entities: Entities, *, as_known_at: datetime | None = None) -> Labels:
    """The names and groups of entities."""
    names: list[str | None] = [None] * len(entities)
    groups: list[str | None] = [None] * len(entities)
    if len(entities):
        bounds = {"low": int(entities.ids[0]), "high": int(entities.ids[-1]), "as_known_at": as_known_at}
        with driver_cursor(connection) as cursor:
            cursor.execute(
                "SELECT entity_id, name, group_name FROM entity_detail "
                "WHERE (name IS NOT NULL OR group_name IS NOT NULL) "
                f"AND entity_id BETWEEN %(low)s AND %(high)s AND {known(as_known_at)}",
                bounds,
            )
            rows = cursor.fetchall()
        numbers = entities.numbers(np.array([row[0] for row in rows], np.int64)).tolist()
        for number, (_, name, group) in zip(numbers, rows, strict=True):
            if number >= 0:
                names[number], groups[number] = name, group
    return Labels(names, groups)
