"""The stores that were up the least, as bars with the bounds of their availability."""

from collections.abc import Sequence
from typing import Final

import altair as alt

from app.charts.colours import INK, MUTED, TEAM_COLOURS
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Chart, Frame, Layers, counted, percent, printable, shortened
from app.charts.target import ABOVE, upright_target
from app.charts.trend import Shares

ROW_HEIGHT: Final = 26

#: Height of a bar and of the ends of a line of bounds, share of the row.
BAR: Final = 0.62
CAP: Final = 0.3

#: Columns of a name beside its row, and the space for it, pixels.
NAME_COLUMNS: Final = 30
LEFT: Final = 214

#: Space for the availability behind each row, pixels.
RIGHT: Final = 74


def worst_bars(stores: Sequence[Shares], *, of: int, about: Sequence[str], target: float | None) -> Chart:
    """A bar for each store, worst first, with a line from its lower to its upper bound.

    Args:
        stores: at least one; each has an availability and bounds.
        of: how many stores the report has.
        about: lines below the title.
        target: percent.
    """
    frame = Frame(height=ROW_HEIGHT * len(stores), left=LEFT, right=RIGHT, above=ABOVE, below=68)
    rows = [
        {"store": printable(one.name), "availability": one.availability, "low": one.low, "high": one.high}
        | {"from": number + 0.5 - BAR / 2, "to": number + 0.5 + BAR / 2, "middle": number + 0.5}
        | {"top": number + 0.5 - CAP / 2, "bottom": number + 0.5 + CAP / 2}
        for number, one in enumerate(stores)
    ]
    down = alt.Scale(domain=[len(stores), 0], nice=False, zero=False)
    middle = alt.Y("middle:Q", scale=down, axis=None)
    x, low, high = (_across(name) for name in ("availability", "low", "high"))
    told = [alt.Tooltip("store:N"), *(alt.Tooltip(f"{name}:Q") for name in ("availability", "low", "high"))]
    layers = Layers()
    layers.add(
        layers.over(rows)
        .mark_rect(color=TEAM_COLOURS[4])
        .encode(x=x, x2=alt.X2Datum(0), y=alt.Y("from:Q", scale=down, axis=None), y2=alt.Y2("to:Q"), tooltip=told),
        layers.over(rows).mark_rule(color=INK, strokeWidth=1.5).encode(x=low, x2=alt.X2("high:Q"), y=middle),
        *(
            layers.over(rows)
            .mark_rule(color=INK, strokeWidth=1.5)
            .encode(x=bound, y=alt.Y("top:Q", scale=down, axis=None), y2=alt.Y2("bottom:Q"))
            for bound in (low, high)
        ),
    )
    if target is not None:
        upright_target(layers, frame, target, _across("target"))
    names = [row | {"text": shortened(one.name, NAME_COLUMNS)} for row, one in zip(rows, stores, strict=True)]
    layers.write(names, -10, middle, align="right", limit=LEFT - EDGE - 10, fontSize=SMALL_TEXT_SIZE)
    shares = [row | {"text": percent((one.availability or 0) / 100)} for row, one in zip(rows, stores, strict=True)]
    layers.write(shares, frame.width + RIGHT - EDGE, middle, align="right", fontSize=SMALL_TEXT_SIZE)
    bounds = [{"text": "line: from all that is unknown counted as down to counted as up"}]
    layers.write(bounds, frame.width / 2, "height", dy=54, color=MUTED)
    chosen = f"the {len(rows)} with the lowest availability, of {counted(of, 'store')}" if of > len(rows) else ""
    spec = layers.finish(frame, title="Worst stores", subtitle=[*about, chosen])
    return Chart(spec, len(rows))


def _across(field: str) -> alt.X:
    """The horizontal place, percent. Every layer has the axis: one without it would take it from all."""
    axis = alt.Axis(title="availability, percent", tickCount=10)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis)
