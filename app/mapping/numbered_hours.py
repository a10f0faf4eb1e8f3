"""Opening hours in which programs write numbers for weekdays or for minutes of the week, which begins with Sunday."""

import re
from typing import Final

from app.mapping.times import CLOSED, Window, opening_hours, time_of_day
from app.mapping.unmappable import Unmappable

#: A day of Yext or of Google's lists of places, 1 = Sunday, with both its times: 2:9:00:17:00 or 2:9:00 AM:5:00 PM.
_TIME: Final = r"[0-9]{1,2}:[0-9]{2}(?: ?[AaPp]\.?[Mm]\.?)?"
_DAY: Final = re.compile(rf"\s*([1-7]):(?:({_TIME}):({_TIME})|({'|'.join(map(re.escape, CLOSED))}))\s*", re.IGNORECASE)

#: An interval of Zendesk, minutes after the beginning of Sunday: 1980-2460.
_INTERVAL: Final = re.compile(r"\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*")

_MINUTES_OF_DAY: Final = 1_440
_MINUTES_OF_WEEK: Final = 7 * _MINUTES_OF_DAY


def hours_of_numbered_days(text: str) -> list[Window]:
    """The windows of ``2:9:00:17:00,3:9:00:12:00``, in which 1 is Sunday; raises Unmappable.

    A day from 0:00 to 0:00 is open all day.
    """
    found: list[Window] = []
    for part in text.strip().strip(",").split(","):
        named = _DAY.fullmatch(part)
        if named is None:
            raise Unmappable("bad_hours", f"has {part.strip()!r}, which is not a day with hours such as 2:9:00:17:00")
        if named[4] is None:
            form = "12h" if re.search("[AaPp]", part) else "24h"
            start, end = (time_of_day(one, form) for one in named.group(2, 3))
            is_whole = start == end == "00:00:00"
            found.append((_weekday(int(named[1]) - 1), start, "24:00:00" if is_whole else end))
    if not found:
        raise Unmappable(
            "bad_hours", "is closed on all days; without a row such a store counts as always open: remove it"
        )
    return sorted(found)


def hours_of_minutes(text: str) -> list[Window]:
    """The windows of ``1980-2460``, minutes after the beginning of Sunday, one for each day; raises Unmappable."""
    found = _INTERVAL.fullmatch(text)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if not start < end <= _MINUTES_OF_WEEK:
        raise Unmappable(
            "bad_hours", f"is not two numbers of minutes of the week such as 1980-2460, up to {_MINUTES_OF_WEEK}"
        )
    days = range(start // _MINUTES_OF_DAY, -(-end // _MINUTES_OF_DAY))
    spans = (
        (day, max(start - day * _MINUTES_OF_DAY, 0), min(end - day * _MINUTES_OF_DAY, _MINUTES_OF_DAY)) for day in days
    )
    return [
        (_weekday(day), time_of_day(str(first), "minutes"), time_of_day(str(last), "minutes"))
        for day, first, last in spans
    ]


def _weekday(day: int) -> str:
    """A day from 0 = Sunday as one from 0 = Monday."""
    return str((day + 6) % 7)


#: The forms by the names that a mapping has for them, which are no languages.
FORMS: Final = {"numbered_days": hours_of_numbered_days, "minutes_of_week": hours_of_minutes}


def windows_of(text: str, form: str) -> list[Window]:
    """The windows of opening hours; ``form``: a language or one of FORMS; raises Unmappable."""
    return FORMS[form](text) if form in FORMS else opening_hours(text, form)
