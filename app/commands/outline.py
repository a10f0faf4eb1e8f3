"""A summary as a table on a terminal."""

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from app.commands.terminal import out
from app.reports.kind import Outline

#: Columns of the usual terminal; names are truncated so that a line fits.
WIDTH: Final = 80

#: Names are truncated to no less than this, columns.
SHORTEST_NAME: Final = 8

#: Blanks between two columns.
GAP: Final = 2


def show(outline: Outline) -> None:
    """Print a summary and its notes below what was printed before."""
    cells = list(zip(outline.columns, *outline.rows, strict=True))
    room = WIDTH - sum(GAP + _width(column) for column in cells[1:])
    # Texts are not markup: a name may contain brackets and backslashes.
    table = Table(box=None, pad_edge=False)
    table.add_column(Text(outline.columns[0]), no_wrap=True, overflow="ellipsis", max_width=max(room, SHORTEST_NAME))
    for name in outline.columns[1:]:
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row in outline.rows:
        table.add_row(*map(Text, row))
    out.print()
    out.print(table)
    for note in outline.notes:
        out.print(note, markup=False)


def _width(column: Iterable[str]) -> int:
    return max(cell_len(line) for cell in column for line in cell.split("\n"))
