"""Times of day, weekdays and opening hours as people write them."""

import re
from collections.abc import Iterator
from typing import Final

from app.mapping.languages import several_weekdays, weekday, weekdays
from app.mapping.unmappable import Unmappable

_CLOCK: Final = (
    r"([0-9]{1,2})(?:(?: ?[:.hH] ?)?([0-9]{2})|:0(?![0-9]))?(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?: *([AaPp])\.?(?:[Mm]\.?)?(?![A-Za-z])| ?(?:[Uu]hr|[Hh]rs?|[Hh])\b)?"
)
_ONE_CLOCK: Final = re.compile(f"T?{_CLOCK}")
_TO: Final = r"(?:-|\u2013|\u2014|[~\u301c\uff5e]|to|till?|until|bis|à|a|al|tot)"
_SPAN: Final = re.compile(rf"\s*{_CLOCK}\s*{_TO}\s*{_CLOCK}\s*")

#: Words that stand for a time of day.
_NAMED: Final = {"noon": "12:00", "midday": "12:00", "midnight": "00:00", "mittag": "12:00", "mitternacht": "00:00"}

_NAMES: Final = re.compile(rf"\b(?:{'|'.join(_NAMED)})\b", re.IGNORECASE)

#: Units of times of day that are counted from midnight, and how many a day has.
_COUNTED: Final = {"minutes": 1_440, "seconds": 86_400, "milliseconds": 86_400_000}

#: Words for a day without hours, in small letters.
CLOSED: Final = (
    *("off", "closed", "closed all day", "geschlossen", "ruhetag", "fermé", "ferme", "cerrado", "chiuso"),
    *("gesloten", "fechado", "zamknięte", "nieczynne", "stängt", "lukket", "stengt", "suljettu", "x"),
    *("kapal\u0131", "kapali", "zavřeno", "закрыто", "выходной", "定休日", "休み", "休業", "休業日", "休息", "휴무"),
    *("휴무일", "关闭", "關閉"),
)
_ALWAYS: Final = (
    *("24/7", "24 hours", "24 hrs", "24 h", "24h", "open 24 hours", "open 24h", "always", "always open"),
    *("24 stunden", "durchgehend", "rund um die uhr", "24h/24", "24 horas", "24 heures", "24 ore", "24 uur"),
)

#: Days, and spans of hours that begin with the first digit, or a word for all or none: Mo-Fr 09:00-17:00.
_RULE: Final = re.compile(
    rf"(?P<days>[^0-9]*?)[\s:,]*(?P<hours>{'|'.join(map(re.escape, sorted(_ALWAYS + CLOSED, key=len, reverse=True)))}"
    r"|[0-9].*)?",
    re.IGNORECASE,
)

#: Letters that one weekday alone begins with in English.
_LETTERS: Final = {"M": 0, "W": 2, "F": 4}

#: What rules of holidays begin with.
_HOLIDAYS: Final = re.compile(r"(PH|SH|public holidays?|holidays?|feiertage?|jours fériés|festivos)\b", re.IGNORECASE)

#: One window: weekday 0 = Monday, opening and closing as HH:MM:SS.
Window = tuple[str, str, str]


