"""Why an entity is open when it is: the windows of each of its dates, and what decided them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from app.timeline import DAY
from app.timeline.dated import EVER, FOREVER, Dated, Rules, Source, Spans, local_windows, rules_and_plans
from app.timeline.schedule import Schedule
from app.timeline.working_hours import in_utc

_EPOCH: Final = date(1970, 1, 1)
_PLAIN: Final = {
    Source.DEFAULT: "default hours",
    Source.VERSION: "weekly hours",
    Source.EXCEPTION: "exception",
    Source.INACTIVE: "it does not exist on this date",
}


@dataclass(frozen=True, slots=True)
class OpenDate:
    """A date of an entity.

    Attributes:
        day: days since 1970-01-01, local.
        source: what decided it.
        name: of the exception or the holiday.
        calendar: of the holiday.
        first, last: dates of validity of the weekly hours, days; None: without limit.
        intervals: what opens on it, (start, end) instants.
    """

    day: int
    source: Source
    name: str
    calendar: str
    first: int | None
    last: int | None
    intervals: tuple[tuple[int, int], ...]


def open_dates(schedule: Schedule, first: int, last: int) -> Iterator[OpenDate]:
    """The dates of a schedule of one entity from the day ``first`` to ``last``, both included."""
    dated = schedule.dated or Dated()
    if not len(dated.existence.owner):  # so that the entity is among those that something is said of
        dated = replace(dated, existence=Spans(*(np.array([at]) for at in (0, EVER, FOREVER))))
    rules, _ = rules_and_plans(dated, schedule.hours, schedule.default, first=first, last=last)
    deciding = rules.deciding(np.zeros(1, np.int64), first, last)[0]
    entity, opens, closes = local_windows(dated, schedule.hours, schedule.default, first=first, last=last)
    day = opens // DAY
    ends = np.stack([opens, closes])
    in_utc(ends, schedule.zone_of[entity], schedule.zones)
    for at, rule in enumerate(deciding.tolist()):
        here = np.flatnonzero(day == first + at)
        found = sorted((int(ends[0, one]), int(ends[1, one])) for one in here if ends[0, one] < ends[1, one])
        yield _date(dated, rules, rule, first + at, tuple(found))


def _date(dated: Dated, rules: Rules, rule: int, day: int, intervals: tuple[tuple[int, int], ...]) -> OpenDate:
    source, row = Source(int(rules.source[rule])), int(rules.row[rule])
    name, calendar = "", ""
    if source is Source.EXCEPTION:
        name = str(dated.exceptions.name[row])
    elif source is Source.CALENDAR:
        name, calendar = str(dated.days.name[row]), dated.calendars[int(dated.days.owner[row])]
    first = last = None
    if source is Source.VERSION and row >= 0:
        first, last = int(dated.versions.first[row]), int(dated.versions.last[row])
    limits = (None if first == EVER else first, None if last == FOREVER else last)
    return OpenDate(day, source, name, calendar, *limits, intervals)


def reason(day: OpenDate) -> str:
    """What decided a date: "holiday: Christmas (public:DE-BY)"."""
    if day.source is Source.CALENDAR:
        return f"holiday: {day.name or 'without a name'} ({day.calendar})"
    words = _PLAIN[day.source] + (f": {day.name}" if day.name else "")
    since = "" if day.first is None else f" from {_EPOCH + timedelta(days=day.first)}"
    until = "" if day.last is None else f" to {_EPOCH + timedelta(days=day.last)}"
    return words + since + until
