"""What the texts of a column seem to be."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from babel.core import get_global

from app.ingest.inspection.instants import DAY_OR_MONTH, Found, fit_all, instant_of, reads
from app.ingest.inspection.names import (
    FURTHER_LANGUAGES,
    LANGUAGES,
    is_short_in_latin,
    names_a_day,
    names_ids,
    plain_words,
    tells_hours,
)
from app.ingest.inspection.words import HTTP_CODES, NO, ONGOING, SAYS_DOWN, SAYS_NOT, SAYS_UP, STATUSES, YES, is_nothing
from app.mapping.numbered_hours import hours_of_numbered_days
from app.mapping.times import CLOSED, days, opening_hours, time_of_day
from app.mapping.unmappable import Unmappable
from app.timeline.zones import known_zones

#: What stands between a repository and the number in the address of a pull request, at four hosts.
_ENDS: Final = ("/pull/", "/-/merge_requests/", "/pull-requests/", "/pullrequest/")

#: The number of a pull request with what it is, such as PR-42.
_OF_PULL: Final = re.compile(r"(pull|pull request|pr|mr|merge request)[ /#!-]*[0-9]+", re.IGNORECASE)

#: Most different texts of a column of words.
MOST_WORDS: Final = 12

#: Hours by digits alone, as other numbers may be written: 0900-1700 beside 2024-11, 2023-24 and 0800-1200.
_DIGITS_ALONE: Final = re.compile(r"[0-9\s,;/&\-\u2013\u2014~]+")

#: More than this share of the different texts of a column must be readable for the others to be told as mistakes.
_MOST: Final = 0.5

#: What tools put behind a word: Up (1).
_NUMBERED: Final = re.compile(r" ?\([0-9]+\)$")

#: Words of which the last one tells: Node Down, Host is up.
_LAST_WORD: Final = re.compile(r"(?!.*\b(?:not|no)\b).+ (up|down)")

#: So many different texts are looked at one by one.
_TRIED: Final = 40


@dataclass(frozen=True, slots=True)
class Guess:
    """A column: what it seems to be, and the rule that reads it.

    Attributes:
        name: by which a mapping names it.
        what: instant, status, weekday, time of day, opening hours, zone, number, address, text or nothing.
        rule: further members of its rule.
        examples: its first different texts.
        questions: pairs of a question and what is assumed unless it is answered; empty if it must be.
        is_spaced: some of its texts begin or end with spaces.
    """

    name: str
    what: str
    rule: dict[str, Any]
    examples: tuple[str, ...]
    questions: tuple[tuple[str, str], ...] = ()
    is_spaced: bool = False

    @property
    def are_digits(self) -> bool:
        """Whether its texts are numbers rather than words: 1, 1.0."""
        return all(text[:1].isdigit() for text in self.examples)


def guess(name: str, texts: Sequence[str]) -> Guess:
    """What a column seems to be, by its texts: by all of them, or else by most."""
    given = _given(texts)
    what, rule, *questions = _found(name, given) or ("text", {})
    is_spaced = any(text != text.strip() for text in texts)
    return Guess(name, what, rule, tuple(given[:3]), tuple(questions), is_spaced)


def agreed(guesses: Sequence[Guess], columns: Sequence[Sequence[str]]) -> list[Guess]:
    """The same where dates of some columns may begin with the day or with the month, and others of the file tell."""
    told = {form for form in DAY_OR_MONTH for guess in guesses if guess.rule.get("date") == form}
    if len(told) != 1:
        return list(guesses)
    (form,) = told
    asked = {one.name for one in guesses if one.what == "instant" and any(not answer for _, answer in one.questions)}
    pairs = zip(guesses, columns, strict=True)
    return [_in_form(one, texts, form) if one.name in asked else one for one, texts in pairs]


def _in_form(one: Guess, texts: Sequence[str], form: str) -> Guess:
    found = instant_of(one.name, _given(texts), form)
    return one if found is None else replace(one, rule=found[1], questions=tuple(found[2:]))


def _given(texts: Sequence[str]) -> list[str]:
    """The different texts of a column that say something, without spaces around them."""
    return list(dict.fromkeys(plain for text in texts if (plain := text.strip()) and not is_nothing(plain)))


def _found(name: str, given: Sequence[str]) -> Found:
    if not given:
        return "nothing", {}
    ended = [text for text in given if text.lower() not in ONGOING]
    if len(ended) < len(given) and (found := ended and instant_of(name, ended)):
        return found
    for look in (instant_of, _http_code, _status, _zone, _weekday, _address, _number, _time, _hours):
        if (found := look(name, given)) is not None:
            return found
    for look in (instant_of, _zone, _weekday, _time, _hours):
        if (found := _of_most(look, name, given[:_TRIED])) is not None:
            return found
    return None


def _of_most(look: "_Look", name: str, texts: Sequence[str]) -> "Found":
    """What most texts seem to be; what the others are is told when they are read."""
    fits = [text for text in texts if look(name, [text]) is not None]
    return look(name, fits) if len(fits) > len(texts) * _MOST else None


_Look = Callable[[str, Sequence[str]], Found]


def _http_code(name: str, texts: Sequence[str]) -> Found:
    is_named = any(word in name.lower() for word in ("status", "code"))
    if not is_named or not fit_all(texts, lambda text: text == "0" or bool(re.fullmatch(r"[2-5][0-9]{2}", text))):
        return None
    if all(text == "0" for text in texts):
        return None
    asked = f"{name}: are codes of HTTP below 400 active, and all others and 0 inactive? If not, change words."
    return "status", {"words": HTTP_CODES}, (asked, "yes")


def _status(name: str, texts: Sequence[str]) -> Found:
    meant = _truths(texts) or {text: status_of(text) for text in texts}
    known = {text: status for text, status in meant.items() if status is not None}
    are_numbers = any(text.isdecimal() and len(text) > 1 for text in texts) or names_ids(name)
    are_numbers = are_numbers or plain_words(name).endswith("number")
    if not known or len(texts) > MOST_WORDS or (are_numbers and any(text.isdecimal() for text in texts)):
        return None
    if all(text in {"active", "inactive", "unknown"} for text in texts):
        return "status", {}
    asked = [(unknown_word(name, text), "") for text in texts if text not in known]
    if all(text.lower() in YES | NO for text in known):
        called = plain_words(name)
        if SAYS_DOWN.search(called) and not SAYS_NOT.search(called):
            known = {text: "inactive" if status == "active" else "active" for text, status in known.items()}
        elif not SAYS_UP.search(called) or SAYS_NOT.search(called):
            text, status = next(iter(known.items()))
            answer = "yes" if name.isdecimal() else ""  # a file without a header has no name that could say otherwise
            asked.append((f"{name}: is a store {status} where it says {text!r}? If not, change words.", answer))
    return "status", {"words": known}, *asked


def _truths(texts: Sequence[str]) -> dict[str, str | None]:
    """The statuses of words for yes and no in any language; none of other texts, or of one letter alone such as x."""
    given = {text.lower() for text in texts}
    if not given <= YES | NO or (all(len(text) == 1 for text in given) and (given <= YES or given <= NO)):
        return {}
    return {text: "active" if text.lower() in YES else "inactive" for text in texts}


def status_of(text: str) -> str | None:
    """What a word of a monitor means; None of one that is not known. Of Node Down the last word tells."""
    plain = _NUMBERED.sub("", text.lower())
    named = _LAST_WORD.fullmatch(plain)
    return STATUSES.get(plain) or (STATUSES[named[1]] if named is not None else None)


def unknown_word(name: str, text: str) -> str:
    """The question of a word whose meaning is not known."""
    return f"{name}: what does {text!r} mean, active, inactive or unknown? Add it to words."


def _zone(name: str, texts: Sequence[str]) -> Found:
    if all(text in known_zones() for text in texts):
        return "zone", {}
    windows = get_global("windows_zone_mapping")
    if not all(text in windows or text in known_zones() for text in texts):
        return None
    words = {text: text if text in known_zones() else windows[text] for text in texts}
    shown = next(f"{text!r} {zone}" for text, zone in words.items() if text != zone)
    return "zone", {"words": words}, (f"{name}: is {shown}, as Windows has zones? If not, change words.", "yes")


def _address(_: str, texts: Sequence[str]) -> Found:
    for ends in _ENDS:
        hosts = {found[1] if (found := re.match(rf"https?://([^/]+/).+{ends}[0-9]+\b", text)) else "" for text in texts}
        if len(hosts) == 1 and "" not in hosts:
            begins = hosts.pop()
            return "address", {"between": [begins if ends == "/pull/" else "://", ends]}
    return ("address", {}) if all("://" in text for text in texts) else None


def _number(_: str, texts: Sequence[str]) -> Found:
    if all(re.fullmatch(r"[0-9]+", text) for text in texts):
        return "number", {}
    if all(re.fullmatch(r"[#!][0-9]+", text) for text in texts):
        return "number", {"trim": "#!"}
    if all(_OF_PULL.fullmatch(text) for text in texts):
        return "number", {"trim": "".join(sorted({sign for text in texts for sign in text if not sign.isdigit()}))}
    if all(re.fullmatch(r"[#!]?[0-9]+(\.[0-9]+)?", text) for text in texts):
        return "number", {**({"trim": "#!"} if any(text[0] in "#!" for text in texts) else {}), "number": "1234.5"}
    return None


def _weekday(_: str, texts: Sequence[str]) -> Found:
    further = () if all(map(is_short_in_latin, texts)) else FURTHER_LANGUAGES
    languages = (code for code in (*LANGUAGES, *further) if reads(texts, partial(days, language=code), Unmappable))
    found = next(languages, None)
    return None if found is None else ("weekday", {"weekday": found})


def _time(_: str, texts: Sequence[str]) -> Found:
    if fit_all(
        texts, lambda text: bool(re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00(:00)?", text))
    ):
        return "time of day", {}
    for form in ("24h", "12h"):
        if reads(texts, partial(time_of_day, form=form), Unmappable):
            return "time of day", {"time": form}
    return None


def _hours(name: str, texts: Sequence[str]) -> Found:
    texts = [text for text in texts if text.lower() not in CLOSED] or texts
    if reads(texts, hours_of_numbered_days, Unmappable):
        asked = f"{name}: is day 1 Sunday in hours such as {texts[0]!r}, as Yext and Google have it?"
        return "opening hours", {"hours": "numbered_days"}, (asked, "yes")
    if all(map(_DIGITS_ALONE.fullmatch, texts)) and not tells_hours(name) and not names_a_day(name):
        return None
    known = (*LANGUAGES, *FURTHER_LANGUAGES)
    found = next((code for code in known if reads(texts, partial(opening_hours, language=code), Unmappable)), None)
    return None if found is None else ("opening hours", {"hours": found})
