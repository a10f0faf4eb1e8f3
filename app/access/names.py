"""Names that cannot be told from each other, or whose letters are not what they seem to be.

A small part of Unicode's rules (UTS 39): one script in a word, and no name that looks like another's.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final
from unicodedata import category, name, normalize

#: Letters of these are written together, and with Latin ones.
_EAST_ASIAN: Final = frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})

#: What is drawn as nothing, though it counts as a letter, a mark or a symbol.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

#: Small letters of Cyrillic, Greek, Armenian and Latin that are drawn as a letter from a to z.
_SMALL: Final = str.maketrans(
    "аеорсухіјѕԁһԛԝӏѵкαονρυικχγωօսոհıɑɡ",
    "aeopcyxijsdhqwlvkaovpuikxywounhiag",
)

#: Capitals that are drawn as one from A to Z.
_CAPITAL: Final = str.maketrans("АВЕКМНОРСТУХІЈЅԚԜѴΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSQWVABEZHIKMNOPTYX")


def what_is_wrong(text: str) -> str | None:
    """Why a name may not be given, as the end of a sentence; None: it may."""
    if any(is_invisible(one) for one in text):
        return "has characters that are not visible"
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
    return not {*_skeletons(one)}.isdisjoint(_skeletons(other))


def _skeletons(text: str) -> Iterator[tuple[str, str]]:
    plain = normalize("NFKC", text)
    small = normalize("NFKC", plain.casefold())
    yield "small", small.translate(_SMALL)
    yield "capital", normalize("NFKC", small.upper()).translate(_CAPITAL)


def _words(text: str) -> Iterator[str]:
    for is_word, characters in groupby(text, lambda one: one.isalnum() or category(one).startswith("M")):
        if is_word:
            yield "".join(characters)


def _script(letter: str) -> str:
    """The script of a letter: the first word of its name in Unicode."""
    return name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
