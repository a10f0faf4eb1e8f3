"""The XML of a sheet, read from end to end without keeping it: how far it reaches, and whether it has formulas."""

import re
from dataclasses import dataclass
from typing import IO, Any, Final
from xml.parsers import expat

#: Bytes that are parsed at a time.
_PIECE_BYTES: Final = 64 << 10

_CELL: Final = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


@dataclass(slots=True)
class Sheet:
    """What a sheet holds.

    Attributes:
        rows, columns: numbers of the last row and column with a value.
        formula: the first cell that has one.
    """

    rows: int = 0
    columns: int = 0
    formula: str | None = None


def looked_through(content: IO[bytes]) -> Sheet:
    """Read the XML of a sheet.

    Raises:
        expat.ExpatError: it is no XML.
        ValueError: a cell has no place in a sheet.
    """
    sheet = Sheet()
    row = column = 0
    cell = ""

    def start(tag: str, attributes: dict[str, Any]) -> None:
        nonlocal row, column, cell
        match tag.rpartition(":")[2]:
            case "row":
                row, column = int(attributes.get("r", row + 1)), 0
            case "c":
                cell = attributes.get("r", "")
                row, column = _place(cell) if cell else (row, column + 1)
            case "v" | "is":  # a cell without one has a format alone
                sheet.rows, sheet.columns = max(sheet.rows, row), max(sheet.columns, column)
            case "f" if sheet.formula is None:
                sheet.formula = cell or f"{column} of row {row}"

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    while piece := content.read(_PIECE_BYTES):
        parser.Parse(piece)
    parser.Parse(b"", True)
    return sheet


def _place(cell: str) -> tuple[int, int]:
    """Row and column of a cell such as AB12, from 1."""
    found = _CELL.fullmatch(cell)
    if found is None:
        raise ValueError(f"{cell[:20]!r} is no cell")
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - 64
    return int(found[2]), column
