"""Many figures from period to period, a row each, every one on its own scale from zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import GRID, MUTED, TEAM_COLOURS
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Chart, Frame, Layers, printable, shortened

#: Height of a row, pixels, and the share of it that a line may take.
ROW_HEIGHT: Final = 46
_TALL: Final = 0.66

#: Space beside the rows for what they come to in all.
_RIGHT: Final = 132

#: Below the marks: names of periods, and what marks mean.
_BELOW: Final = 60

#: Characters of a name, and periods that are named, at most.
_NAME: Final = 26
LABELS: Final = 8

#: Of more periods points would hide the line.
MOST_POINTS: Final = 60

_GAP: Final = "#f1f3f5"


@dataclass(frozen=True, slots=True)
class Point:
    """A period of a row.

    Attributes:
        value: None: there is none.
        label: the value for people.
        few: it is of few values: drawn hollow.
        is_gap: not everything is known of the period: nothing is drawn but that.
    """

    value: float | None
    label: str
    few: bool = False
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: its name, what is said below it and at its end, and its periods in order of time."""

    name: str
    about: str
    total: str
    points: Sequence[Point]


def sparklines(rows: Sequence[Row], *, periods: Sequence[str], title: str, about: Sequence[str]) -> Chart:
    """A line for each row, between gaps; grey where not everything is known, hollow where values are few.

    Args:
        rows: at least one, each with as many points as there are periods.
        periods: their names.
        title: of the chart.
        about: lines below it.
    """
    frame = Frame(height=ROW_HEIGHT * len(rows), left=LEFT, right=_RIGHT, above=EDGE, below=_BELOW)
    scale = alt.Scale(domain=[0, max(len(periods), 1)], nice=False, zero=False)
    x = alt.X("middle:Q", scale=scale, axis=None)
    layers = Layers()
    name_rows(layers, [(shortened(row.name, _NAME), row.about) for row in rows], middle=0.5)
    marks = [mark for number, row in enumerate(rows) for mark in _marks(number, row, periods)]
    _draw(layers, marks, scale, len(rows))
    totals = [{"text": row.total, "y": number + 0.5} for number, row in enumerate(rows)]
    layers.write(totals, frame.width + 12, row_y(len(rows)), align="left", fontWeight="bold", limit=_RIGHT - EDGE - 12)
    step = -(-len(periods) // LABELS) or 1
    names = [{"middle": number + 0.5, "text": printable(name)} for number, name in enumerate(periods)]
    layers.write(names[::step], x, "height", dy=16)
    key = "each row from 0 to its highest; grey: not everything was read, or not over; hollow: few values"
    layers.write([{"text": key}], frame.width / 2, "height", dy=40, color=MUTED, fontSize=SMALL_TEXT_SIZE)
    return Chart(layers.finish(frame, title=title, subtitle=about), len(rows) * len(periods))


def _draw(layers: Layers, marks: Sequence[dict[str, Any]], scale: alt.Scale, rows: int) -> None:
    y, drawn = row_y(rows), [mark for mark in marks if mark["is_drawn"]]
    x = alt.X("middle:Q", scale=scale, axis=None)
    across = {"x": alt.X("from:Q", scale=scale, axis=None), "x2": alt.X2("to:Q")}
    told = [alt.Tooltip(f"{name}:N") for name in ("metric", "period", "figure")]
    floors = [{"y": row + 0.5 + _TALL / 2} for row in range(rows)]
    layers.add(
        layers.over([mark for mark in marks if mark["is_gap"]])
        .mark_rect(color=_GAP)
        .encode(**across, y=row_y(rows, "top"), y2=alt.Y2("bottom:Q")),
        layers.over(floors).mark_rule(color=GRID).encode(y=y),
        layers.over(drawn)
        .mark_line(color=TEAM_COLOURS[0], strokeWidth=2)
        .encode(x=x, y=y, detail=[alt.Detail("row:N"), alt.Detail("stretch:N")]),
        layers.over([mark for mark in drawn if mark["is_point"]])
        .mark_point(color=TEAM_COLOURS[0], filled=False, size=26, strokeWidth=1.5, opacity=1)
        .encode(x=x, y=y, fill=alt.Fill("fill:N", scale=None), tooltip=told),
    )


def _marks(number: int, row: Row, periods: Sequence[str]) -> list[dict[str, Any]]:
    """What is drawn of each period; a line leads over no gap."""
    known = [None if point.is_gap else point.value for point in row.points]
    highest = max((value for value in known if value is not None), default=0.0)
    found, stretch = [], 0
    for place, (point, value) in enumerate(zip(row.points, known, strict=True)):
        is_drawn = value is not None
        stretch += not is_drawn
        height = 0.0 if value is None or highest <= 0 else max(value, 0.0) / highest
        beside = [known[at] for at in (place - 1, place + 1) if 0 <= at < len(known)]
        found.append(
            {
                "row": number,
                "stretch": stretch,
                "from": place,
                "middle": place + 0.5,
                "to": place + 1,
                "y": number + 0.5 + _TALL * (0.5 - height),
                "top": number + 0.5 - _TALL / 2,
                "bottom": number + 0.5 + _TALL / 2,
                "is_gap": point.is_gap,
                "is_drawn": is_drawn,
                "is_point": len(known) <= MOST_POINTS or all(one is None for one in beside),
                "fill": "#ffffff" if point.few else TEAM_COLOURS[0],
                "metric": printable(row.name),
                "period": printable(periods[place]),
                "figure": point.label,
            }
        )
    return found
