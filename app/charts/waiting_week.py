"""Who waits when: how many pull requests wait for what, by weekday and hour of the team's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.colours import INK, MUTED, PAPER
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Chart, Frame, Layers, counted

LEFT: Final = 120

CELL_HEIGHT: Final = 20

#: Between two panels, for the title of the next one and its hours, in cells.
_GAP: Final = 2.2

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: From nothing to the most, in one hue whose lightness falls evenly.
_SHADES: Final = ("#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c")

#: From this shade on a number is written in white.
_DARK: Final = 6


@dataclass(frozen=True, slots=True)
class Panel:
    """What pull requests wait for.

    Attributes:
        name: of that.
        waiting: float64[7, 24], how many wait on average, Monday and midnight first.
    """

    name: str
    waiting: npt.NDArray[np.float64]


def waiting_week(panels: Sequence[Panel], *, of: int, about: Sequence[str] = ()) -> Chart:
    """A square of 7 days and 24 hours for each panel, with its numbers; all have one scale of shades.

    Args:
        panels: at least one, of which some number is above 0.
        of: how many pull requests there are.
        about: lines below the title.
    """
    most = max(float(panel.waiting.max()) for panel in panels)
    height = 7 + _GAP
    whole = height * len(panels) - (height - 7) + _GAP
    frame = Frame(height=CELL_HEIGHT * whole, left=LEFT, right=EDGE, below=44)
    across = alt.Scale(domain=[0, 24], nice=False)
    x, middle = alt.X("from:Q", scale=across, axis=None), alt.X("middle:Q", scale=across, axis=None)
    down = alt.Scale(domain=[whole, 0], nice=False, zero=False)
    y, centre = alt.Y("top:Q", scale=down, axis=None), alt.Y("centre:Q", scale=down, axis=None)
    layers = Layers()
    cells = [cell for number, panel in enumerate(panels) for cell in _cells(panel, _GAP + number * height, most)]
    told = [alt.Tooltip(f"{name}:N") for name in ("waits for", "weekday", "hour", "number")]
    layers.add(
        layers.over(cells)
        .mark_rect(stroke=PAPER, strokeWidth=1)
        .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("bottom:Q"), fill=alt.Fill("shade:N", scale=None), tooltip=told)
    )
    written = [cell for cell in cells if cell["text"]]
    for colour, which in ((INK, False), (PAPER, True)):
        mine = [cell for cell in written if cell["is_dark"] is which]
        layers.write(mine, middle, centre, fontSize=SMALL_TEXT_SIZE - 1, color=colour)
    for number, panel in enumerate(panels):
        top = _GAP + number * height
        layers.write([{"text": panel.name, "centre": top - 1.4}], -LEFT + EDGE, centre, align="left", fontWeight="bold")
        hours = [{"text": f"{hour:02}", "middle": hour + 0.5, "centre": top - 0.5} for hour in range(24)]
        layers.write(hours, middle, centre, fontSize=SMALL_TEXT_SIZE, color=MUTED)
        days = [{"text": day, "centre": top + at + 0.5} for at, day in enumerate(_DAYS)]
        layers.write(days, -10, centre, align="right")
    told_below = [{"text": "numbers: how many waited in that hour on average; hours begin at the time above them"}]
    layers.write(told_below, frame.width / 2, "height", dy=26, color=MUTED, fontSize=SMALL_TEXT_SIZE)
    subtitle = [f"{counted(of, 'pull request')}, by weekday and hour of their team's clock; dark: many wait", *about]
    return Chart(layers.finish(frame, title="Who waits when", subtitle=subtitle), of)


def _cells(panel: Panel, top: float, most: float) -> list[dict[str, Any]]:
    found = []
    for day, numbers in enumerate(panel.waiting.tolist()):
        for hour, number in enumerate(numbers):
            shade = min(int(number / most * len(_SHADES)), len(_SHADES) - 1) if most else 0
            found.append(
                {"from": hour, "middle": hour + 0.5, "to": hour + 1, "top": top + day, "centre": top + day + 0.5}
                | {"bottom": top + day + 1, "shade": _SHADES[shade], "is_dark": shade >= _DARK}
                | {"text": _short(number), "waits for": panel.name, "weekday": _DAYS[day], "hour": f"{hour:02}:00"}
                | {"number": f"{number:,.2f}"}
            )
    return found


def _short(number: float) -> str:
    """At most four letters; nothing of what rounds to nothing."""
    if number < 0.05:
        return ""
    return f"{number:.1f}" if number < 9.95 else f"{number:,.0f}" if number < 999.5 else f"{number / 1000:.0f}k"
