"""Charts with a row for each team: where rows lie, and what is written beside them."""

from collections.abc import Sequence
from typing import Final

import altair as alt

from app.charts.colours import GRID, MUTED
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Layers, fixed

#: Space for names beside the rows, pixels.
LEFT: Final = 188

#: Between a name and its row, pixels.
_GAP: Final = 12


def row_y(rows: int, field: str = "y") -> alt.Y:
    """The vertical place, counted in rows from the top."""
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[rows, 0], nice=False, zero=False), axis=None)


def name_rows(layers: Layers, rows: Sequence[tuple[str, str]], *, middle: float) -> None:
    """Write the name of each row with the number of its observations below it, and draw lines between rows.

    Args:
        layers: of the chart.
        rows: (name, how many observations of what), from the top.
        middle: where in a row its name stands, share of the row.
    """
    x, y, limit = -_GAP, row_y(len(rows)), LEFT - EDGE - _GAP
    lines = [{"y": row} for row in range(len(rows) + 1)]
    names = [{"text": name, "y": row + middle} for row, (name, _) in enumerate(rows)]
    counts = [{"text": count, "y": row + middle} for row, (_, count) in enumerate(rows)]
    across = fixed(x=EDGE - LEFT, x2="width")
    layers.add(layers.over(lines).mark_rule(color=GRID).encode(y=y, **across))
    layers.write(names, x, y, align="right", dy=-8, fontWeight="bold", limit=limit)
    layers.write(counts, x, y, align="right", dy=8, fontSize=SMALL_TEXT_SIZE, color=MUTED, limit=limit)
