"""Whether the texts of a column are instants, and how they are written."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.ingest.values import Wrong, instant
from app.mapping.dates import Dates
from app.mapping.unmappable import Unmappable
from app.timeline.zones import known_zones

#: What a column is, the rule that reads it, and questions with what is assumed; None: it is something else.
Found = tuple[Any, ...] | None

#: Counts from the beginning of 1970 that are an instant of this century, or just before it.
_COUNTS: Final = {
    "epoch_s": re.compile(r"[12][0-9]{9}([.,][0-9]+)?( [+-][0-9]{4})?"),
    "epoch_ms": re.compile(r"[12][0-9]{12}"),
    "epoch_us": re.compile(r"[12][0-9]{15}"),
    "epoch_ns": re.compile(r"[12][0-9]{18}"),
}

#: Digits of a date and a time without anything between them.
_DIGITS: Final = {
    "YYYYMMDDHHmmss": re.compile(r"(19|20)[0-9]{12}"),
    "YYYYMMDDHHmm": re.compile(r"(19|20)[0-9]{10}"),
}

#: Days of a spreadsheet from 1954 to 2119 in a column whose name says that it is of times.
_EXCEL: Final = re.compile(r"[2-7][0-9]{4}([.,][0-9]+)?")
_OF_TIMES: Final = re.compile(
    r"time|date|stamp|zeit|datum|heure|fecha|hora|\bdata\b|\bwhen\b|(\b|_)at\b|\bts\b", re.IGNORECASE
)

#: An abbreviation of a time zone behind a time.
_ABBREVIATED: Final = re.compile(r"(.*[0-9AaPpMm.]) ([A-Z]{2,5})")
_NO_ZONES: Final = frozenset(("AM", "PM", "UTC", "GMT"))

#: How the name of a column says that its times are of UTC, if need be at an offset from it; that they are not; or that
#: they are of another zone: Time (UTC+2), Time (not UTC), Time (CET), local_time, Time (Europe/Berlin).
_SAYS_UTC: Final = re.compile(
    r"(?:utc|gmt(?=[ _)+\-\u2212]|$))(?![a-z])(?P<offset> ?[+\-\u2212] ?[0-9]{1,2}(?::?[0-9]{2})?)?|(?<![a-z])utc",
    re.IGNORECASE,
)
_SAYS_NOT: Final = re.compile(r"(?<![a-z])(not|non|no|nicht|kein|pas)(?![a-z])", re.IGNORECASE)
_SAYS_ZONE: Final = re.compile(r"(?<![A-Za-z])(CES?T|E[DES]T|EES?T|WES?T|BST|IST|JST|[CMP][DS]T|AE[DS]T)(?![A-Za-z])")
_PLACE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_/]+")

#: A time of day, with its hour and, of those with halves, AM or PM.
_CLOCK: Final = re.compile(r"(?<![0-9:.])([0-9]{1,2}):[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: *([AaPp])\.?[Mm]\b)?")

#: A date of three numbers of two digits, and the day before which hardly any file begins.
_SHORT: Final = re.compile(r"[0-9]{2}[/\-][0-9]{2}[/\-][0-9]{2}(?![0-9])")
_FIRST_LIKELY: Final = "2012-01-01"

_NAMED: Final = ("iso", "dmy", "mdy", "ymd", "rfc2822", "ctime")

#: Formats of which only the numbers tell which one it is.
DAY_OR_MONTH: Final = ("dmy", "mdy")

#: Patterns of dates whose months have names, as monitors, spreadsheets and pages show them, and of other usual ones.
_PATTERNS: Final = (
    *("MMM D, YYYY h:mm A", "MMM D, YYYY h:mm:ss A", "MMM D, YYYY, h:mm A", "MMM D, YYYY, h:mm:ss A"),
    *("MMM D, YYYY H:mm", "MMM D, YYYY H:mm:ss", "MMM D, YYYY", "D MMM YYYY", "D-MMM-YYYY", "D-MMM-YYYY H:mm"),
    *("MMM D, YYYY [at] h:mmA", "MMM D, YYYY [at] h:mm A", "MMM D, YYYY [at] h:mmA Z", "MMM D, YYYY [at] h:mm A Z"),
    *("D-MMM-YYYY H:mm:ss", "D MMM YYYY, H:mm", "D MMM YYYY, h:mm A", "YYYY-MM-DD h:mm A", "YYYY-MM-DD h:mm:ss A"),
    *("D. MMM YYYY H:mm", "D. MMM YYYY H:mm:ss", "D. MMM YYYY, H:mm", "D. MMM YYYY", "D MMM YYYY H:mm"),
    *("D MMM YYYY H:mm:ss", "DD/MMM/YYYY:HH:mm:ss Z", "MMM D YYYY H:mm:ss Z", "MMM D YYYY H:mm:ss", "MMM D YYYY h:mmA"),
    *("MMM D YYYY H:mm", "MMM D YYYY h:mm A", "D MMM YYYY h:mm A", "D MMM YYYY h:mm:ss A"),
    *("YYYY/M/D H:mm", "YYYY/M/D H:mm:ss", "YYYY/M/D", "YYYY-M-D H:mm", "YYYY-M-D H:mm:ss"),
)


def instant_of(name: str, texts: Sequence[str], form: str | None = None) -> Found:
    """The rule that reads all texts of a column as instants, with what is to be asked of them.

    ``form`` is the one of day and month first that other columns of the file tell.
    """
    if (found := _plain(texts) or _of_digits(name, texts) or _abbreviated(name, texts, form)) is not None:
        return found
    fits = [] if all(text.isdecimal() for text in texts) else _fitting(texts)
    fits = [one for one in fits if form is None or one == form]
    if not fits:
        return None
    if fits == list(DAY_OR_MONTH):
        return "instant", {}, (f"{name}: is {texts[0]!r} day or month first? Set date to {fits[0]} or {fits[1]}.", "")
    halves = [*_without_half(name, texts), *_year_first(name, texts, fits[0])]
    if reads(texts, lambda text: instant(Dates(fits[0]).instant(text)), (Wrong, Unmappable)):
        return "instant", {"date": fits[0]}, *halves
    zone, *asked = zone_of(name, texts)
    return "instant", {"date": fits[0], "zone": zone}, *asked, *halves


def _plain(texts: Sequence[str]) -> Found:
    """Times that need no zone: counts from the beginning of 1970, or as a kind has them."""
    for unit, count in _COUNTS.items():
        if all(map(count.fullmatch, texts)):
            return "instant", {"date": unit}
    return ("instant", {}) if reads(texts, instant, Wrong) else None


def zone_of(name: str, texts: Sequence[str]) -> tuple[Any, ...]:
    """The zone of times without one, by the name of their column, and what is to be asked of it."""
    asked = f"{name}: which zone are times such as {texts[0]!r} of?"
    if (named := next((found for found in _PLACE.findall(name) if found in known_zones()), None)) is not None:
        return named, (asked, named)
    said = _SAYS_UTC.search(name)
    if said is None and _SAYS_ZONE.search(name) is None:
        return "UTC", (asked, "UTC")
    is_utc = said is not None and not (said["offset"] or "").strip(" +-\N{MINUS SIGN}:0")
    if is_utc and _SAYS_NOT.search(name) is None:
        return ("UTC",)
    return "UTC", (f"{asked} By the name of the column it is not UTC: set zone.", "")


def _year_first(name: str, texts: Sequence[str], form: str) -> list[tuple[str, str]]:
    """The question of dates such as 24-05-01, which are long ago unless the year stands first."""
    if form not in DAY_OR_MONTH or not all(map(_SHORT.match, texts)):
        return []
    if not reads([f"20{text}" for text in texts], Dates("ymd").date, Unmappable):
        return []
    last, first = [Dates(form).date(text) for text in texts], [Dates("ymd").date(f"20{text}") for text in texts]
    if _years(first) > _years(last) or (_years(first) == _years(last) and max(last) >= _FIRST_LIKELY):
        return []
    return [
        (f"{name}: does the year stand first in {texts[0]!r}? Then set date to a pattern such as YY-MM-DD HH:mm.", "")
    ]


def _years(dates: Sequence[str]) -> int:
    """Over how many years dates are spread."""
    return int(max(dates)[:4]) - int(min(dates)[:4])


def instant_text(text: str, rule: Mapping[str, Any]) -> int | None:
    """The instant of a text by a rule that has no more than a date and a zone, microseconds; None of another text."""
    try:
        return instant(Dates(rule["date"], rule.get("zone")).instant(text) if "date" in rule else text)
    except (Wrong, Unmappable):
        return None


def _without_half(name: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    """The question of a time up to 12:59 that has neither AM nor PM, where other times of the column have one."""
    halves = [(text, found) for text in texts if (found := _CLOCK.search(text)) is not None]
    odd = [text for text, found in halves if not found[2] and 1 <= int(found[1]) <= 12]
    if not odd or len(odd) == len(halves) or not any(found[2] for _, found in halves):
        return []
    asked = f"{name}: is {odd[0]!r} in the morning or the evening? It has neither AM nor PM, which other times have."
    return [(f"{asked} Write it with one.", "")]


def _of_digits(name: str, texts: Sequence[str]) -> Found:
    """Times that are one number: digits of a date, or days as spreadsheets count them."""
    for pattern, digits in _DIGITS.items():
        if all(map(digits.fullmatch, texts)) and reads(texts, Dates(pattern).instant, Unmappable):
            zone, *asked = zone_of(name, texts)
            return "instant", {"date": pattern, "zone": zone}, *asked
    if not _OF_TIMES.search(name) or not all(map(_EXCEL.fullmatch, texts)) or all(map(str.isdecimal, texts)):
        return None
    zone, *asked = zone_of(name, texts)
    return "instant", {"date": "excel", "zone": zone}, *asked


def _abbreviated(name: str, texts: Sequence[str], form: str | None) -> Found:
    """Times with the same abbreviation of a zone behind each: it is asked which one that is."""
    parts = [_ABBREVIATED.fullmatch(text) for text in texts]
    known = [part for part in parts if part is not None]
    zones = {part[2] for part in known}
    if len(known) < len(parts) or len(zones) != 1 or zones <= _NO_ZONES:
        return None
    if (found := instant_of(name, [part[1] for part in known], form)) is None:
        return None
    (zone,) = zones
    asked = (
        f"{name}: {zone} is an abbreviation that several places use. Which offset does it mean? Set zone, such as "
        "Etc/GMT+5 for five hours behind UTC."
    )
    rule = {"between": ["", f" {zone}"], **{name: one for name, one in found[1].items() if name == "date"}}
    return "instant", rule, *(one for one in found[2:] if "which zone" not in one[0]), (asked, "")


def _fitting(texts: Sequence[str]) -> list[str]:
    """The formats that read all texts: several where day and month cannot be told apart."""
    fits = [form for form in _NAMED if reads(texts, Dates(form, "UTC").instant, Unmappable)]
    if all(re.match(r"[0-9]{1,2}\.", text) for text in texts):  # with full stops the day is first everywhere
        fits = [form for form in fits if form != "mdy"]
    return fits or [form for form in _PATTERNS if reads(texts, Dates(form, "UTC").instant, Unmappable)][:1]


def fit_all(texts: Sequence[str], fits: Callable[[str], bool]) -> bool:
    """Whether all texts fit."""
    return all(fits(text) for text in texts)


def reads(texts: Sequence[str], read: Any, refused: Any) -> bool:
    """Whether all texts can be read."""
    try:
        for text in texts:
            read(text)
    except refused:
        return False
    return True
