"""Every hour of the week of the stores that were up the least."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt

from app.charts.colours import GRID, MUTED
from app.charts.legend import HEIGHT as LEGEND_HEIGHT
from app.charts.legend import add_legend
from app.charts.style import (
    CARRIED,
    CARRIED_OPACITY,
    EDGE,
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
from app.charts.utc import DAY_MICROS, HOUR_MICROS, day, week

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
    tied: int,
) -> Chart:
    """A row for each store, worst first, with its states from hour to hour.

    Args:
        keys: of the stores, at least one.
        shares: availability of each, 0 … 1.
        states: int8[stores, hours], indices into STATES, of the UTC hours that the week touches; CARRIED is added
            where nobody looked and an hour has the state of an earlier one.
        first, last: the week, microseconds.
        of: how many stores have an availability.
        tied: how many that are not shown have the same as the last.
    """
    frame = Frame(height=ROW_HEIGHT * len(keys), left=LEFT, right=RIGHT, above=LEGEND_HEIGHT, below=58)
    begin = first // HOUR_MICROS
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, states.shape[1]], nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(keys), 0], nice=False, zero=False), axis=None)
    spans = _spans(states)
    middles = [(row + 0.5, key, share) for row, (key, share) in enumerate(zip(keys, shares.tolist(), strict=True))]
    midnights = [
        {"from": midnight // HOUR_MICROS - begin, "text": day(midnight)}
        for midnight in range(-(-first // DAY_MICROS) * DAY_MICROS, last, DAY_MICROS)
    ]
    about = [alt.Tooltip("store:N"), alt.Tooltip("since:N"), alt.Tooltip("until:N"), alt.Tooltip("state:N")]
    layers = Layers()
    layers.add(
        layers.over(midnights).mark_rule(color=GRID).encode(x=x, **fixed(y=-4, y2=frame.height + 8)),
    )
    names = [
        {"text": shortened(key, KEY_COLUMNS), "store": printable(key), "y": middle, "row": int(middle)}
        for middle, key, _ in middles
    ]
    for number, rows in enumerate(spans):
        state, is_carried = STATES[number % CARRIED], number >= CARRIED
        if is_carried and not rows:
            continue
        said = f"{state.name}, as the last hour with polls" if is_carried else state.name
        layers.add(
            layers.over(rows)
            .transform_calculate(row="floor(datum.y)", state=f"'{said}'", **_clocks(first, last))
            .transform_lookup(lookup="row", from_=layers.looked_up(names, "store"))
            .mark_rect(
                fill=state.colour, stroke=state.outline, strokeWidth=0.5, opacity=CARRIED_OPACITY if is_carried else 1.0
            )
            .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("bottom:Q"), tooltip=about)
        )
    layers.write(names, -10, y, align="right", limit=LEFT - EDGE - 10, fontSize=SMALL_TEXT_SIZE)
    percents = [{"text": percent(share), "y": middle} for middle, _, share in middles]
    layers.write(percents, frame.width + RIGHT - EDGE, y, align="right", fontSize=SMALL_TEXT_SIZE)
    layers.write(midnights, x, frame.height + 18, align="left", dx=3, fontSize=SMALL_TEXT_SIZE)
    title = [{"text": "UTC hours; each day begins at its line"}]
    layers.write(title, frame.width / 2, frame.height + 38, color=MUTED)
    heads = [{"text": "availability"}]
    layers.write(heads, frame.width + RIGHT - EDGE, -8, align="right", color=MUTED)
    add_legend(layers, [(state.name, state.height) for state in STATES])
    pale = "pale: no polls in that hour, as the last hour with polls" if any(spans[CARRIED:]) else ""
    subtitle = [week(first, last), _chosen(len(keys), of, tied), pale]
    spec = layers.finish(frame, title="Worst stores, hour by hour", subtitle=subtitle)
    return Chart(spec, states.size)


def _spans(states: npt.NDArray[np.int8]) -> list[list[dict[str, Any]]]:
    """Hours of a store in one state that follow each other, as one mark: few marks where little happens."""
    spans: list[list[dict[str, Any]]] = [[] for _ in range(CARRIED + 2)]
    for row, hours in enumerate(states):
        onsets = np.flatnonzero(np.diff(hours, prepend=-1))
        for begin, end in zip(onsets.tolist(), [*onsets[1:].tolist(), len(hours)], strict=True):
            state = int(hours[begin])
            half = STATES[state % CARRIED].height / 2
            top, bottom = round(row + 0.5 - half, 3), round(row + 0.5 + half, 3)
            spans[state].append({"from": begin, "to": end, "y": top, "bottom": bottom})
    return spans


def _clocks(first: int, last: int) -> dict[str, str]:
    """Vega expressions of when a span begins and ends, within the week: texts of 8,000 spans would double the file."""
    hour = HOUR_MICROS // 1000
    begin = first // HOUR_MICROS * hour
    return {
        name: f"utcFormat(clamp({begin} + {hour} * datum.{field}, {first // 1000}, {last // 1000}), '%a %-d %b %H:%M')"
        for name, field in (("since", "from"), ("until", "to"))
    }


def _chosen(shown: int, of: int, tied: int) -> str:
    """Which stores are shown, if not all are."""
    if of <= shown:
        return ""
    more = f"; {tied:,} more {'has' if tied == 1 else 'have'} the same availability as the last of them" if tied else ""
    return f"the {shown} with the lowest availability, of {counted(of, 'store')}{more}"
