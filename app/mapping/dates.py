"""Instants and dates as people write them, by one regular expression per format: one text, or a whole block."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.mapping.date_texts import offset_of, why_not, without_zone
from app.mapping.languages import in_english
from app.mapping.unmappable import Unmappable
from app.timeline import DAY, HOUR, SECOND, Micros, from_micros
from app.timeline.zones import to_utc

#: Two digits of a year below this are of this century, the others of the last one.
CENTURY_BREAK: Final = 70

_MINUTE: Final = 60 * SECOND
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME: Final = "(?P<b>(?i:" + "|".join(_MONTHS) + "))[A-Za-z]*"

_FRACTION: Final = r"(?:[.,](?P<f>[0-9]{1,9}))?"
_SIGNED: Final = r"[+\-\x{2212}]"
_OFFSET: Final = (
    rf"(?P<o>[Zz]|(?:UTC|GMT) ?{_SIGNED}[0-9]{{1,2}}(?::?[0-9]{{2}})?|UTC|GMT|{_SIGNED}[0-9]{{2}}(?::?[0-9]{{2}})?)"
)
_ANY_OFFSET: Final = rf"(?: *{_OFFSET}(?: UTC)?)?"
_AM_PM: Final = r"(?P<a>[AaPp])\.?[Mm]\.?"
_CLOCK: Final = rf"(?P<h>[0-9]{{1,2}}):(?P<m>[0-9]{{2}})(?::(?P<s>[0-9]{{2}}){_FRACTION})?(?: *{_AM_PM}| *Uhr)?"
_ISO_DATE: Final = r"(?P<Y>[0-9]{4})-?(?P<M>[0-9]{2})-?(?P<D>[0-9]{2})"
_ISO_CLOCK: Final = rf"(?P<h>[0-9]{{2}}):?(?P<m>[0-9]{{2}})(?::?(?P<s>[0-9]{{2}}){_FRACTION})?"
_DAY_MONTH: Final = r"(?P<D>[0-9]{1,2})[./\-](?P<M>[0-9]{1,2})[./\-](?P<Y>[0-9]{4}|[0-9]{2})"
_YEAR_MONTH: Final = r"(?P<Y>[0-9]{4})[./\-](?P<M>[0-9]{1,2})[./\-](?P<D>[0-9]{1,2})"
_MONTH_DAY: Final = r"(?P<M>[0-9]{1,2})[./\-](?P<D>[0-9]{1,2})[./\-](?P<Y>[0-9]{4}|[0-9]{2})"

#: Formats by name, and an example of each.
FORMATS: Final = {
    "iso": (
        rf"{_ISO_DATE}(?:[Tt ]{_ISO_CLOCK})?{_ANY_OFFSET}",
        "2024-12-31 09:30:00",
    ),
    "dmy": (rf"{_DAY_MONTH}(?:[T ,]+{_CLOCK})?{_ANY_OFFSET}", "31.12.2024 09:30"),
    "mdy": (rf"{_MONTH_DAY}(?:[T ,]+{_CLOCK})?{_ANY_OFFSET}", "12/31/2024 9:30 AM"),
    "ymd": (rf"{_YEAR_MONTH}(?:[T ,]+{_CLOCK})?{_ANY_OFFSET}", "2024/12/31 9:30"),
    "rfc2822": (
        rf"(?:[A-Za-z]{{3}}, +)?(?P<D>[0-9]{{1,2}}) +{_MONTH_NAME} +(?P<Y>[0-9]{{4}}) +{_CLOCK}{_ANY_OFFSET}",
        "Tue, 31 Dec 2024 09:30:00 +0000",
    ),
    "ctime": (
        rf"(?:[A-Za-z]{{3}} +)?{_MONTH_NAME} +(?P<D>[0-9]{{1,2}}) +{_CLOCK} +(?P<Y>[0-9]{{4}}){_ANY_OFFSET}",
        "Tue Dec 31 09:30:00 2024 +0000",
    ),
    # What Git calls raw has the offset of the author behind it, which changes nothing.
    "epoch_s": (r"(?P<e>-?[0-9]{1,11})(?:[.,](?P<f>[0-9]{1,9}))?(?: [+\-][0-9]{4})?", "1735637400"),
    "epoch_ms": (r"(?P<e>-?[0-9]{1,14})(?:\.[0-9]*)?", "1735637400000"),
    "epoch_us": (r"(?P<e>-?[0-9]{1,17})(?:\.[0-9]*)?", "1735637400000000"),
    "epoch_ns": (r"(?P<e>-?[0-9]{1,19})", "1735637400000000000"),
    # Days since the end of 1899, as a spreadsheet has a date in a cell that is formatted as a number.
    "excel": (r"(?P<x>[1-9][0-9]{0,5}(?:[.,][0-9]{1,17})?)", "45657.395833333336"),
}

#: Formats that count from the beginning of 1970, and how many of their units are a second.
_COUNTS: Final = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}

#: Where spreadsheets begin to count days, and how exact the fraction of a day is that they keep, milliseconds.
_EXCEL_DAYS: Final = 25_569
_EXCEL_STEPS: Final = 86_400_000

#: Tokens of patterns: longest first, so that MM is not two months of one digit.
_TOKENS: Final = {
    "YYYY": "(?P<Y>[0-9]{4})",
    "YY": "(?P<Y>[0-9]{2})",
    "MMM": _MONTH_NAME,
    "MM": "(?P<M>[0-9]{2})",
    "M": "(?P<M>[0-9]{1,2})",
    "DD": "(?P<D>[0-9]{2})",
    "D": "(?P<D>[0-9]{1,2})",
    "HH": "(?P<h>[0-9]{2})",
    "H": "(?P<h>[0-9]{1,2})",
    "hh": "(?P<h>[0-9]{2})",
    "h": "(?P<h>[0-9]{1,2})",
    "mm": "(?P<m>[0-9]{2})",
    "ss": "(?P<s>[0-9]{2})",
    "S": "(?P<f>[0-9]{1,9})",
    "A": _AM_PM,
    "Z": _OFFSET,
}
_SPLIT: Final = re.compile(
    r"\[(?P<literal>[^\]]*)\]|(?P<token>" + "|".join(_TOKENS) + r")|(?P<letter>[A-Za-z])|(?P<other>.)", re.DOTALL
)

#: Tokens of as many digits as there are: two of them need something between.
_OPEN_ENDED: Final = {"M", "D", "H", "h", "S"}


def require_date_format(form: str) -> None:
    """Raise ValueError for what is neither a format's name nor a pattern, or for a pattern that fits in two ways."""
    if form not in FORMATS:
        _pattern(form)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> str:
    """The regular expression of a pattern such as DD.MM.YYYY HH:mm:ss."""
    tokens: list[str] = []
    found, before = "", ""
    for part in _SPLIT.finditer(pattern):
        token = part["token"] or ""
        if part["letter"]:
            raise ValueError(
                f"has {part['letter']!r} at character {part.start() + 1}, and is neither a format nor a pattern; "
                f"formats are {', '.join(FORMATS)}, tokens are {', '.join(_TOKENS)}, and letters that stand for "
                "themselves are in brackets: [T]"
            )
        if token and before in _OPEN_ENDED and _TOKENS[token].find("[0-9]") >= 0:
            raise ValueError(
                f"fits in two ways: {before}{token} does not say where one number ends and the next begins; write "
                f"{before * 2}, or put a separator between them"
            )
        if token and any(_group(token) == _group(other) for other in tokens):
            raise ValueError(f"has {token} beside another token of the same meaning")
        found += (
            _TOKENS[token] if token else re.escape(part["literal"] if part["literal"] is not None else part["other"])
        )
        tokens += [token] if token else []
        before = token
    groups = {_group(token) for token in tokens}
    if not {"Y", "D"} <= groups or not groups & {"M", "b"}:
        raise ValueError(
            "does not have year, month and day; a pattern is for example DD.MM.YYYY HH:mm:ss; formats are "
            f"{', '.join(FORMATS)}"
        )
    if ("hh" in tokens or "h" in tokens) != ("A" in tokens):
        raise ValueError(
            "fits in two ways: hours from 1 to 12, hh or h, need A for AM or PM; hours from 0 to 23 are HH or H"
        )
    return found


