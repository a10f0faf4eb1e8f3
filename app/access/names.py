"""Names that cannot be told from each other, or whose letters are not what they seem to be.

A small part of Unicode's rules (UTS 39): one script in a word, and no name that looks like another's.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby, pairwise
from typing import Final
from unicodedata import category, name, normalize

#: Letters of these are written together, and with Latin ones.
_EAST_ASIAN: Final = frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})

#: What is drawn as nothing, though it counts as a letter, a mark or a symbol.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

#: What is drawn alike: in each line how it is drawn, a space, and the characters that are drawn so. From the
#: confusables.txt of Unicode 15.0 (UTS 39; Unicode License), without what NFKC replaces anyway.
_ALIKE_FILE: Final = "confusables.txt"

#: And what that leaves out, though it takes a second look to tell.
_OTHERS: Final = str.maketrans("кκĸχωԚӏ", "kkkxwQl")
_WIDE: Final = str.maketrans({"w": "vv", "W": "VV"})

#: Letters as large as small ones, and drawn as capitals: how Unicode names them.
_SMALL_CAPITAL: Final = "LATIN LETTER SMALL CAPITAL "


def what_is_wrong(text: str) -> str | None:
    """Why a name may not be given, as the end of a sentence; None: it may."""
    if any(is_invisible(one) for one in text):
        return "has characters that are not visible"
    if any(one == other and category(one) == "Mn" for one, other in pairwise(normalize("NFD", text))):
        return "has the same mark twice on one letter, which looks like one mark"
    for word in _words(normalize("NFKC", text)):
        scripts = sorted({_script(one) for one in word if one.isalpha()} - {"MODIFIER"})
        if len(scripts) > 1 and not {*scripts} <= _EAST_ASIAN | {"LATIN"}:
            known = " and ".join(one.capitalize() for one in scripts)
            return f"mixes {known} letters in one word, {word!r}"
    return None


def is_invisible(one: str) -> bool:
    """Whether a character is drawn as nothing, or only changes how others are drawn."""
    return one in _INVISIBLE or 0xFE00 <= ord(one) <= 0xFE0F or 0xE0100 <= ord(one) <= 0xE01EF


def look_alike(one: str, other: str) -> bool:
    """Whether two names cannot be told from each other, as they are, in small letters or in capitals."""
    return not _looks(one).isdisjoint(_looks(other))


@lru_cache(maxsize=4096)
def _looks(text: str) -> frozenset[tuple[str, str]]:
    """How a name is drawn: as it is, in small letters and in capitals."""
    plain = normalize("NFKC", text)
    small = plain.casefold()
    capital = "".join(name(one, "").removeprefix(_SMALL_CAPITAL) if _is_small_capital(one) else one for one in small)
    written = {"as it is": plain, "small": small, "capital": capital.upper()}
    return frozenset((how, _drawn(one)) for how, one in written.items())


def _drawn(text: str) -> str:
    """One text for all that are drawn alike (the skeleton of UTS 39); pages draw several spaces as one."""
    dotted = normalize("NFKC", text).replace("i\u0307", "i").replace("j\u0307", "j")
    drawn = normalize("NFD", dotted).translate(_OTHERS).translate(_alike()).translate(_WIDE)
    return " ".join(normalize("NFD", drawn).split())


def _is_small_capital(one: str) -> bool:
    return name(one, "")[:-1] == _SMALL_CAPITAL


@cache
def _alike() -> dict[int, str]:
    lines = (files("app.access") / _ALIKE_FILE).read_text(encoding="utf-8").splitlines()
    return {ord(one): drawn for drawn, _, those in (line.partition(" ") for line in lines) for one in those}


def _words(text: str) -> Iterator[str]:
    for is_word, characters in groupby(text, lambda one: one.isalnum() or category(one).startswith("M")):
        if is_word:
            yield "".join(characters)


def _script(letter: str) -> str:
    """The script of a letter: the first word of its name in Unicode."""
    return name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
