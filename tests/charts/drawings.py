"""What the tests of the charts have in common: made-up durations, and reading a chart back, as data and as drawn."""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import vl_convert

from app.charts.style import Chart
from app.charts.teams import Durations

#: Names that trip up markup, expressions, field paths, spreadsheets or fonts.
WEIRD = (
    *('=cmd|"x"!A0', "a.b[0]", 'it\'s "quoted" \\ so', "<b>&amp;</b>", "new\nline\ttab", "datum.value", "\u202egnp"),
    *("日本語のとても長いチーム名前です本当に長い", "😀 family", "x" * 400, "bell\x07", " "),
)


def durations(teams: Sequence[str], times: dict[int, tuple[list[float], list[float]]]) -> Durations:
    """From review and merge times by index of team."""
    team = [index for index, (review, _) in times.items() for _ in review]
    return Durations(
        teams,
        np.array(team, np.int64),
        np.array([value for review, _ in times.values() for value in review], np.float64),
        np.array([value for _, merge in times.values() for value in merge], np.float64),
    )


def made_up(teams: Sequence[str], count: int, *, seed: int = 7) -> Durations:
    """As they are in life: lognormal, a quarter of them zero, a tenth of the merge times not known."""
    dice = np.random.default_rng(seed)
    team = dice.integers(0, len(teams), count)
    review, merge = np.exp(dice.normal(9, 1.6, count)), np.exp(dice.normal(8, 1.8, count))
    review[dice.random(count) < 0.25] = 0
    merge[dice.random(count) < 0.25] = 0
    merge[dice.random(count) < 0.1] = np.nan
    return Durations(teams, team, review, merge)


def rows(chart: Chart) -> Iterator[dict[str, Any]]:
    """Every row of the data that a chart holds."""
    for dataset in chart.spec["datasets"].values():
        yield from dataset


def rows_with(chart: Chart, *fields: str) -> list[dict[str, Any]]:
    return [row for row in rows(chart) if set(fields) <= set(row)]


def words(chart: Chart) -> list[str]:
    """Everything that is written in a chart."""
    title = chart.spec["title"]
    return [title["text"], *title.get("subtitle", []), *(row["text"] for row in rows_with(chart, "text"))]


def size_of(png: Path) -> tuple[int, int]:
    """Width and height as the header of a PNG has them."""
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@dataclass(frozen=True, slots=True)
class Mark:
    """Something drawn: its kind, what it is for, and its look; places are pixels from the left and the top."""

    kind: str
    role: str
    side: str
    look: dict[str, Any]

    @property
    def says(self) -> dict[str, str]:
        """What is told of it to who points at it, or cannot see it."""
        return dict(part.split(": ", 1) for part in self.look.get("description", "").split("; ") if ": " in part)


def drawn(chart: Chart, kind: str = "", *, role: str = "mark", side: str = "") -> list[Mark]:
    """What the engine makes of a chart, in the order in which it is drawn."""
    return [
        mark
        for mark in _scene(json.dumps(chart.spec))
        if mark.kind == (kind or mark.kind) and mark.role == role and mark.side == (side or mark.side)
    ]


def tick_labels(chart: Chart, side: str = "bottom") -> list[str]:
    """What is written along an axis, in order of its marks."""
    return [mark.look["text"] for mark in drawn(chart, "text", role="axis-label", side=side)]


def axis_title(chart: Chart, side: str = "bottom") -> str:
    (title,) = drawn(chart, "text", role="axis-title", side=side)
    return title.look["text"]


def boxes(chart: Chart, fill: str = "") -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the rectangles that are drawn, or of those of one colour."""
    return [
        (look["x"], look["y"], look["x"] + look["width"], look["y"] + look["height"])
        for look in (mark.look for mark in drawn(chart, "rect"))
        if look["fill"] == (fill or look["fill"])
    ]


@lru_cache(maxsize=8)
def _scene(specification: str) -> list[Mark]:
    scene = vl_convert.vegalite_to_scenegraph(specification, allowed_base_urls=[])
    return list(_marks(scene["scenegraph"], 0, 0, ""))


def _marks(node: dict[str, Any], left: float, top: float, side: str) -> Iterator[Mark]:
    for item in node["items"]:
        look = {name: value for name, value in item.items() if name != "items"}
        look["x"], look["y"] = left + look.get("x", 0), top + look.get("y", 0)
        here = look.get("orient", side) if node["marktype"] == "group" else side
        for inner in item.get("items", []):
            yield from _marks(inner, look["x"], look["y"], here)
        if node["marktype"] != "group":
            # The points of an area or of a line lie in a group that has their role.
            yield Mark(node["marktype"], node.get("role") or "", here, look)
