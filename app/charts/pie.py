"""Number of pull requests of each team, as shares of all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import PAPER
from app.charts.style import EDGE, WIDTH, Chart, Frame, Layers, fixed

#: Of the pie, and of the line on which labels begin, pixels.
RADIUS: Final = 130
LABEL_RADIUS: Final = 158

#: Colour of the line from a slice to its label.
LEADER: Final = "#9aa5b1"

#: Least distance of two labels, pixels.
LABEL_DISTANCE: Final = 19


@dataclass(frozen=True, slots=True)
class Slice:
    """A name, short enough to stand beside the pie, a number, and a colour."""

    name: str
    label: str
    count: int
    colour: str


def pie(slices: Sequence[Slice], *, title: str, subtitle: Sequence[str]) -> Chart:
    """Slices clockwise from the top, each with name, number and share beside it; none is empty, and there is one."""
    total = sum(one.count for one in slices)
    rows: list[dict[str, Any]] = []
    begin = 0.0
    for one in slices:
        end = begin + 2 * math.pi * one.count / total
        rows.append(
            {"team": one.name, "colour": one.colour, "pull_requests": one.count, "share": one.count / total}
            | {"begin": begin, "end": end, "text": f"{one.label} · {one.count:,} ({_percent(one.count / total)})"}
        )
        begin = end
    reach = _spread(rows)
    frame = Frame(height=2 * max(reach, RADIUS) + 24)
    x = alt.X("x:Q", scale=alt.Scale(domain=[-frame.width / 2, frame.width / 2], nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[frame.height / 2, -frame.height / 2], nice=False, zero=False), axis=None)
    layers = Layers()
    layers.add(
        layers.over([point for number, row in enumerate(rows) for point in _leader(row, number)])
        .mark_line(color=LEADER, strokeWidth=1)
        .encode(x=x, y=y, order=alt.Order("point:Q"), detail=alt.Detail("slice:Q")),
        layers.over(rows)
        .mark_arc(stroke=PAPER, strokeWidth=1.5 if len(rows) > 1 else 0, outerRadius=RADIUS)
        .encode(
            **fixed(x=frame.width / 2, y=frame.height / 2),
            theta=alt.Theta("begin:Q", scale=None, stack=None),
            theta2=alt.Theta2("end:Q"),
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("team:N"),
                alt.Tooltip("pull_requests:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        ),
    )
    align = alt.ExprRef("datum.x < 0 ? 'right' : 'left'")
    layers.write(rows, x, y, align=align, limit=WIDTH / 2 - EDGE)
    return Chart(layers.finish(frame, title=title, subtitle=subtitle), total)


def _spread(rows: list[dict[str, Any]]) -> float:
    """Give each label its place beside its slice, ``x`` and ``y`` from the centre, so that no two overlap.

    Labels of each side keep the order of their slices. Returns how far they reach from the centre.
    """
    reach = 0.0
    for right in (True, False):
        side = [row for row in rows if (math.sin((row["begin"] + row["end"]) / 2) >= 0) is right]
        side.sort(key=lambda row: -math.cos((row["begin"] + row["end"]) / 2))
        wanted = [-LABEL_RADIUS * math.cos((row["begin"] + row["end"]) / 2) for row in side]
        for row, place in zip(side, _apart(wanted), strict=True):
            # On the circle where the label may stay there, beside it where it was pushed away.
            across = math.sqrt(max(LABEL_RADIUS**2 - place**2, 0.0))
            row |= {"x": max(across, 40.0) * (1 if right else -1), "y": place}
            reach = max(reach, abs(place))
    return reach


def _apart(wanted: Sequence[float]) -> list[float]:
    """Ascending places as near as they can be to those wanted, LABEL_DISTANCE apart, around the centre."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + LABEL_DISTANCE) if places else place)
    limit = max(LABEL_RADIUS, LABEL_DISTANCE * (len(places) - 1) / 2)
    for at in range(len(places) - 1, -1, -1):
        ceiling = limit if at == len(places) - 1 else places[at + 1] - LABEL_DISTANCE
        places[at] = min(places[at], ceiling)
    return places


def _leader(row: dict[str, Any], number: int) -> list[dict[str, float]]:
    """The line from a slice to its label."""
    middle = (row["begin"] + row["end"]) / 2
    ends = [(RADIUS * math.sin(middle), -RADIUS * math.cos(middle)), (row["x"] - math.copysign(4, row["x"]), row["y"])]
    return [{"x": x, "y": y, "slice": number, "point": point} for point, (x, y) in enumerate(ends)]


def _percent(share: float) -> str:
    percent = 100 * share
    return "< 0.1 %" if percent < 0.1 else f"{percent:.1f} %".replace(".0 %", " %")
