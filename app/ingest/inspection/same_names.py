"""Stores of one name with hours of their own: a column of ids tells them apart, or it is asked which one does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from app.ingest.inspection.fitting import place
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import names_ids, plain
from app.ingest.inspection.proposal import Proposal
from app.ingest.inspection.reading import Reading

_IDS: Final = ("id", "uid", "uuid", "code", "number")

_ASKED: Final = (
    "Rows of one store have other hours on one day: which column tells the stores apart? Name it as store_id."
)


def told_apart(
    best: Proposal, reading: Reading, layout: Layout, guesses: Sequence[Guess], read: Callable[[Proposal], Reading]
) -> tuple[Proposal, Reading]:
    """The proposal of a file of hours, and its reading, with stores that are told apart; else it asks for them.

    Hours of one store that contradict each other are those of several if each record is a week, or if no column names
    the store.
    """
    columns = (best.document or {}).get("columns", {})
    if not reading.contradicts or len(layout.rows) == 1 or best.shipped is not None or "store_id" not in columns:
        return best, reading
    day = columns.get("day", {})
    is_week = ("hours" in day and "from" in day) or not day
    if not is_week and "value" not in columns["store_id"]:
        return best, reading
    if is_week and (other := _with_ids(best, layout, guesses)) is not None and not (again := read(other)).contradicts:
        return other, again
    return _asked(best, _ASKED, ""), reading


def _with_ids(one: Proposal, layout: Layout, guesses: Sequence[Guess]) -> Proposal | None:
    """The proposal with stores by a column of ids of which each record has another one; None: there is none."""
    document = dict(one.document or {})
    for at, guess in enumerate(guesses):
        is_of_ids = names_ids(guess.name) or plain(guess.name) in _IDS
        if is_of_ids and len({text for text in layout.column(at) if text}) == len(layout.rows):
            document["columns"] = {**document["columns"], "store_id": {"from": place(layout, guess.name)}}
            asked = f"{guess.name}: does it name the stores? Otherwise one would have several hours on one day."
            return _asked(replace(one, document=document), asked, "yes")
    return None


def _asked(one: Proposal, asked: str, answer: str) -> Proposal:
    kept = [question for question in one.questions if "--set store_id=" not in question[0]]
    return replace(one, questions=(*kept, (asked, answer)))