def _group(token: str) -> str:
    return _TOKENS[token].partition("<")[2].partition(">")[0]


@dataclass(frozen=True, slots=True)
class Dates:
    """Reads texts of one format; texts without an offset are local times of ``zone``, if there is one.

    Of a local time that occurs twice the first occurrence counts; one that does not occur is refused.
    """

    form: str
    zone: str | None = None

    def instant(self, text: str) -> str:
        """An instant in ISO 8601, with Z if it is known which; raises Unmappable."""
        local, offset, named = self._read(text)
        if self.form in _COUNTS or offset is not None:
            return _iso(local - (offset or 0)) + "Z"
        if (zone := named or self.zone) is None:
            return _iso(local)
        at, exists = in_zone(np.array([local]), zone)
        if not exists[0]:
            raise Unmappable("no_such_time", f"is a time that the clocks of {zone} skip on that day")
        return _iso(int(at[0])) + "Z"

    def date(self, text: str) -> str:
        """The date that the text has, in ISO 8601; raises Unmappable."""
        return _iso(self._read(text)[0])[:10]

    def instants(self, texts: pa.StringArray) -> Micros | None:
        """Instants of a whole block; None if one of them is not clearly valid."""
        if self.form == "iso" and self.zone is not None and (plain := _plain_iso(texts)) is not None:
            return self._placed(plain, None)
        found = pc.extract_regex(texts, f"^(?:{self._expression})$")
        if found.null_count:
            return None
        fields = {field.name: found.field(field.name) for field in found.type}
        local = _local(fields, self.form)
        if local is None:
            return None
        if self.form in _COUNTS:
            return local
        return self._placed(local, fields.get("o"))

    def _placed(self, local: Micros, offsets: Any) -> Micros | None:
        """Local times as instants, by their own offsets or else by the zone; None if one has neither, or is skipped."""
        shift = np.zeros(len(local), np.int64)
        known = np.zeros(len(local), bool)
        if offsets is not None:
            encoded = offsets.dictionary_encode()
            texts, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
            shift = np.array([offset_of(text) or 0 for text in texts], np.int64)[codes]
            known = np.array([bool(text) for text in texts])[codes]
        at: Micros = local - shift
        if known.all():
            return at
        if self.zone is None:
            return None
        placed, exists = in_zone(local, self.zone)
        return np.where(known, at, placed) if (exists | known).all() else None

    @property
    def _expression(self) -> str:
        return FORMATS[self.form][0] if self.form in FORMATS else _pattern(self.form)

    def _read(self, text: str) -> tuple[int, int | None, str | None]:
        """The time that the text shows, as if it were UTC, microseconds; its offset, and the zone that it names."""
        plain, zone = without_zone(text.strip())
        expression = _python(self._expression)
        match = expression.fullmatch(plain) or expression.fullmatch(in_english(plain))
        if match is None:
            raise Unmappable("bad_timestamp", f"is not of the form {self._shown}{why_not(text)}")
        fields = {name: found or "" for name, found in match.groupdict().items()}
        arrays = {name: pa.array([found]) for name, found in fields.items()}
        if (local := _local(arrays, self.form)) is None:
            raise Unmappable("bad_timestamp", f"is not a time that exists{why_not(text)}")
        return int(local[0]), offset_of(fields.get("o", "")), zone

    @property
    def _shown(self) -> str:
        return f"{self.form}, such as {FORMATS[self.form][1]}" if self.form in FORMATS else self.form


