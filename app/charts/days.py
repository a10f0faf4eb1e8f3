"""Open time of all stores on each day of the week, by state."""

from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.colours import MUTED
from app.charts.legend import HEIGHT as LEGEND_HEIGHT
from app.charts.legend import add_legend
from app.charts.style import SMALL_TEXT_SIZE, STATES, Chart, Frame, Layers, percent
from app.charts.utc import DAY_MICROS, HOUR_MICROS, clock, day, week

HEIGHT: Final = 300

#: Width of a bar, share of its place.
BAR: Final = 0.72

#: Space for the availability above the highest bar, pixels.
HEAD: Final = 24

#: A part of a bar that is lower is not labelled inside, pixels.
LEAST_LABEL: Final = 15

Row = dict[str, Any]


def day_bars(days: npt.NDArray[np.int64], of_day: npt.NDArray[np.int64], *, first: int, last: int) -> Chart:
    """A bar for each UTC day: up at the bottom, then down, then unknown.

    Args:
        days: first instants of the days that the week touches, microseconds.
        of_day: int64[days, 3], open time in microseconds: up, down, unknown; not all zero.
        first, last: the week, microseconds; the days at its ends are seldom whole.
    """
    hours = of_day / HOUR_MICROS
    highest = float(hours.sum(axis=1).max())
    bars = [
        [part | _place(number) | {"day": day(start)} for part in _stack(amounts, highest)]
        for number, (start, amounts) in enumerate(zip(days.tolist(), hours.tolist(), strict=True))
    ]
    frame = Frame(height=HEIGHT, left=84, above=LEGEND_HEIGHT + HEAD, below=72)
    layers = Layers()
    _draw_bars(layers, [part for bar in bars for part in bar], days=len(days), highest=highest)
    heads = [_place(number) | _head(amounts) for number, amounts in enumerate(hours.tolist())]
    feet = [_place(number) | {"text": day(start)} for number, start in enumerate(days.tolist())]
    notes = [_place(number) | {"text": _part(start, first, last)} for number, start in enumerate(days.tolist())]
    middle, below = _across("middle", len(days)), "height"
    layers.write(
        heads, middle, _up("from", highest), baseline="bottom", dy=-5, fontWeight="bold", fontSize=SMALL_TEXT_SIZE
    )
    layers.write(feet, middle, below, dy=14)
    layers.write(notes, middle, below, dy=30, color=MUTED)
    layers.write([{"text": "UTC day"}], frame.width / 2, below, dy=54, color=MUTED)
    add_legend(layers, [(state.name, 1.0) for state in STATES[:3]], above=HEAD)
    partly = "" if first % DAY_MICROS == 0 else "; the first and last day are partial"
    subtitle = [week(first, last), f"above each bar: availability, up / (up + down){partly}"]
    spec = layers.finish(frame, title="Open time per day", subtitle=subtitle)
    return Chart(spec, int(np.count_nonzero(of_day.sum(axis=1))))


def _across(field: str, days: int) -> alt.X:
    """The horizontal place, counted in days."""
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, days], nice=False, zero=False), axis=None)


def _up(field: str, highest: float) -> alt.Y:
    """The vertical place, hours from the bottom."""
    axis = alt.Axis(title="open time of all stores, hours", tickCount=5, format=",~r")
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, highest], nice=False), axis=axis)


def _draw_bars(layers: Layers, parts: list[Row], *, days: int, highest: float) -> None:
    about = [alt.Tooltip("day:N"), alt.Tooltip("state:N"), alt.Tooltip("hours:Q", format=",")]
    for state in STATES[:3]:
        rows = [part for part in parts if part["state"] == state.name]
        layers.add(
            layers.over(rows)
            .mark_rect(fill=state.colour, stroke=state.outline, strokeWidth=1)
            .encode(
                x=_across("begin", days),
                x2=alt.X2("end:Q"),
                y=_up("from", highest),
                y2=alt.Y2("to:Q"),
                tooltip=about,
            )
        )
        layers.write(rows, _across("middle", days), _up("centre", highest), color=state.text, fontSize=SMALL_TEXT_SIZE)


def _place(number: int) -> Row:
    """Where the bar of a day stands, counted in days from the left."""
    middle = number + 0.5
    return {"begin": middle - BAR / 2, "end": middle + BAR / 2, "middle": middle}


def _stack(amounts: list[float], highest: float) -> list[Row]:
    """The parts of a bar, hours by state, one on the other."""
    parts: list[Row] = []
    top = 0.0
    for state, amount in zip(STATES, amounts, strict=False):
        if amount:
            text = _hours(amount) if amount / highest * HEIGHT >= LEAST_LABEL else ""
            place = {"from": top, "to": top + amount, "centre": top + amount / 2}
            parts.append(place | {"state": state.name, "hours": round(amount, 2), "text": text})
            top += amount
    return parts


def _head(amounts: list[float]) -> Row:
    """The availability above a bar, if any of it is known."""
    up, down, _ = amounts
    return {"from": sum(amounts), "text": percent(up / (up + down)) if up + down else ""}


def _part(start: int, first: int, last: int) -> str:
    """Which part of a day belongs to the week, if not all of it."""
    if start < first:
        return f"from {clock(first)}"
    return f"until {clock(last)}" if last < start + DAY_MICROS else ""


def _hours(amount: float) -> str:
    return f"{amount:,.0f} h" if amount >= 9.95 else f"{amount:.1f} h"
