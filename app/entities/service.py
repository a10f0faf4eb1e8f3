"""The service behind routes and commands for entities: list, view one, change its hours or time zone.

The kinds are those that loaded files have named. Keys are those of the files, such as store_id.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from app.access import audit
from app.entities.named import all_required, require_kind, required
from app.entities.opening import OpenDay, OpenNow, open_days, open_now
from app.entities.parsing import parsed, refuse, span, wrong_span
from app.ingest.dates import FIRST
from app.ingest.kinds.calendars import CALENDARS
from app.ingest.kinds.entities import ENTITIES
from app.ingest.kinds.hours import HOURS
from app.ingest.kinds.timezones import TIMEZONES
from app.paging import Page, in_order_of_keys, key_of
from app.series import details, lookup
from app.series.dates import add_use
from app.series.details import Details
from app.series.entities import TEAM
from app.series.entity_zones import set_zones
from app.series.hours import replace_hours
from app.series.lookup import Named
from app.series.versions import begin_change
from app.storage.postgres import database_errors
from app.timeline import HOUR, SECOND
from app.wording.wrong_values import WrongValue

_COLUMNS: Final = {column.name: column for kind in (HOURS, TIMEZONES, ENTITIES, CALENDARS) for column in kind.columns}

_WINDOWS: Final = """
SELECT CAST(:id AS int) AS entity_id, weekday, opens, closes,
    CAST(:first AS date) AS valid_from, CAST(:last AS date) AS valid_to
FROM unnest(CAST(:days AS smallint[]), CAST(:opens AS time[]), CAST(:closes AS time[])) AS w (weekday, opens, closes)
"""


@dataclass(frozen=True, slots=True)
class Window:
    """An opening window as in a row of an hours file: weekday 0 = Monday … 6 = Sunday, local times of day."""

    day: int
    start_time_local: str
    end_time_local: str


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity in a list.

    Attributes:
        kind, key: identify it.
        timezone: the time zone in use: its own, or the default.
        timezone_is_default: whether it has no time zone of its own.
        now: whether it is open; None: nobody asked.
    """

    kind: str
    key: str
    timezone: str
    timezone_is_default: bool
    now: OpenNow | None


@dataclass(frozen=True, slots=True)
class EntityDetails(Entity):
    """An entity with what is said of it and statistics of its polls.

    Attributes:
        name, group, max_gap_minutes, active_from, active_to: see Details.
        open_24x7: it has no windows, so it is open around the clock.
        hours: the windows in use.
        hours_are_default: it has no windows of its own; a team then uses those of the settings.
        first_poll, last_poll, polls: instants of its first and last poll, and their number.
    """

    name: str | None
    group: str | None
    max_gap_minutes: int | None
    active_from: date | None
    active_to: date | None
    open_24x7: bool
    hours: tuple[Window, ...]
    hours_are_default: bool
    first_poll: datetime | None
    last_poll: datetime | None
    polls: int


