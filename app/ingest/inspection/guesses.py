"""What the texts of a column seem to be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
NULLS: Final = (
    *("null", "NULL", "None", "NaN", "NaT", "nan", "N/A", "n/a", "#N/A", "-"),
    *("\\N", "(null)", "<null>", "nil", "undefined"),
)

#: Instants that programs write for nothing: the zero time of Go and .NET, that of MySQL, the beginning of Unix time and
#: of spreadsheets, the last second of all.
NO_TIME: Final = re.compile(
    r"((0001|1970|1900)-01-01[T ]00:00(:00)?|9999-12-31[T ]23:59(:59)?)(\.[0-9]+)?(Z| UTC|[+-]00:?00)?"
    r"|0000-00-00( 00:00:00)?"
)

#: What stands between a repository and the number in the address of a pull request, at four hosts.
_ENDS: Final = ("/pull/", "/-/merge_requests/", "/pull-requests/", "/pullrequest/")

#: The number of a pull request with what it is, such as PR-42.
_OF_PULL: Final = re.compile(r"(pull|pull request|pr|mr|merge request)[ /#!-]*[0-9]+", re.IGNORECASE)

#: Formats of which only the numbers tell which one it is.
_DAY_OR_MONTH: Final = ("dmy", "mdy")

#: Patterns of dates whose months have names, as spreadsheets and pages show them, and of other usual ones.
_PATTERNS: Final = (
    *("MMM D, YYYY h:mm A", "MMM D, YYYY h:mm:ss A", "MMM D, YYYY, h:mm A", "MMM D, YYYY, h:mm:ss A"),
    *("MMM D, YYYY H:mm", "MMM D, YYYY H:mm:ss", "MMM D, YYYY", "D MMM YYYY", "D-MMM-YYYY", "D-MMM-YYYY H:mm"),
    *("YYYY/M/D H:mm", "YYYY/M/D H:mm:ss", "YYYY/M/D", "YYYY-M-D H:mm", "YYYY-M-D H:mm:ss"),
)

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


def agreed(guesses: Sequence[Guess], columns: Sequence[Sequence[str]]) -> list[Guess]:
    """The same where dates of some columns may begin with the day or with the month, and others of the file tell."""
    told = {form for form in _DAY_OR_MONTH for guess in guesses if guess.rule.get("date") == form}
    if len(told) != 1:
        return list(guesses)
    (form,) = told
    asked = {one.name for one in guesses if one.what == "instant" and any(not answer for _, answer in one.questions)}
    pairs = zip(guesses, columns, strict=True)
    return [_in_form(one, texts, form) if one.name in asked else one for one, texts in pairs]


def _in_form(one: Guess, texts: Sequence[str], form: str) -> Guess:
    given = list(dict.fromkeys(text for text in texts if text and not is_nothing(text)))
    found = _instant(one.name, given, form)
    return one if found is None else replace(one, rule=found[1], questions=tuple(found[2:]))


_Found = tuple[Any, ...] | None


def _instant(name: str, texts: Sequence[str], form: str | None = None) -> _Found:
    if _all(texts, lambda text: bool(re.fullmatch(r"[12][0-9]{9}(\.[0-9]+)?", text))):
        return "instant", {"date": "epoch_s"}
    if _all(texts, lambda text: bool(re.fullmatch(r"[12][0-9]{12}", text))):
        return "instant", {"date": "epoch_ms"}
    if _reads(texts, instant, Wrong):
        return "instant", {}
    if all(text.isdecimal() for text in texts):
        return None
    forms = ("iso", "dmy", "mdy", "rfc2822", *_PATTERNS) if form is None else (form,)
    fits = [one for one in forms if _reads(texts, Dates(one, "UTC").instant, Unmappable)]
    if all(re.match(r"[0-9]{1,2}\.", text) for text in texts):  # with full stops the day is first everywhere
        fits = [one for one in fits if one != "mdy"]
    if not fits:
        return None
    needs_zone = not _reads(texts, lambda text: instant(Dates(fits[0]).instant(text)), (Wrong, Unmappable))
    rule: dict[str, Any] = {"date": fits[0], **({"zone": "UTC"} if needs_zone else {})}
    questions = []
    if fits[:2] == list(_DAY_OR_MONTH):
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
    for ends in _ENDS:
        hosts = {found[1] if (found := re.match(rf"https?://([^/]+/).+{ends}[0-9]+\b", text)) else "" for text in texts}
        if len(hosts) == 1 and "" not in hosts:
            begins = hosts.pop()
            return "address", {"between": [begins if ends == "/pull/" else "://", ends]}
    return ("address", {}) if all("://" in text for text in texts) else None


def _number(_: str, texts: Sequence[str]) -> _Found:
    if all(re.fullmatch(r"[0-9]+", text) for text in texts):
        return "number", {}
    if all(re.fullmatch(r"[#!][0-9]+", text) for text in texts):
        return "number", {"trim": "#!"}
    if all(_OF_PULL.fullmatch(text) for text in texts):
        return "number", {"trim": "".join(sorted({sign for text in texts for sign in text if not sign.isdigit()}))}
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
