"""Text of others, made fit for a header, a line or a cell."""

import re
import unicodedata
from typing import Final

#: Joins letters of Persian, and the parts of an emoji; the only invisible characters that are kept.
_JOINERS: Final = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"

#: What stands for a character that is replaced, by its category in Unicode; others are kept.
_INSTEAD: Final = {
    "Cc": " ",  # control characters, among them CR, LF and NUL: a header would end there
    "Zl": " ",
    "Zp": " ",
    "Cf": "",  # bidirectional controls would turn round what stands beside; others would hide
    "Cs": "\N{REPLACEMENT CHARACTER}",  # half of a character has no bytes
}

_SPACES: Final = re.compile(" {2,}")


def one_line(text: str, *, most: int | None = None) -> str:
    """A text without line breaks, control characters, bidirectional controls and halves of characters.

    Args:
        text: of anybody.
        most: characters; what is longer ends with "…".
    """
    kept = "".join(
        letter if letter in _JOINERS else _INSTEAD.get(unicodedata.category(letter), letter) for letter in text
    )
    line = _SPACES.sub(" ", kept).strip()
    return line if most is None or len(line) <= most else line[: most - 1].rstrip() + "…"
