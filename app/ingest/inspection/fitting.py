"""Which column of a file may be a column of a kind, and the rule that reads it as one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, plain

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
}


def fitting(name: str, holds: str, guesses: Sequence[Guess], taken: set[str], *, is_nameless: bool) -> Guess | None:
    """The column of the file with the likeliest name that may hold this, or the only one that holds it."""
    left = [guess for guess in guesses if guess.name not in taken]
    # Whatever a column of that very name holds: its check tells what is wrong in it.
    is_told = name == "status" and any(guess.what == "status" for guess in left)
    for guess in left:
        if plain(guess.name) == plain(name) and (
            guess.what == "status" or not is_told
        ):  # whatever it holds: its check tells what is wrong in it
            return guess
    free = [guess for guess in left if guess.what in _HOLDS.get(holds, (guess.what,))]
    for other in ALSO.get(name, ()):
        for guess in free:
            if plain(guess.name) == plain(other) and (name != "status" or guess.what == "status"):
                return guess
    if name == "day":
        return next((guess for guess in free if guess.what in {"weekday", "opening hours"}), None)
    wanted = {"timestamp_utc": "instant", "created_at": "instant", "timezone_str": "zone", "status": "status"}.get(name)
    alike = [guess for guess in free if guess.what == wanted]
    if name in {"store_id", "repo"}:
        alike = [guess for guess in free if guess.what == "address"] or [
            guess for guess in free if guess.name == "1" and guess.what in {"text", "number"} and name == "store_id"
        ]
    if is_nameless and name in {"created_at", "merged_at", "number"}:
        wanted = "number" if name == "number" else "instant"
        return next((guess for guess in free if guess.what == wanted), None)
    if len(alike) == 1:
        return alike[0]
    # A column of such a name whose texts cannot be read: its check tells what is wrong in each.
    texts = [guess for guess in left if guess.what == "text"] if name in _TOLD else []
    return next((guess for other in ALSO.get(name, ()) for guess in texts if plain(guess.name) == other), None)


def rule_for(holds: str, found: Guess) -> dict[str, Any]:
    """The members of a rule that suit what the column holds: the words of a status are none for a key."""
    suits = found.what == "instant" and holds == "timestamp"
    suits = suits or (found.what == "status" and holds.startswith("active")) or found.what == "address"
    suits = suits or (found.what in {"weekday", "time of day"} and holds.startswith(found.what))
    suits = suits or (found.what == "opening hours" and holds == "weekday")
    suits = suits or (found.what == "number" and holds in {"number", "weekday"})
    if holds == "date" and found.what == "instant":
        return {"date": found.rule["date"]} if "date" in found.rule else {}
    if found.what == "text" and holds in {"weekday", "IANA time zone"}:
        return {"weekday": "en"} if holds == "weekday" else {}
    if found.what == "text" and holds.startswith("time of day"):
        return {"time": "24h"}
    if found.what in {"number", "status"} and holds.startswith("time of day"):
        shares = [float(text) <= 1 for text in found.examples if re.fullmatch(r"[0-9]*\.[0-9]+", text)]
        return {"time": "fraction" if shares and all(shares) else "24h"}
    if holds == "timestamp" and found.what not in {"instant", "nothing"}:
        return {"date": "iso", "zone": "UTC"}  # its reasons are the most precise
    return dict(found.rule) if suits else {}


def place(layout: Layout, name: str) -> Any:
    return int(name) if layout.document.get("header") is False else name
