"""Mean review and merge time of each team, one on the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.measure import DAY, HOUR, MINUTE, Measure
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.style import EDGE, Chart, Frame, Layers
from app.charts.teams import Cast, Team

ROW_HEIGHT: Final = 44

#: Where a bar lies in its row, shares of the row.
TOP, BOTTOM = 0.24, 0.76

#: Space right of the longest bar for its label, pixels.
LABEL: Final = 190

#: The two parts of a bar have one colour; the labels say which is which, and so does their strength.
OPACITY: Final = {"review": 1.0, "merge": 0.4}


@dataclass(frozen=True, slots=True)
class Means:
    """Of one team: means in seconds, None where nothing is known; observations of which either is known."""

    team: Team
    review: float | None
    merge: float | None
    observations: int


def mean_bars(means: Sequence[Means], cast: Cast, *, remark: str, measure: Measure) -> Chart:
    """A bar for each team; ``means`` is not empty."""
    frame = Frame(height=ROW_HEIGHT * len(means), left=LEFT, right=EDGE, below=52)
    longest = max((one.review or 0) + (one.merge or 0) for one in means) or float(HOUR)
    unit, name = _unit(longest, measure)
    widest = longest / unit * frame.width / (frame.width - LABEL)
    x = alt.X(
        "from:Q",
        scale=alt.Scale(domain=[0, widest], nice=False),
        axis=alt.Axis(title=f"mean time, {name} ({measure})", tickCount=8, format=",~g"),
    )
    y = row_y(len(means), "top")
    parts: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for row, one in enumerate(means):
        end = 0.0
        for part, seconds in (("review", one.review), ("merge", one.merge)):
            begin, end = end, end + (seconds or 0) / unit
            parts.append(
                {"team": one.team.name, "colour": one.team.colour, "part": part, "opacity": OPACITY[part]}
                | {"from": begin, "to": end, "top": row + TOP, "bottom": row + BOTTOM, "mean_seconds": seconds}
                | {"mean": "not known" if seconds is None else measure.label(seconds)}
            )
        text = "  +  ".join(f"{part['part']} {part['mean']}" for part in parts[-2:])
        labels.append({"from": end, "top": row + (TOP + BOTTOM) / 2, "text": text})
    layers = Layers()
    name_rows(layers, [(one.team.label, one.observations) for one in means], middle=(TOP + BOTTOM) / 2)
    layers.add(
        layers.over(parts)
        .mark_rect(strokeWidth=1)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=y,
            y2=alt.Y2("bottom:Q"),
            fill=alt.Fill("colour:N", scale=None),
            stroke=alt.Stroke("colour:N", scale=None),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
            tooltip=[alt.Tooltip("team:N"), alt.Tooltip("part:N"), alt.Tooltip("mean:N")],
        )
    )
    layers.write(labels, x, y, align="left", dx=8)
    subtitle = ["Full colour: review; pale: merge", "; ".join(filter(None, [remark, cast.remark]))]
    title = f"Mean review and merge time per team, {measure}"
    return Chart(layers.finish(frame, title=title, subtitle=subtitle), sum(one.observations for one in means))


def _unit(longest: float, measure: Measure) -> tuple[int, str]:
    """The unit of the axis, seconds, and its name: that of which the longest bar has at least two."""
    if longest >= 2 * DAY and measure is Measure.ELAPSED:
        return DAY, "days"
    return (HOUR, "hours") if longest >= 2 * HOUR else (MINUTE, "minutes")
