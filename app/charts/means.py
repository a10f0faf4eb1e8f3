"""Mean review and merge time of each team, one on the other."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np

from app.charts.measure import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, Measure
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.style import EDGE, Chart, Frame, Layers, counted
from app.charts.teams import Cast, Durations, Team, known

ROW_HEIGHT: Final = 44

#: Where a bar lies in its row, and its two labels, shares of the row.
TOP, BOTTOM = 0.24, 0.76
LABELS: Final = (0.32, 0.7)

#: Space right of the longest bar for its labels, pixels.
LABEL: Final = 220

#: The two parts of a bar have one colour; the labels say which is which, and so does their strength.
OPACITY: Final = {"review": 1.0, "merge": 0.4}

#: A length of the axis for nothing but zeros, seconds.
NOTHING_SECONDS: Final = float(HOUR_SECONDS)


def mean_bars(teams: Sequence[tuple[Team, Durations]], cast: Cast, *, remark: str, measure: Measure) -> Chart:
    """A bar for each team, of the mean of its known review times and that of its known merge times.

    Args:
        teams: the pull requests of each team, in the order of the rows; at least one, and of each some time is known.
        cast: the teams of the report.
        remark: which pull requests these are, if not all.
        measure: what the durations are measured in.
    """
    frame = Frame(height=ROW_HEIGHT * len(teams), left=LEFT, right=EDGE, below=52)
    longest = max(sum(mean or 0.0 for mean in _means(durations)) for _, durations in teams) or NOTHING_SECONDS
    unit_seconds, unit = _unit(longest, measure)
    parts = [
        part
        for row, (team, durations) in enumerate(teams)
        for part in _parts(row, team, durations, measure, unit_seconds=unit_seconds)
    ]
    widest = longest / unit_seconds * frame.width / (frame.width - LABEL)
    axis = alt.Axis(title=f"mean time, {unit} ({measure})", tickCount=8, format=",~r")
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, widest], nice=False), axis=axis)
    layers = Layers()
    names = [(team.label, counted(len(durations), measure.noun)) for team, durations in teams]
    name_rows(layers, names, middle=(TOP + BOTTOM) / 2)
    layers.add(
        layers.over(parts)
        .mark_rect(strokeWidth=1)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=row_y(len(teams), "top"),
            y2=alt.Y2("bottom:Q"),
            fill=alt.Fill("colour:N", scale=None),
            stroke=alt.Stroke("outline:N", scale=None),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
            tooltip=[
                *(alt.Tooltip("team:N"), alt.Tooltip("part:N"), alt.Tooltip("mean:N")),
                alt.Tooltip("of:N", title=f"{measure.noun}s"),
            ],
        )
    )
    layers.write(_labels(parts), x, row_y(len(teams)), align="left", dx=8)
    subtitle = [
        f"Full colour: review; pale: merge; in brackets: how many {measure.noun}s have that time",
        _caution(teams, measure),
        "; ".join(filter(None, [remark, cast.remark(measure.noun)])),
    ]
    spec = layers.finish(frame, title=f"Mean review and merge time per team, {measure}", subtitle=subtitle)
    return Chart(spec, sum(int(np.count_nonzero(durations.observed)) for _, durations in teams))


def _parts(row: int, team: Team, of: Durations, measure: Measure, *, unit_seconds: int) -> list[dict[str, Any]]:
    """The two parts of a bar; one that is not known has no length."""
    parts: list[dict[str, Any]] = []
    end = 0.0
    for part, mean, seconds in zip(OPACITY, _means(of), (of.review_seconds, of.merge_seconds), strict=True):
        begin, end = end, end + (mean or 0.0) / unit_seconds
        label = "not known" if mean is None else measure.label(mean, largest_seconds=unit_seconds)
        count = len(known(seconds))
        parts.append(
            {"team": team.name, "colour": team.colour, "outline": team.outline, "opacity": OPACITY[part], "row": row}
            | {"part": part, "mean": label, "of": f"{count:,}" if count == len(of) else f"{count:,} of {len(of):,}"}
            | {"top": row + TOP, "bottom": row + BOTTOM, "from": begin, "to": end}
        )
    return parts


def _means(durations: Durations) -> tuple[float | None, float | None]:
    """Of review and merge times, seconds; None where none is known."""
    review, merge = known(durations.review_seconds), known(durations.merge_seconds)
    return float(review.mean()) if len(review) else None, float(merge.mean()) if len(merge) else None


def _labels(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two lines at the end of each bar."""
    return [
        {"text": f"{part['part']} {part['mean']} ({part['of']})", "from": last["to"], "y": part["row"] + place}
        for first, last in zip(parts[::2], parts[1::2], strict=True)
        for place, part in zip(LABELS, (first, last), strict=True)
    ]


def _caution(teams: Sequence[tuple[Team, Durations]], measure: Measure) -> str:
    """What the length of a bar is not, where some have a review time and no merge time, or the other way round."""
    if all((np.isnan(of.review_seconds) == np.isnan(of.merge_seconds)).all() for _, of in teams):
        return ""
    return f"The two means may cover different {measure.noun}s: a bar is the sum of two means, not the mean of sums"


def _unit(longest: float, measure: Measure) -> tuple[int, str]:
    """The unit of the axis, seconds, and its name: that of which the longest bar has at least two."""
    units = [(HOUR_SECONDS, "hours"), (MINUTE_SECONDS, "minutes")]
    if measure.in_days:
        units.insert(0, (DAY_SECONDS, "days"))
    return next(((size, name) for size, name in units if longest >= 2 * size), (1, "seconds"))
