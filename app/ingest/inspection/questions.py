"""What is to be asked of a file before it is loaded: pairs of a question and what is assumed unless it is answered.

Nothing is assumed, an empty text, where a wrong answer would give wrong figures that nobody notices.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, BEGINS, TAKES, plain
from app.ingest.inspection.words import NO_TIME, is_nothing

Questions = list[tuple[str, str]]


#: What a question calls each column of which a file may have one text in all rows, and how it is answered.
ONE_OF_ALL: Final[Mapping[str, tuple[str, str]]] = {
    "repo": ("repository", "owner/name"),
    "calendar": ("calendar", "NAME"),
    "store_id": ("store", "TEXT"),
    "project": ("project", "NAME"),
}


#: Weekdays of a week of work as numbers from 1; few rows of one that counts from 0 may lack a 0, too.
_MONDAY_TO_FRIDAY: Final = frozenset("12345")

#: What is asked of lists beside the one that is read.
_UNREAD: Final = (
    "{}: not read, although the records are like those of the list that is read. Make one list of all, with the name "
    "of the list in each record, or load each list by itself, with records."
)


def assumed(column: str, stem: str) -> tuple[str, str]:
    """The question of a file that does not name the repository, store or project of its rows."""
    what, answer = ONE_OF_ALL[column]
    return f"No column names the {what}; which one is it? Answer with --set {column}={answer}.", stem


def questions_of(layout: Layout) -> Questions:
    """What is to be asked of a file whatever it holds."""
    none = sorted({text for row in layout.rows for text in row if NO_TIME.fullmatch(text)})
    return [
        *((text, "as it is") for text in layout.questions),
        *((_UNREAD.format(", ".join(layout.unread[:3])), "") for _ in layout.unread[:1]),
        *((f"Does {text!r} stand for no value?", "yes") for text in none),
    ]


def null_words(layout: Layout) -> dict[str, Any]:
    """The member of a mapping for texts that mean nothing, as far as the file has them."""
    found = {text for row in layout.rows for text in row if is_nothing(text)}
    return {"null": sorted(found)} if found else {}


def numbered_days(holds: str, found: Guess, texts: Sequence[str], names: Sequence[str]) -> Questions:
    """The question of weekdays that are numbers.

    Under the names that a kind has they are taken for those of the kind, unless they have a 7 or look like a week
    from 1.
    """
    if holds != "weekday" or found.what not in {"number", "status"} or plain(found.name).startswith("iso"):
        return []
    numbers = {text.strip().removesuffix(".0") for text in texts if text.strip()}
    if "7" in numbers:
        return [
            (f"{found.name}: is 7 Sunday, or Saturday? Say with words which weekday, 0 = Monday, each number is.", "")
        ]
    if "placeid" in {plain(name) for name in names}:
        told = f"{found.name}: is 0 Sunday, as Google has it? Say with words which weekday, 0 = Monday, each number is."
        return [(told, "")]
    is_of_kind = plain(found.name) in {"day", "dayofweek"}
    if "0" not in numbers and (not is_of_kind or numbers >= _MONDAY_TO_FRIDAY):
        told = f"{found.name}: is 1 Monday, Tuesday or Sunday? Say with words which weekday, 0 = Monday, each is."
        return [(told, "")]
    if is_of_kind:
        return []
    return [(f"{found.name}: is 0 Monday and 6 Sunday? If not, say with words what each number stands for.", "yes")]


def numbered_times(holds: str, found: Guess, texts: Sequence[str]) -> Questions:
    """The question of times of day such as 540, which may be minutes after midnight or 5:40."""
    numbers = sorted({text.strip() for text in texts} - {"", "0"})
    is_short = all(re.fullmatch(r"[1-9][0-9]{2}|1[0-4][0-9]{2}", text) for text in numbers)
    odd = [text for text in numbers if text[-2:] not in {"00", "15", "30", "45", "59"}]
    if not holds.startswith("time of day") or not is_short or not odd:
        return []
    text = odd[0]
    hour, minute = divmod(int(text), 60)
    asked = f"{found.name}: is {text} {hour}:{minute:02}, as minutes after midnight, or {text[:-2]}:{text[-2:]}? Set "
    asked += "time to minutes or to 24h."
    return [(asked, "")]


def durations(guesses: Sequence[Guess]) -> Questions:
    """What is to be asked of outages of which the file says how long they took, but not when they ended."""
    named = {plain(guess.name): guess.name for guess in guesses}
    begins = next((named[name] for name in BEGINS if name in named), None)
    takes = next((named[name] for name in TAKES if name in named), None)
    if begins is None or takes is None or begins == takes:
        return []
    return [(f"{takes}: a mapping cannot add it to {begins}; add a column that says when each outage ended.", "")]


def tells_of_stores(guesses: Sequence[Guess]) -> bool:
    """Whether a column is named as one that names a store or a team, of whose dates the file then tells."""
    return any(
        plain(guess.name) in {"team", "entity", "storeid", *ALSO["store_id"]} - {"name", "key"} for guess in guesses
    )
