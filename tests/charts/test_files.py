"""Charts as files."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.charts.durations import Durations, Measure, duration_charts
from app.charts.files import write_charts
from tests.charts.drawings import WEIRD, durations, made_up, size_of

CASES = {
    "usual": made_up(["Application", "Data Service", "Platform"], 300),
    "weird names": made_up(list(WEIRD), 300),
    "200 teams": made_up([f"team {number}" for number in range(200)], 4000),
    "one observation": durations(["a"], {0: ([3.0], [np.nan])}),
    "all zero": durations(["a", "b"], {0: ([0.0] * 50, [0.0] * 50), 1: ([0.0], [0.0])}),
}


@pytest.mark.parametrize("observed", CASES.values(), ids=CASES.keys())
def test_every_chart_is_drawn_as_wide_as_promised(observed: Durations, tmp_path: Path) -> None:
    ordinary = np.arange(len(observed.team)) % 2 == 0
    charts = duration_charts(observed, ordinary=ordinary, measure=Measure.WORKING)
    artifacts = write_charts(charts, tmp_path)
    assert [artifact.path.name for artifact in artifacts] == [
        f"{name}.{ending}" for name in charts for ending in ("png", "vl.json")
    ]
    for drawing, source in zip(artifacts[::2], artifacts[1::2], strict=True):
        chart = charts[source.path.name.removesuffix(".vl.json")]
        width, height = size_of(drawing.path)
        assert width == 1600
        assert 300 < height < 2000
        assert drawing.media_type == "image/png"
        assert source.media_type == "application/vnd.vegalite.v6+json"
        assert json.loads(source.path.read_text(encoding="utf-8")) == chart.spec
        assert drawing.rows == source.rows == chart.observations


def test_a_drawing_is_the_same_each_time(tmp_path: Path) -> None:
    observed = CASES["usual"]
    contents = []
    for _ in range(2):
        charts = duration_charts(observed, ordinary=np.ones(300, bool), measure=Measure.ELAPSED)
        contents.append([artifact.path.read_bytes() for artifact in write_charts(charts, tmp_path)])
    assert contents[0] == contents[1]


def test_no_charts_are_no_files(tmp_path: Path) -> None:
    assert write_charts({}, tmp_path) == []
