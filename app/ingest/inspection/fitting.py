"""Which column of a file may be a column of a kind, and the rule that reads it as one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.ingest.column_types import DATE, TRUTH
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, WORDS_OF_PULLS, WORDS_OF_TRUTH, plain, word, word_of_time

#: The columns that opening hours become.
WINDOW: Final = ("day", "start_time_local", "end_time_local")

#: Columns that are found by their names alone if need be.
_TOLD: Final = frozenset((*WINDOW, "timestamp_utc", "timezone_str"))

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
    is_told = name == "status" and any(guess.what == "status" for guess in left)
    for guess in left:
        if plain(guess.name) == plain(name) and (guess.what == "status" or not is_told):
            return guess
    free = [guess for guess in left if guess.what in _HOLDS.get(holds, (guess.what,))]
    if name == "repo":  # an address of which nothing is kept may be another one in each row
        free = [guess for guess in free if guess.what != "address" or guess.rule or _is_of_repositories(guess)]
    found = _by_name(name, [guess for guess in free if name != "status" or guess.what == "status"])
    if found is None and is_of_pulls:
        found = _by_word(name, holds, free)
    if found is None:
        found = _by_content(name, free, is_nameless=is_nameless)
    if found is None and name in _TOLD:  # its texts cannot be read: its check tells what is wrong in each
        found = _by_name(name, [guess for guess in left if guess.what == "text"])
    return found


def _by_name(name: str, guesses: Sequence[Guess]) -> Guess | None:
    """The column with the likeliest of the other names."""
    return next((guess for other in ALSO.get(name, ()) for guess in guesses if plain(guess.name) == other), None)


def _by_word(name: str, holds: str, free: Sequence[Guess]) -> Guess | None:
    """Of pull requests, the column with the likeliest word in its name."""
    words = [(word_of_time(guess.name) if holds == "timestamp" else word(guess.name), guess) for guess in free]
    return next((guess for one in WORDS_OF_PULLS.get(name, ()) for found, guess in words if found == one), None)


def _by_content(name: str, free: Sequence[Guess], *, is_nameless: bool) -> Guess | None:
    """The only column that holds what this one does."""
    if name == "day":
        days = [guess for guess in free if guess.what in {"weekday", "opening hours"}]
        hours = [guess for guess in days if guess.what == "opening hours"]
        return days[0] if days and len(hours) < 2 else None  # of several, none has the hours of all days
    wanted = {"timestamp_utc": "instant", "created_at": "instant", "timezone_str": "zone", "status": "status"}.get(name)
    alike = [guess for guess in free if guess.what == wanted]
    if name in {"store_id", "repo"}:
        alike = [guess for guess in free if guess.what == "address"] or [
            guess for guess in free if guess.name == "1" and guess.what in {"text", "number"} and name == "store_id"
        ]
    if is_nameless and name in {"created_at", "merged_at", "number"}:
        wanted = "number" if name == "number" else "instant"
        return next((guess for guess in free if guess.what == wanted), None)
    return alike[0] if len(alike) == 1 else None


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
        shares = [float(text) <= 1 for text in found.examples if re.fullmatch(r"[0-9]*\.[0-9]+", text)]
        return {"time": "fraction" if shares and all(shares) else "24h"}
    if (rule := _most_precise(holds, found)) is not None:
        return rule
    suits = found.what == "instant" and holds == "timestamp"
    suits = suits or (found.what == "status" and holds.startswith("active")) or found.what == "address"
    suits = suits or (found.what in {"weekday", "time of day"} and holds.startswith(found.what))
    suits = suits or (found.what == "opening hours" and holds == "weekday")
    suits = suits or (found.what == "number" and holds in {"number", "weekday"})
    return dict(found.rule) if suits else {}


def _most_precise(holds: str, found: Guess) -> dict[str, Any] | None:
    """The rule whose reasons are the most precise for texts that are not what the column holds; None: they are."""
    if holds == "timestamp" and found.what not in {"instant", "nothing"}:
        return {"date": "iso", "zone": "UTC"}
    if found.what == "text" and holds == "weekday":
        return {"weekday": "en"}
    return {"time": "24h"} if found.what == "text" and holds.startswith("time of day") else None


def place(layout: Layout, name: str) -> Any:
    return int(name) if layout.document.get("header") is False else name
