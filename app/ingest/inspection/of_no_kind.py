"""Files that fit no kind, and files of which a kind with few columns would leave out what matters."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.ingest.inspection.fitting import place
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import names_a_day, plain_words, tells_hours
from app.ingest.inspection.proposal import Proposal

#: Kinds of which hardly any record has too little: what they leave out may be what the file tells.
SLIGHT: Final = frozenset(("entities", "timezones"))

_OF_HOURS: Final = frozenset(("weekday", "time of day", "opening hours"))

#: Words in names of numbers that say how long reviews took, and how long a store was up.
_REVIEWS: Final = re.compile(r"\b(?:reviews?|merges?|cycle|lead|pickup)\b")
_SUMS: Final = re.compile(r"\b(?:uptime|downtime|availability|sla|verfügbarkeit|disponibilité)\b")

#: What a kind needs, said to those whose file has a part of it.
_NEEDS: Final = {
    "polls": (
        "a store, a status and an instant in each row, or outages with a beginning and an end; shares of time and sums "
        "of minutes, such as an availability, are none, as Openhours counts them itself"
    ),
    "hours": (
        "a weekday, an opening and a closing time in each row, opening hours in one column, or a column for each of at "
        "least five weekdays"
    ),
    "review_times": (
        "a review_time and a merge_time in seconds, a date and a team; a mapping cannot convert other units"
    ),
}


def leaves_out(one: Proposal, layout: Layout, guesses: Sequence[Guess]) -> list[str]:
    """The columns that a proposal of a slight kind does not read, and that tell of polls, hours or durations."""
    if one.kind not in SLIGHT or one.document is None:
        return []
    used = [rule.get("from") for rule in one.document["columns"].values()]
    left = [guess for guess in guesses if place(layout, guess.name) not in used]
    are_polls = {"instant", "status"} <= {guess.what for guess in left}
    return [
        guess.name
        for guess in left
        if guess.what in _OF_HOURS or (are_polls and guess.what in {"instant", "status"}) or _is_duration(guess)
    ]


def nearest(guesses: Sequence[Guess]) -> str | None:
    """The kind of which a file that fits none has most, by what its columns hold; None if nobody can tell."""
    held = {guess.what for guess in guesses}
    if not held.isdisjoint(_OF_HOURS - {"time of day"}) or sum(names_a_day(guess.name) for guess in guesses) > 1:
        return "hours"
    if any(guess.what == "number" and _REVIEWS.search(plain_words(guess.name)) for guess in guesses):
        return "review_times"
    is_of_polls = not held.isdisjoint({"instant", "status"}) or any(
        _SUMS.search(plain_words(guess.name)) for guess in guesses
    )
    if is_of_polls:
        return "polls"
    return "hours" if "time of day" in held or any(tells_hours(guess.name) for guess in guesses) else None


def told_plainly(best: Proposal, layout: Layout, guesses: Sequence[Guess]) -> Proposal:
    """The proposal of the best of several kinds, with the question of what it would leave out or lacks."""
    if best.missing:
        columns = (best.document or {}).get("columns", {})
        names = {str(rule.get("from")): target for target, rule in columns.items()}
        found = [
            f"{one.name} ({names.get(str(place(layout, one.name)), one.what)})"
            for one in guesses
            if one.what != "nothing"
        ]
        shown = ", ".join(found[:6]) + (", …" if len(found) > 6 else "")
        asked = f"The file fits no kind as it is. It has {shown}. {_needed(best, guesses)}"
    elif left := leaves_out(best, layout, guesses):
        shown = ", ".join(left[:4]) + (", …" if len(left) > 4 else "")
        asked = (
            f"{shown}: not read by kind {best.kind}. Is the file of another kind? Then name it with --kind; otherwise "
        )
        asked += "load the mapping by --mapping."
    else:
        return best
    return replace(best, questions=((asked, ""), *best.questions))


def _needed(best: Proposal, guesses: Sequence[Guess]) -> str:
    """What the kind of which the file has most needs; where that tells nothing, what the usual ones need."""
    if best.kind in SLIGHT and nearest(guesses) is None:
        needs = "; ".join(f"a file of {kind} needs {_NEEDS[kind].partition(';')[0]}" for kind in ("polls", "hours"))
        return f"{needs[0].upper()}{needs[1:]}. If it is of another kind, name that with --kind."
    return f"A file of {best.kind}, the nearest kind, needs {_NEEDS.get(best.kind) or ' and '.join(best.missing)}."


def _is_duration(one: Guess) -> bool:
    called = plain_words(one.name)
    return one.what == "number" and (_REVIEWS.search(called) or _SUMS.search(called)) is not None
