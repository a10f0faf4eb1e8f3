"""Holidays from iCalendar files (RFC 5545): all-day events, once or yearly."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.errors import InvalidParameters

#: Largest file, bytes, and most events: a calendar of holidays is far smaller.
MOST_BYTES: Final = 1 << 20
MOST_EVENTS: Final = 2000

#: Years for which the dates of a yearly event are written.
YEARS: Final = 20

#: Longest event, days.
MOST_DAYS: Final = 366

#: Events that a refusal names.
_NAMED: Final = 5

#: Parts of a rule that leave it yearly; others, such as BYHOUR, are for times of day.
_PARTS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"})


def holidays_of(path: Path, *, first_year: int) -> list[tuple[str, str]]:
    """Date and name of each all-day event, in order; names of one date are joined.

    Args:
        path: the file.
        first_year: the first of the YEARS for which yearly events are written.

    Raises:
        InvalidParameters: it cannot be read, is too large, or has an event that is no date; all of the file is refused.
    """
    names: dict[date, list[str]] = {}
    wrong: list[str] = []
    for event in _events(path):
        name = " ".join(str(event.get("SUMMARY", "")).split())
        try:
            for day in _dates(event, first_year):
                names.setdefault(day, []).append(name)
        except ValueError as error:
            wrong.append(f"event {name!r}: {error}")
    if wrong:
        more = f"\n… and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise InvalidParameters(f"{path} has events that are no holidays:\n" + "\n".join(wrong[:_NAMED]) + more)
    return [
        (day.isoformat(), "; ".join(dict.fromkeys(filter(None, names[day])))[:255].strip()) for day in sorted(names)
    ]


def _events(path: Path) -> list[Any]:
    from icalendar import Calendar  # noqa: PLC0415 - takes a while to import

    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidParameters(f"{path} cannot be read: {error.strerror}; give the path of an .ics file.") from error
    if len(data) > MOST_BYTES:
        raise InvalidParameters(f"{path} is larger than {MOST_BYTES:,} bytes; export the holidays alone.")
    try:
        events = Calendar.from_ical(data).walk("VEVENT")
    except ValueError as error:
        raise InvalidParameters(f"{path} is not an iCalendar file: {error}") from error
    if len(events) > MOST_EVENTS:
        raise InvalidParameters(f"{path} has {len(events):,} events; at most {MOST_EVENTS:,} are read.")
    return [event for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]


def _dates(event: Any, first_year: int) -> Iterator[date]:
    """The dates of an event; raises ValueError with the reason if it is no holiday."""
    first = event.decoded("DTSTART") if "DTSTART" in event else None
    if not isinstance(first, date) or isinstance(first, datetime):
        raise ValueError("is not all day; DTSTART must be a date (VALUE=DATE)")  # noqa: TRY004 - of the event
    if unread := sorted({"RDATE", "EXDATE", "RECURRENCE-ID"} & set(event)):
        raise ValueError(f"has {', '.join(unread)}, which is not read; write such dates as a file of holidays")
    length = _length(event, first)
    for begins in [first] if "RRULE" not in event else _yearly(event["RRULE"], first, first_year):
        yield from (begins + timedelta(days=number) for number in range(length))


def _length(event: Any, first: date) -> int:
    """Days; DTEND is the date after the last one."""
    last = event.decoded("DTEND") if "DTEND" in event else None
    if last is None:
        length = event.decoded("DURATION").days if "DURATION" in event else 1
    elif isinstance(last, datetime):
        raise ValueError("is not all day; DTEND must be a date (VALUE=DATE)")
    else:
        length = (last - first).days
    if length > MOST_DAYS:
        raise ValueError(f"is {length} days long; at most {MOST_DAYS} are read")
    return max(length, 1)


def _yearly(rule: Any, first: date, first_year: int) -> list[date]:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - as above

    if isinstance(rule, list) or [str(one).upper() for one in rule.get("FREQ", [])] != ["YEARLY"] or set(rule) - _PARTS:
        raise ValueError("repeats otherwise than FREQ=YEARLY on dates; write such dates as a file of holidays")
    # As a date: dateutil refuses an instant of UTC beside a first date without a zone.
    written = re.sub(r"UNTIL=(\d{8})T\w*", r"UNTIL=\1", rule.to_ical().decode())
    dates = rrulestr(written, dtstart=datetime(first.year, first.month, first.day))  # noqa: DTZ001 - a local date
    return [
        at.date()
        for at in dates.between(datetime(first_year, 1, 1), datetime(first_year + YEARS - 1, 12, 31), inc=True)  # noqa: DTZ001
    ]
