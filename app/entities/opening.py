"""When an entity is open, date by date, and which rule says so (docs/calendar-rules.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

import numpy as np
from sqlalchemy import Connection

from app.series.lookup import Named
from app.series.schedules import read_schedule
from app.timeline import DAY, from_micros
from app.timeline.dated import Source
from app.timeline.entities import Entities
from app.timeline.reasons import open_dates, reason
from app.timeline.working_hours import Window
from app.wording.wrong_values import WrongValue, invalid_parameters

#: How far it is looked ahead for the next opening or closing, microseconds.
AHEAD: Final = 7 * DAY

#: Most dates that are told at once.
MOST_DATES: Final = 400

#: What may decide a date, in the order in which the rules are asked.
Rule = Literal["inactive", "exception", "holiday", "weekly_hours", "default"]

_RULES: Final[Mapping[Source, Rule]] = {
    Source.INACTIVE: "inactive",
    Source.EXCEPTION: "exception",
    Source.CALENDAR: "holiday",
    Source.VERSION: "weekly_hours",
    Source.DEFAULT: "default",
}

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """Open from ``opens_at`` to before ``closes_at``."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A local date: what opens on it, and why.

    Attributes:
        on: the date.
        reason: for people, in words.
        rule: which rule decided it.
        name: of the exception or the holiday; None without one.
        calendar: of the holiday; None of another rule.
        open: what opens on it.
    """

    on: date
    reason: str
    rule: Rule
    name: str | None
    calendar: str | None
    open: tuple[OpenInterval, ...]


@dataclass(frozen=True, slots=True)
class OpenNow:
    """Whether an entity is open, and until when that stays so; None: for a week at least."""

    is_open: bool
    changes_at: datetime | None


def open_now(
    connection: Connection,
    page: Sequence[Named],
    *,
    at: datetime,
    default_zone: str,
    default: Sequence[Window],
    as_known_at: datetime | None = None,
) -> dict[int, OpenNow]:
    """Of each entity of a page by its id, whether it is open at an instant, as it was known then or is now."""
    ordered = sorted(page, key=lambda named: named.id)
    entities = Entities(np.array([named.id for named in ordered], np.int64), [named.key for named in ordered])
    schedule = read_schedule(connection, entities, default_zone=default_zone, default=default, as_known_at=as_known_at)
    now = int(at.timestamp() * 1_000_000)
    calendar = schedule.calendar(now, now + AHEAD)
    found = {}
    for number, named in enumerate(ordered):
        begin, end = number * calendar.span, (number + 1) * calendar.span
        interval = int(np.searchsorted(calendar.end, begin, side="right"))
        has_one = interval < len(calendar.start) and calendar.start[interval] < end
        is_open = bool(has_one and calendar.start[interval] <= begin)
        edges = calendar.end if is_open else calendar.start
        place = int(edges[interval]) if has_one else end
        found[named.id] = OpenNow(is_open, None if place >= end else from_micros(now + place - begin))
    return found


def open_days(
    connection: Connection,
    named: Named,
    *,
    first: date,
    last: date,
    as_known_at: datetime | None,
    default_zone: str,
    default: Sequence[Window],
) -> list[OpenDay]:
    """The local dates from ``first`` to before ``last``.

    Raises:
        InvalidParameters: there are none, or more than MOST_DATES.
    """
    if not 0 < (last - first).days <= MOST_DATES:
        allowed = f"a date after {first}, at most {MOST_DATES} days"
        raise invalid_parameters(
            [WrongValue(parameter="to", received=str(last), reason="does not end the dates", allowed=allowed)]
        )
    one = Entities(np.array([named.id], np.int64), [named.key])
    schedule = read_schedule(connection, one, default_zone=default_zone, default=default, as_known_at=as_known_at)
    days = open_dates(schedule, (first - _EPOCH).days, (last - _EPOCH).days - 1)
    return [
        OpenDay(
            _EPOCH + timedelta(days=day.day),
            reason(day),
            _RULES[day.source],
            day.name or None,
            day.calendar or None,
            tuple(OpenInterval(from_micros(opens), from_micros(closes)) for opens, closes in day.intervals),
        )
        for day in days
    ]
