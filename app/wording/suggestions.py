"""Suggestions for an unknown name that is misspelt or only part of a name."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final

from rapidfuzz import fuzz, process

#: Number of suggestions.
NEAREST: Final = 3

#: Shortest text that counts as a part of a name, characters: almost every name holds a given letter.
SHORTEST_PART: Final = 2

#: Longest text for which a spelling is guessed, characters: the time grows with it.
GUESSED_LENGTH: Final = 64

#: Characters of a text and of a name that are looked at: a key may be much longer, but nobody misspells one of those.
LOOKED_AT: Final = 512

#: Least similarity of a spelling, percent: as many letters of both are in common, in the same order.
LEAST_SIMILAR: Final = 60

#: Characters of names that one answer compares; beyond that, nothing is suggested for further texts. It takes some
#: 0.1 s at most.
COMPARED_CHARACTERS: Final = 4_000_000


#: Names that people use for others.
_SYNONYMS: Final = {"kind": "report", "report": "kind"}


def meant(name: str, known: Sequence[str]) -> list[str]:
    """The name of a parameter that was probably meant: another word for it, or else one of a similar spelling."""
    synonym = _SYNONYMS.get(name)
    return [synonym] if synonym is not None and synonym in known else suggestions(name, known)[:1]


def did_you_mean(near: Sequence[str]) -> str:
    """What a sentence says behind a name that is unknown; nothing if no other is near."""
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def suggestions(name: str, known: Iterable[str]) -> list[str]:
    """The known names most similar to this one, ignoring case; the most similar first.

    First names with the same spelling, then those that contain it or are contained in it, the most similar in length
    first, then names of a similar spelling.
    """
    return _nearest(name, _folded(known))


def suggestions_for_each(asked: Iterable[str], known: Sequence[str]) -> dict[str, list[str]]:
    """The most similar known names of each; for as many as COMPARED_CHARACTERS allow, but at least one."""
    folded = _folded(known)
    compared = max(1, COMPARED_CHARACTERS // max(1, sum(map(len, folded.values()))))
    return {one: _nearest(one, folded) if number < compared else [] for number, one in enumerate(asked)}


def _folded(known: Iterable[str]) -> Mapping[str, str]:
    """Names with their spelling to compare."""
    return {name: name[:LOOKED_AT].casefold() for name in known}


def _nearest(name: str, folded: Mapping[str, str]) -> list[str]:
    asked = name[: 2 * LOOKED_AT].strip().casefold()
    parts = len(asked) >= SHORTEST_PART
    found = sorted(
        (abs(len(spelt) - len(asked)), one)
        for one, spelt in folded.items()
        if spelt == asked or (parts and (asked in spelt or (spelt in asked and len(spelt) >= SHORTEST_PART)))
    )
    likest = [one for _, one in found[:NEAREST]]
    if len(likest) < NEAREST and len(asked) <= GUESSED_LENGTH:
        similar = process.extract(asked, folded, scorer=fuzz.ratio, limit=2 * NEAREST, score_cutoff=LEAST_SIMILAR)
        likest += [one for _, _, one in sorted(similar, key=itemgetter(1, 0), reverse=True) if one not in likest]
    return likest[:NEAREST]
