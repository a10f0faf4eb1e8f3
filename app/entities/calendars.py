"""The service behind routes and commands for calendars: list, view one, replace its dates, remove one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, Engine, text

from app.access import audit
from app.entities import dates
from app.entities.dates import DatedRow
from app.entities.ics import holidays_in
from app.entities.parsing import parsed, refuse
from app.errors import CalendarInUse, UnknownCalendar
from app.ingest.registry import DATASET_KINDS
from app.series.dates import CALENDAR_DAYS, record_source
from app.series.versions import TEXT, begin_change, known, supersede
from app.storage.postgres import database_errors
from app.wording.suggestions import suggestions
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue

_LISTED: Final = """
SELECT name, source, count(DISTINCT on_date), min(on_date), max(on_date),
    (SELECT count(DISTINCT entity_id) FROM calendar_use WHERE calendar = name AND {known})
FROM calendar LEFT JOIN (SELECT calendar, on_date FROM calendar_day WHERE {known}) AS day
    ON day.calendar = name
WHERE {known} AND (CAST(:name AS text) IS NULL OR name = :name) GROUP BY name, source ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar.

    Attributes:
        name: by which files and entities use it.
        source: where its dates are from, for people.
        days: number of its dates.
        first, last: of its dates; None without any.
        entities: number of those that use it on any date.
    """

    name: str
    source: str
    days: int
    first: date | None
    last: date | None
    entities: int


#: Source of a calendar that was imported.
_FROM_ICS: Final = "an .ics file"


class CalendarService:
    """Operations on calendars; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str, *, as_known_at: datetime | None = None) -> tuple[Calendar, list[DatedRow]]:
        """A calendar and its dates, as they were known then. Raises UnknownCalendar."""
        with database_errors(), self._engine.connect() as connection:
            found = _required(connection, name, as_known_at)
            return found, dates.read(connection, CALENDAR_DAYS, name, as_known_at=as_known_at)

    def put(
        self, name: str, rows: Sequence[DatedRow], *, source: str, dry_run: bool = False
    ) -> tuple[Calendar, list[DatedRow]]:
        """Replace the dates of a calendar, or make it; a dry run only tells what it would be.

        Raises:
            InvalidParameters: a file with these dates would be rejected.
        """
        errors: list[WrongValue] = []
        column = next(column for column in DATASET_KINDS["holidays"].columns if column.name == "calendar")
        parsed(column, name, parameter="name", errors=errors)
        refuse(errors)
        with database_errors(), self._engine.begin() as connection:
            transaction = connection.get_transaction()
            dates.stage(connection, CALENDAR_DAYS, name, rows, parameter="days")
            change = begin_change(connection)
            record_source(connection, change, "SELECT CAST(:name AS text)", source, {"name": name})
            CALENDAR_DAYS.replace(connection, change, "calendar = :name", {"name": name})
            audit.record(connection, "calendar.set", "calendar", name, days=len(rows))
            made = _required(connection, name), dates.read(connection, CALENDAR_DAYS, name)
            if dry_run and transaction is not None:
                transaction.rollback()
            return made

    def import_ics(
        self, name: str, data: bytes, *, first_year: int, dry_run: bool = False
    ) -> tuple[Calendar, list[DatedRow]]:
        """Replace the dates of a calendar by the all-day events of an iCalendar file, see ics.py, or make it."""
        days = holidays_in(data, name="The body", first_year=first_year)
        rows = [DatedRow(day, "closed", name=title or None) for day, title in days]
        return self.put(name, rows, source=_FROM_ICS, dry_run=dry_run)

    def remove(self, name: str) -> None:
        """Have a calendar be known no more. Raises UnknownCalendar, CalendarInUse."""
        with database_errors(), self._engine.begin() as connection:
            change = begin_change(connection)
            found = _required(connection, name)
            if found.entities:
                raise CalendarInUse(
                    f"Calendar {shown(name)} is used by {found.entities:,} stores or teams; take it out of "
                    "their calendars first, or replace its dates.",
                    entities=found.entities,
                )
            supersede(connection, change, "calendar", "name = :name", {"name": name})
            supersede(connection, change, "calendar_day", "calendar = :name", {"name": name})
            audit.record(connection, "calendar.remove", "calendar", name)

    def list(self, *, as_known_at: datetime | None = None) -> list[Calendar]:
        """All calendars, by name, as they were known then."""
        with database_errors(), self._engine.connect() as connection:
            return _listed(connection, None, as_known_at)


def _listed(connection: Connection, name: str | None, as_known_at: datetime | None) -> list[Calendar]:
    query = text(_LISTED.format(known=known(as_known_at, named=TEXT)))
    return [Calendar(*row) for row in connection.execute(query, {"name": name, "as_known_at": as_known_at})]


def _required(connection: Connection, name: str, as_known_at: datetime | None = None) -> Calendar:
    found = [] if "\x00" in name else _listed(connection, name, as_known_at)  # Postgres cannot store NUL in a text
    if found:
        return found[0]
    nearest = suggestions(name, [one.name for one in _listed(connection, None, as_known_at)])
    hint = f" Did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
    raise UnknownCalendar(f"There is no calendar {shown(name)}.{hint}", received=repeated(name), nearest=nearest)
