"""Entities whose polls are a log of changes: each holds until the next one, which their own gap of 0 says."""

from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.series.poll_sorting import PollSorter
from app.series.versions import Change, settle
from app.storage.binary_copy import INTEGER, SMALLINT, TIMESTAMPTZ, Arrays, Columns, read_columns, write_columns
from app.timeline import Micros
from app.timeline.hourly import ACTIVE, INACTIVE, Status

#: The polls of a log in a table of the load's own, because it takes a look at a whole entity to know which ones count.
_STAGED: Final = "staged_log"
_STAGED_COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "status": SMALLINT, "line": INTEGER}

#: Polls of a log that are read at a time.
_READ_POLLS: Final = 1 << 20

#: The entities of a file, of whose details something is said.
_NAMED: Final = "named_entity"

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


class StagedLog:
    """The polls of a log, in the order of their lines; they are gone with the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lines = 0
        columns = "at timestamptz, entity_id int, status smallint, line int"
        connection.execute(text(f"CREATE TEMP TABLE {_STAGED} ({columns}) ON COMMIT DROP"))

    def add(self, at: Micros, entity_id: npt.NDArray[np.int64], status: Status, *, first_line: int) -> None:
        """The next polls."""
        self._lines = first_line + len(at)
        line = np.arange(first_line, self._lines)
        rows: Arrays = {"at": at, "entity_id": entity_id, "status": status, "line": line}
        write_columns(self._connection, _STAGED, _STAGED_COLUMNS, [rows])

    def pass_on(self, sorter: PollSorter) -> None:
        """Give all of them to a sorter, but those that say active in the middle of another outage of their store.

        Both outages are logged, and one goes on.
        """
        self._connection.execute(text(_COVERED_ENDS.format(staged=_STAGED)))
        for line in range(0, self._lines, _READ_POLLS):
            until = line + _READ_POLLS
            ordered = f"(SELECT * FROM {_STAGED} WHERE line >= {line} AND line < {until} ORDER BY line) AS ordered"
            read = read_columns(self._connection, _STAGED_COLUMNS, ordered, {})
            sorter.add(read["at"], read["entity_id"], read["status"])


def hold_until_changed(connection: Connection, change: Change, ids: npt.NDArray[np.int64]) -> None:
    """Give entities the own gap 0, but those that have one already: that was said on purpose.

    Args:
        connection, change: see versions.begin_change().
        ids: of the entities, which are written.
    """
    _set(connection, change, ids, gap="coalesce(known.max_gap_minutes, 0)", which="true")


def has_set(connection: Connection, dataset_id: str) -> bool:
    """Whether a dataset has ever said anything of entities: mostly not, and then there is nothing to forget."""
    query = text(f"SELECT EXISTS (SELECT FROM {_TABLE} WHERE recorded_by = :by)")
    return bool(connection.execute(query, {"by": dataset_id}).scalar_one())


def forget(connection: Connection, change: Change, ids: npt.NDArray[np.int64]) -> None:
    """Take the own gap 0 that the same dataset gave from entities; what else is said of them stays.

    Args:
        connection, change, ids: as for hold_until_changed().
    """
    _set(connection, change, ids, gap="NULL::int", which=_GIVEN_BY_IT)


def _set(connection: Connection, change: Change, ids: npt.NDArray[np.int64], *, gap: str, which: str) -> None:
    connection.execute(text(f"CREATE TEMP TABLE {_NAMED} (entity_id int) ON COMMIT DROP"))
    write_columns(connection, _NAMED, {"entity_id": INTEGER}, [{"entity_id": ids}])
    others = ", ".join(f"known.{name}" for name in _OTHERS)
    columns = ("entity_id", "max_gap_minutes", *_OTHERS)
    chosen = f"FROM {_NAMED} AS staged LEFT JOIN {_KNOWN} WHERE {which}"
    wanted = f"SELECT DISTINCT staged.entity_id, {gap} AS max_gap_minutes, {others} {chosen}"
    named = f"entity_id IN (SELECT staged.entity_id {chosen})"
    settle(connection, change, _TABLE, columns, named=named, wanted=wanted)
