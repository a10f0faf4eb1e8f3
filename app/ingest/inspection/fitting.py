"""Which column of a file may be a column of a kind, and the rule that reads it as one."""

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from app.ingest.column_types import DATE, TRUTH
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import (
    ALSO,
    HOURS,
    VAGUE,
    WORDS_OF_PULLS,
    WORDS_OF_TRUTH,
    inner,
    names_a_day,
    names_store,
    plain,
    word,
    word_of_time,
)
from app.ingest.inspection.words import HTTP_CODES

#: The columns that opening hours become.
WINDOW: Final = ("day", "start_time_local", "end_time_local")

#: Columns that are found by their names alone if need be.
_TOLD: Final = frozenset((*WINDOW, "timestamp_utc", "timezone_str"))

#: Columns whose names in JSON may be those of an object in the record: attributes.status.
_WITHIN: Final = frozenset((*WINDOW, "store_id", "status", "timestamp_utc", "timezone_str"))

#: What a column of a kind holds, where that tells; a text may be anything.
_HOLDS: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("instant", "nothing"),
    "weekday": ("weekday", "number", "opening hours", "status"),
    "time of day": ("time of day", "number", "status"),
    "time of day, 24:00 included": ("time of day", "number", "status"),
    "IANA time zone": ("zone",),
    "number": ("number", "status"),
    "whole number": ("number", "status"),
    "date": ("instant",),
    "short text": ("text", "number", "status", "zone", "time of day", "instant", "weekday"),
}

#: The largest number that is a time of day by its digits, 2400, and more after midnight.
_LARGEST_CLOCK: Final = 4800

#: Weekdays of ISO 8601, from 1, as those of a kind.
ISO_DAYS: Final = {str(day + 1): str(day) for day in range(7)}

#: Other words for true and false.
_TRUTHS: Final = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), "true"),
    **dict.fromkeys(("false", "False", "FALSE", "0"), "false"),
}


def fitting(
    name: str, holds: str, guesses: Sequence[Guess], taken: set[str], *, is_nameless: bool, is_of_pulls: bool
) -> Guess | None:
    """The column of the file with the likeliest name that may hold this, or the only one that holds it."""
    left = [guess for guess in guesses if guess.name not in taken]
    # Whatever a column of that very name holds: its check tells what is wrong in it.
    told = [guess for guess in left if guess.what == "status"]
    is_told = name == "status" and bool(told)
    by_words = is_told and _by_name(name, _likeliest(holds, told))
    for guess in left:
        is_code = guess.rule.get("words") == HTTP_CODES and by_words
        if plain(guess.name) == plain(name) and (guess.what == "status" or not is_told) and not is_code:
            return guess
    free = [guess for guess in left if guess.what in _HOLDS.get(holds, (guess.what,))]
    if name == "repo":  # an address of which nothing is kept may be another one in each row
        free = [guess for guess in free if guess.what != "address" or guess.rule or _is_of_repositories(guess)]
    found = _by_name(name, _likeliest(holds, free)) or _by_name(name, told if name == "status" else free)
    if name == "store_id":
        found = named_as_store(found, free)
    if found is None and is_of_pulls:
        found = _by_word(name, holds, free)
    if found is None:
        found = _by_content(name, free, is_nameless=is_nameless)
    if found is None and name == "day":
        found = next(
            (
                guess
                for guess in left
                if guess.what == "text" and inner(guess.name) in HOURS and guess.examples[0][:1] not in "[{"
            ),
            None,
        )
    if found is None and name in _TOLD:  # its texts cannot be read: its check tells what is wrong in each
        found = _by_name(name, [guess for guess in left if guess.what == "text"])
    return found


def named(name: str, holds: str, guesses: Sequence[Guess], taken: Container[str], *, is_of_pulls: bool) -> Guess | None:
    """The column whose name says that it is this one, whatever it holds but flags; None where any text would do."""
    left = [guess for guess in guesses if guess.name not in taken and guess.what != "status"]
    if holds not in _HOLDS or holds == "short text":
        return None
    exact = next((guess for guess in left if plain(guess.name) == plain(name)), None)
    return exact or _by_name(name, left) or (_by_word(name, holds, left) if is_of_pulls else None)


def named_as_store(found: Guess | None, guesses: Sequence[Guess]) -> Guess | None:
    """The column that names the stores: rather than one whose name may be that of anything, one of their numbers."""
    if found is not None and inner(found.name) not in VAGUE:
        return found
    numbered = [(rank, at) for at, guess in enumerate(guesses) if (rank := names_store(guess.name)) is not None]
    return guesses[min(numbered)[1]] if numbered else found


def _likeliest(holds: str, free: Sequence[Guess]) -> list[Guess]:
    """Of columns that may hold this those that surely do: words rather than codes of HTTP, times than plain numbers."""
    if holds.startswith("time of day"):
        return [guess for guess in free if guess.what == "time of day"]
    if holds.startswith("active"):
        return [guess for guess in free if guess.what == "status" and guess.rule.get("words") != HTTP_CODES]
    return list(free)


def _by_name(name: str, guesses: Sequence[Guess]) -> Guess | None:
    """The column with the likeliest of the other names: of JSON, last, also one within an object."""
    called = [plain, inner] if name in _WITHIN else [plain]
    others = ((call, other) for call in called for other in ALSO.get(name, ()))
    return next((guess for call, other in others for guess in guesses if call(guess.name) == other), None)


def _by_word(name: str, holds: str, free: Sequence[Guess]) -> Guess | None:
    """Of pull requests, the column with the likeliest word in its name."""
    words = [(word_of_time(guess.name) if holds == "timestamp" else word(guess.name), guess) for guess in free]
    return next((guess for one in WORDS_OF_PULLS.get(name, ()) for found, guess in words if found == one), None)


