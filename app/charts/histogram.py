"""How many stores have which availability."""

from itertools import count
from typing import Any, Final

import altair as alt
import numpy as np

from app.charts.bins import EDGES, NAMES, Counts
from app.charts.colours import MUTED, TEAM_COLOURS
from app.charts.style import Chart, Frame, Layers, counted, percent
from app.charts.target import ABOVE, upright_target
from app.charts.utc import week

HEIGHT: Final = 260

#: Width of a bar, share of its place.
BAR: Final = 0.84

#: Most lines across the chart above that of 0.
LINES: Final = 5


def histogram(
    counts: Counts, *, left_out: int, first: int, last: int, overall: float | None = None, target: float | None = None
) -> Chart:
    """A bar for each bin, with its number of stores and their share.

    Args:
        counts: stores of each bin, at least one in all, see bins.py.
        left_out: stores without known open time.
        first, last: the week, microseconds.
        overall: the availability of the time of all stores, 0 … 1.
        target: availability that each store should have, percent; a line at its place within its bin.
    """
    observed, most = int(counts.sum()), int(counts.max())
    rows: list[dict[str, Any]] = [
        {"bin": number + 0.5 - BAR / 2, "to": number + 0.5 + BAR / 2, "middle": number + 0.5}
        | {"availability": name, "stores": stores, "text": f"{stores:,}" if stores else "none"}
        | {"share": f"{100 * stores / observed:.1f} %" if stores else ""}
        for number, (name, stores) in enumerate(zip(NAMES, counts.tolist(), strict=True))
    ]
    frame = Frame(height=HEIGHT, left=64, above=26 if target is None else 26 + ABOVE, below=64)
    across = alt.Scale(domain=[0, len(NAMES)], nice=False, zero=False)
    x, middle = alt.X("bin:Q", scale=across, axis=None), alt.X("middle:Q", scale=across, axis=None)
    y = alt.Y(
        "stores:Q",
        scale=alt.Scale(domain=[0, most], nice=False),
        axis=alt.Axis(title="stores", values=_whole_ticks(most), format=",d"),
    )
    below = "height"
    layers = Layers()
    layers.add(
        layers.over(rows)
        .mark_rect(color=TEAM_COLOURS[0])
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=y,
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip("availability:N"), alt.Tooltip("stores:Q"), alt.Tooltip("share:N")],
        )
    )
    layers.write(rows, middle, y, baseline="bottom", dy=-18, fontWeight="bold")
    layers.write([row | {"text": row["share"]} for row in rows], middle, y, baseline="bottom", dy=-4, color=MUTED)
    layers.write([row | {"text": row["availability"]} for row in rows], middle, below, dy=14)
    if target is not None:
        place = alt.X("target:Q", scale=across, axis=None)
        upright_target(layers, frame, target, place, at=_place_of(target / 100))
    title = [{"text": "availability: up / (up + down) of the open time of the week; bins are narrower towards 100 %"}]
    layers.write(title, frame.width / 2, below, dy=40, color=MUTED)
    subtitle = [
        week(first, last),
        f"{counted(observed, 'store')}"
        + (f"; availability of all their time: {percent(overall)}" if overall is not None else "")
        + (f"; left out: {counted(left_out, 'store')} without observed open time" if left_out else ""),
    ]
    spec = layers.finish(frame, title="Availability of the stores in the week", subtitle=subtitle)
    return Chart(spec, observed)


def _place_of(share: float) -> float:
    """Where an availability lies, counted in bins from the left; 0 and 100 % have bins of their own at the ends."""
    return float(np.interp(share, EDGES, np.arange(1, len(EDGES) + 1)))


def _whole_ticks(highest: int) -> list[int]:
    """Whole numbers from 0 to the highest, 1, 2 or 5 times a power of ten apart; Vega's own may be halves."""
    step = next(
        step for power in count() for step in (10**power, 2 * 10**power, 5 * 10**power) if highest <= LINES * step
    )
    return list(range(0, highest + 1, step))
