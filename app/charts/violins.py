"""Distribution of a duration in each team: the outline of its density, its middle half, its median."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np

from app.charts.colours import INK, PAPER
from app.charts.density import density
from app.charts.measure import LINEAR_SECONDS, Measure, symlog
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.style import EDGE, Chart, Frame, Layers
from app.charts.teams import Cast, Seconds, Team

#: Fewer observations are shown one by one: they have no density worth the name.
FEWEST: Final = 5

ROW_HEIGHT: Final = 58

#: Where in its row an outline has its axis, and how far it reaches to both sides at most, shares of the row.
AXIS: Final = 0.64
REACH: Final = 0.3


def violins(values: Sequence[tuple[Team, Seconds]], cast: Cast, *, what: str, remark: str, measure: Measure) -> Chart:
    """A row for each team.

    Args:
        values: the known durations of each team that has any, in the order of the rows; not empty.
        cast: the teams of the report.
        what: such as "review time".
        remark: which observations these are, if not all.
        measure: what the durations are measured in.
    """
    frame = Frame(height=ROW_HEIGHT * len(values), left=LEFT, right=EDGE + 14, below=52)
    longest = max(float(seconds.max()) for _, seconds in values) * 1.04 or float(LINEAR_SECONDS)
    x = alt.X(
        "seconds:Q",
        scale=alt.Scale(type="symlog", constant=LINEAR_SECONDS, domain=[0, longest], nice=False, zero=False),
        axis=measure.axis(longest, frame.width, title=f"{what}, {measure} (logarithmic above 5 min)"),
    )
    y = row_y(len(values))
    outlines: list[dict[str, Any]] = []
    dots: list[dict[str, Any]] = []
    middles: list[dict[str, Any]] = []
    for row, (_, seconds) in enumerate(values):
        if len(seconds) < FEWEST or seconds.min() == seconds.max():
            dots += [{"seconds": value, "y": row + AXIS, "row": row} for value in np.unique(seconds).tolist()]
            continue
        places, widths = density(seconds)
        outlines += [
            {
                "seconds": round(place, 1),
                "y": round(row + AXIS - side, 4),
                "to": round(row + AXIS + side, 4),
                "row": row,
            }
            for place, side in zip(places.tolist(), (REACH * widths).tolist(), strict=True)
        ]
        low, high = np.quantile(seconds, [0.25, 0.75]).tolist()
        middles.append({"seconds": low, "to": high, "y": row + AXIS})
    medians = [_median(row, team, seconds, longest, measure) for row, (team, seconds) in enumerate(values)]
    palette = alt.Scale(domain=list(range(len(values))), range=[team.colour for team, _ in values])
    fill, stroke = alt.Fill("row:N", scale=palette, legend=None), alt.Stroke("row:N", scale=palette, legend=None)
    about = [alt.Tooltip("team:N"), alt.Tooltip("text:N", title="median"), alt.Tooltip("observations:Q", format=",")]
    layers = Layers()
    name_rows(layers, [(team.label, len(seconds)) for team, seconds in values], middle=AXIS)
    layers.add(
        layers.over(outlines)
        .mark_area(fillOpacity=0.6, strokeWidth=1, orient="vertical")
        .encode(x=x, y=y, y2=alt.Y2("to:Q"), fill=fill, stroke=stroke),
        layers.over(middles).mark_rule(strokeWidth=5, color=INK).encode(x=x, x2=alt.X2("to:Q"), y=y),
        layers.over(dots)
        .mark_point(filled=True, size=150, opacity=0.8, strokeWidth=1)
        .encode(x=x, y=y, fill=fill, stroke=stroke),
        layers.over(medians)
        .mark_point(filled=True, size=46, fill=PAPER, stroke=INK, strokeWidth=1.5, opacity=1)
        .encode(x=x, y=y, tooltip=about),
    )
    layers.write(medians, x, row_y(len(values), "above"), align=alt.ExprRef("datum.align"))
    subtitle = [
        "Outline: how frequent a time is, scaled to each team; bar: the middle half; circle: the median",
        "; ".join(filter(None, [remark, cast.remark])),
    ]
    title = f"{what.capitalize()} per team, {measure}"
    return Chart(layers.finish(frame, title=title, subtitle=subtitle), sum(len(seconds) for _, seconds in values))


def _median(row: int, team: Team, seconds: Seconds, longest: float, measure: Measure) -> dict[str, Any]:
    median = float(np.median(seconds))
    return (
        {"team": team.name, "colour": team.colour, "observations": len(seconds), "seconds": median}
        | {"y": row + AXIS, "above": row + AXIS - REACH - 0.15}
        | {"text": f"median {measure.label(median)}", "align": _align(median, longest)}
    )


def _align(seconds: float, longest: float) -> str:
    """So that the label of a median stays within the chart."""
    share = symlog(seconds) / symlog(longest)
    return "left" if share < 0.12 else "right" if share > 0.88 else "center"
