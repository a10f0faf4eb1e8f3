"""Which of several columns of instants says when a poll was made, rather than when its store or monitor was."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.ingest.inspection.fitting import place, read_by
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, parted, plain
from app.ingest.inspection.questions import Questions

#: Words in the names of columns of when something was made, which a monitor is once and a poll each time.
_MADE: Final = re.compile(
    r"\b(created?|creation|registered|added|installed|inserted|erstellt|angelegt|créé|creado|since|seit)\b"
)

#: Words in the names of columns of when something was looked at.
_LOOKED: Final = re.compile(
    r"\b(check(s|ed)?|checkedat|updated?|updatedat|polled|probed|observed|measured|sampled|tested|seen|refreshed"
    r"|timestamp|geprüft|aktualisiert|actualizado)\b"
)

#: Words that say that it is not the time of this poll: the next check, the first one.
_OTHER: Final = re.compile(r"\b(next|first|expir(y|es|ed|ation)|expected|scheduled)\b")


def when_checked(
    layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str], questions: Questions
) -> Questions:
    """The questions of polls, with that of which instant is meant; changes the rule of the instant, if need be.

    The one that is chosen by its name is in doubt if it may say when something was made, or stays the same in all rows
    of each store where another does not.
    """
    chosen = read_by(columns.get("timestamp_utc"), guesses, layout)
    if chosen is None or chosen.what != "instant":
        return questions
    stores = _stores(layout, guesses, columns)
    times = {one.name: layout.column(guesses.index(one)) for one in guesses if one.what == "instant"}
    varies = {name: _variation(stores, texts) for name, texts in times.items()}
    is_made = _MADE.search(_words(chosen.name)) is not None
    others = [
        one
        for one in guesses
        if one.name in times.keys() - taken and _may_be_of_a_check(one.name) and times[one.name] != times[chosen.name]
        if (is_made and varies[one.name] >= varies[chosen.name]) or varies[one.name] > varies[chosen.name] == 0
    ]
    if not others:
        return questions
    named = [one for one in others if _says_when(one.name)] or others
    most = max(varies[one.name] for one in named)
    best = next(one for one in named if varies[one.name] == most)
    is_sure = len(named) == 1 and most > varies[chosen.name] and _says_when(best.name)
    taken.discard(chosen.name)
    taken.add(best.name)
    trimmed = {"trim": True} if best.is_spaced else {}
    columns["timestamp_utc"] = {"from": place(layout, best.name), **trimmed, **best.rule}
    asked = f"{best.name}: is it when each poll was made, rather than {chosen.name}? If not, change from and date."
    kept = [one for one in questions if one not in chosen.questions]
    return [*kept, *best.questions, (asked, "yes" if is_sure else "")]


def _may_be_of_a_check(name: str) -> bool:
    return not _OTHER.search(_words(name)) and not _MADE.search(_words(name))


def _says_when(name: str) -> bool:
    """Whether a name tells of looking at something, or is one of those that a poll's time has."""
    return _LOOKED.search(_words(name)) is not None or plain(name) in ALSO["timestamp_utc"]


def _stores(layout: Layout, guesses: Sequence[Guess], columns: Mapping[str, Any]) -> Sequence[str]:
    """The store of each row, as far as it is known yet."""
    key = read_by(columns.get("store_id"), guesses, layout)
    return [""] * len(layout.rows) if key is None else layout.column(guesses.index(key))


def _variation(stores: Sequence[str], texts: Sequence[str]) -> int:
    """How many instants a column has beyond one for each store."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for store, text in zip(stores, texts, strict=True):
        seen[store].add(text)
    return sum(len(found) - 1 for found in seen.values())


def _words(name: str) -> str:
    """A name in small letters with spaces between its words."""
    return re.sub(r"[^\w]+", " ", parted(name)).lower()
