"""What files say of dates: exceptions of entities, days and uses of calendars, merged from staging tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from app.series.versions import Change, settle, supersede

#: Contradictions that a message names.
_NAMED: Final = 5

#: A day as a row of the table, from a staged row that may name several.
_EXPANDED: Final = (
    "SELECT DISTINCT {owner}, "
    "CAST(generate_series(on_date, coalesce(last_date, on_date), '1 day') AS date) AS on_date, what, "
    "{opens} AS opens, {closes} AS closes, name FROM {staged}"
)
_HAS_TIMES: Final = "what IN ('hours', 'minus')"

#: What is wrong with staged rows, as (condition, what to say of them).
_WRONG_ROWS: Final = (
    ("last_date < on_date", "date_to is before the date"),
    (f"{_HAS_TIMES} AND (opens IS NULL OR closes IS NULL)", "{what} needs start_time_local and end_time_local"),
    (
        "what = 'minus' AND closes <= opens AND closes < '23:59'",
        "minus may not run past midnight: end it at 24:00, or give both dates the windows that are left by what=hours",
    ),
)


def on_lines(*lines: int | None) -> str:
    """Where in a file something is, to begin a sentence with; empty if that is not known."""
    known = sorted({line for line in lines if line})
    return f"line{'s' if len(known) > 1 else ''} {' and '.join(map(str, known))}: " if known else ""


@dataclass(frozen=True, slots=True)
class Dates:
    """A table of dates of an owner.

    Attributes:
        table: its name.
        owner: the column of the owner.
        owner_type: its type.
        label: SQL for what people call an owner.
        named: columns of what a file replaces.
    """

    table: str
    owner: str
    owner_type: str
    label: str
    named: tuple[str, ...]

    @property
    def staged(self) -> str:
        """The staging table."""
        return f"staged_{self.table}"

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.owner, "on_date", "what", "opens", "closes", "name"

    @property
    def _rows(self) -> str:
        times = {name: f"CASE WHEN {_HAS_TIMES} THEN {name} ELSE '00:00' END" for name in ("opens", "closes")}
        return _EXPANDED.format(owner=self.owner, staged=self.staged, **times)

    @property
    def _with_lines(self) -> str:
        return self._rows.replace("SELECT DISTINCT", "SELECT line,", 1)

    def stage(self, connection: Connection) -> None:
        """Create the staging table; a row may name the dates from on_date to last_date. It is dropped on commit."""
        connection.execute(
            text(
                f"CREATE TEMP TABLE {self.staged} ({self.owner} {self.owner_type}, on_date date, last_date date, "
                "what text, opens time, closes time, name text, line bigint) ON COMMIT DROP"
            )
        )

    def add(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Stage rows of the owner, on_date, what, opens, closes and name."""
        names = ", ".join(self._columns)
        values = ", ".join(f":{name}" for name in self._columns)
        if rows:
            connection.execute(text(f"INSERT INTO {self.staged} ({names}) VALUES ({values})"), list(rows))

    def contradictions(self, connection: Connection) -> list[str]:
        """What is wrong with the staged rows, in sentences; a few of many."""
        found: list[str] = []
        for condition, said in _WRONG_ROWS:
            query = (
                f"SELECT line, {self.label}, on_date, what FROM {self.staged} WHERE {condition} "
                f"ORDER BY 1, 2, 3 LIMIT {_NAMED}"
            )
            found += [
                f"{on_lines(row[0])}{row[1]}, {row[2]}: {said.format(what=row[3])}"
                for row in connection.execute(text(query))
            ]
        if not found:
            beside = (
                f"SELECT min(line), max(line), {self.label}, on_date, string_agg(DISTINCT what, ' beside ') "
                f"FROM ({self._with_lines}) AS said WHERE what <> 'minus' "
                f"GROUP BY {self.owner}, on_date HAVING count(DISTINCT what) > 1 ORDER BY 1, 3, 4 LIMIT {_NAMED}"
            )
            found += [
                f"{on_lines(row[0], row[1])}{row[2]}, {row[3]}: {row[4]}; keep one of them"
                for row in connection.execute(text(beside))
            ]
        return found

    def merge(self, connection: Connection, change: Change) -> int:
        """Replace what the staged rows name by them; returns their number."""
        names = ", ".join(self.named)
        self.replace(connection, change, f"({names}) IN (SELECT {names} FROM ({self._rows}) AS named)")
        return self._count(connection)

    def replace(
        self, connection: Connection, change: Change, named: str, params: Mapping[str, Any] | None = None
    ) -> None:
        """Replace the rows that fulfil a condition by the staged ones."""
        settle(connection, change, self.table, self._columns, named=named, wanted=self._rows, params=params)

    def remove(self, connection: Connection, change: Change) -> int:
        """Take out the dates that equal staged ones; returns their number."""
        columns = ", ".join(self._columns)
        same = f"({columns}) IN (SELECT {columns} FROM ({self._rows}) AS gone)"
        return supersede(connection, change, self.table, same)

    def _count(self, connection: Connection) -> int:
        columns = ", ".join((*self._columns, "last_date"))
        stand: int = connection.execute(
            text(f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {self.staged}) AS staged")
        ).scalar_one()
        return stand


