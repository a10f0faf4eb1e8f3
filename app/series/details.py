"""What is said of entities beside hours and zones: names, groups, own gaps, the dates between which they exist."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.series.dates import on_lines
from app.series.versions import TEXT, Change, known, settle
from app.storage.binary_copy import INTEGER, read_columns
from app.storage.postgres import driver_cursor
from app.timeline.entities import Entities

#: Columns of entity_detail that are said of an entity.
DETAILS: Final = ("name", "group_name", "max_gap_minutes", "active_from", "active_to")

#: The staging table of a load; of rows of one entity the one with the highest line counts.
STAGED: Final = "staged_entity_detail"

#: Mistakes that a message names.
_NAMED: Final = 5

#: Own gap of an entity that has none.
NO_GAP: Final = -1


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of an entity, in the order of DETAILS; None where nothing is.

    Attributes:
        name: for people.
        group: whose totals it counts in.
        max_gap_minutes: how long a poll of it holds; 0 is until the next one.
        active_from, active_to: the first and last local date on which it exists.
    """

    name: str | None = None
    group: str | None = None
    max_gap_minutes: int | None = None
    active_from: date | None = None
    active_to: date | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call entities; None where nothing is said.

    Attributes:
        names, groups: of each of the entities.
    """

    names: Sequence[str | None]
    groups: Sequence[str | None]


_TYPES: Final = ("text", "text", "int", "date", "date")
_COLUMNS: Final = ("entity_id", *DETAILS)

#: What is said of one entity; if that is nothing, no row.
_ONE: Final = (
    "SELECT CAST(:id AS int) AS entity_id, said.* FROM (SELECT "
    + ", ".join(f"CAST(:{name} AS {kind}) AS {name}" for name, kind in zip(DETAILS, _TYPES, strict=True))
    + f") AS said WHERE num_nonnulls({', '.join(DETAILS)}) > 0"
)

_LAST: Final = f"SELECT DISTINCT ON (entity_id) * FROM {STAGED} ORDER BY entity_id, line DESC"


def stage_details(connection: Connection) -> str:
    """Create the staging table; dropped on commit."""
    types = ", ".join(f"{name} {kind}" for name, kind in zip(DETAILS, _TYPES, strict=True))
    connection.execute(
        text(f"CREATE TEMP TABLE {STAGED} (entity_id int, {types}, line bigint, named_line bigint) ON COMMIT DROP")
    )
    return STAGED


def wrong_existence(connection: Connection, given: Collection[str]) -> list[str]:
    """Which staged rows have an entity end before it begins, beside what stays, in sentences; a few of many."""
    dates = {name: f"{'staged' if name in given else 'known'}.{name}" for name in ("active_from", "active_to")}
    entity = "(SELECT kind || ' ' || key FROM entity WHERE id = staged.entity_id)"
    query = (
        f"SELECT named_line, {entity}, {dates['active_to']}, {dates['active_from']} FROM {STAGED} AS staged "
        "LEFT JOIN entity_detail AS known ON known.entity_id = staged.entity_id AND known.superseded_at IS NULL "
        f"WHERE {dates['active_to']} < {dates['active_from']} ORDER BY 1, 2 LIMIT {_NAMED}"
    )
    if not {"active_from", "active_to"} & set(given):
        return []
    return [
        f"{on_lines(line)}{key}: active_to {last} is before active_from {first}"
        for line, key, last, first in connection.execute(text(query))
    ]


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
    settle(connection, change, "entity_detail", _COLUMNS, named=named, wanted=wanted)
    stand: int = connection.execute(text(f"SELECT count(DISTINCT entity_id) FROM {STAGED}")).scalar_one()
    return stand


def remove_details(connection: Connection, change: Change, given: Collection[str]) -> int:
    """Take out, detail by detail, what still equals what is staged; returns the number of entities that had such."""
    same = {name: f"(known.{name} IS NOT NULL AND known.{name} = staged.{name})" for name in DETAILS if name in given}
    if not same:
        return 0
    both = f"FROM entity_detail AS known JOIN ({_LAST}) AS staged USING (entity_id) WHERE known.superseded_at IS NULL"
    left = ", ".join(
        f"CASE WHEN {same[name]} THEN NULL ELSE known.{name} END AS {name}" if name in same else f"known.{name}"
        for name in DETAILS
    )
    removed: int = connection.execute(text(f"SELECT count(*) {both} AND ({' OR '.join(same.values())})")).scalar_one()
    wanted = f"SELECT * FROM (SELECT entity_id, {left} {both}) AS fewer WHERE num_nonnulls({', '.join(DETAILS)}) > 0"
    named = f"entity_id IN (SELECT entity_id FROM {STAGED})"
    settle(connection, change, "entity_detail", _COLUMNS, named=named, wanted=wanted)
    return removed


def details_of(connection: Connection, entity_id: int, *, as_known_at: datetime | None = None) -> Details:
    """What is said of one entity."""
    row = connection.execute(
        text(
            f"SELECT {', '.join(DETAILS)} FROM entity_detail WHERE entity_id = :id AND {known(as_known_at, named=TEXT)}"
        ),
        {"id": entity_id, "as_known_at": as_known_at},
    ).one_or_none()
    return Details() if row is None else Details(*row)


def replace_details(connection: Connection, change: Change, entity_id: int, details: Details) -> None:
    """Say this of one entity, and nothing else."""
    params = {"id": entity_id, **dict(zip(DETAILS, astuple(details), strict=True))}
    settle(connection, change, "entity_detail", _COLUMNS, named="entity_id = :id", wanted=_ONE, params=params)


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
