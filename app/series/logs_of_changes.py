"""Entities whose polls are a log of changes: each holds until the next one, which their own gap of 0 says."""

from typing import Final

from sqlalchemy import Connection, text

from app.series.versions import Change, settle
from app.timeline.hourly import ACTIVE, INACTIVE

_TABLE: Final = "entity_detail"
_OTHERS: Final = ("name", "group_name", "active_from", "active_to")
_KNOWN: Final = f"{_TABLE} AS known ON known.entity_id = staged.entity_id AND known.superseded_at IS NULL"

#: The gap is 0 since the dataset of the change gave it.
_GIVEN_BY_IT: Final = f"""
known.max_gap_minutes = 0 AND EXISTS (
    SELECT FROM {_TABLE} AS given WHERE given.entity_id = known.entity_id AND given.max_gap_minutes = 0
    AND given.recorded_by IS NOT DISTINCT FROM :change_by AND NOT EXISTS (
        SELECT FROM {_TABLE} AS later WHERE later.entity_id = given.entity_id
        AND later.recorded_at > given.recorded_at AND later.max_gap_minutes IS DISTINCT FROM 0
    )
)
"""

# Of an outage both polls come one after the other. The window of an end has all outages that began before or with it.
_COVERED_ENDS: Final = f"""
WITH neighbours AS (
    SELECT entity_id, at, status, lead(entity_id) OVER file AS next_id, lead(at) OVER file AS next_at,
           lead(status) OVER file AS next_status
    FROM {{staged}} WINDOW file AS (ORDER BY line)
), events AS (
    SELECT entity_id, at, next_at AS until, NULL::tid AS place FROM neighbours
    WHERE status = {INACTIVE} AND next_status = {ACTIVE} AND next_id = entity_id AND next_at > at
    UNION ALL
    SELECT entity_id, at, NULL, ctid FROM {{staged}} WHERE status = {ACTIVE}
), judged AS (
    SELECT place, at, max(until) OVER (PARTITION BY entity_id ORDER BY at) AS until FROM events
)
DELETE FROM {{staged}} AS staged USING judged WHERE staged.ctid = judged.place AND judged.until > judged.at
"""


def drop_covered_ends(connection: Connection, staged: str) -> None:
    """Drop staged polls that say active in the middle of another outage of their store: both are logged, one goes on.

    Args:
        connection: in the transaction that staged the polls.
        staged: a table with the columns polls.STAGED_COLUMNS.
    """
    connection.execute(text(_COVERED_ENDS.format(staged=staged)))


def hold_until_changed(connection: Connection, change: Change, staged: str) -> None:
    """Give the entities of staged rows the own gap 0, but those that have one already: that was said on purpose.

    Args:
        connection, change: see versions.begin_change().
        staged: a table with the column ``entity_id``; its entities are written.
    """
    _set(connection, change, staged, gap="coalesce(known.max_gap_minutes, 0)", which="true")


def has_set(connection: Connection, dataset_id: str) -> bool:
    """Whether a dataset has ever said anything of entities: mostly not, and then there is nothing to forget."""
    query = text(f"SELECT EXISTS (SELECT FROM {_TABLE} WHERE recorded_by = :by)")
    return bool(connection.execute(query, {"by": dataset_id}).scalar_one())


def forget(connection: Connection, change: Change, staged: str) -> None:
    """Take the own gap 0 that the same dataset gave from the entities of staged rows; what else is said of them stays.

    Args:
        connection, change, staged: as for hold_until_changed().
    """
    _set(connection, change, staged, gap="NULL::int", which=_GIVEN_BY_IT)


def _set(connection: Connection, change: Change, staged: str, *, gap: str, which: str) -> None:
    others = ", ".join(f"known.{name}" for name in _OTHERS)
    columns = ("entity_id", "max_gap_minutes", *_OTHERS)
    chosen = f"FROM {staged} AS staged LEFT JOIN {_KNOWN} WHERE {which}"
    wanted = f"SELECT DISTINCT staged.entity_id, {gap} AS max_gap_minutes, {others} {chosen}"
    named = f"entity_id IN (SELECT staged.entity_id {chosen})"
    settle(connection, change, _TABLE, columns, named=named, wanted=wanted)
