"""Times of day, weekdays and opening hours as people write them."""

import re
from collections.abc import Iterator
from typing import Final

from app.mapping.languages import weekday, weekdays
from app.mapping.unmappable import Unmappable

_CLOCK: Final = r"([0-9]{1,2})(?:[:.h]?([0-9]{2}))?(?::([0-9]{2})(?:[.,][0-9]+)?)?(?: *([AaPp])\.?[Mm]\.?)?"
_ONE_CLOCK: Final = re.compile(_CLOCK)
_SPAN: Final = re.compile(rf"\s*{_CLOCK}\s*(?:-|\u2013|to|bis)\s*{_CLOCK}\s*")

#: Days and spans of hours, parted by the first digit: Mo-Fr 09:00-17:00.
_RULE: Final = re.compile(r"(?P<days>[^0-9]*?)[\s:]*(?P<hours>[0-9].*|24/7|off|closed|geschlossen)?", re.IGNORECASE)

_CLOSED: Final = {"off", "closed", "geschlossen"}

#: One window: weekday 0 = Monday, opening and closing as HH:MM:SS.
Window = tuple[str, str, str]


def time_of_day(text: str, form: str) -> str:
    """A time of day as HH:MM:SS; hours past 24 are those of the next morning; raises Unmappable.

    Args:
        text: such as 9:00 AM (``12h``), 0900, 9 or 26:30 (``24h``), 0.375 (``fraction`` of a day).
        form: one of these.
    """
    plain = text.strip()
    if form == "fraction":
        try:
            share = float(plain)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            raise Unmappable("bad_time", "is not a fraction of a day such as 0.375, from 0 to 1")
        return _clock(round(share * 86_400))
    found = _ONE_CLOCK.fullmatch(plain)
    if found is None or (form == "12h") != bool(found[4]):
        example = "9:00 AM" if form == "12h" else "09:00, 0900 or 9"
        raise Unmappable("bad_time", f"is not a time of day such as {example}")
    return _clock(_seconds(found, 1))


def days(text: str, language: str) -> list[int]:
    """Weekdays, 0 = Monday, of a name, a list or a range such as Mon-Fri, in this order; raises Unmappable."""
    found: list[int] = []
    for part in re.split(r"[,;&+/]|\s+(?:and|und)\s+", text.strip()):
        first, dash, last = (piece.strip() for piece in _split_range(part))
        begins, ends = weekday(first, language), weekday(last if dash else first, language)
        if begins is None or ends is None:
            wrong = first if begins is None else last
            raise Unmappable(
                "bad_weekday", f"is not a weekday in {language} such as {_example(language)}: {wrong!r} is none"
            )
        found += [(begins + step) % 7 for step in range((ends - begins) % 7 + 1)]
    return list(dict.fromkeys(found))


def opening_hours(text: str, language: str) -> list[Window]:
    """The windows of weekly opening hours such as ``Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-14:00``; raises Unmappable.

    As in OpenStreetMap a later rule replaces an earlier one for its days. Rules for holidays, weeks or months are not
    weekly and are refused.
    """
    if text.strip() == "24/7":
        return [(str(day), "00:00:00", "24:00:00") for day in range(7)]
    open_on: dict[int, list[Window]] = {}
    for rule in filter(None, (part.strip() for part in re.split(r"[;\n|]", text))):
        parts = _RULE.fullmatch(rule)
        if parts is None or parts["hours"] is None:
            raise Unmappable(
                "bad_hours", f"is not weekly opening hours such as Mo-Fr 09:00-17:00: {rule!r} has no hours"
            )
        try:
            on = days(parts["days"], language) if parts["days"].strip() else list(range(7))
        except Unmappable as error:
            raise Unmappable("bad_hours", f"has {rule!r}, which {error}") from error
        spans = [] if parts["hours"].lower() in _CLOSED else list(_spans(parts["hours"]))
        for day in on:
            open_on[day] = [(str(day), start, end) for start, end in spans]
    if not open_on:
        raise Unmappable("bad_hours", "is not weekly opening hours such as Mo-Fr 09:00-17:00")
    return [window for day in sorted(open_on) for window in open_on[day]]


def _spans(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r",|\s+(?:and|und)\s+", text):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise Unmappable("bad_hours", f"has {part.strip()!r}, which is not hours such as 09:00-17:00")
        yield _clock(_seconds(found, 1)), _clock(_seconds(found, 5))


def _split_range(part: str) -> tuple[str, str, str]:
    found = re.split(r"\s*(?:-|\u2013|\bto\b|\bbis\b)\s*", part, maxsplit=1)
    return (found[0], "-", found[1]) if len(found) == 2 else (part, "", "")


def _seconds(found: re.Match[str], first: int) -> int:
    """Seconds after midnight of the clock whose hour is the group ``first``."""
    hour, minute, second = (int(found[first + step] or 0) for step in range(3))
    half = (found[first + 3] or "").lower()
    if minute > 59 or second > 59 or (half and not 1 <= hour <= 12):
        raise Unmappable("bad_time", "is not a time of day")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return (hour * 60 + minute) * 60 + second


def _clock(seconds: int) -> str:
    """HH:MM:SS; 24:00 stays where it may end a window, and later hours are those of the next morning."""
    if seconds > 86_400:
        seconds -= 86_400
    if seconds > 86_400:
        raise Unmappable("bad_time", "is more than a day after midnight")
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _example(language: str) -> str:
    return next(iter(weekdays(language)))
