"""Every hour of the week of the stores that were up the least."""

from collections.abc import Sequence
from dataclasses import dataclass
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

#: Space for the availability behind each row, and for its zone where there are several, pixels; columns of a zone.
RIGHT: Final = 74
ZONE_WIDTH: Final = 88
ZONE_COLUMNS: Final = 14

#: Numbers of the states in the order in which they are drawn, CARRIED added: what is down is covered by nothing.
_DRAWN: Final = (3, 2, CARRIED, CARRIED + 1, 0, 1)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of stores.

    Attributes:
        ahead: int64[stores, hours], how far each is ahead of UTC at the beginning of each UTC hour, microseconds.
        zones: what each is called.
    """

    ahead: npt.NDArray[np.int64]
    zones: Sequence[str]


def hour_map(
    keys: Sequence[str],
    shares: npt.NDArray[np.float64],
    states: npt.NDArray[np.int8],
    *,
    first: int,
    last: int,
    of: int,
    tied: int,
    clocks: Clocks | None = None,
) -> Chart:
    """A row for each store, worst first, with its states from hour to hour on its own clock.

    A row begins and ends where its clock was. An hour that the clock skips is left out; of one that it shows twice,
    both are drawn in one place, what is down above what is up.

    Args:
        keys: of the stores, at least one.
        shares: availability of each, 0 … 1.
        states: int8[stores, hours], indices into STATES, of the UTC hours that the week touches; CARRIED is added
            where nobody looked and an hour has the state of an earlier one.
        first, last: the week, microseconds.
        of: how many stores have an availability.
        tied: how many that are not shown have the same as the last.
        clocks: of the stores; None: all are UTC.
    """
    clocks = clocks or Clocks(np.zeros(states.shape, np.int64), ["UTC"] * len(keys))
    several = len(set(clocks.zones)) > 1
    right = RIGHT + ZONE_WIDTH if several else RIGHT
    frame = Frame(height=ROW_HEIGHT * len(keys), left=LEFT, right=right, above=LEGEND_HEIGHT, below=58)
    begin = first // HOUR_MICROS
    ahead = clocks.ahead / HOUR_MICROS
    domain = [_short(ahead[:, 0].min()), _short(states.shape[1] + ahead[:, -1].max())]
    x = alt.X("from:Q", scale=alt.Scale(domain=domain, nice=False, zero=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(keys), 0], nice=False, zero=False), axis=None)
    spans = _spans(states, ahead)
    midnights = _midnights(first, last, clocks.ahead, brief=several)
    about = [alt.Tooltip(f"{field}:N") for field in ("store", "zone", "since", "until", "state")]
    layers = Layers()
    layers.add(
        layers.over(midnights).mark_rule(color=GRID).encode(x=x, **fixed(y=-4, y2=frame.height + 8)),
    )
    names = _names(keys, clocks, first, last)
    for number in _DRAWN:
        rows = spans[number]
        state, is_carried = STATES[number % CARRIED], number >= CARRIED
        if is_carried and not rows:
            continue
        said = f"{state.name}, as the last hour with polls" if is_carried else state.name
        layers.add(
            layers.over(rows)
            .transform_calculate(row="floor(datum.y)", state=f"'{said}'")
            .transform_lookup(lookup="row", from_=layers.looked_up(names, "store", "zone", "first", "last"))
            .transform_calculate(**_shown(begin))
            .mark_rect(
                fill=state.colour, stroke=state.outline, strokeWidth=0.5, opacity=CARRIED_OPACITY if is_carried else 1.0
            )
            .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("bottom:Q"), tooltip=about)
        )
    layers.write(names, -10, y, align="right", limit=LEFT - EDGE - 10, fontSize=SMALL_TEXT_SIZE)
    percents = [{"text": percent(share), "y": row + 0.5} for row, share in enumerate(shares.tolist())]
    layers.write(percents, frame.width + right - EDGE, y, align="right", fontSize=SMALL_TEXT_SIZE)
    layers.write(midnights, x, frame.height + 18, align="left", dx=3, fontSize=SMALL_TEXT_SIZE)
    if several:
        places = [
            {"text": shortened(_place(zone), ZONE_COLUMNS), "y": row + 0.5} for row, zone in enumerate(clocks.zones)
        ]
        layers.write(places, frame.width + 8, y, align="left", color=MUTED, fontSize=SMALL_TEXT_SIZE)
    clock = "hours on the clock of each store's zone" if several else f"{clocks.zones[0]} hours"
    title = [{"text": f"{clock}; each day begins at its line"}]
    layers.write(title, frame.width / 2, frame.height + 38, color=MUTED)
    heads = [{"text": "availability"}]
    layers.write(heads, frame.width + right - EDGE, -8, align="right", color=MUTED)
    add_legend(layers, [(state.name, state.height) for state in STATES])
    pale = "pale: no polls in that hour, as the last hour with polls" if any(spans[CARRIED:]) else ""
    subtitle = [week(first, last), _chosen(len(keys), of, tied), pale]
    spec = layers.finish(frame, title="Worst stores, hour by hour", subtitle=subtitle)
    return Chart(spec, states.size)


def _midnights(first: int, last: int, ahead: npt.NDArray[np.int64], *, brief: bool) -> list[dict[str, Any]]:
    """Where the days begin that any clock shows; ``brief``: without their month, as there is less room."""
    begins, ends = first + int(ahead[:, 0].min()), last + int(ahead[:, -1].max())
    starts = range(-(-begins // DAY_MICROS) * DAY_MICROS, ends, DAY_MICROS)
    names = [day(start).rpartition(" ")[0] if brief else day(start) for start in starts]
    hours = [start // HOUR_MICROS - first // HOUR_MICROS for start in starts]
    return [{"from": hour, "text": name} for hour, name in zip(hours, names, strict=True)]


def _names(keys: Sequence[str], clocks: Clocks, first: int, last: int) -> list[dict[str, Any]]:
    """Of each row: what is written beside it, and what its spans tell; its week on its clock in milliseconds."""
    return [
        {"text": shortened(key, KEY_COLUMNS), "store": printable(key), "y": row + 0.5, "row": row, "zone": zone}
        | {"first": (first + ahead[0]) // 1000, "last": (last + ahead[-1]) // 1000}
        for row, (key, zone, ahead) in enumerate(zip(keys, clocks.zones, clocks.ahead.tolist(), strict=True))
    ]


def _spans(states: npt.NDArray[np.int8], ahead: npt.NDArray[np.float64]) -> list[list[dict[str, Any]]]:
    """Hours of a store in one state that follow each other on its clock, as one mark: few where little happens."""
    spans: list[list[dict[str, Any]]] = [[] for _ in range(CARRIED + 2)]
    for row, (hours, clock) in enumerate(zip(states, ahead, strict=True)):
        onsets = np.flatnonzero(np.diff(hours, prepend=-1) | (np.diff(clock, prepend=clock[0]) != 0))
        for begin, end in zip(onsets.tolist(), [*onsets[1:].tolist(), len(hours)], strict=True):
            state = int(hours[begin])
            half = STATES[state % CARRIED].height / 2
            top, bottom = round(row + 0.5 - half, 3), round(row + 0.5 + half, 3)
            places = {"from": _short(begin + clock[begin]), "to": _short(end + clock[begin])}
            spans[state].append(places | {"y": top, "bottom": bottom})
    return spans


def _short(hours: float) -> int | float:
    """Whole hours without a decimal point, others to the minute: thousands of marks have two each."""
    return int(hours) if hours == int(hours) else round(float(hours), 2)


def _place(zone: str) -> str:
    """Such as "Los Angeles" of America/Los_Angeles."""
    return zone.rpartition("/")[2].replace("_", " ")


def _shown(begin: int) -> dict[str, str]:
    """Vega expressions of when a span begins and ends, within the week: texts of 8,000 spans would double the file."""
    hour = HOUR_MICROS // 1000
    return {
        name: f"utcFormat(clamp({begin * hour} + {hour} * datum.{field}, datum.first, datum.last), '%a %-d %b %H:%M')"
        for name, field in (("since", "from"), ("until", "to"))
    }


def _chosen(shown: int, of: int, tied: int) -> str:
    """Which stores are shown, if not all are."""
    if of <= shown:
        return ""
    more = f"; {tied:,} more {'has' if tied == 1 else 'have'} the same availability as the last of them" if tied else ""
    return f"the {shown} with the lowest availability, of {counted(of, 'store')}{more}"
