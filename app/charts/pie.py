"""Number of pull requests of each team, as shares of all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import altair as alt

from app.charts.colours import PAPER, outline
from app.charts.leaders import RADIUS, Row, leader, point, spread
from app.charts.style import EDGE, WIDTH, Chart, Frame, Layers, fixed

#: Colour of the line from a slice to its label.
LEADER: Final = "#7b8794"

#: Length of the rim of a slice below which lines around it would leave nothing of its colour, pixels.
LEAST_RIM: Final = 3.0

#: Width of the gap between slices, pixels.
GAP: Final = 1.5


@dataclass(frozen=True, slots=True)
class Slice:
    """A name, short enough to stand beside the pie, a number, and a colour."""

    name: str
    label: str
    count: int
    colour: str


def pie(slices: Sequence[Slice], *, noun: str, subtitle: Sequence[str]) -> Chart:
    """Slices clockwise from the top, each with name, number and share beside it.

    Args:
        slices: at least one; none is empty.
        noun: what they count, in the singular.
        subtitle: lines below the title.
    """
    total = sum(one.count for one in slices)
    rows = _rows(slices, total)
    top, bottom = spread(rows)
    frame = Frame(height=bottom - top)
    left, right = -frame.width / 2, frame.width / 2
    x = alt.X("x:Q", scale=alt.Scale(domain=[left, right], nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[bottom, top], nice=False, zero=False), axis=None)
    gaps = _gaps(rows)
    # Slices without a line come last, lest the line of a neighbour covers them.
    rows.sort(key=lambda row: -row["line"])
    layers = Layers()
    layers.add(
        _arcs(layers.over(rows), noun, x=right, y=-top),
        layers.over(gaps).mark_rule(color=PAPER, strokeWidth=GAP).encode(x=x, y=y, **fixed(x2=right, y2=-top)),
        layers.over([corner for number, row in enumerate(rows) for corner in leader(row, number)])
        .mark_line(color=LEADER, strokeWidth=1)
        .encode(x=x, y=y, order=alt.Order("point:Q"), detail=alt.Detail("slice:Q")),
    )
    align = alt.ExprRef("datum.x < 0 ? 'right' : 'left'")
    limit = alt.ExprRef(f"{WIDTH / 2 - EDGE} - abs(datum.x)")
    layers.write(rows, x, y, align=align, limit=limit)
    return Chart(layers.finish(frame, title=f"{noun.capitalize()}s per team", subtitle=subtitle), total)


def _rows(slices: Sequence[Slice], total: int) -> list[Row]:
    """Angles, clockwise from the top, and words of each slice."""
    rows: list[Row] = []
    begin = 0.0
    for one in slices:
        angle, share = 2 * math.pi * one.count / total, one.count / total
        rows.append(
            {"team": one.name, "count": one.count, "share": share, "colour": one.colour, "outline": outline(one.colour)}
            | {"begin": begin, "end": begin + angle, "line": int(RADIUS * angle >= LEAST_RIM)}
            | {"text": f"{one.label} · {one.count:,} ({_percent(share)})"}
        )
        begin += angle
    return rows


def _arcs(chart: alt.Chart, noun: str, *, x: float, y: float) -> alt.Chart:
    arcs: alt.Chart = chart.mark_arc(outerRadius=RADIUS).encode(
        **fixed(x=x, y=y),
        theta=alt.Theta("begin:Q", scale=None, stack=None),
        theta2=alt.Theta2("end:Q"),
        fill=alt.Fill("colour:N", scale=None),
        stroke=alt.Stroke("outline:N", scale=None),
        strokeWidth=alt.StrokeWidth("line:Q", scale=None),
        tooltip=[
            alt.Tooltip("team:N"),
            alt.Tooltip("count:Q", title=f"{noun}s", format=","),
            alt.Tooltip("share:Q", format=".1%"),
        ],
    )
    return arcs


def _gaps(rows: Sequence[Row]) -> list[Row]:
    """Where a line of paper parts two slices, both wide enough for it, from the centre beyond the rim."""
    if len(rows) == 1:
        return []
    return [
        dict(zip("xy", point(RADIUS + 1, row["begin"]), strict=True))
        for row, before in zip(rows, [rows[-1], *rows[:-1]], strict=True)
        if row["line"] and before["line"]
    ]


def _percent(share: float) -> str:
    """Such as ``12.5 %``; neither a slice that is there nor one beside others is rounded to all or nothing."""
    percent = 100 * share
    if percent < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %".replace(".0 %", " %")