class EntityService:
    """Operations on entities; stateless, so any replica can serve them."""

    def __init__(self, engine: Engine, *, default_zone: str, team_windows: Sequence[tuple[int, int, int]]) -> None:
        self._engine = engine
        self._default_zone = default_zone
        self._team_hours = team_windows
        self._team_windows = tuple(Window(day, _shown(opens), _shown(closes)) for day, opens, closes in team_windows)

    def page(
        self,
        *,
        kind: str,
        prefix: str,
        timezone: str | None = None,
        exceptions: bool = False,
        cursor: str | None,
        limit: int,
        at: datetime | None = None,
    ) -> Page[Entity]:
        """Entities of a kind whose key begins with ``prefix``; with ``at``, also whether they are open then.

        Args:
            kind, prefix: of those that are listed.
            timezone: only those that are in this zone today; None: in any.
            exceptions: only those with an exception today or later.
            cursor, limit: of the page.
            at: an instant; None: nobody asks whether they are open.

        Raises:
            UnknownEntityKind, InvalidParameters: there is no such kind or zone; the cursor is invalid.
        """
        if timezone is not None:
            _require_zone(timezone)
        after = "" if cursor is None else key_of(cursor)
        with database_errors(), self._engine.connect() as connection:
            require_kind(connection, kind)
            if "\x00" in prefix:  # Postgres cannot store NUL in a text
                return Page([], None)
            wanted = lookup.Wanted(prefix, timezone, timezone == self._default_zone, exceptions)
            found = lookup.page(connection, kind, wanted, after=after, limit=limit + 1)
            page = in_order_of_keys(found, limit=limit)
            opening: dict[int, OpenNow] = {}
            if at is not None and page.items:
                opening = self._open_now(connection, kind, page.items, at=at)
        return page.of(lambda named: Entity(*self._head(named), opening.get(named.id)))

    def find(
        self, kind: str, key: str, *, as_known_at: datetime | None = None, at: datetime | None = None
    ) -> EntityDetails:
        """One entity, with what was known of it then; None: with what is known.

        With ``at``, also whether it is open at that instant.

        Raises:
            UnknownEntityKind, UnknownEntity: there is none; the message lists similar keys.
        """
        with database_errors(), self._engine.connect() as connection:
            named = required(connection, kind, key, as_known_at=as_known_at)
            found = self._details(connection, named, as_known_at=as_known_at)
            if at is None:
                return found
            opening = self._open_now(connection, kind, [named], at=at, as_known_at=as_known_at)
            return replace(found, now=opening[named.id])

    def replace_details(
        self,
        kind: str,
        key: str,
        *,
        name: str | None,
        group: str | None,
        max_gap_minutes: int | None,
        active_from: date | None,
        active_to: date | None,
    ) -> EntityDetails:
        """Replace what is said of the entity, see Details; None is nothing.

        Raises:
            UnknownEntityKind, UnknownEntity: there is none.
            InvalidParameters: a file of entities that says this would be rejected.
        """
        errors = wrong_span({"active_from": active_from, "active_to": active_to})
        for column, value in (("name", name), ("group", group), ("max_gap_minutes", max_gap_minutes)):
            if value is not None:
                parsed(_COLUMNS[column], str(value), parameter=column, errors=errors)
        refuse(errors)
        said = Details(name, group, max_gap_minutes, active_from, active_to)
        with database_errors(), self._engine.begin() as connection:
            named = required(connection, kind, key)
            details.replace_details(connection, begin_change(connection), named.id, said)
            audit.record(connection, "details.set", kind, key, **_said(said))
            return self._details(connection, named)

    def open_days(self, kind: str, key: str, *, first: date, last: date, as_known_at: datetime | None) -> list[OpenDay]:
        """When the entity is open on its local dates from ``first`` to before ``last``, and which rule says so.

        Raises:
            UnknownEntityKind, UnknownEntity: there is none.
            InvalidParameters: there are no dates, or too many.
        """
        with database_errors(), self._engine.connect() as connection:
            named = required(connection, kind, key)
            return open_days(
                connection,
                named,
                first=first,
                last=last,
                as_known_at=as_known_at,
                default_zone=self._default_zone,
                default=self._team_hours if kind == TEAM else (),
            )

    def replace_hours(
        self,
        kind: str,
        key: str,
        windows: Sequence[Window],
        *,
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> EntityDetails:
        """Replace the windows of the entity that hold between these dates, None for any; none hold without windows.

        Raises:
            UnknownEntityKind, UnknownEntity: there is none.
            InvalidParameters: an hours file with such a window would be rejected.
        """
        checked = _checked(windows) | span(valid_from, valid_to)
        with database_errors(), self._engine.begin() as connection:
            named = required(connection, kind, key)
            replace_hours(
                connection,
                begin_change(connection),
                _WINDOWS,
                named="entity_id = :id AND valid_from = CAST(:first AS date) AND valid_to = CAST(:last AS date)",
                params={"id": named.id, **checked},
            )
            audit.record(connection, "hours.set", kind, key, windows=len(windows), **_dates(valid_from, valid_to))
            return self._details(connection, named)

    def set_timezone(
        self, kind: str, key: str, timezone: str | None, *, valid_from: date | None = None
    ) -> EntityDetails:
        """Set the time zone of the entity from a date on, None for any; zones of before stay.

        Without a time zone it has none from then on: the one before goes on, or else the default.

        Raises:
            UnknownEntityKind, UnknownEntity: there is none.
            InvalidParameters: a timezones file with such a zone would be rejected.
        """
        since = span(valid_from, None)
        if timezone is not None:
            _require_zone(timezone)
        with database_errors(), self._engine.begin() as connection:
            named = required(connection, kind, key)
            set_zones(connection, begin_change(connection), [named.id], timezone, since=since["first"])
            audit.record(connection, "timezone.set", kind, key, timezone=timezone, **_dates(valid_from))
            return self._details(connection, required(connection, kind, key))

    def set_several(
        self, kind: str, keys: Sequence[str], *, timezone: str | None, calendar: str | None
    ) -> list[Entity]:
        """Give several entities a time zone, or a calendar after those that they use: all of them, or none.

        Args:
            kind, keys: which.
            timezone: of all dates; None: theirs stay.
            calendar: its name; None: none. Those that use it on any date stay as they are.

        Returns:
            Those entities, each once, in the order of their keys.

        Raises:
            UnknownEntityKind: there is no such kind.
            InvalidParameters: there is nothing to set; a file with such a zone or calendar would be rejected; there are
                not all of the entities.
        """
        _require_something(timezone, calendar)
        with database_errors(), self._engine.begin() as connection:
            ids = [named.id for named in all_required(connection, kind, keys)]
            change = begin_change(connection)
            if timezone is not None:
                set_zones(connection, change, ids, timezone, since=FIRST)
            if calendar is not None:
                add_use(connection, change, ids, calendar)
            changed = all_required(connection, kind, keys)
            for named in changed:
                if timezone is not None:
                    audit.record(connection, "timezone.set", kind, named.key, timezone=timezone)
                if calendar is not None:
                    audit.record(connection, "calendars.set", kind, named.key, added=calendar)
        return [Entity(*self._head(named), None) for named in changed]

    def _open_now(
        self,
        connection: Connection,
        kind: str,
        named: Sequence[Named],
        *,
        at: datetime,
        as_known_at: datetime | None = None,
    ) -> dict[int, OpenNow]:
        default = self._team_hours if kind == TEAM else ()
        zone = self._default_zone
        return open_now(connection, named, at=at, default_zone=zone, default=default, as_known_at=as_known_at)

    def _head(self, named: Named) -> tuple[str, str, str, bool]:
        return named.kind, named.key, named.timezone or self._default_zone, named.timezone is None

    def _details(self, connection: Connection, named: Named, *, as_known_at: datetime | None = None) -> EntityDetails:
        windows = tuple(Window(*row) for row in lookup.windows(connection, named.id, as_known_at=as_known_at))
        default = self._team_windows if named.kind == TEAM else ()
        polls = lookup.poll_span(connection, named.id)
        return EntityDetails(
            *self._head(named),
            None,
            **asdict(details.details_of(connection, named.id, as_known_at=as_known_at)),
            open_24x7=not (windows or default),
            hours=windows or default,
            hours_are_default=not windows,
            first_poll=polls.first,
            last_poll=polls.last,
            polls=polls.count,
        )


def _require_zone(timezone: str) -> None:
    """Raise InvalidParameters unless a timezones file may have this zone."""
    errors: list[WrongValue] = []
    parsed(_COLUMNS["timezone_str"], timezone, parameter="timezone", errors=errors)
    refuse(errors)


def _require_something(timezone: str | None, calendar: str | None) -> None:
    """Raise InvalidParameters unless there is something to set, which files may have."""
    errors: list[WrongValue] = []
    if timezone is None and calendar is None:
        reason = "is missing, and so is add_calendar: there is nothing to set"
        errors.append(WrongValue(parameter="timezone", received=None, reason=reason, is_shown=False))
    for name, column, value in (("timezone", "timezone_str", timezone), ("add_calendar", "calendar", calendar)):
        if value is not None:
            parsed(_COLUMNS[column], value, parameter=name, errors=errors)
    refuse(errors)


def _checked(windows: Sequence[Window]) -> dict[str, list[Any]]:
    """The windows as columns, checked like those of an hours file."""
    errors: list[WrongValue] = []
    columns: list[list[Any]] = [
        [
            parsed(column, str(getattr(window, column.name)), parameter=f"hours.{number}.{column.name}", errors=errors)
            for number, window in enumerate(windows)
        ]
        for column in (_COLUMNS[field.name] for field in fields(Window))
    ]
    refuse(errors)
    days, opens, closes = columns
    return {"days": days, "opens": [_time(at) for at in opens], "closes": [_time(at) for at in closes]}


def _said(said: Details) -> dict[str, Any]:
    """What is said of an entity, for the audit."""
    return {
        name: str(value) if isinstance(value, date) else value
        for name, value in asdict(said).items()
        if value is not None
    }


def _dates(first: date | None, last: date | None = None) -> dict[str, Any]:
    """The limits of a change, for the audit."""
    limits = {"valid_from": first, "valid_to": last}
    return {name: limit.isoformat() for name, limit in limits.items() if limit is not None}


def _shown(micros: int) -> str:
    """A time of day as entities show it: 09:00:00."""
    return _time(micros).partition(".")[0]


def _time(micros: int) -> str:
    seconds = micros // SECOND
    return f"{micros // HOUR:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros % SECOND:06}"
