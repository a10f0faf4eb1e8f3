"""Open time of all stores on each day of the week, by state."""

from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.legend import HEIGHT as LEGEND_HEIGHT
from app.charts.legend import add_legend
from app.charts.style import MUTED, SMALL_TEXT_SIZE, STATES, Chart, Frame, Layers, percent
from app.charts.utc import DAY, HOUR, clock, day, week

HEIGHT: Final = 300

#: Width of a bar, share of its place.
BAR: Final = 0.72

#: Space for the availability above the highest bar, pixels.
HEAD: Final = 24

#: A part of a bar that is lower is not labelled inside, pixels.
LEAST_LABEL: Final = 15


def day_bars(days: npt.NDArray[np.int64], of_day: npt.NDArray[np.int64], *, first: int, last: int) -> Chart:
    """A bar for each UTC day: up at the bottom, then down, then unknown.

    Args:
        days: first instants of the days that the week touches, microseconds.
        of_day: int64[days, 3], open time in microseconds: up, down, unknown; not all zero.
        first, last: the week, microseconds; the days at its ends are seldom whole.
    """
    hours = of_day / HOUR
    highest = float(hours.sum(axis=1).max())
    frame = Frame(height=HEIGHT, left=84, above=LEGEND_HEIGHT + HEAD, below=72)
    across = alt.Scale(domain=[0, len(days)], nice=False, zero=False)
    x, middle = alt.X("begin:Q", scale=across, axis=None), alt.X("middle:Q", scale=across, axis=None)
    up = alt.Scale(domain=[0, highest], nice=False)
    axis = alt.Axis(title="open time of all stores, hours", tickCount=5, format=",~r")
    y, centre = alt.Y("from:Q", scale=up, axis=axis), alt.Y("centre:Q", scale=up, axis=axis)
    parts: list[list[dict[str, Any]]] = [[], [], []]
    heads, feet = [], []
    for number, (start, of_states) in enumerate(zip(days.tolist(), hours.tolist(), strict=True)):
        place = {"begin": number + 0.5 - BAR / 2, "end": number + 0.5 + BAR / 2, "middle": number + 0.5}
        top = 0.0
        for code, amount in enumerate(of_states):
            if not amount:
                continue
            text = _hours(amount) if amount / highest * HEIGHT >= LEAST_LABEL else ""
            parts[code].append(
                place
                | {"day": day(start), "state": STATES[code].name, "hours": round(amount, 2), "text": text}
                | {"from": top, "to": top + amount, "centre": top + amount / 2}
            )
            top += amount
        known = of_states[0] + of_states[1]
        heads.append(place | {"from": top, "text": percent(of_states[0] / known) if known else ""})
        feet.append(place | {"text": day(start), "part": _part(start, first, last)})
    layers = Layers()
    for state, rows in zip(STATES, parts, strict=False):
        layers.add(
            layers.over(rows)
            .mark_rect(fill=state.colour, stroke=state.outline, strokeWidth=1)
            .encode(
                x=x,
                x2=alt.X2("end:Q"),
                y=y,
                y2=alt.Y2("to:Q"),
                tooltip=[alt.Tooltip("day:N"), alt.Tooltip("state:N"), alt.Tooltip("hours:Q", format=",")],
            )
        )
        layers.write(rows, middle, centre, color=state.text, fontSize=SMALL_TEXT_SIZE)
    layers.write(heads, middle, y, baseline="bottom", dy=-5, fontWeight="bold", fontSize=SMALL_TEXT_SIZE)
    below = "height"
    layers.write(feet, middle, below, dy=14)
    layers.write([foot | {"text": foot["part"]} for foot in feet], middle, below, dy=30, color=MUTED)
    layers.write([{"text": "UTC day"}], frame.width / 2, below, dy=54, color=MUTED)
    add_legend(layers, [(state.name, 1.0) for state in STATES[:3]], above=HEAD)
    partly = "" if first % DAY == 0 else "; the first and the last day are not whole"
    subtitle = [week(first, last), f"above each bar: availability, up / (up + down){partly}"]
    spec = layers.finish(frame, title="Open time per day", subtitle=subtitle)
    return Chart(spec, int(np.count_nonzero(of_day.sum(axis=1))))


def _part(start: int, first: int, last: int) -> str:
    """Which part of a day belongs to the week, if not all of it."""
    if start < first:
        return f"from {clock(first)}"
    return f"until {clock(last)}" if last < start + DAY else ""


def _hours(amount: float) -> str:
    return f"{amount:,.0f} h" if amount >= 9.95 else f"{amount:.1f} h"
