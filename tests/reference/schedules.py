"""A slow twin of the timing of schedules: walks through time minute by minute, by the rules of docs/schedules.md alone.

A cron expression is read anew, by the rules of that page; nothing of app/ and no library for cron is used.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)

#: No clock of these years is set back further.
_LONGEST_SET_BACK = timedelta(hours=3)

_DAYS = dict(zip(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), range(7), strict=True))
_MONTHS = dict(
    zip(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
        range(1, 13),
        strict=True,
    )
)


def due(cron: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    """The instants in ``(first, last]`` at which a schedule is due, in UTC; both are whole minutes."""
    rules = ZoneInfo(zone)
    minute, hour = cron.split()[:2]
    repeats = minute.startswith("*") or hour.startswith("*")
    at = first - _LONGEST_SET_BACK
    highest = before = _shown(at, rules)
    found = []
    while at < last:
        at += _MINUTE
        now = _shown(at, rules)
        if repeats:
            is_due = names(cron, now)
        elif now <= highest:  # the clock was set back, and has shown this time
            is_due = False
        else:  # what the clock skips counts now, when it goes on
            is_due = names(cron, now) or any(names(cron, time) for time in _skipped(before, now))
        if is_due and at > first:
            found.append(at)
        before, highest = now, max(now, highest)
    return found


def names(cron: str, local: datetime) -> bool:
    """Whether a cron expression names a local time."""
    minute, hour, day, month, weekday = cron.split()
    if not _in(minute, local.minute, 0, 59) or not _in(hour, local.hour, 0, 23):
        return False
    if not _in(month, local.month, 1, 12, _MONTHS):
        return False
    is_day = _is_day(day, local)
    is_weekday = _is_weekday(weekday, local)
    if day.startswith("*") or weekday.startswith("*"):
        return is_day and is_weekday
    return is_day or is_weekday


def _shown(at: datetime, rules: ZoneInfo) -> datetime:
    return at.astimezone(rules).replace(tzinfo=None)


def _skipped(before: datetime, now: datetime) -> Iterator[datetime]:
    time = before + _MINUTE
    while time < now:
        yield time
        time += _MINUTE


def _in(field: str, value: int, least: int, most: int, words: dict[str, int] | None = None) -> bool:
    """Whether a list of numbers, ranges and steps has a value."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            begin, end = least, most
        else:
            begin, _, end = span.partition("-")
            begin = _number(begin, words)
            end = _number(end, words) if end else (most if step else begin)
        if value in range(begin, end + 1, int(step or 1)):
            return True
    return False


def _number(text: str, words: dict[str, int] | None) -> int:
    return words[text] if words and text in words else int(text)


def _is_day(field: str, local: datetime) -> bool:
    if field == "L":
        return local.day == calendar.monthrange(local.year, local.month)[1]
    return _in(field, local.day, 1, 31)


def _is_weekday(field: str, local: datetime) -> bool:
    """Sunday is 0 and 7; ``MON#2`` is the second one of the month, ``5L`` the last Friday."""
    number = local.isoweekday() % 7
    if "#" in field:
        day, nth = field.split("#")
        return number == _number(day, _DAYS) % 7 and (local.day - 1) // 7 + 1 == int(nth)
    if field.endswith("L"):
        return number == int(field[:-1]) % 7 and local.day + 7 > calendar.monthrange(local.year, local.month)[1]
    return _in(field, number, 0, 7, _DAYS) or (number == 0 and _in(field, 7, 0, 7, _DAYS))


def utc(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
