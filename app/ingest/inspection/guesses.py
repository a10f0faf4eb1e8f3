"""What the texts of a column seem to be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from app.ingest.values import Wrong, instant
from app.mapping.dates import Dates
from app.mapping.times import days, opening_hours, time_of_day
from app.mapping.unmappable import Unmappable
from app.timeline.zones import known_zones

#: What words of monitors mean.
STATUSES: Final = {
    **dict.fromkeys(("active", "up", "ok", "online", "true", "1", "success", "healthy", "recovery"), "active"),
    **dict.fromkeys(
        ("inactive", "down", "offline", "false", "0", "critical", "failed", "failure", "error"), "inactive"
    ),
    **dict.fromkeys(("unknown", "paused", "pending", "maintenance", "unreachable"), "unknown"),
}

#: Words for nothing.
NULLS: Final = ("null", "NULL", "None", "NaN", "NaT", "nan", "N/A", "n/a", "-")

#: Instants that programs write for nothing: the zero time of Go and .NET, that of MySQL, the beginning of Unix time.
NO_TIME: Final = re.compile(r"(0001-01-01|1970-01-01)[T ]00:00(:00)?(\.0+)?(Z| UTC|[+-]00:?00)?|0000-00-00( 00:00:00)?")

#: Most different texts of a column of words.
_MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Guess:
    """A column: what it seems to be, and the rule that reads it.

    Attributes:
        name: by which a mapping names it.
        what: instant, status, weekday, time of day, opening hours, zone, number, address, text or nothing.
        rule: further members of its rule.
        examples: its first different texts.
        questions: pairs of a question and what is assumed unless it is answered; empty if it must be.
    """

    name: str
    what: str
    rule: dict[str, Any]
    examples: tuple[str, ...]
    questions: tuple[tuple[str, str], ...] = ()


def is_nothing(text: str) -> bool:
    """Whether it is a word or an instant that stands for no value."""
    return text in NULLS or NO_TIME.fullmatch(text) is not None


def guess(name: str, texts: Sequence[str]) -> Guess:
    """What a column seems to be, by its texts."""
    given = list(dict.fromkeys(text for text in texts if text and not is_nothing(text)))
    examples = tuple(given[:3])
    if not given:
        return Guess(name, "nothing", {}, examples)
    for look in (_instant, _status, _zone, _address, _number, _weekday, _time, _hours):
        if (found := look(name, given)) is not None:
            what, rule, *questions = found
            return Guess(name, what, rule, examples, tuple(questions))
    return Guess(name, "text", {}, examples)


_WRITTEN: Final = ("iso", "dmy", "mdy", "rfc2822", "ctime")

#: Seconds, milliseconds and microseconds since 1970, of this century so far that they are no other number.
_EPOCHS: Final = {
    "epoch_s": r"[12][0-9]{9}(\.[0-9]+)?( [+-][0-9]{4})?",
    "epoch_ms": "[12][0-9]{12}",
    "epoch_us": "[12][0-9]{15}",
}

_Found = tuple[Any, ...] | None


def _instant(name: str, texts: Sequence[str]) -> _Found:
    for form, digits in _EPOCHS.items():
        if _all(texts, lambda text, digits=digits: bool(re.fullmatch(digits, text))):
            return "instant", {"date": form}
    if _reads(texts, instant, Wrong):
        return "instant", {}
    if all(text.isdecimal() for text in texts):
        return None
    fits = [form for form in _WRITTEN if _reads(texts, Dates(form, "UTC").instant, Unmappable)]
    if all(re.match(r"[0-9]{1,2}\.", text) for text in texts):  # with full stops the day is first everywhere
        fits = [form for form in fits if form != "mdy"]
    if not fits:
        return None
    needs_zone = not _reads(texts, lambda text: instant(Dates(fits[0]).instant(text)), (Wrong, Unmappable))
    rule: dict[str, Any] = {"date": fits[0], **({"zone": "UTC"} if needs_zone else {})}
    questions = []
    if len(fits) > 1:
        del rule["date"], rule["zone"]
        questions.append((f"{name}: is {texts[0]!r} day or month first? Set date to {fits[0]} or {fits[1]}.", ""))
    elif needs_zone and "utc" not in name.lower():
        questions.append((f"{name}: which zone are times such as {texts[0]!r} of?", "UTC"))
    return "instant", rule, *questions


def _status(name: str, texts: Sequence[str]) -> _Found:
    known = {text: STATUSES[text.strip().lower()] for text in texts if text.strip().lower() in STATUSES}
    if not known or len(texts) > _MOST_WORDS:
        return None
    if all(text in {"active", "inactive", "unknown"} for text in texts):
        return "status", {}
    asked = [
        (f"{name}: what does {text!r} mean, active, inactive or unknown? Add it to words.", "")
        for text in texts
        if text not in known
    ]
    return "status", {"words": known}, *asked


def _zone(_: str, texts: Sequence[str]) -> _Found:
    return ("zone", {}) if all(text in known_zones() for text in texts) else None


def _address(_: str, texts: Sequence[str]) -> _Found:
    if all(re.search(r"github\.com/[^/]+/[^/]+/pull/[0-9]+", text) for text in texts):
        return "address", {"between": ["github.com/", "/pull/"]}
    return ("address", {}) if all("://" in text for text in texts) else None


def _number(_: str, texts: Sequence[str]) -> _Found:
    if all(re.fullmatch(r"[0-9]+", text) for text in texts):
        return "number", {}
    if all(re.fullmatch(r"[#!][0-9]+", text) for text in texts):
        return "number", {"trim": "#!"}
    if all(re.fullmatch(r"[#!]?[0-9]+(\.[0-9]+)?", text) for text in texts):
        return "number", {**({"trim": "#!"} if any(text[0] in "#!" for text in texts) else {}), "number": "1234.5"}
    return None


def _weekday(_: str, texts: Sequence[str]) -> _Found:
    found = next(
        (code for code in ("en", "de", "fr", "es") if _reads(texts, partial(days, language=code), Unmappable)), None
    )
    return None if found is None else ("weekday", {"weekday": found})


def _time(_: str, texts: Sequence[str]) -> _Found:
    if _all(texts, lambda text: bool(re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00(:00)?", text))):
        return "time of day", {}
    for form in ("12h", "24h"):
        if _reads(texts, partial(time_of_day, form=form), Unmappable):
            return "time of day", {"time": form}
    return None


def _hours(_: str, texts: Sequence[str]) -> _Found:
    languages = (code for code in ("en", "de") if _reads(texts, partial(opening_hours, language=code), Unmappable))
    found = next(languages, None)
    return None if found is None else ("opening hours", {"hours": found})


def _all(texts: Sequence[str], fits: Any) -> bool:
    return all(fits(text) for text in texts)


def _reads(texts: Sequence[str], read: Any, refused: Any) -> bool:
    """Whether all texts can be read."""
    try:
        for text in texts:
            read(text)
    except refused:
        return False
    return True
