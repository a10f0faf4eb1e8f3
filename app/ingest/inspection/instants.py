"""Whether the texts of a column are instants, and how they are written."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from app.ingest.values import Wrong, instant
from app.mapping.dates import Dates
from app.mapping.unmappable import Unmappable

#: What a column is, the rule that reads it, and questions with what is assumed; None: it is something else.
Found = tuple[Any, ...] | None

#: Counts from the beginning of 1970 that are an instant of this century, or just before it.
_COUNTS: Final = {
    "epoch_s": re.compile(r"[12][0-9]{9}(\.[0-9]+)?( [+-][0-9]{4})?"),
    "epoch_ms": re.compile(r"[12][0-9]{12}"),
    "epoch_us": re.compile(r"[12][0-9]{15}"),
    "epoch_ns": re.compile(r"[12][0-9]{18}"),
}

_NAMED: Final = ("iso", "dmy", "mdy", "rfc2822", "ctime")

#: Formats of which only the numbers tell which one it is.
DAY_OR_MONTH: Final = ("dmy", "mdy")

#: Patterns of dates whose months have names, as monitors, spreadsheets and pages show them, and of other usual ones.
_PATTERNS: Final = (
    *("MMM D, YYYY h:mm A", "MMM D, YYYY h:mm:ss A", "MMM D, YYYY, h:mm A", "MMM D, YYYY, h:mm:ss A"),
    *("MMM D, YYYY H:mm", "MMM D, YYYY H:mm:ss", "MMM D, YYYY", "D MMM YYYY", "D-MMM-YYYY", "D-MMM-YYYY H:mm"),
    *("MMM D, YYYY [at] h:mmA", "MMM D, YYYY [at] h:mm A", "MMM D, YYYY [at] h:mmA Z", "MMM D, YYYY [at] h:mm A Z"),
    *("D-MMM-YYYY H:mm:ss", "D MMM YYYY, H:mm", "D MMM YYYY, h:mm A", "YYYY-MM-DD h:mm A", "YYYY-MM-DD h:mm:ss A"),
    *("YYYY/M/D H:mm", "YYYY/M/D H:mm:ss", "YYYY/M/D", "YYYY-M-D H:mm", "YYYY-M-D H:mm:ss"),
)


def instant_of(name: str, texts: Sequence[str], form: str | None = None) -> Found:
    """The rule that reads all texts of a column as instants, with what is to be asked of them.

    ``form`` is the one of day and month first that other columns of the file tell.
    """
    for unit, count in _COUNTS.items():
        if all(map(count.fullmatch, texts)):
            return "instant", {"date": unit}
    if reads(texts, instant, Wrong):
        return "instant", {}
    fits = [] if all(text.isdecimal() for text in texts) else _fitting(texts)
    fits = [one for one in fits if form is None or one == form]
    if not fits:
        return None
    if fits == list(DAY_OR_MONTH):
        return "instant", {}, (f"{name}: is {texts[0]!r} day or month first? Set date to {fits[0]} or {fits[1]}.", "")
    if reads(texts, lambda text: instant(Dates(fits[0]).instant(text)), (Wrong, Unmappable)):
        return "instant", {"date": fits[0]}
    asked = [] if "utc" in name.lower() else [(f"{name}: which zone are times such as {texts[0]!r} of?", "UTC")]
    return "instant", {"date": fits[0], "zone": "UTC"}, *asked


def _fitting(texts: Sequence[str]) -> list[str]:
    """The formats that read all texts: several where day and month cannot be told apart."""
    fits = [
        form
        for form in ("iso", "dmy", "mdy", "rfc2822", "ctime")
        if reads(texts, Dates(form, "UTC").instant, Unmappable)
    ]
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