def in_zone(local: Micros, zone: str) -> tuple[Micros, npt.NDArray[np.bool_]]:
    """First instants at which clocks of a zone show these times, and whether they ever do."""
    at = to_utc(local, zone)
    # In a gap every local time has the same first instant; elsewhere the next microsecond comes later.
    return at, to_utc(local + 1, zone) != at


def _plain_iso(texts: pa.StringArray) -> Micros | None:
    """Times without offsets by Arrow's own parser, which is faster; None if one of them is written otherwise."""
    try:
        return np.asarray(texts.cast(pa.timestamp("us")).cast(pa.int64()))
    except pa.ArrowInvalid:
        return None


@lru_cache(maxsize=256)
def _python(expression: str) -> re.Pattern[str]:
    return re.compile(expression.replace(r"\x{2212}", "\u2212"))


def _local(fields: dict[str, Any], form: str) -> Micros | None:
    """Times as if they were UTC, microseconds; None if one of them does not exist."""
    if "e" in fields or "x" in fields:
        return _counted(fields, form)
    year = _whole(fields["Y"])
    is_short = np.asarray(pc.utf8_length(fields["Y"])) == 2  # the year 0001 stands for no time at all
    year = np.where(is_short, np.where(year < CENTURY_BREAK, 2000, 1900) + year, year)
    month = _whole(fields["M"]) if "M" in fields else _named_months(fields["b"])
    day = _whole(fields["D"])
    hour, minute, second = (_whole(fields[name]) if name in fields else np.zeros_like(day) for name in "hms")
    if "a" in fields:
        half = np.asarray(pc.utf8_lower(fields["a"])).astype(str)
        if ((half != "") & ((hour < 1) | (hour > 12))).any():
            return None
        hour = np.where(half == "", hour, hour % 12 + np.where(half == "p", 12, 0))
    exists = (year > 1000) & (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    if not exists.all():
        return None
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    if (day > (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first).any():
        return None
    local: Micros = (first + day - 1) * DAY + hour * HOUR + minute * _MINUTE + second * SECOND + _fraction(fields)
    return local


def _counted(fields: dict[str, Any], form: str) -> Micros:
    """Times that count from the beginning of 1970, or days as spreadsheets count them."""
    if "x" in fields:
        days = np.asarray(pc.cast(pc.replace_substring(fields["x"], ",", "."), pa.float64()))
        local: Micros = np.rint((days - _EXCEL_DAYS) * _EXCEL_STEPS).astype(np.int64) * (DAY // _EXCEL_STEPS)
        return local
    counted, per_second = _whole(fields["e"]), _COUNTS[form]
    if per_second > SECOND:
        return counted // (per_second // SECOND)
    return counted * (SECOND // per_second) + (_fraction(fields) if form == "epoch_s" else 0)


def _whole(texts: Any) -> Micros:
    """Whole numbers; none is 0."""
    given = pc.if_else(pc.equal(texts, ""), "0", texts)
    return np.asarray(pc.cast(given, pa.int64()))


def _fraction(fields: dict[str, Any]) -> Micros:
    """Fractions of a second in microseconds; further digits are dropped."""
    if "f" not in fields:
        return np.zeros(1, np.int64)
    return _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(fields["f"], 6, "0"), 0, 6))


def _named_months(names: Any) -> Micros:
    months = {name: number for number, name in enumerate(_MONTHS, 1)}
    return np.array([months[name.lower()] for name in names.to_pylist()], np.int64)


def _iso(micros: int) -> str:
    return from_micros(micros).replace(tzinfo=None).isoformat()
