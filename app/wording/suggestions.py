"""Names like one that nobody has: for whoever has misspelt it, or knows a part of it."""

from collections.abc import Sequence
from difflib import get_close_matches
from heapq import nlargest
from typing import Final

#: Names that are told.
NEAREST: Final = 3

#: Shortest text that counts as a part of a name, characters: almost every name holds a given letter.
SHORTEST_PART: Final = 2

#: Longest text that a spelling is guessed for, characters: the guess takes time that grows with it.
GUESSED_LENGTH: Final = 64

#: Names that are compared letter by letter, which takes some 20 µs each; the others share too little with the text.
COMPARED: Final = 50


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """Those of the known names that are most like this one, without regard to case; the likest first.

    First those that are spelt the same, then those that hold it or are a part of it, the most similar in length
    first, then those of a similar spelling. Ten thousand names take some 20 ms.
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
    """Names of a similar spelling, looked for among those that share most letters and pairs of letters with it."""
    parts = {asked[at : at + length] for length in (1, 2) for at in range(len(asked) - length + 1)}

    def shared(pair: tuple[str, str]) -> float:
        return sum(map(pair[0].__contains__, parts)) / (len(asked) + len(pair[0]))

    candidates = dict(nlargest(COMPARED, folded, key=shared))
    return [candidates[spelt] for spelt in get_close_matches(asked, candidates, n=NEAREST)]
