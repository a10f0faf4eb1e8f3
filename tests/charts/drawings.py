"""What the tests of the charts have in common: made-up durations, and reading a chart back."""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
