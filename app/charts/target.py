"""A dashed line where the target is, with its name."""

from typing import Any, Final

import altair as alt

from app.charts.colours import MUTED
from app.charts.style import SMALL_TEXT_SIZE, Frame, Layers

#: Space above the marks for the name of an upright line, pixels.
ABOVE: Final = 24

#: Space beside the marks for the name of a level line, pixels.
BESIDE: Final = 96


def upright_target(layers: Layers, frame: Frame, target: float, x: alt.X, *, at: float | None = None) -> None:
    """A line from top to bottom; ``at``: its place on the axis of the field ``target``, if that is not in percent."""
    rows = _rows(target, target if at is None else at)
    layers.add(_line(layers, rows).encode(x=x))
    layers.write(rows, x, -frame.above + ABOVE / 2, color=MUTED, fontSize=SMALL_TEXT_SIZE)


def level_target(layers: Layers, frame: Frame, target: float, y: alt.Y) -> None:
    """A line from left to right."""
    rows = _rows(target, target)
    layers.add(_line(layers, rows).encode(y=y))
    layers.write(rows, frame.width + 6, y, align="left", color=MUTED, fontSize=SMALL_TEXT_SIZE)


def _rows(target: float, at: float) -> list[dict[str, Any]]:
    return [{"target": at, "text": f"target {target:g} %"}]


def _line(layers: Layers, rows: list[dict[str, Any]]) -> alt.Chart:
    line: alt.Chart = layers.over(rows).mark_rule(color=MUTED, strokeWidth=1.5, strokeDash=[6, 4])
    return line
