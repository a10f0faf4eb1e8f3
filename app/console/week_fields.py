"""Weekly hours as fields of a form, one a day: ``09:00-12:00, 13:00-17:00``; and as a grid of hours."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.console.asking import wrong
from app.console.texts import Texts

#: Days of a week, 0 for Monday.
DAYS: Final = range(7)

_WINDOW: Final = re.compile(r"(\d{1,2}:\d\d(?::\d\d)?)\s*[-–]\s*(\d{1,2}:\d\d(?::\d\d)?)", re.ASCII)  # noqa: RUF001 - a dash

#: What comes of a window.
_TIMES: Final = ("start_time_local", "end_time_local")

_HOUR_SECONDS: Final = 3600
_DAY_SECONDS: Final = 24 * _HOUR_SECONDS

#: An end in the last minute of a day is the end of the day, seconds.
_LAST_MINUTE: Final = _DAY_SECONDS - 60

Windows = list[dict[str, str]]


def field(day: int) -> str:
    """The name of the field of a weekday."""
    return f"day-{day}"


def read_week(texts: Texts, form: Mapping[str, str]) -> list[Windows]:
    """The windows of each weekday; a day whose field is empty has none.

    Raises:
        Refused: a field is written otherwise.
    """
    return [_read(texts, day, form.get(field(day), "")) for day in DAYS]


def fields_of_week(windows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of windows as the API tells them."""
    return {field(day): written([one for one in windows if one["day"] == day]) for day in DAYS}


def written(windows: Sequence[Mapping[str, Any]]) -> str:
    """Windows of one day as its field has them."""
    return ", ".join("-".join(short_time(one[name]) for name in _TIMES) for one in windows)


def short_time(time: str) -> str:
    """A time of day without seconds that are none: 09:00, 23:59:59."""
    hours_and_minutes, seconds = time[:5], time[5:]
    return hours_and_minutes if not seconds.strip(":0.") else time


def grid(windows: Sequence[Mapping[str, Any]], *, is_always: bool) -> list[list[bool]]:
    """For each weekday and each of its 24 hours whether any of it is open."""
    cells = [[is_always] * 24 for _ in DAYS]
    for one in windows:
        opens, closes = (_seconds(one[name]) for name in _TIMES)
        if closes >= _LAST_MINUTE:
            closes = _DAY_SECONDS
        elif closes <= opens:
            closes += _DAY_SECONDS
        for hour in range(opens // _HOUR_SECONDS, -(-closes // _HOUR_SECONDS)):
            cells[(one["day"] + hour // 24) % 7][hour % 24] = True
    return cells


def _read(texts: Texts, day: int, text: str) -> Windows:
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = _WINDOW.fullmatch(part)
        if match is None:
            reason = texts("“%(part)s” is not written like 09:00-12:00, 13:00-17:00", part=part)
            raise wrong(field(day), reason)
        found.append(dict(zip(_TIMES, map(_padded, match.groups()), strict=True)))
    return found


def _padded(time: str) -> str:
    return time if time.index(":") == 2 else "0" + time


def _seconds(time: str) -> int:
    """Of a time of day that the API tells, 09:00:00; parts of a second are dropped."""
    hours, minutes, seconds = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(float(seconds))
