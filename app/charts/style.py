"""How charts look: sizes, fonts, states, and names that fit. Lengths are pixels, text sizes too."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import GRID, INK, MUTED, PAPER, outline

#: Whole width of every chart; the height follows from what is shown.
WIDTH: Final = 800

#: The first one is inside vl-convert, so a server without fonts draws what a laptop draws.
FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"

TEXT_SIZE: Final = 12
SMALL_TEXT_SIZE: Final = 11
TITLE_SIZE: Final = 17
LINE_HEIGHT: Final = 16

#: Between the title and the marks.
_HEAD_GAP: Final = 14

#: Vega-Lite's configuration: everything that is the same in all charts.
_CONFIG: Final = {
    "font": FONT,
    "view": {"stroke": None},
    "title": {
        "fontSize": TITLE_SIZE,
        "fontWeight": "bold",
        "color": INK,
        "subtitleFontSize": TEXT_SIZE,
        "subtitleColor": MUTED,
        "subtitleLineHeight": LINE_HEIGHT,
        "subtitlePadding": 5,
    },
    "axis": {
        "labelFontSize": TEXT_SIZE,
        "labelColor": MUTED,
        "titleFontSize": TEXT_SIZE,
        "titleFontWeight": "normal",
        "titleColor": MUTED,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
    },
    "text": {"fontSize": TEXT_SIZE, "color": INK},
}

#: Free space around a chart, at the edge of the picture.
EDGE: Final = 16


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that can be drawn: a complete Vega-Lite specification, and how many observations it shows."""

    spec: Mapping[str, Any]
    observations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the marks of a chart lie: the height of their area, and the space beside it for what is written there."""

    height: float
    left: float = EDGE
    right: float = EDGE
    above: float = 0
    below: float = EDGE

    @property
    def width(self) -> float:
        return WIDTH - self.left - self.right


#: Pixels from the left or the top of the marks, or their ``width`` or ``height``.
Place = int | float | str

_FIXED: Final[Mapping[str, Any]] = {"x": alt.XValue, "x2": alt.X2Value, "y": alt.YValue, "y2": alt.Y2Value}


def fixed(**places: Place) -> dict[str, Any]:
    """Channels that are the same for all rows."""
    # alt.value() would do, too, but altair searches all of its schema for what class its plain dict belongs to.
    return {channel: _FIXED[channel](place) for channel, place in places.items()}


class Layers:
    """The layers of a chart. Rows go past altair, which would copy and check each of them at every step."""

    def __init__(self) -> None:
        self._charts: list[alt.Chart] = []
        self._rows: dict[str, Sequence[Mapping[str, Any]]] = {}

    def over(self, rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
        """The beginning of a layer that has a mark for each of these rows; the same rows are written once."""
        return alt.Chart(self._named(rows))

    def looked_up(self, rows: Sequence[Mapping[str, Any]], *fields: str) -> alt.LookupData:
        """These fields of other rows by the field ``row``: names are written once, however many marks have them."""
        return alt.LookupData(data=self._named(rows), key="row", fields=list(fields))

    def add(self, *charts: alt.Chart) -> None:
        """Put layers above those that are there."""
        self._charts += charts

    def write(self, rows: Sequence[Mapping[str, Any]], x: Place | alt.X, y: Place | alt.Y, **look: Any) -> None:
        """Add a layer that writes the field ``text`` of each row."""
        places = (fixed(x=x) if isinstance(x, Place) else {"x": x}) | (fixed(y=y) if isinstance(y, Place) else {"y": y})
        mark = self.over(rows).mark_text(**{"baseline": "middle", **look})
        self.add(mark.encode(text=alt.Text("text:N"), **places))

    def _named(self, rows: Sequence[Mapping[str, Any]]) -> alt.NamedData:
        known = [name for name, others in self._rows.items() if others is rows]
        name = known[0] if known else f"rows_{len(self._rows)}"
        self._rows[name] = rows
        return alt.NamedData(name)

    def finish(self, frame: Frame, *, title: str, subtitle: Sequence[str]) -> dict[str, Any]:
        """The specification of the chart, ``WIDTH`` wide whatever its marks and texts are."""
        lines = [line[0].upper() + line[1:] for line in subtitle if line]
        head = EDGE + TITLE_SIZE + LINE_HEIGHT * len(lines) + _HEAD_GAP
        # The title keeps clear of what is drawn; an unseen line makes that the same whatever the numbers are.
        ceiling = self.over([{}]).mark_rule(opacity=0).encode(**fixed(x=0, x2=1, y=-frame.above))
        # alt.layer() would copy every layer, with all that is in it, several times over.
        layers = [one.to_dict(validate=False, context={"top_level": False}) for one in (ceiling, *self._charts)]
        return {
            "$schema": alt.SCHEMA_URL,
            "autosize": {"type": "none"},
            "background": PAPER,
            "config": _CONFIG,
            "datasets": dict(self._rows),
            "height": frame.height,
            "layer": layers,
            "padding": {"left": frame.left, "right": frame.right, "top": head + frame.above, "bottom": frame.below},
            "title": {
                "text": title,
                "subtitle": lines,
                "anchor": "start",
                "frame": "group",
                "dx": EDGE - frame.left,
                "offset": _HEAD_GAP,
            },
            "width": frame.width,
        }


def printable(name: str) -> str:
    """A name without what no font can draw: control and format characters become spaces, as XML allows none of them."""
    return "".join(letter if letter.isprintable() else " " for letter in name)


def shortened(name: str, columns: int) -> str:
    """A printable name of at most so many columns, cut in the middle; wide letters, such as Chinese, take two."""
    name = printable(name)
    if _columns(name) <= columns:
        return name
    head, tail = (columns - 1) - (columns - 1) // 2, (columns - 1) // 2
    return _fitting(name, head) + "…" + _fitting(name[::-1], tail)[::-1]


def _fitting(name: str, columns: int) -> str:
    end = min(len(name), columns)
    while _columns(name[:end]) > columns:
        end -= 1
    return name[:end]


def _columns(name: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)


@dataclass(frozen=True, slots=True)
class State:
    """How time of a store is shown: told apart by height, by lightness and by outline, and by colour last."""

    name: str
    colour: str
    outline: str
    text: str
    height: float


#: By the number that stands for each; ``closed`` is what nobody expects to be open.
STATES: Final = (
    State("up", "#9ecae1", outline("#9ecae1"), INK, 0.34),
    State("down", "#a63603", "#a63603", PAPER, 0.9),
    State("unknown", PAPER, "#7b8794", INK, 0.6),
    State("closed", GRID, GRID, INK, 0.06),
)


#: Added to the number of a state, up or down, for time that has the state of an earlier hour: nobody looked.
CARRIED: Final = 4
CARRIED_OPACITY: Final = 0.4


def percent(share: float) -> str:
    """A share in percent to the hundredth, as tables have it, rounded down: only what is whole is 100.00 %."""
    return f"{math.floor(share * 10_000 + 1e-9) / 100:.2f} %"


def counted(number: int, noun: str) -> str:
    """Such as "1 team" and "2,000 teams"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def counted_of(number: int, whole: int, noun: str) -> str:
    """Such as "3 of 8 teams"; "8 teams" where it is all of them."""
    return counted(whole, noun) if number == whole else f"{number:,} of {counted(whole, noun)}"
