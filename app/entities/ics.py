"""Holidays from iCalendar files (RFC 5545): all-day events, once or yearly."""

import re
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.errors import InvalidParameters

#: Largest file, bytes, and most lines and events in it: a calendar of holidays is far smaller.
MOST_BYTES: Final = 1 << 20
MOST_LINES: Final = 40_000
MOST_EVENTS: Final = 2000

#: Years for which the dates of a yearly event are written.
YEARS: Final = 20

#: Longest event, days; and the most days of all events together, each as often as it comes.
MOST_DAYS: Final = 366
MOST_DAYS_TOGETHER: Final = 20_000

#: How long yearly events may take to work out, seconds of the processor: a rule that never comes true takes almost half
#: of one, because dateutil looks for it to the year 9999.
MOST_SECONDS: Final = 2.0

#: After so many years weekdays and leap years come again, from 1901 to 2099.
_CYCLE: Final = 28

#: Events that a refusal names, and how much of the parser's words it repeats, characters.
_NAMED: Final = 5
_SHOWN: Final = 200

#: How an iCalendar file begins, and what to do with one that cannot be read.
_BEGINS: Final = re.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR")
_EXPORT: Final = "export the calendar again as .ics."

#: Parts of a rule that leave it yearly; others, such as BYHOUR, are for times of day.
_PARTS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"})


def holidays_in(data: bytes, *, name: str, first_year: int) -> list[tuple[str, str]]:
    """Date and name of each all-day event, in order; names of one date are joined.

    Args:
        data: of the file; of one that is larger than MOST_BYTES, any part that is larger.
        name: of the file, for messages.
        first_year: the first of the YEARS for which yearly events are written.

    Raises:
        InvalidParameters: it is no such file, too large, takes too long, or has an event that is no date; all of the
            file is refused.
    """
    names: dict[date, list[str]] = {}
    wrong: list[str] = []
    total = 0
    events = _events(data, name)
    until = time.thread_time() + MOST_SECONDS
    for event in events:
        title = " ".join(str(event.get("SUMMARY", "")).split())
        try:
            for day in _dates(event, first_year):
                names.setdefault(day, []).append(title)
                total += 1
                if total > MOST_DAYS_TOGETHER:
                    raise InvalidParameters(
                        f"{name} has more than {MOST_DAYS_TOGETHER:,} days in its events; export the holidays alone."
                    )
        except ValueError as error:
            wrong.append(f"event {title[:_SHOWN]!r}: {error}")
        if time.thread_time() > until:
            raise InvalidParameters(
                f"{name} has events that take longer than {MOST_SECONDS:g} s to work out; the last one looked at is "
                f"{title[:_SHOWN]!r}. Write its dates as events of single days."
            )
    if wrong:
        more = f"\n… and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise InvalidParameters(f"{name} has events that are not holidays:\n" + "\n".join(wrong[:_NAMED]) + more)
    return [
        (day.isoformat(), "; ".join(dict.fromkeys(filter(None, names[day])))[:255].strip()) for day in sorted(names)
    ]


def _events(data: bytes, name: str) -> list[Any]:
    from icalendar import Calendar  # noqa: PLC0415 - takes a while to import

    if len(data) > MOST_BYTES:
        raise InvalidParameters(f"{name} is larger than {MOST_BYTES:,} bytes; export the holidays alone.")
    # Before the parser, which takes a second for so many.
    for what, most, pattern in (("events", MOST_EVENTS, rb"(?im)^BEGIN:VEVENT"), ("lines", MOST_LINES, rb"\n")):
        if (count := len(re.findall(pattern, data))) > most:
            raise InvalidParameters(f"{name} has {count:,} {what}; at most {most:,} are read.")
    if not _BEGINS.match(data):
        raise InvalidParameters(f"{name} is not an iCalendar file, which begins with BEGIN:VCALENDAR; {_EXPORT}")
    try:
        events = Calendar.from_ical(data).walk("VEVENT")
    except (
        ValueError,
        KeyError,
        IndexError,
        RecursionError,
    ) as error:  # in words of the parser, with bytes of the file
        raise InvalidParameters(
            f"{name} is not an iCalendar file that can be read: it is damaged, cut off, or has lines without a name; "
            f"{_EXPORT}"
        ) from error
    return [event for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]


