"""Time to first review from week to week, and how many pull requests that is of."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from app.charts.colours import GRID, MUTED, TEAM_COLOURS
from app.charts.first_reviews import BEYOND, Waits
from app.charts.measure import HOUR_SECONDS, Measure
from app.charts.scale import LINEAR_SECONDS, UPRIGHT_DISTANCE, ticks
from app.charts.style import EDGE, SMALL_TEXT_SIZE, Chart, Frame, Layers, printable

HEIGHT: Final = 280
LEFT: Final = 74

#: Space below the marks for the names of weeks, the numbers and what they are, pixels.
_BELOW: Final = 66

#: Weeks with a label, at most: each has some 70 pixels.
LABELS: Final = 10

#: A figure of so few pull requests is drawn hollow.
FEW: Final = 5


def review_trend(weeks: Sequence[Waits], *, measure: Measure, period: str = "week", about: Sequence[str] = ()) -> Chart:
    """A line of the medians and one of the 90th percentiles; gaps where no pull request was reviewed.

    Args:
        weeks: in order of time, named as 2024-W45, or months; at least one with a review.
        measure: WORKING or ELAPSED: which of the two is drawn.
        period: what each of them is, in the singular.
        about: lines below the title.
    """
    points = [point for number, week in enumerate(weeks) for point in _points(number, week, measure)]
    frame = Frame(height=HEIGHT, left=LEFT, right=EDGE + 74, above=EDGE, below=_BELOW)
    longest = max(point["seconds"] for point in points) * BEYOND or float(HOUR_SECONDS)
    x = alt.X("middle:Q", scale=alt.Scale(domain=[0, len(weeks)], nice=False, zero=False), axis=None)
    y = _up(measure, longest, title=f"time to first review, {measure}")
    layers = Layers()
    for name, colour in _COLOURS.items():
        mine = [point for point in points if point["figure"] == name]
        known = {point["number"] for point in mine}
        # A line leads over no gap: each stretch of weeks that follow each other is one.
        rows = [point | {"stretch": _stretch(point["number"], known)} for point in mine]
        layers.add(
            layers.over(rows).mark_line(color=colour, strokeWidth=2).encode(x=x, y=y, detail="stretch:N"),
            layers.over(rows)
            .mark_point(color=colour, filled=False, size=36, strokeWidth=1.5, opacity=1)
            .encode(x=x, y=y, fill=alt.Fill("fill:N", scale=None), tooltip=_TOLD),
        )
        last = mine[-1]
        layers.write([last | {"text": name}], x, y, align="left", dx=9, color=colour, fontWeight="bold")
    step = -(-len(weeks) // LABELS)
    names = [_place(number) | {"text": printable(week.name)} for number, week in enumerate(weeks)]
    counts = [_place(number) | {"text": f"n {week.reviewed:,}"} for number, week in enumerate(weeks)]
    layers.write(names[::step], x, "height", dy=14)
    layers.write(counts[::step], x, "height", dy=30, fontSize=SMALL_TEXT_SIZE, color=MUTED)
    told = [{"text": f"n: reviewed pull requests of that {period}; hollow points: of fewer than {FEW}"}]
    layers.write(told, frame.width / 2, "height", dy=52, color=MUTED, fontSize=SMALL_TEXT_SIZE)
    spec = layers.finish(frame, title=f"Time to first review by {period}, {measure}", subtitle=about)
    return Chart(spec, sum(week.reviewed for week in weeks))


_COLOURS: Final = {"median": TEAM_COLOURS[0], "90 %": TEAM_COLOURS[5]}

_TOLD: Final = [alt.Tooltip(f"{name}:N") for name in ("week", "figure", "time", "reviewed")]


def _points(number: int, week: Waits, measure: Measure) -> list[dict[str, Any]]:
    times = week.working if measure is Measure.WORKING else week.elapsed
    return [
        _place(number)
        | {"number": number, "seconds": seconds, "figure": name, "time": measure.label(seconds)}
        | {
            "week": printable(week.name),
            "reviewed": week.reviewed,
            "fill": colour if week.reviewed >= FEW else "#ffffff",
        }
        for (name, colour), seconds in zip(_COLOURS.items(), times or (), strict=False)
    ]


def _place(number: int) -> dict[str, Any]:
    return {"middle": number + 0.5}


def _stretch(number: int, known: set[int]) -> int:
    """The first week of those without a gap up to this one."""
    while number - 1 in known:
        number -= 1
    return number


def _up(measure: Measure, longest: float, *, title: str) -> alt.Y:
    """The vertical place, on the scale of all durations."""
    labels = {tick: measure.label(tick) for tick in ticks(measure, longest, HEIGHT, apart=UPRIGHT_DISTANCE)}
    cases = "".join(f"datum.value == {tick} ? '{label}' : " for tick, label in labels.items())
    axis = alt.Axis(title=title, values=list(labels), labelExpr=f"{cases}''", gridColor=GRID)
    scale = alt.Scale(type="symlog", constant=LINEAR_SECONDS, domain=[0, longest], nice=False, zero=False)
    return alt.Y("seconds:Q", scale=scale, axis=axis)
