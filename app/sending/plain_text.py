"""Paragraphs and tables of a mail in plain text."""

import textwrap
import unicodedata
from collections.abc import Sequence
from itertools import starmap
from typing import Final

#: Width of a paragraph, columns.
WIDTH: Final = 76

#: Widest table, columns. A wider one would be wrapped by whoever shows it; its rows are lists then.
WIDEST_TABLE: Final = 100

_GAP: Final = "  "


def paragraph(text: str) -> str:
    """A text in lines. A word or an address that is longer than a line stays whole."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], rights: Sequence[bool]) -> str:
    """A table, its columns aligned; or a line "name: value" for each cell, if it is wider than 100 columns.

    Args:
        columns: their names.
        rows: texts, as many as columns, without line breaks.
        rights: which columns are aligned at the right.
    """
    lines = [columns, *rows]
    widths = [max(map(_width, cells)) for cells in zip(*lines, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > WIDEST_TABLE:
        return "\n\n".join("\n".join(starmap("{}: {}".format, zip(columns, row, strict=True))) for row in rows)
    aligned = [_GAP.join(map(_padded, cells, widths, rights)).rstrip() for cells in lines]
    return "\n".join([aligned[0], _GAP.join("-" * width for width in widths), *aligned[1:]])


def _padded(text: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - one of each column, by map
    spaces = " " * (width - _width(text))
    return spaces + text if is_right else text + spaces


def _width(text: str) -> int:
    """Columns that a text takes: a wide letter, such as a Chinese one, takes two, an accent by itself none."""
    return sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