def _dates(event: Any, first_year: int) -> Iterator[date]:
    """The dates of an event; raises ValueError with the reason if it is no holiday."""
    first = _value(event, "DTSTART", "a date such as 20241231")
    if not isinstance(first, date) or isinstance(first, datetime):
        raise ValueError("is not all day; DTSTART must be a date (VALUE=DATE)")  # noqa: TRY004 - of the event
    if unread := sorted({"RDATE", "EXDATE", "RECURRENCE-ID"} & set(event)):
        raise ValueError(f"has {', '.join(unread)}, which is not read; write such dates as a file of holidays")
    length = _length(event, first)
    for begins in [first] if "RRULE" not in event else _yearly(event["RRULE"], first, first_year):
        yield from (begins + timedelta(days=number) for number in range(length))


def _length(event: Any, first: date) -> int:
    """Days; DTEND is the date after the last one."""
    last = _value(event, "DTEND", "a date such as 20241231")
    if last is None:
        lasting = _value(event, "DURATION", "a duration such as P2D")
        length = 1 if lasting is None else lasting.days
    elif not isinstance(last, date) or isinstance(last, datetime):
        raise ValueError("is not all day; DTEND must be a date (VALUE=DATE)")
    else:
        length = (last - first).days
    if length > MOST_DAYS:
        raise ValueError(f"is {length} days long; at most {MOST_DAYS} are read")
    return max(length, 1)


def _value(event: Any, name: str, allowed: str) -> Any:
    """What a property of an event says; None if it has none. Raises ValueError with the reason if it cannot be read."""
    given = event.get(name)
    if given is None:
        return None
    if isinstance(given, list):
        raise ValueError(f"has {name} more than once; give it once")  # noqa: TRY004 - of the event
    value = event.decoded(name)
    if isinstance(value, str | bytes):  # the parser gives the text of what it cannot read
        raise ValueError(f"has {name} {_written(given)}, which is not {allowed}")  # noqa: TRY004 - of the event
    return value


def _written(given: Any) -> str:
    """A value as the file has it, without what a terminal would obey."""
    text = str(given) if isinstance(given, str) else given.to_ical().decode(errors="replace")
    return ascii(text[:_SHOWN])


def _yearly(rule: Any, first: date, first_year: int) -> list[date]:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - as above

    if isinstance(rule, list):
        raise ValueError("has RRULE more than once; give it once")  # noqa: TRY004 - of the event
    if isinstance(rule, str):  # the parser could not read it
        raise ValueError(f"has RRULE {_written(rule)}, which is not a rule such as FREQ=YEARLY")  # noqa: TRY004
    if [str(one).upper() for one in rule.get("FREQ", [])] != ["YEARLY"] or set(rule) - _PARTS:
        raise ValueError("repeats otherwise than FREQ=YEARLY on dates; write such dates as a file of holidays")
    # As a date: dateutil refuses an instant of UTC beside a first date without a zone.
    written = re.sub(r"UNTIL=(\d{8})T\w*", r"UNTIL=\1", rule.to_ical().decode())
    begins = first.year
    if not {"COUNT", "INTERVAL"} & set(rule) and begins < first_year:  # the years before change nothing
        begins += (first_year - begins) // _CYCLE * _CYCLE
    unfollowed = f"has RRULE {_written(rule)}, which is not a rule that can be followed, such as FREQ=YEARLY"
    if 0 in rule.get("INTERVAL", ()):  # dateutil would look for the next year without an end
        raise ValueError(unfollowed)
    try:
        dates = rrulestr(written, dtstart=datetime(begins, first.month, first.day))  # noqa: DTZ001 - a local date
        return [
            at.date()
            for at in dates.between(datetime(first_year, 1, 1), datetime(first_year + YEARS - 1, 12, 31), inc=True)  # noqa: DTZ001
        ]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError(unfollowed) from error
