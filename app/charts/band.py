"""The days of one store on its own clock: when it was open, what its time counts as, and every poll."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import GRID, MUTED
from app.charts.legend import HEIGHT as LEGEND_HEIGHT
from app.charts.legend import add_legend
from app.charts.style import SMALL_TEXT_SIZE, STATES, Chart, Frame, Layers, fixed

ROW_HEIGHT: Final = 32

#: Space for the day beside its row, and for its availability behind it, pixels.
LEFT: Final = 116
RIGHT: Final = 104

#: Where in a row the time lies and where its polls do, shares of the row from its top.
_MIDDLE: Final = 0.4
_TALLEST: Final = 0.72
_POLLS: Final = (0.82, 0.98)

#: Opacity of time that has the status of an earlier hour: nobody looked.
_CARRIED: Final = 0.4

#: Hours on the clock that have a line.
_LINES: Final = range(0, 25, 3)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Time within one day, hours on the store's clock; ``state`` is an index into STATES."""

    row: int
    begin: float
    end: float
    state: int
    carried: bool
    why: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A poll; ``state`` is what it says, an index into STATES."""

    row: int
    at: float
    state: int
    clock: str


@dataclass(frozen=True, slots=True)
class Day:
    """A row: what is written beside it and behind it."""

    name: str
    availability: str


def day_bands(
    days: Sequence[Day], spans: Sequence[Span], polls: Sequence[Mark], *, title: str, notes: Sequence[str]
) -> Chart:
    """A row for each day, midnight to midnight. Up is a thin bar, down a tall one, unknown an empty one.

    Args:
        days: from the top, at least one.
        spans: open time of one status, and closed time; of an hour that the clock shows twice, both.
        polls: those to be marked.
        title: the store.
        notes: lines below it.
    """
    frame = Frame(height=ROW_HEIGHT * len(days), left=LEFT, right=RIGHT, above=LEGEND_HEIGHT + 20, below=40)
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, 24], nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(days), 0], nice=False, zero=False), axis=None)
    layers = Layers()
    lines = [{"from": hour, "text": f"{hour:02}:00"} for hour in _LINES]
    layers.add(layers.over(lines).mark_rule(color=GRID).encode(x=x, **fixed(y=-4, y2=frame.height + 4)))
    about = [
        alt.Tooltip("day:N"),
        alt.Tooltip("since:N"),
        alt.Tooltip("until:N"),
        alt.Tooltip("state:N"),
        alt.Tooltip("why:N"),
    ]
    # What is down covers what is up where the clock shows an hour twice.
    for number in (3, 2, 0, 1):
        for carried in (True, False):
            rows = [_bar(span, days) for span in spans if (span.state, span.carried) == (number, carried)]
            if rows:
                state = STATES[number]
                mark = layers.over(rows).mark_rect(
                    fill=state.colour, stroke=state.outline, strokeWidth=0.7, opacity=_CARRIED if carried else 1.0
                )
                layers.add(mark.encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("bottom:Q"), tooltip=about))
    for number, state in enumerate(STATES[:3]):
        rows = [
            {"from": poll.at, "y": poll.row + _POLLS[0], "bottom": poll.row + _POLLS[1], "clock": poll.clock}
            for poll in polls
            if poll.state == number
        ]
        if rows:
            ticks = layers.over(rows).mark_rule(color=state.outline, strokeWidth=1.5)
            layers.add(ticks.encode(x=x, y=y, y2=alt.Y2("bottom:Q"), tooltip=[alt.Tooltip("clock:N")]))
    names = [{"text": day.name, "y": row + _MIDDLE} for row, day in enumerate(days)]
    layers.write(names, -10, y, align="right", fontSize=SMALL_TEXT_SIZE)
    shares = [{"text": day.availability, "y": row + _MIDDLE} for row, day in enumerate(days)]
    layers.write(shares, frame.width + RIGHT - 16, y, align="right", fontSize=SMALL_TEXT_SIZE)
    layers.write(lines, x, -12, color=MUTED, fontSize=SMALL_TEXT_SIZE)
    layers.write([{"text": "availability"}], frame.width + RIGHT - 16, -12, align="right", color=MUTED)
    layers.write(
        [{"text": "small marks below a bar: polls, in the colour of what they say"}],
        0,
        frame.height + 20,
        align="left",
        color=MUTED,
    )
    add_legend(layers, [(state.name, state.height) for state in STATES], above=20)
    spec = layers.finish(frame, title=title, subtitle=notes)
    return Chart(spec, len(spans) + len(polls))


def _bar(span: Span, days: Sequence[Day]) -> Row:
    half = STATES[span.state].height * _TALLEST / 2
    return {
        "from": span.begin,
        "to": span.end,
        "y": round(span.row + _MIDDLE - half, 3),
        "bottom": round(span.row + _MIDDLE + half, 3),
        "day": days[span.row].name,
        "since": _clock(span.begin),
        "until": _clock(span.end),
        "state": STATES[span.state].name,
        "why": span.why,
    }


def _clock(hours: float) -> str:
    minutes = int(hours * 60 + 1e-6)
    return f"{minutes // 60:02}:{minutes % 60:02}"
