"""The service behind what is said of an entity by date: hours and zones with validity, exceptions, calendars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, Engine, text

from app.access import audit
from app.entities import dates
from app.entities.dates import DatedRow
from app.entities.named import required
from app.entities.parsing import parsed, refuse, span
from app.entities.service import Window
from app.ingest.registry import DATASET_KINDS
from app.series.dates import EXCEPTIONS, STAGED_USES, replace_uses, stage_uses
from app.series.versions import TEXT, begin_change, known
from app.storage.postgres import database_errors
from app.wording.wrong_values import WrongValue

#: Dates that limit nothing are null for whoever asks.
_SPAN: Final = "nullif(valid_from, '-infinity'), nullif(valid_to, 'infinity')"


@dataclass(frozen=True, slots=True)
class HoursVersion:
    """Weekly hours and the first and last local date on which they hold; None for no limit."""

    valid_from: date | None
    valid_to: date | None
    hours: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class ZoneFrom:
    """A time zone and the first local date on which it holds; None for no limit."""

    valid_from: date | None
    timezone: str


@dataclass(frozen=True, slots=True)
class CalendarUse:
    """A calendar that an entity uses, and the first and last local date on which it does; None for no limit."""

    calendar: str
    valid_from: date | None = None
    valid_to: date | None = None


class HistoryService:
    """Stateless, so any replica can serve it. Every method raises UnknownEntityKind, UnknownEntity.

    What is read is told as it was known ``as_known_at``, None: as it is known.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hours(self, kind: str, key: str, *, as_known_at: datetime | None = None) -> list[HoursVersion]:
        """All weekly hours of the entity; those without limits first."""
        query = (
            f"SELECT {_SPAN}, weekday, CAST(opens AS text), CAST(closes AS text) FROM hours_window "
            f"WHERE entity_id = :id AND {known(as_known_at, named=TEXT)} "
            "ORDER BY valid_from, valid_to DESC, weekday, opens, closes"
        )
        found: dict[tuple[date | None, date | None], list[Window]] = {}
        with database_errors(), self._engine.connect() as connection:
            named = required(connection, kind, key)
            for first, last, *window in connection.execute(text(query), {"id": named.id, "as_known_at": as_known_at}):
                found.setdefault((first, last), []).append(Window(*window))
        return [HoursVersion(*limits, tuple(windows)) for limits, windows in found.items()]

    def zones(self, kind: str, key: str, *, as_known_at: datetime | None = None) -> list[ZoneFrom]:
        """All time zones of the entity, in their order."""
        query = (
            "SELECT nullif(valid_from, '-infinity'), timezone FROM entity_zone "
            f"WHERE entity_id = :id AND {known(as_known_at, named=TEXT)} ORDER BY valid_from"
        )
        with database_errors(), self._engine.connect() as connection:
            named = required(connection, kind, key)
            rows = connection.execute(text(query), {"id": named.id, "as_known_at": as_known_at})
            return [ZoneFrom(*row) for row in rows]

    def exceptions(self, kind: str, key: str, *, as_known_at: datetime | None = None) -> list[DatedRow]:
        """The exceptions of the entity, by date."""
        with database_errors(), self._engine.connect() as connection:
            entity = required(connection, kind, key).id
            return dates.read(connection, EXCEPTIONS, entity, as_known_at=as_known_at)

    def replace_exceptions(self, kind: str, key: str, rows: Sequence[DatedRow]) -> list[DatedRow]:
        """Replace all exceptions of the entity. Raises InvalidParameters if a file with them would be rejected."""
        with database_errors(), self._engine.begin() as connection:
            entity = required(connection, kind, key).id
            dates.stage(connection, EXCEPTIONS, entity, rows, parameter="exceptions")
            EXCEPTIONS.replace(connection, begin_change(connection), "entity_id = :id", {"id": entity})
            audit.record(connection, "exceptions.set", kind, key, rows=len(rows))
            return dates.read(connection, EXCEPTIONS, entity)

    def calendars(self, kind: str, key: str, *, as_known_at: datetime | None = None) -> list[CalendarUse]:
        """The calendars that the entity uses; of two that have a date the first one counts."""
        with database_errors(), self._engine.connect() as connection:
            return _uses(connection, required(connection, kind, key).id, as_known_at)

    def replace_calendars(self, kind: str, key: str, uses: Sequence[CalendarUse]) -> list[CalendarUse]:
        """Replace all uses of the entity. Raises InvalidParameters if a file with them would be rejected."""
        calendar = next(column for column in DATASET_KINDS["calendars"].columns if column.name == "calendar")
        errors: list[WrongValue] = []
        for number, use in enumerate(uses):
            parsed(calendar, use.calendar, parameter=f"calendars.{number}.calendar", errors=errors)
        refuse(errors)
        rows = [
            {
                "calendar": use.calendar,
                "line": number,
                **span(use.valid_from, use.valid_to, place=f"calendars.{number}."),
            }
            for number, use in enumerate(uses)
        ]
        insert = f"INSERT INTO {STAGED_USES} VALUES (:id, :calendar, CAST(:first AS date), CAST(:last AS date), :line)"
        with database_errors(), self._engine.begin() as connection:
            entity = required(connection, kind, key).id
            stage_uses(connection)
            if rows:
                connection.execute(text(insert), [row | {"id": entity} for row in rows])
            replace_uses(connection, begin_change(connection), "entity_id = :id", {"id": entity})
            audit.record(connection, "calendars.set", kind, key, calendars=len(uses))
            return _uses(connection, entity, None)


def _uses(connection: Connection, entity: int, as_known_at: datetime | None) -> list[CalendarUse]:
    query = (
        f"SELECT calendar, {_SPAN} FROM calendar_use "
        f"WHERE entity_id = :id AND {known(as_known_at, named=TEXT)} ORDER BY place"
    )
    return [CalendarUse(*row) for row in connection.execute(text(query), {"id": entity, "as_known_at": as_known_at})]
