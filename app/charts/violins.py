"""Distribution of a duration in each team: the outline of its density, its middle half, its median."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import numpy as np

from app.charts.colours import INK, PAPER
from app.charts.density import density
from app.charts.measure import Measure
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.scale import LINEAR_SECONDS, symlog, symlog_all, time_x
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Chart, Frame, Layers, counted_of
from app.charts.teams import Cast, Seconds, Team

#: Fewer observations are shown one by one: they have no density worth the name.
FEWEST: Final = 5

ROW_HEIGHT: Final = 58

#: Where in its row an outline has its axis, and how far it reaches to both sides at most, shares of the row.
AXIS: Final = 0.64
REACH: Final = 0.3

#: Times whose places on the axis, as shares of it, agree to so many decimals are equal: far less than a pixel.
SAME_DECIMALS: Final = 6

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Marks:
    """Rows of data by what is drawn of them; each has its ``row``, by which names are looked up."""

    outlines: list[Row]
    middles: list[Row]
    dots: list[Row]
    medians: list[Row]


def violins(
    teams: Sequence[tuple[Team, Seconds, int]], cast: Cast, *, what: str, remark: str, measure: Measure
) -> Chart:
    """A row for each team.

    Args:
        teams: the known durations of each team that has any, and of how many pull requests they are those that have
            one; in the order of the rows, not empty.
        cast: the teams of the report.
        what: such as "review time".
        remark: which observations these are, if not all.
        measure: what the durations are measured in.
    """
    frame = Frame(height=ROW_HEIGHT * len(teams), left=LEFT, right=EDGE + 14, below=52)
    longest = max(float(seconds.max()) for _, seconds, _ in teams) * 1.04 or float(LINEAR_SECONDS)
    x = time_x(measure, longest, frame.width, title=f"{what}, {measure} (logarithmic above 5 min)")
    marks = _marks([(team, seconds) for team, seconds, _ in teams], longest, measure)
    layers = Layers()
    counts = [counted_of(len(seconds), whole, measure.noun) for _, seconds, whole in teams]
    name_rows(layers, [(team.label, count) for (team, _, _), count in zip(teams, counts, strict=True)], middle=AXIS)
    _draw(layers, x, [team for team, _, _ in teams], marks)
    chosen = "; ".join(filter(None, [remark, cast.remark(measure.noun)]))
    subtitle = [*_key(marks), chosen]
    spec = layers.finish(frame, title=f"{what.capitalize()} per team, {measure}", subtitle=subtitle)
    return Chart(spec, sum(len(seconds) for _, seconds, _ in teams))


def _marks(teams: Sequence[tuple[Team, Seconds]], longest: float, measure: Measure) -> _Marks:
    """An outline with its middle half, or dots, for each team, and its median."""
    marks = _Marks([], [], [], [])
    for row, (team, seconds) in enumerate(teams):
        marks.medians.append(_median(row, team, seconds, longest, measure))
        places = np.round(symlog_all(seconds) / symlog(longest), SAME_DECIMALS)
        if len(seconds) < FEWEST or not np.ptp(places):
            marks.dots.extend(_dots(row, seconds, places, measure))
        else:
            marks.outlines.extend(_outline(row, seconds))
            marks.middles.append(_middle(row, seconds, measure))
    return marks


def _key(marks: _Marks) -> list[str]:
    """What the marks mean, of those that there are."""
    many = "outline: distribution, scaled per team; bar: the middle half; " if marks.outlines else ""
    few = f"dots: each time of a team with fewer than {FEWEST} or with equal times only" if marks.dots else ""
    return [f"{many}circle: the median", few]


def _draw(layers: Layers, x: alt.X, teams: Sequence[Team], marks: _Marks) -> None:
    y = row_y(len(teams))
    rows = list(range(len(teams)))
    fill = alt.Fill("row:N", scale=alt.Scale(domain=rows, range=[team.colour for team in teams]), legend=None)
    stroke = alt.Stroke("row:N", scale=alt.Scale(domain=rows, range=[team.outline for team in teams]), legend=None)
    team, time = alt.Tooltip("team:N"), alt.Tooltip("time:N")
    about = [team, alt.Tooltip("median:N"), alt.Tooltip("observations:Q", format=",")]
    of_team = layers.looked_up(marks.medians, "team", "median", "observations")
    layers.add(
        layers.over(marks.outlines)
        .transform_lookup(lookup="row", from_=of_team)
        .mark_area(fillOpacity=0.6, strokeWidth=1, orient="vertical")
        .encode(x=x, y=y, y2=alt.Y2("to:Q"), fill=fill, stroke=stroke, tooltip=about),
        layers.over(marks.middles)
        .transform_lookup(lookup="row", from_=of_team)
        .mark_rule(strokeWidth=5, color=INK)
        .encode(x=x, x2=alt.X2("to:Q"), y=y, tooltip=[team, alt.Tooltip("time:N", title="middle half")]),
        layers.over(marks.dots)
        .transform_lookup(lookup="row", from_=of_team)
        .mark_point(filled=True, size=150, fillOpacity=0.6, strokeOpacity=1, strokeWidth=1)
        .encode(x=x, y=y, fill=fill, stroke=stroke, tooltip=[team, time, alt.Tooltip("times:Q", format=",")]),
        layers.over(marks.medians)
        .mark_point(filled=True, size=46, fill=PAPER, stroke=INK, strokeWidth=1.5, opacity=1)
        .encode(x=x, y=y, tooltip=about),
    )
    layers.write(marks.medians, x, row_y(len(teams), "above"), align=alt.ExprRef("datum.align"))
    heaps = [dot | {"text": f"{dot['times']:,} equal"} for dot in marks.dots if dot["times"] > 1]
    layers.write(heaps, x, y, dy=14, fontSize=SMALL_TEXT_SIZE, align=alt.ExprRef("datum.align"))


def _outline(row: int, seconds: Seconds) -> list[Row]:
    places, widths = density(seconds)
    return [
        {
            "row": row,
            "seconds": float(f"{place:.6g}"),
            "y": round(row + AXIS - side, 4),
            "to": round(row + AXIS + side, 4),
        }
        for place, side in zip(places.tolist(), (REACH * widths).tolist(), strict=True)
    ]


def _middle(row: int, seconds: Seconds, measure: Measure) -> Row:
    """From the first to the third quartile."""
    low, high = np.quantile(seconds, [0.25, 0.75]).tolist()
    time = f"{measure.label(low)} to {measure.label(high)}"
    return {"row": row, "seconds": low, "to": high, "y": row + AXIS, "time": time}


def _dots(row: int, seconds: Seconds, places: Seconds, measure: Measure) -> list[Row]:
    """A dot for each place, 0 … 1 along the axis, with how many times are there."""
    distinct, at, counts = np.unique(places, return_index=True, return_counts=True)
    return [
        {"row": row, "seconds": value, "times": count, "y": row + AXIS}
        | {"time": measure.label(value), "align": _align(place)}
        for place, value, count in zip(distinct.tolist(), seconds[at].tolist(), counts.tolist(), strict=True)
    ]


def _median(row: int, team: Team, seconds: Seconds, longest: float, measure: Measure) -> Row:
    median = float(np.median(seconds))
    label = measure.label(median)
    return (
        {"row": row, "team": team.name, "colour": team.colour, "observations": len(seconds), "seconds": median}
        | {"y": row + AXIS, "above": row + AXIS - REACH - 0.15}
        | {"median": label, "text": f"median {label}", "align": _align(symlog(median) / symlog(longest))}
    )


def _align(place: float) -> str:
    """So that a label stays within the chart."""
    return "left" if place < 0.12 else "right" if place > 0.88 else "center"
