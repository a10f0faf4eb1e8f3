"""Availability from period to period, between its bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import MUTED, TEAM_COLOURS
from app.charts.style import EDGE, Chart, Frame, Layers, percent
from app.charts.target import BESIDE, level_target

HEIGHT: Final = 300
LEFT: Final = 74

#: Labels below the marks, at most, if none is longer than a date; and fewer of longer ones.
LABELS: Final = 9
DATE_LENGTH: Final = 10

#: Of more periods points would hide the line.
MOST_POINTS: Final = 100

#: What is unknown lies between the bounds: pale, as it may be either.
BAND: Final = "#c6dbef"


@dataclass(frozen=True, slots=True)
class Shares:
    """An availability and its bounds, percent; None where there is nothing to divide by."""

    name: str
    availability: float | None
    low: float | None
    high: float | None


def trend(periods: Sequence[Shares], *, about: Sequence[str], target: float | None) -> Chart:
    """A point for each period that has an availability, on a band from its lower to its upper bound.

    Args:
        periods: in order of time, at least one of which has bounds.
        about: lines below the title.
        target: percent.
    """
    rows = [
        _place(number, one) | {"low": one.low, "high": one.high, "availability": one.availability}
        for number, one in enumerate(periods)
    ]
    frame = Frame(height=HEIGHT, left=LEFT, right=BESIDE, above=EDGE, below=50)
    lowest = min(one.low for one in periods if one.low is not None)
    floor = _floor(lowest if target is None else min(lowest, target))
    across = alt.Scale(domain=[0, len(periods)], nice=False, zero=False)
    middle = alt.X("middle:Q", scale=across, axis=None)
    y = _up("availability", floor)
    layers = Layers()
    layers.add(
        layers.over([row for row in rows if row["low"] is not None])
        .mark_rect(color=BAND)
        .encode(
            x=alt.X("from:Q", scale=across, axis=None),
            x2=alt.X2("to:Q"),
            y=_up("low", floor),
            y2=alt.Y2("high:Q"),
            tooltip=[alt.Tooltip(f"{name}:{kind}") for name, kind in _TOLD],
        ),
        layers.over(rows).mark_line(color=TEAM_COLOURS[0], strokeWidth=2).encode(x=middle, y=y),
    )
    points = [row for number, row in enumerate(rows) if len(rows) <= MOST_POINTS or _is_alone(periods, number)]
    points = [row for row in points if row["availability"] is not None]
    layers.add(layers.over(points).mark_circle(color=TEAM_COLOURS[0], opacity=1, size=36).encode(x=middle, y=y))
    if target is not None:
        level_target(layers, frame, target, _up("target", floor))
    longest = max(DATE_LENGTH, *(len(one.name) for one in periods))
    step = -(-len(rows) * longest // (LABELS * DATE_LENGTH))
    layers.write([row | {"text": row["period"]} for row in rows[::step]], middle, "height", dy=14)
    layers.write(
        [{"text": "line: up / (up + down); band: from all that is unknown counted as down to counted as up"}],
        frame.width / 2,
        "height",
        dy=36,
        color=MUTED,
    )
    spec = layers.finish(frame, title="Availability by period", subtitle=about)
    return Chart(spec, len(rows))


_TOLD: Final = (("period", "N"), ("availability", "Q"), ("low", "Q"), ("high", "Q"))


def overall(of: Shares) -> str:
    """The availability of all of the time, in words."""
    if of.availability is None or of.low is None or of.high is None:
        return "nothing is known of their open time"
    bounds = f"{percent(of.low / 100)} to {percent(of.high / 100)}"
    return f"availability of all their time: {percent(of.availability / 100)}, between its bounds {bounds}"


def _up(field: str, floor: float) -> alt.Y:
    """The vertical place, percent. Every layer has the axis: one without it would take it from all."""
    axis = alt.Axis(title="availability, percent", tickCount=6)
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[floor, 100], nice=False, zero=False), axis=axis)


def _place(number: int, one: Shares) -> dict[str, Any]:
    return {"period": one.name, "from": number, "middle": number + 0.5, "to": number + 1}


def _is_alone(periods: Sequence[Shares], number: int) -> bool:
    """Whether no neighbour has an availability, so that no line leads here."""
    beside = [*periods[max(number - 1, 0) : number], *periods[number + 1 : number + 2]]
    return all(one.availability is None for one in beside)


def _floor(lowest: float) -> float:
    """Where the axis begins: the second round number below the lowest, so that it is some tenth of what is drawn."""
    whole, units = 1_000_000, round(lowest * 10_000)  # whole numbers: steps of a hundredth add up to no round number
    for step in (100, 1_000, 10_000, 100_000):
        if whole - units <= 9 * step:
            return max(0, (units // step - 1) * step) / 10_000
    return 0.0
