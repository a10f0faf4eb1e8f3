"""The schedules of entities: their hours, zones, exceptions and calendars, read as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.series.hours import VALIDITY
from app.series.versions import known
from app.storage.binary_copy import BIGINT, DATE, FIRST_DAY, INTEGER, LAST_DAY, SMALLINT, TEXT, TIME, Arrays, Columns
from app.storage.binary_copy import read_columns as read
from app.timeline.dated import EVER, FOREVER, Dated, DateRows, Spans, What
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from app.timeline.working_hours import WeeklyHours, Window
from app.timeline.zones import Zone, ZoneHistory

_Ints = npt.NDArray[np.int64]

#: A weekday in this is one of a window that holds for some time only.
_LIMITED: Final = 8
_DAYS: Final = 2 * _LIMITED

#: Windows, each with few columns, as there are many of them: most hold for ever, and only the others have dates here.
_HOURS: Final = f"""(
    SELECT entity_id * {_DAYS}::bigint + weekday + CASE WHEN is_limited THEN {_LIMITED} ELSE 0 END AS entity_and_day,
        opens, closes, CASE WHEN is_limited THEN valid_from END AS valid_from,
        CASE WHEN is_limited THEN valid_to END AS valid_to, entity_id, recorded_at, superseded_at
    FROM hours_window, LATERAL (SELECT valid_from > '-infinity' OR valid_to < 'infinity') AS has (is_limited)
) AS hours"""
_HOURS_COLUMNS: Final[Columns] = {"entity_and_day": BIGINT, "opens": TIME, "closes": TIME, **VALIDITY}

_DATE_COLUMNS: Final[Columns] = {"on_date": DATE, "what": TEXT, "opens": TIME, "closes": TIME, "name": TEXT}
_EXCEPTIONS: Final[Columns] = {"entity_id": INTEGER, **_DATE_COLUMNS}
_USE_COLUMNS: Final[Columns] = {"entity_id": INTEGER, "place": SMALLINT, "calendar": TEXT, **VALIDITY}
_ZONE_COLUMNS: Final[Columns] = {"entity_id": INTEGER, "valid_from": DATE, "timezone": TEXT}

#: As many entities as a query names, at most; more are found by the span of their ids.
NAMED: Final = 1000

_WHAT: Final = {what.name.lower(): int(what) for what in What}


def read_schedule(
    connection: Connection,
    entities: Entities,
    *,
    default_zone: str,
    default: Sequence[Window] = (),
    as_known_at: datetime | None = None,
) -> Schedule:
    """The schedule of these entities by their numbers.

    Args:
        connection: any.
        entities: those to read.
        default_zone: of an entity without a zone.
        default: windows of an entity without hours; without any it is open around the clock.
        as_known_at: as it was known then, see versions.py; None: as it is known.
    """
    reading = _Reading(connection, entities, as_known_at)
    zone_of, zones = reading.zones(default_zone)
    hours, versions, windows = reading.hours()
    exceptions = reading.of_entities("hours_exception", _EXCEPTIONS)
    uses = reading.of_entities("calendar_use", _USE_COLUMNS)
    calendars, calendar = np.unique(uses["calendar"].astype(str), return_inverse=True)
    dated = Dated(
        versions=versions,
        windows=windows,
        exceptions=_dates(exceptions, exceptions["number"]),
        uses=_spans(uses["number"], uses["valid_from"], uses["valid_to"]),
        calendar=calendar.reshape(-1),
        place=uses["place"],
        days=reading.days(calendars.tolist()),
        calendars=calendars.tolist(),
        existence=reading.existence(),
    )
    return Schedule(hours, zone_of, zones, default, dated if len(dated.entities) else None)


@dataclass(frozen=True, slots=True)
class _Reading:
    connection: Connection
    entities: Entities
    as_known_at: datetime | None

    def hours(self) -> tuple[WeeklyHours, Spans, WeeklyHours]:
        """Windows without limits; the other versions, and their windows."""
        rows = self._rows(_HOURS, _HOURS_COLUMNS, *_which(self.entities))
        entity, day = np.divmod(rows["entity_and_day"], _DAYS)
        number, limited = self.entities.numbers(entity), day >= _LIMITED
        every = WeeklyHours(number, day % _LIMITED, rows["opens"], rows["closes"])
        kept = number >= 0
        which = np.stack([number[limited], rows["valid_from"], rows["valid_to"]])[:, kept[limited]]
        (owner, first, last), version = np.unique(which, axis=1, return_inverse=True)
        windows = every.of_rows(limited & kept)
        numbered = WeeklyHours(version.reshape(-1), windows.weekday, windows.opens, windows.closes)
        return every.of_rows(kept & ~limited), _spans(owner, first, last), numbered

    def zones(self, default_zone: str) -> tuple[_Ints, Sequence[Zone]]:
        """The index of each entity's zone, and the zones; the default is the last one."""
        rows = self.of_entities("entity_zone", _ZONE_COLUMNS)
        names = rows["timezone"].tolist()
        codes: dict[Zone, int] = {name: number for number, name in enumerate(sorted(set(names)))}
        code = np.fromiter(map(codes.__getitem__, names), np.int64, len(names))
        zone_of = np.full(len(self.entities), -1)
        whole = rows["valid_from"] == FIRST_DAY
        zone_of[rows["number"][whole]] = code[whole]
        for number in np.unique(rows["number"][~whole]).tolist():
            at = np.flatnonzero(rows["number"] == number)
            at = at[np.argsort(rows["valid_from"][at])]
            moves = [(day, name) for day, name in zip(rows["valid_from"][at], rows["timezone"][at], strict=True)]
            first = moves.pop(0)[1] if moves[0][0] == FIRST_DAY else default_zone
            days = tuple(int(day) for day, _ in moves)
            zone_of[number] = codes.setdefault(ZoneHistory((first, *(name for _, name in moves)), days), len(codes))
        zone_of[zone_of < 0] = len(codes)
        return zone_of, [*codes, default_zone]

    def days(self, calendars: Sequence[str]) -> DateRows:
        """The dates of these calendars, which are numbered in this order."""
        columns = {"calendar": TEXT, **_DATE_COLUMNS}
        rows = self._rows("calendar_day", columns, "calendar = ANY(%(calendars)s)", {"calendars": list(calendars)})
        owner = np.searchsorted(np.array(calendars, str), rows["calendar"].astype(str)) if len(calendars) else None
        return DateRows() if owner is None else _dates(rows, owner)

    def existence(self) -> Spans:
        """The dates between which entities exist, of those that have any."""
        columns = {"entity_id": INTEGER, "first": DATE, "last": DATE}
        source = (
            "(SELECT entity_id, coalesce(active_from, '-infinity') AS first, coalesce(active_to, 'infinity') AS last, "
            "recorded_at, superseded_at FROM entity_detail WHERE active_from IS NOT NULL OR active_to IS NOT NULL)"
        )
        rows = self.of_entities(f"{source} AS existing", columns)
        return _spans(rows["number"], rows["first"], rows["last"])

    def of_entities(self, table: str, columns: Columns) -> Arrays:
        """The rows of the entities, with ``number``, their number, in place of the id."""
        rows = self._rows(table, columns, *_which(self.entities))
        number = self.entities.numbers(rows.pop("entity_id"))
        kept = number >= 0
        return {name: column[kept] for name, column in (rows | {"number": number}).items()}

    def _rows(self, table: str, columns: Columns, which: str, params: Mapping[str, Any]) -> Arrays:
        source = f"{table} WHERE {which} AND {known(self.as_known_at)}"
        return read(self.connection, columns, source, {**params, "as_known_at": self.as_known_at})


def _dates(rows: Arrays, owner: _Ints) -> DateRows:
    what = np.array([_WHAT[one] for one in rows["what"].tolist()], np.int64)
    return DateRows(owner, rows["on_date"], what, rows["opens"], rows["closes"], rows["name"])


def _spans(owner: _Ints, first: _Ints, last: _Ints) -> Spans:
    return Spans(owner, np.where(first == FIRST_DAY, EVER, first), np.where(last == LAST_DAY, FOREVER, last))


def _which(entities: Entities) -> tuple[str, dict[str, Any]]:
    """A condition for the rows of the entities, and perhaps of others: a few that lie far apart are named."""
    low, high = (int(entities.ids[0]), int(entities.ids[-1])) if len(entities) else (1, 0)
    if len(entities) <= NAMED and high - low > NAMED:
        return "entity_id = ANY(%(ids)s)", {"ids": entities.ids.tolist()}
    return "entity_id BETWEEN %(low)s AND %(high)s", {"low": low, "high": high}
