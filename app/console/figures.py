"""Figures of metrics for people: with their unit, what is to be known of them, and how they went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from app.console.marked import marked
from app.console.texts import NOTHING, Texts

#: Units of time with their seconds and how many of them there are at most; those that reports have.
_TIMES: Final = (("s", 1, 60), ("min", 60, 60), ("h", 3600, inf))

#: What figures of a state are called that are not complete.
STATES: Final = {"partial": marked("not everything was read"), "running": marked("not over")}

#: Titles of pillars by their names; of others there is that of the API.
PILLARS: Final = {
    "version_control": marked("Version control"),
    "compatibility": marked("Compatibility"),
    "infrastructure": marked("Infrastructure"),
    "team": marked("Team"),
}

#: Of a trend, in units of its picture.
WIDTH: Final = 160
HEIGHT: Final = 36
_EDGE: Final = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure went from period to period.

    Attributes:
        lines: coordinates of points that follow each other without a gap.
        dots: those of points that stand alone.
        gaps: left edges of periods that were not wholly read, or are not over; nothing is drawn of them.
        step: width of a period.
        told: the same in words.
    """

    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    gaps: Sequence[float]
    step: float
    told: str


def written(texts: Texts, value: float | None, unit: str) -> str:
    """A figure: a duration in the unit of its size, a percentage, or a number, after which its unit may stand."""
    if value is None:
        return NOTHING
    if unit == "seconds":
        name, size = next((name, size) for name, size, most in _TIMES if round(abs(value) / size, 1) < most)
        return f"{texts.number(value / size, digits=1)} {name}"
    if unit == "percent":
        return f"{texts.number(value, digits=1)} %"
    return texts.number(value, digits=0 if value == round(value) else 2)


def noun(unit: str) -> str:
    """What a number is followed by: what is counted; nothing after a duration or a percentage, which have their own."""
    return "" if unit in {"seconds", "percent"} else unit


def notes(texts: Texts, figure: Mapping[str, Any]) -> list[str]:
    """What is to be known of a figure."""
    found = [texts("too few people")] if figure["withheld"] else [texts("few values")] if figure["few"] else []
    state = STATES.get(figure["state"])
    return found if state is None else [*found, texts(state)]


def trend(texts: Texts, periods: Sequence[str], figures: Sequence[Mapping[str, Any]], unit: str) -> Trend | None:
    """A figure over all periods, between gaps; None if there is nothing to draw."""
    unread = {one["period"] for one in figures if one["state"] != "complete"}
    values = {
        one["period"]: one["value"] for one in figures if one["value"] is not None and one["period"] not in unread
    }
    if len(periods) < 2 or not values:
        return None
    step, low, high = WIDTH / len(periods), min(0, *values.values()), max(0, *values.values())
    runs: list[list[tuple[float, float]]] = [[]]
    for at, period in enumerate(periods):
        if period not in values:
            runs.append([])
            continue
        share = (values[period] - low) / (high - low) if high > low else 0.0
        runs[-1].append((round((at + 0.5) * step, 1), round(HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE), 1)))
    known = [values[period] for period in periods if period in values]
    told = texts(
        "From %(first)s to %(last)s: at first %(begin)s, at last %(end)s, between %(least)s and %(most)s.",
        first=periods[0],
        last=periods[-1],
        begin=written(texts, known[0], unit),
        end=written(texts, known[-1], unit),
        least=written(texts, min(known), unit),
        most=written(texts, max(known), unit),
    )
    if missing := len(periods) - len(values):
        told += " " + texts.counted("%(count)s period has no figure.", "%(count)s periods have no figure.", missing)
    return Trend(
        lines=[" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1],
        dots=[run[0] for run in runs if len(run) == 1],
        gaps=[round(at * step, 1) for at, period in enumerate(periods) if period in unread],
        step=round(step, 1),
        told=told,
    )