def _by_content(name: str, free: Sequence[Guess], *, is_nameless: bool) -> Guess | None:
    """The only column that holds what this one does."""
    if name == "day":
        days = [guess for guess in free if guess.what in {"weekday", "opening hours"}]
        hours = [guess for guess in days if guess.what == "opening hours"]
        days = [guess for guess in days if guess.what == "weekday" or not names_a_day(guess.name)]
        days.sort(key=lambda guess: guess.what != "weekday")
        return days[0] if days and len(hours) < 2 else None  # of several, none has the hours of all days
    wanted = {"timestamp_utc": "instant", "created_at": "instant", "timezone_str": "zone", "status": "status"}.get(name)
    alike = [guess for guess in free if guess.what == wanted]
    if name == "status" and any(_says_in_words(guess) for guess in free):  # digits may be numbers of stores
        alike = [guess for guess in alike if not guess.are_digits]
    if name == "timestamp_utc" and len(alike) > 1:  # one beside the same in local time
        alike = [guess for guess in alike if re.search(r"(\b|_)utc(\b|_)", guess.name, re.IGNORECASE)]
    if name in {"store_id", "repo"}:
        alike = [guess for guess in free if guess.what == "address"] or [
            guess for guess in free if guess.name == "1" and guess.what in {"text", "number"} and name == "store_id"
        ]
    if is_nameless and name in {"created_at", "merged_at", "number"}:
        wanted = "number" if name == "number" else "instant"
        return next((guess for guess in free if guess.what == wanted), None)
    return alike[0] if len(alike) == 1 else None


def _says_in_words(guess: Guess) -> bool:
    """Whether a column has words for a status, or is named as a status and has words that are not known."""
    is_named = guess.what == "text" and plain(guess.name) in {"status", *ALSO["status"]}
    return is_named or (guess.what == "status" and guess.rule.get("words") != HTTP_CODES and not guess.are_digits)


def _is_of_repositories(guess: Guess) -> bool:
    """Whether addresses may be those of repositories: they do not end with a number."""
    return not any(text.rstrip("/").rpartition("/")[2].isdigit() for text in guess.examples)


def rule_for(holds: str, found: Guess) -> dict[str, Any]:
    """The members of a rule that suit what the column holds: the words of a status are none for a key."""
    if holds == DATE.name and found.what == "instant":
        return {name: form for name, form in found.rule.items() if name == "date" and form != "iso"}
    if holds == TRUTH.name and any(text not in TRUTH.allowed for text in found.examples):
        known = {text: WORDS_OF_TRUTH[text.lower()] for text in found.examples if text.lower() in WORDS_OF_TRUTH}
        return {"words": _TRUTHS | known} if known else {}
    if found.what in {"number", "status"} and holds.startswith("time of day"):
        return {"time": _form_of_numbers(found.examples)}
    if found.what in {"number", "status"} and holds == "weekday":
        return _weekday_numbers(found)
    if (rule := _most_precise(holds, found)) is not None:
        return rule
    suits = found.what == "instant" and holds == "timestamp"
    suits = suits or (found.what == "status" and holds.startswith("active")) or found.what == "address"
    suits = suits or (found.what == "zone" and holds == "IANA time zone")
    suits = suits or (found.what in {"weekday", "time of day"} and holds.startswith(found.what))
    suits = suits or (found.what == "opening hours" and holds == "weekday")
    suits = suits or (found.what == "number" and holds in {"number", "weekday"})
    return dict(found.rule) if suits else {}


def _weekday_numbers(found: Guess) -> dict[str, Any]:
    """The rule of weekdays that are numbers: those of ISO 8601, or from 0, as a spreadsheet may write them."""
    if plain(found.name).startswith("iso"):
        return {"words": ISO_DAYS}
    are_decimal = found.rule.get("number") or any("." in text for text in found.examples)
    return {"number": "1234.5"} if are_decimal else {}


def _form_of_numbers(texts: Sequence[str]) -> str:
    """The form of times of day that are numbers; whether small ones are minutes must be asked."""
    numbers = [float(text) for text in texts if re.fullmatch(r"[0-9]*\.?[0-9]+", text)]
    shares = [number <= 1 for number, text in zip(numbers, texts, strict=False) if "." in text]
    if shares and all(shares):
        return "fraction"
    for form, unit in (("seconds", 60), ("milliseconds", 60_000)):
        if max(numbers, default=0) > _LARGEST_CLOCK and all(one % unit == 0 and one <= 1440 * unit for one in numbers):
            return form
    return "24h"


def _most_precise(holds: str, found: Guess) -> dict[str, Any] | None:
    """The rule whose reasons are the most precise for texts that are not what the column holds; None: they are."""
    if holds == "timestamp" and found.what not in {"instant", "nothing"}:
        return {"date": "iso", "zone": "UTC"}
    if found.what == "text" and holds == "weekday":
        return {"hours": "en"} if inner(found.name) in HOURS else {"weekday": "en"}
    if found.what != "text" or not holds.startswith("time of day"):
        return None
    return {"time": "12h" if any(re.search(r"[0-9] ?[ap]\.?m", text.lower()) for text in found.examples) else "24h"}


def place(layout: Layout, name: str) -> Any:
    return int(name) if layout.document.get("header") is False else name


def read_by(rule: Mapping[str, Any] | None, guesses: Sequence[Guess], layout: Layout) -> Guess | None:
    """The column that a rule of a mapping reads; None without a rule, or if it reads none or several."""
    if rule is None or "from" not in rule:
        return None
    return next((guess for guess in guesses if place(layout, guess.name) == rule["from"]), None)
