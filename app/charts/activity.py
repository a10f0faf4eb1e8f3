"""How much happened from period to period, with what nobody counted drawn apart from none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import MUTED, TEAM_COLOURS
from app.charts.style import EDGE, Chart, Frame, Layers

HEIGHT: Final = 300
LEFT: Final = 84

#: Labels below the marks, at most.
LABELS: Final = 9

#: A period of which days are missing: pale and outlined, for the number is too low.
_PARTIAL: Final = "#cfe3f3"

_MISSING: Final = "#f1f3f5"


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a timeline.

    Attributes:
        name: for people.
        n: what was counted; None if nothing was.
        is_whole: nothing of it is missing.
        is_before: it is before the first period with a count: there is nothing to miss.
        ci: the share of CI, percent, a lower bound; None where there is none.
    """

    name: str
    n: int | None
    is_whole: bool
    is_before: bool = False
    ci: float | None = None


def timeline(
    periods: Sequence[Period], *, metric: str, about: Sequence[str], breaks: Mapping[int, str], is_share: bool = False
) -> Chart:
    """A bar for each period: filled where all was counted, pale where days are missing, grey where nobody counted.

    Args:
        periods: in order of time.
        metric: what is counted, for the axis.
        about: lines below the title.
        breaks: by the number of the period in which it falls, why the series breaks there.
        is_share: draw the share of CI instead.
    """
    frame = Frame(height=HEIGHT, left=LEFT, right=EDGE, above=EDGE, below=66)
    layers = Layers()
    across = alt.Scale(domain=[0, len(periods)], nice=False, zero=False)
    rows = [_row(number, one, one.ci if is_share else one.n) for number, one in enumerate(periods)]
    drawn = [row for row in rows if row["n"] is not None]
    top = 100 if is_share else max((row["n"] for row in drawn), default=0) or 1
    missing = [row | {"top": top} for row in rows if row["n"] is None and row["state"] == "missing"]
    places = {"x": alt.X("from:Q", scale=across, axis=None), "x2": alt.X2("to:Q")}
    scale = alt.Scale(domain=[0, top], nice=not is_share, zero=True)
    axis = alt.Axis(title="share of CI at least, percent" if is_share else metric, tickCount=6, format=",~f")
    layers.add(
        layers.over(missing).mark_rect(color=_MISSING).encode(**places, **_tall("top", scale, axis)),
        layers.over([row for row in drawn if row["state"] == "whole"])
        .mark_rect(color=TEAM_COLOURS[0], stroke="white", strokeWidth=1)
        .encode(**places, **_tall("n", scale, axis), tooltip=["period:N", "n:Q", "state:N"]),
        layers.over([row for row in drawn if row["state"] != "whole"])
        .mark_rect(color=_PARTIAL, stroke=TEAM_COLOURS[0], strokeWidth=1, strokeDash=[4, 3])
        .encode(**places, **_tall("n", scale, axis), tooltip=["period:N", "n:Q", "state:N"]),
    )
    middle = alt.X("middle:Q", scale=across, axis=None)
    for number in breaks:
        line = layers.over([{"from": number}]).mark_rule(color=MUTED, strokeDash=[2, 2])
        layers.add(line.encode(x=alt.X("from:Q", scale=across, axis=None)))
    step = -(-len(rows) // LABELS)
    layers.write([row | {"text": row["period"]} for row in rows[::step]], middle, "height", dy=14)
    key = "filled: all days counted; dashed: some days; grey: nobody counted; dotted line: the sources changed"
    layers.write([{"text": key}], frame.width / 2, "height", dy=36, color=MUTED)
    title = f"Share of CI in {metric}, a lower bound" if is_share else f"{metric.capitalize()} by period"
    told = [*about, *(f"dotted line, {why}" for why in dict.fromkeys(breaks.values()))]
    return Chart(layers.finish(frame, title=title, subtitle=told), len(rows))


def _tall(field: str, scale: alt.Scale, axis: alt.Axis) -> dict[str, Any]:
    return {"y": alt.Y(f"{field}:Q", scale=scale, axis=axis), "y2": alt.Y2Datum(0)}


def _row(number: int, one: Period, n: float | None) -> dict[str, Any]:
    state = "whole" if one.is_whole else "part" if one.n is not None else "before" if one.is_before else "missing"
    return {
        "period": one.name,
        "from": number,
        "middle": number + 0.5,
        "to": number + 1,
        "n": n,
        "state": state,
    }