def time_of_day(text: str, form: str) -> str:
    """A time of day as HH:MM:SS; hours past 24 are those of the next morning; raises Unmappable.

    Args:
        text: such as 9:00 AM (``12h``), 0900, 9 or 26:30 (``24h``), 0.375 (``fraction`` of a day).
        form: one of these, or ``minutes``, ``seconds`` or ``milliseconds`` after midnight: 540, 32400, 32400000.
            ``12h`` also reads 17:00 and 0:30, which have one meaning without AM or PM.
    """
    plain = _NAMED.get(text.strip().lower(), text.strip())
    if form in _COUNTED:
        if not re.fullmatch(r"[0-9]{1,8}(\.0+)?", plain) or float(plain) > 2 * _COUNTED[form]:
            raise Unmappable("bad_time", f"is not a number of {form} after midnight, up to {_COUNTED[form]}")
        return _clock(int(float(plain) * 86_400) // _COUNTED[form])
    if form == "fraction":
        try:
            share = float(plain)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            raise Unmappable("bad_time", "is not a fraction of a day such as 0.375, from 0 to 1")
        return _clock(round(share * 86_400))
    if plain.lower() in CLOSED:
        raise Unmappable("bad_time", "is not a time of day; a closed day has no row: leave the row out with where")
    found = _ONE_CLOCK.fullmatch(plain)
    if found is not None and plain == text.strip():
        found = _in_form(found, form)
    if found is None:
        example = "9:00 AM" if form == "12h" else "09:00, 0900 or 9"
        raise Unmappable("bad_time", f"is not a time of day such as {example}")
    return _clock(_seconds(found, 1))


def _in_form(found: re.Match[str], form: str) -> re.Match[str] | None:
    """The same time if it is written in this form; raises Unmappable for one that has two meanings."""
    if form == "12h" and not found[4] and ":" in found[0]:
        if 1 <= int(found[1]) <= 12:
            raise Unmappable("bad_time", "has neither AM nor PM: it may be in the morning or the evening")
        return found
    return found if (form == "12h") == bool(found[4]) else None


def days(text: str, language: str) -> list[int]:
    """Weekdays, 0 = Monday, of a name, a list or a range such as Mon-Fri, in this order; raises Unmappable."""
    found: list[int] = []
    for part in _parts_of(text):
        if (several := several_weekdays(part)) is not None:
            found += several
            continue
        first, dash, last = (part, "", "") if weekday(part, language) is not None else _split_range(part)
        begins, ends = (
            _end_of_range(one, language) if dash else weekday(one, language) for one in (first, last or first)
        )
        if begins is None or ends is None:
            wrong = first if begins is None else last
            raise Unmappable(
                "bad_weekday", f"is not a weekday in {language} such as {_example(language)}: {wrong!r} is none"
            )
        found += [(begins + step) % 7 for step in range((ends - begins) % 7 + 1)]
    return list(dict.fromkeys(found))


def _parts_of(text: str) -> list[str]:
    """The members of a list of weekdays, which may be addresses."""
    signs = "," if "://" in text else r"[,;&+/]|\s+(?:and|und|et|y|e|en)\s+"
    return [part.strip() for part in re.split(signs, text.strip())]


def opening_hours(text: str, language: str) -> list[Window]:
    """The windows of weekly opening hours such as ``Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-14:00``; raises Unmappable.

    As in OpenStreetMap a later rule replaces an earlier one for its days. Rules for holidays, weeks or months are not
    weekly and are refused.
    """
    open_on: dict[int, list[Window]] = {}
    for rule in filter(None, (part.strip() for part in re.split(r"[;\n|]", text))):
        if _HOLIDAYS.match(rule):
            raise Unmappable(
                "bad_hours", f"has {rule!r}, which is not weekly: leave it out, and load holidays as a calendar"
            )
        parts = _RULE.fullmatch(_with_digits(rule))
        if parts is None or parts["hours"] is None:
            raise Unmappable(
                "bad_hours", f"is not weekly opening hours such as Mo-Fr 09:00-17:00: {rule!r} has no hours"
            )
        try:
            on = days(parts["days"], language) if parts["days"].strip() else list(range(7))
        except Unmappable as error:
            raise Unmappable("bad_hours", f"has {rule!r}, which {error}") from error
        spans = list(_spans(parts["hours"]))
        for day in on:
            open_on[day] = [(str(day), start, end) for start, end in spans]
    if not open_on:
        raise Unmappable("bad_hours", "is not weekly opening hours such as Mo-Fr 09:00-17:00")
    if len(open_on) == 7 and not any(open_on.values()):
        raise Unmappable(
            "bad_hours", "is closed on all days; without a row such a store counts as always open: remove it"
        )
    return [window for day in sorted(open_on) for window in open_on[day]]


def names_days(text: str) -> bool:
    """Whether each rule of opening hours says on which days it holds, as a word for the whole week does, too."""
    for rule in filter(None, (part.strip() for part in re.split(r"[;\n|]", text))):
        parts = _RULE.fullmatch(_with_digits(rule))
        hours = (parts["hours"] or "").strip().lower() if parts is not None else ""
        if parts is not None and hours not in _ALWAYS + CLOSED and not parts["days"].strip():
            return False
    return True


def _spans(text: str) -> Iterator[tuple[str, str]]:
    word = text.strip().lower()
    if word in _ALWAYS:
        yield "00:00:00", "24:00:00"
    if word in _ALWAYS or word in CLOSED:
        return
    for part in re.split(r"[,/&]|\s+(?:and|und|et|y|e|en)\s+", text):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise Unmappable("bad_hours", f"has {part.strip()!r}, which is not hours such as 09:00-17:00")
        _require_one_meaning(part.strip(), found)
        yield _clock(_seconds(found, 1)), _clock(_seconds(found, 5))


def _with_digits(text: str) -> str:
    """The text with digits for words that stand for a time of day."""
    return re.sub(
        "|".join(rf"\b{name}\b" for name in _NAMED), lambda found: _NAMED[found[0].lower()], text, flags=re.IGNORECASE
    )


def _require_one_meaning(part: str, found: re.Match[str]) -> None:
    """Raise Unmappable for hours of which half a day is not told: 9-5, or 8-10pm, which may begin in the evening."""
    halves = [bool(found[4]), bool(found[8])]
    without = {int(found[hour]) for hour, has_half in zip((1, 5), halves, strict=True) if not has_half}
    if any(halves) and not without <= {0, 12}:  # noon and midnight
        raise Unmappable("bad_hours", f"has {part!r}, of which one time has AM or PM; write it with both")
    begins, ends = int(found[1]), int(found[5])
    if not any(halves) and not found[5].startswith("0") and 1 <= ends < begins <= 12:
        later = f"{begins:02}:{found[2] or '00'}-{ends + 12:02}:{found[6] or '00'}"
        raise Unmappable("bad_hours", f"has {part!r}, which may end in the morning or the evening; write {later}")


def _end_of_range(text: str, language: str) -> int | None:
    """The weekday at an end of a range, in English also by a letter that only one begins with: M-F."""
    found = weekday(text, language)
    return _LETTERS.get(text.upper()) if found is None and language.startswith("en") else found


def _split_range(part: str) -> tuple[str, str, str]:
    found = re.split(r"\s*(?:-|\u2013|[~\u301c\uff5e]|\b(?:to|thru|through|bis)\b)\s*", part, maxsplit=1)
    return (found[0].strip(), "-", found[1].strip()) if len(found) == 2 else (part.strip(), "", "")


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
