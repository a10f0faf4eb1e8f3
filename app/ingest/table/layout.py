"""Where the rows of a block begin, found in whole arrays: what Records does, without a Python object a row.

A block is laid out here only if every quotation mark in it is where RFC 4180 has one, or stands between two characters
of a field that has none around it, as in ``12" Mix``. Without the latter, which count as characters, a byte is within
quotes exactly if an odd number of them stands before it. Records reads every other block.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.ingest.csv.blocks import Block, line_ends

_COMMA, _QUOTE, _LF, _CR = b',"\n\r'

#: Bytes beside which a field begins or ends.
_BORDERS: Final = np.zeros(256, bool)
_BORDERS[[_COMMA, _LF, _CR, _QUOTE]] = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole rows at the beginning of a block.

    Attributes:
        lines: on which each row begins; blank lines are no rows.
        end: bytes up to the end of the last row, and the blank lines behind it.
        end_line: number of the line after that.
    """

    lines: npt.NDArray[np.int64]
    end: int
    end_line: int


def layout_of(block: Block, *, max_row_bytes: int) -> Layout | None:
    """The rows of a block that begins with one; None if only Records can tell, or say what is wrong."""
    text = np.frombuffer(block.data, np.uint8)
    quotes = _quotes(text) if b'"' in block.data else np.empty(0, np.int64)
    if quotes is None:
        return None
    every = _line_ends(text, block)
    ends = every[np.searchsorted(quotes, every) % 2 == 0] if len(quotes) else every
    if block.last and len(quotes) % 2 == 0 and not (len(ends) and ends[-1] == len(text)):
        ends = np.append(ends, len(text))
    begins = np.concatenate([[0], ends])
    lengths = np.diff(np.append(begins, len(text)))  # the last one is what continues after the block
    if lengths.max(initial=0) > max_row_bytes or (block.last and begins[-1] < len(text)):
        return None
    starts = begins[:-1]
    starts = starts[~np.isin(text[starts], (_LF, _CR))]
    lines = np.searchsorted(every, starts, side="right") + block.first_line
    return Layout(lines, int(begins[-1]), block.first_line + line_ends(block.data[: begins[-1]]))


def _quotes(text: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64] | None:
    """Offsets of the quotation marks that open a field, close one, or are one of two within; None if others do not fit.

    An opening one stands behind a border or is the second of two, a closing one before a border or is the first.
    """
    every = np.flatnonzero(text == _QUOTE)
    begins = (every == 0) | _BORDERS[text[every - 1]]
    ends = (every == len(text) - 1) | _BORDERS[text[(every + 1) % len(text)]]
    is_meant = begins | ends
    quotes = every[is_meant]
    if not (begins[is_meant][::2].all() and ends[is_meant][1::2].all()):
        return None
    is_character = np.searchsorted(quotes, every[~is_meant]) % 2 == 0
    return quotes if is_character.all() else None


def _line_ends(text: npt.NDArray[np.uint8], block: Block) -> npt.NDArray[np.int64]:
    """Offsets after each line end, also of those within quotes."""
    is_end = text == _LF
    if b"\r" in block.data:
        is_return = text == _CR
        is_return[:-1] &= ~is_end[1:]
        is_end |= is_return
    return np.flatnonzero(is_end) + 1
