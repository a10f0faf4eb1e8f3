"""Suggestions for an unknown name that is misspelt or only part of a name."""

from collections.abc import Sequence
from difflib import get_close_matches
from heapq import nlargest
from typing import Final

#: Number of suggestions.
NEAREST: Final = 3

#: Shortest text that counts as a part of a name, characters: almost every name holds a given letter.
SHORTEST_PART: Final = 2

#: Longest text for which a spelling is guessed, characters: the time grows with it.
GUESSED_LENGTH: Final = 64

#: Names compared letter by letter, which takes about 20 µs each; the others have too little in common with the text.
COMPARED: Final = 50


def suggestions(name: str, known: Sequence[str]) -> list[str]:
    """The known names most similar to this one, ignoring case; the most similar first.

    First names with the same spelling, then those that contain it or are contained in it, the most similar in length
    first, then names of a similar spelling. Ten thousand names take about 20 ms.
    """
    asked = name.strip().casefold()
    folded = [(one.casefold(), one) for one in known]
    found = sorted(
        (abs(len(spelt) - len(asked)), one) for spelt, one in folded if spelt == asked or _is_part(spelt, asked)
    )
    likest = [one for _, one in found[:NEAREST]]
    if len(likest) < NEAREST and len(asked) <= GUESSED_LENGTH:
        likest += [one for one in _similar(asked, folded) if one not in likest]
    return likest[:NEAREST]


def _is_part(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= SHORTEST_PART and shorter in longer


def _similar(asked: str, folded: Sequence[tuple[str, str]]) -> list[str]:
    """Names of a similar spelling, among those that share the most letters and pairs of letters with it."""
    parts = {asked[at : at + length] for length in (1, 2) for at in range(len(asked) - length + 1)}

    def shared(pair: tuple[str, str]) -> float:
        return sum(map(pair[0].__contains__, parts)) / (len(asked) + len(pair[0]))

    candidates = dict(nlargest(COMPARED, folded, key=shared))
    return [candidates[spelt] for spelt in get_close_matches(asked, candidates, n=NEAREST)]