_ENTITY: Final = "(SELECT kind || ' ' || key FROM entity WHERE id = entity_id)"

#: A file of exceptions replaces the dates of the entities that it names, one of holidays whole calendars.
EXCEPTIONS: Final = Dates("hours_exception", "entity_id", "int", _ENTITY, ("entity_id", "on_date"))
CALENDAR_DAYS: Final = Dates("calendar_day", "calendar", 'text COLLATE "C"', "calendar", ("calendar",))

#: The staging table of uses of calendars; ``line`` gives their order.
STAGED_USES: Final = "staged_calendar_use"

_USE_COLUMNS: Final = ("entity_id", "place", "calendar", "valid_from", "valid_to")
_USES: Final = (
    "SELECT entity_id, CAST(row_number() OVER (PARTITION BY entity_id ORDER BY max(line)) AS smallint) AS place, "
    f"calendar, valid_from, valid_to FROM {STAGED_USES} GROUP BY entity_id, calendar, valid_from, valid_to"
)


_ONE_MORE: Final = """
SELECT id AS entity_id, CAST(coalesce(max(place), 0) + 1 AS smallint) AS place,
    CAST(:calendar AS text) COLLATE "C" AS calendar, date '-infinity' AS valid_from, date 'infinity' AS valid_to
FROM unnest(CAST(:ids AS int[])) AS asked (id) LEFT JOIN calendar_use ON entity_id = id AND superseded_at IS NULL
GROUP BY id HAVING NOT coalesce(bool_or(calendar_use.calendar = :calendar), false)
"""


def add_use(connection: Connection, change: Change, ids: Sequence[int], calendar: str) -> None:
    """Have entities use a calendar on all dates, after those that they use; those that use it already stay so."""
    params = {"ids": list(ids), "calendar": calendar}
    settle(connection, change, "calendar_use", _USE_COLUMNS, named="false", wanted=_ONE_MORE, params=params)


def stage_uses(connection: Connection) -> None:
    """Create STAGED_USES; dropped on commit."""
    connection.execute(
        text(
            f'CREATE TEMP TABLE {STAGED_USES} (entity_id int, calendar text COLLATE "C", valid_from date, '
            "valid_to date, line bigint, named_line bigint) ON COMMIT DROP"
        )
    )


def wrong_uses(connection: Connection) -> list[str]:
    """What is wrong with the staged uses, in sentences."""
    query = (
        f"SELECT named_line, {_ENTITY}, calendar, CAST(valid_from AS text), CAST(valid_to AS text) "
        f"FROM {STAGED_USES} WHERE valid_from > valid_to "
        f"ORDER BY 1, 2, 3 LIMIT {_NAMED}"
    )
    return [
        f"{on_lines(row[0])}{row[1]}, {row[2]}: valid_to {row[4]} is before valid_from {row[3]}"
        for row in connection.execute(text(query))
    ]


def merge_uses(connection: Connection, change: Change) -> int:
    """Replace the uses of the staged entities by the staged ones; returns their number."""
    named = f"entity_id IN (SELECT entity_id FROM {STAGED_USES})"
    replace_uses(connection, change, named)
    stand: int = connection.execute(text(f"SELECT count(*) FROM ({_USES}) AS staged")).scalar_one()
    return stand


def replace_uses(connection: Connection, change: Change, named: str, params: Mapping[str, Any] | None = None) -> None:
    """Replace the uses that fulfil a condition by the staged ones."""
    settle(connection, change, "calendar_use", _USE_COLUMNS, named=named, wanted=_USES, params=params)


def remove_uses(connection: Connection, change: Change) -> int:
    """Take out the uses that equal staged ones, wherever they stand in the order; returns their number."""
    columns = "entity_id, calendar, valid_from, valid_to"
    same = f"({columns}) IN (SELECT {columns} FROM {STAGED_USES})"
    return supersede(connection, change, "calendar_use", same)


def record_source(
    connection: Connection, change: Change, calendars: str, source: str, params: Mapping[str, Any] | None = None
) -> None:
    """Tell where the dates of calendars are from; ``calendars`` is a query of names, with ``params``."""
    settle(
        connection,
        change,
        "calendar",
        ("name", "source"),
        named=f"name IN ({calendars})",
        wanted=f"SELECT DISTINCT name, CAST(:source AS text) AS source FROM ({calendars}) AS named (name)",
        params={**(params or {}), "source": source},
    )
