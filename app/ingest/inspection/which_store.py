"""What is asked of a file of which no column is known to name the store, before all its rows become those of one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.instants import instant_text
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import LENGTHS, REMARKS, inner, plain_words, tells_store
from app.ingest.inspection.probes import texts_by
from app.ingest.inspection.questions import assumed
from app.ingest.inspection.words import is_empty

#: Words in the names of numbers that measure or count something, or say what happened, and so name no store.
_MEASURES: Final = re.compile(
    r"\b(ms|msec|sec|secs|seconds?|minutes?|ns|bytes?|kb|size|count|total|sum|avg|average|mean|min|max|median|percent"
    r"|pct|ratio|rate|loss|lost|rtt|ping|jitter|ttl|ttfb|dns|tls|ssl|connect|lookup|speed|performance|score|retry"
    r"|retries|attempts?|tries|failures?|fails|errors?|weight|level|cpu|memory|temperature|hits|requests?|users"
    r"|visitors|http|status|state|exit|result|return|port|probe|probeid|agent|worker|poller|version|anzahl|versuche"
    r"|größe|menge|dauer|zeit)\b|\b(error|exit|return|http|status|response|reason) ?code\b"
)

#: Numbers of stores, also as a spreadsheet or a program of statistics writes them.
_WHOLE: Final = re.compile(r" *#?[0-9]+(\.0+)? *")


def unnamed_store(
    layout: Layout,
    guesses: Sequence[Guess],
    taken: set[str],
    stem: str,
    when: Mapping[str, Any] | None = None,
    *,
    are_outages: bool = False,
) -> tuple[str, str]:
    """The question of a file of which no column is known to name the store: none is assumed where one may.

    Args:
        layout: of the file.
        guesses: what its columns seem to be.
        taken: names of the columns that are something else.
        stem: what is assumed.
        when: the rule of the instants of polls, at each of which a store has one status; None for other kinds.
        are_outages: all rows begin with the same status, so that several of one instant do not contradict each other.
    """
    question, answer = assumed("store_id", stem)
    if when is not None:  # a row that comes twice says nothing that it does not say once
        layout = replace(layout, rows=list(dict.fromkeys(map(tuple, layout.rows))))
    texts = [] if when is None or are_outages else texts_by(layout, when) or []
    instants = None if when is None else [_instant(text, when) for text in texts]
    free = [(at, one) for at, one in enumerate(guesses) if one.name not in taken and inner(one.name) not in REMARKS]
    may = [one.name for at, one in free if _may_name(one, layout.column(at), instants)]
    if layout.document.get("header") is False:
        may = [f"column {name}" for name in may] if when is not None else []
    if may:
        return f"{question} Or does {' or '.join(may[:3])} name it? Then say so in the mapping.", ""
    if instants and (row := _at_once(layout, instants)) is not None:
        told = f"Several rows have the instant {texts[row]}, and only the last one of an instant of a store counts."
        return f"{question} {told} If they are of several stores, add a column that names these.", ""
    return question, answer


def _may_name(one: Guess, texts: Sequence[str], instants: Sequence[Any] | None) -> bool:
    """Whether a column of which nobody knows what it is may name the stores."""
    given = [text for text in texts if text]
    come_again = 1 < len(set(given)) <= len(texts) / 2
    if instants is None:
        return one.what in {"text", "address"} and come_again
    if tells_store(one.name) and one.what in {"text", "address", "number", "status", "zone"}:
        return bool(given)  # even if it is the same in all rows: the next ones may be of another
    called = plain_words(one.name)
    is_measure = LENGTHS.search(called) is not None or _MEASURES.search(called) is not None
    if is_measure and one.are_digits:  # also with a unit: 120 ms
        return False
    # A column of 0 and 1 is a flag that says something else.
    are_numbers = one.what == "number" or (one.what == "status" and one.are_digits and not {*given} <= {"0", "1"})
    if one.what not in {"text", "address"} and not (are_numbers and all(map(_WHOLE.fullmatch, given))):
        return False
    if is_measure:  # words for what was measured, of which some come again by chance
        return come_again
    return 1 < len(set(given)) < len(given) or _tells_apart(texts, instants)


def _tells_apart(texts: Sequence[str], instants: Sequence[Any]) -> bool:
    """Whether rows of one instant have different texts."""
    first: dict[Any, str] = {}
    pairs = zip(instants, texts, strict=True) if instants else ()
    return any(first.setdefault(instant, text) != text for instant, text in pairs if instant and text)


def _instant(text: str, rule: Mapping[str, Any]) -> int | str | None:
    """What tells the instant of a row from others; the same however it is written, if the rule reads it."""
    return None if is_empty(text) else instant_text(text.strip(), rule) or text


def _at_once(layout: Layout, instants: Sequence[Any]) -> int | None:
    """The first row that has the instant of another one and differs in anything else."""
    first: dict[Any, int] = {}
    for row, instant in enumerate(instants):
        if instant and layout.rows[first.setdefault(instant, row)] != layout.rows[row]:
            return row
    return None
