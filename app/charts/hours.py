"""Every hour of the week of the stores that were up the least."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.legend import HEIGHT as LEGEND_HEIGHT
from app.charts.legend import add_legend
from app.charts.style import (
    EDGE,
    GRID,
    MUTED,
    SMALL_TEXT_SIZE,
    STATES,
    Chart,
    Frame,
    Layers,
    counted,
    fixed,
    percent,
    printable,
    shortened,
)
from app.charts.utc import DAY, HOUR, day, week

ROW_HEIGHT: Final = 15

#: Columns of a key beside its row, and the space for it, pixels.
KEY_COLUMNS: Final = 30
LEFT: Final = 214

#: Space for the availability behind each row, pixels.
RIGHT: Final = 74


def hour_map(
    keys: Sequence[str],
    shares: npt.NDArray[np.float64],
    states: npt.NDArray[np.int8],
    *,
    first: int,
    last: int,
    of: int,
) -> Chart:
    """A row for each store, worst first, with its states from hour to hour.

    Args:
        keys: of the stores, at least one.
        shares: availability of each, 0 … 1.
        states: int8[stores, hours], indices into STATES, of the UTC hours that the week touches.
        first, last: the week, microseconds.
        of: how many stores have an availability.
    """
    frame = Frame(height=ROW_HEIGHT * len(keys), left=LEFT, right=RIGHT, above=LEGEND_HEIGHT, below=58)
    begin = first // HOUR
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, states.shape[1]], nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(keys), 0], nice=False, zero=False), axis=None)
    spans = _spans(states)
    middles = [(row + 0.5, key, share) for row, (key, share) in enumerate(zip(keys, shares.tolist(), strict=True))]
    midnights = [
        {"from": midnight // HOUR - begin, "text": day(midnight)}
        for midnight in range(-(-first // DAY) * DAY, last, DAY)
    ]
    layers = Layers()
    layers.add(
        layers.over(midnights).mark_rule(color=GRID).encode(x=x, **fixed(y=-4, y2=frame.height + 8)),
    )
    for number, state in enumerate(STATES):
        layers.add(
            layers.over(spans[number])
            .mark_rect(fill=state.colour, stroke=state.outline, strokeWidth=0.5)
            .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("bottom:Q"))
        )
    names = [{"text": shortened(key, KEY_COLUMNS), "store": printable(key), "y": middle} for middle, key, _ in middles]
    layers.write(names, -10, y, align="right", limit=LEFT - EDGE - 10, fontSize=SMALL_TEXT_SIZE)
    percents = [{"text": percent(share), "y": middle} for middle, _, share in middles]
    layers.write(percents, frame.width + RIGHT - EDGE, y, align="right", fontSize=SMALL_TEXT_SIZE)
    layers.write(midnights, x, frame.height + 18, align="left", dx=3, fontSize=SMALL_TEXT_SIZE)
    title = [{"text": "UTC hours; each day begins at its line"}]
    layers.write(title, frame.width / 2, frame.height + 38, color=MUTED)
    heads = [{"text": "availability"}]
    layers.write(heads, frame.width + RIGHT - EDGE, -8, align="right", color=MUTED)
    add_legend(layers, [(state.name, state.height) for state in STATES])
    many = f"the {len(keys)} of lowest availability, of {counted(of, 'store')}" if of > len(keys) else ""
    spec = layers.finish(frame, title="Worst stores, hour by hour", subtitle=[week(first, last), many])
    return Chart(spec, states.size)


def _spans(states: npt.NDArray[np.int8]) -> list[list[dict[str, Any]]]:
    """Hours of a store in one state that follow each other, as one mark: few marks where little happens."""
    spans: list[list[dict[str, Any]]] = [[] for _ in STATES]
    for row, hours in enumerate(states):
        onsets = np.flatnonzero(np.diff(hours, prepend=-1))
        for begin, end in zip(onsets.tolist(), [*onsets[1:].tolist(), len(hours)], strict=True):
            state = int(hours[begin])
            half = STATES[state].height / 2
            top, bottom = round(row + 0.5 - half, 3), round(row + 0.5 + half, 3)
            spans[state].append({"from": begin, "to": end, "y": top, "bottom": bottom})
    return spans
