"""Weekly hours of entities, written by merging a staging table."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from app.series.versions import Change, settle, supersede
from app.storage.binary_copy import DATE, INTEGER, SMALLINT, TIME, Columns

#: Of windows that count whatever the date.
HOURS_COLUMNS: Final[Columns] = {"entity_id": INTEGER, "weekday": SMALLINT, "opens": TIME, "closes": TIME}

#: The dates on which they count.
VALIDITY: Final[Columns] = {"valid_from": DATE, "valid_to": DATE}

_COLUMNS: Final = (*HOURS_COLUMNS, *VALIDITY)
_NAMES: Final = ", ".join(_COLUMNS)

_VERSION: Final = "(entity_id, valid_from, valid_to)"

#: The staging table of a load.
STAGED: Final = "staged_hours"


def stage_hours(connection: Connection) -> str:
    """Create the staging table for windows, to fill by ``write_columns``: HOURS_COLUMNS and perhaps VALIDITY."""
    connection.execute(text(f"CREATE TEMP TABLE {STAGED} (LIKE hours_window INCLUDING DEFAULTS) ON COMMIT DROP"))
    connection.execute(text(f"ALTER TABLE {STAGED} ALTER recorded_at DROP NOT NULL"))
    return STAGED


def merge_hours(connection: Connection, change: Change) -> int:
    """Replace the windows of the same entities and dates of validity by the staged ones; returns their number."""
    staged = f"SELECT {_NAMES} FROM {STAGED}"
    replace_hours(connection, change, staged, named=f"{_VERSION} IN (SELECT {_VERSION[1:-1]} FROM {STAGED})")
    stand: int = connection.execute(
        text(f"SELECT count(*) FROM (SELECT DISTINCT {_NAMES} FROM {STAGED}) AS staged")
    ).scalar_one()
    return stand


def replace_hours(
    connection: Connection, change: Change, windows: str, *, named: str, params: Mapping[str, Any] | None = None
) -> None:
    """Put windows in the place of others.

    Args:
        connection: in the transaction of the change.
        change: see versions.py.
        windows: a query of HOURS_COLUMNS and VALIDITY; repeated rows count once.
        named: which windows they replace, a condition.
        params: of both.
    """
    settle(connection, change, "hours_window", _COLUMNS, named=named, wanted=windows, params=params)


def remove_hours(connection: Connection, change: Change) -> int:
    """Take out the windows that equal staged ones; returns their number."""
    same = f"({_NAMES}) IN (SELECT {_NAMES} FROM {STAGED})"
    return supersede(connection, change, "hours_window", same)
