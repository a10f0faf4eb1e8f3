"""Weekly hours of entities, written by merging a staging table."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from app.series.dates import on_lines
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
    connection.execute(text(f"ALTER TABLE {STAGED} ALTER recorded_at DROP NOT NULL, ADD line int"))
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


def wrong_validity(connection: Connection) -> list[str]:
    """What is wrong with the dates of the staged hours, in sentences; a few of many."""
    spans = (
        f"(SELECT entity_id, valid_from, valid_to, min(line) AS line FROM {STAGED} "
        "GROUP BY entity_id, valid_from, valid_to)"
    )
    entity = "(SELECT kind || ' ' || key FROM entity WHERE id = one.entity_id)"
    # Postgres' infinity is no date of Python's, hence the texts.
    dates = "CAST(one.valid_from AS text), CAST(one.valid_to AS text)"
    backwards = f"SELECT line, {entity}, {dates} FROM {spans} AS one WHERE valid_from > valid_to ORDER BY 1, 2 LIMIT 5"
    found = [
        f"{on_lines(line)}{key}: valid_to {last} is before valid_from {first}"
        for line, key, first, last in connection.execute(text(backwards))
    ]
    crossing = (
        f"SELECT one.line, two.line, {entity}, {dates}, CAST(two.valid_from AS text), CAST(two.valid_to AS text) "
        f"FROM {spans} AS one JOIN {spans} AS two ON one.entity_id = two.entity_id AND one.valid_from < two.valid_from "
        "AND two.valid_from <= one.valid_to AND one.valid_to < two.valid_to ORDER BY 1, 2, 3, 4 LIMIT 5"
    )
    return found + [
        f"{on_lines(one, two)}{key}: its hours {_between(*limits[:2])} and those {_between(*limits[2:])} overlap; end "
        "the first before the second begins, or let one contain the other"
        for one, two, key, *limits in connection.execute(text(crossing))
    ]


def _between(first: str, last: str) -> str:
    """The dates of a span with a limit, as Postgres writes them, in words."""
    if first == "-infinity":
        return f"until {last}"
    return f"from {first} on" if last == "infinity" else f"from {first} to {last}"
