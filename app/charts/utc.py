"""UTC instants in the words of a chart; given as microseconds since the epoch, named in English whatever the locale."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

HOUR_MICROS: Final = 3_600_000_000
DAY_MICROS: Final = 24 * HOUR_MICROS


def day(micros: int) -> str:
    """Such as ``Wed 18 Jan``."""
    at = _instant(micros)
    return f"{_WEEKDAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def clock(micros: int) -> str:
    """Such as ``18:12``, seconds cut off."""
    return f"{_instant(micros):%H:%M}"


def week(first: int, last: int) -> str:
    """The line that says which time a chart is about."""
    return f"{_instant(first):%Y-%m-%d %H:%M} to {_instant(last):%Y-%m-%d %H:%M} UTC"


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
