"""Periods as people write them: 2024, 2024-Q4, 2024-11, 2024-W45, 2024-11-05, yesterday, last_week, last_month."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: What a period may be, for messages.
FORMS: Final = (
    "a year (2024), a quarter (2024-Q4), a month (2024-11), a week of ISO 8601 (2024-W45), a day (2024-11-05), "
    "yesterday, last_week or last_month"
)

_DAY: Final = timedelta(days=1)

#: Words that depend on the day, and what they are written as once that is known.
RELATIVE: Final[Mapping[str, Callable[[date], str]]] = {
    "yesterday": lambda today: (today - _DAY).isoformat(),
    "last_week": lambda today: "{:04}-W{:02}".format(*(today - 7 * _DAY).isocalendar()[:2]),
    "last_month": lambda today: f"{today.replace(day=1) - _DAY:%Y-%m}",
}

_MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}

_FORM: Final = re.compile(
    r"(?P<of>[0-9]{4})(?:-(?:Q(?P<quarter>[1-4])|W(?P<week>[0-9]{2})|(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?))?\Z"
)


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates ``[first, last)`` of a period, and the first of the period of the same kind before it."""

    first: date
    last: date
    before: date


def fixed(word: str, today: date) -> str:
    """A period that does not depend on the day: of ``last_month`` on 5 November 2024, ``2024-10``."""
    return RELATIVE[word](today) if word in RELATIVE else word


def dates_of(period: str) -> Dates:
    """The dates of a period that is fixed(); the one before a month is the month before, whatever its length.

    Raises:
        ValueError: it is none, or a month, week or day that the calendar does not have.
    """
    found = _FORM.match(period)
    if found is None:
        raise ValueError("is not a period")
    year = int(found["of"])
    if found["day"]:
        day = date.fromisoformat(period)
        return Dates(day, day + _DAY, day - _DAY)
    if found["week"]:
        monday = date.fromisocalendar(year, int(found["week"]), 1)
        return Dates(monday, monday + 7 * _DAY, monday - 7 * _DAY)
    length = _MONTHS["quarter" if found["quarter"] else "month" if found["month"] else "year"]
    first = date(year, int(found["month"] or 3 * int(found["quarter"] or 1) - 2), 1)
    return Dates(first, _months_later(first, length), _months_later(first, -length))


def _months_later(first: date, months: int) -> date:
    """The first of a month, so many months after that of another."""
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
