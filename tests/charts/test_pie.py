"""A pie, as it is drawn."""

import math
from itertools import pairwise

import pytest

from app.charts.leaders import BEND_RADIUS, RADIUS
from app.charts.pie import Slice, pie
from app.charts.style import Chart
from tests.charts.drawings import Mark, drawn

#: Pixels from the edge of the picture to its marks.
EDGE = 16

COUNTS = [
    *([1], [1] * 14, [1000, *[1] * 13], [*[1] * 6, 1000, *[1] * 7], [500, 500, *[1] * 12], [1, 99_999_999]),
    *([5000, *[3] * 11, 9], [3] * 14),
]

each_pie = pytest.mark.parametrize("counts", COUNTS, ids=str)


def draw(counts: list[int]) -> Chart:
    slices = [Slice("a" * 23, "a" * 23, count, "#000000") for count in counts]
    return pie(slices, noun="pull request", subtitle=[])


def from_centre(chart: Chart, mark: Mark) -> tuple[float, float]:
    centre = drawn(chart, "arc")[0].look
    return mark.look["x"] - centre["x"], mark.look["y"] - centre["y"]


def leaders(chart: Chart) -> list[list[tuple[float, float]]]:
    """Points of each line from a slice to its label, from the centre."""
    points: dict[str, list[tuple[float, float]]] = {}
    for mark in drawn(chart, "line"):
        points.setdefault(mark.says["slice"], []).append(from_centre(chart, mark))
    return list(points.values())


def test_a_slice_has_its_share_of_the_circle() -> None:
    arcs = [mark.look for mark in drawn(draw([3, 1, 4]), "arc")]
    quarter = math.pi / 2
    ends = [(look["startAngle"], look["endAngle"]) for look in arcs]
    assert ends == [
        pytest.approx((0, 1.5 * quarter)),
        pytest.approx((1.5 * quarter, 2 * quarter)),
        pytest.approx((2 * quarter, 4 * quarter)),
    ]
    assert {(look["innerRadius"], look["outerRadius"], look["x"]) for look in arcs} == {(0, 120, 384)}


@each_pie
def test_labels_do_not_overlap_and_stay_within_the_picture(counts: list[int]) -> None:
    chart = draw(counts)
    labels = [mark.look for mark in drawn(chart, "text")]
    assert len(labels) == len(counts)
    for align in ("left", "right"):
        heights = sorted(label["y"] for label in labels if label["align"] == align)
        assert all(low + 16.9 < high for low, high in pairwise(heights))
    for label in labels:
        outwards = label["limit"] if label["align"] == "left" else -label["limit"]
        assert EDGE - 0.01 <= EDGE + label["x"] + outwards <= 800 - EDGE + 0.01
        assert label["limit"] > 200
        assert 6 <= label["y"] <= chart.spec["height"] - 6
    assert drawn(chart, "arc")[0].look["y"] - RADIUS >= 0
    assert drawn(chart, "arc")[0].look["y"] + RADIUS <= chart.spec["height"]


@each_pie
def test_a_leader_begins_at_its_rim_and_stays_outside_the_pie(counts: list[int]) -> None:
    chart = draw(counts)
    kinds = [mark.kind for mark in drawn(chart)]
    assert kinds.index("line") > len(kinds) - 1 - kinds[::-1].index("arc")
    middles = [(mark.look["startAngle"] + mark.look["endAngle"]) / 2 for mark in drawn(chart, "arc")]
    assert len(leaders(chart)) == len(counts)
    for rim, bend, label in leaders(chart):
        assert any(
            rim == pytest.approx((RADIUS * math.sin(middle), -RADIUS * math.cos(middle)), abs=0.01)
            for middle in middles
        )
        assert bend == pytest.approx([BEND_RADIUS / RADIUS * place for place in rim], abs=0.01)
        on_the_way = [
            math.hypot(*(start + share * (end - start) for start, end in zip(bend, label, strict=True)))
            for share in (step / 50 for step in range(51))
        ]
        assert min(on_the_way) >= RADIUS


def test_a_slice_too_narrow_for_lines_around_it_has_none_and_is_not_covered() -> None:
    arcs = drawn(draw([5000, 3, 3, 100]), "arc")
    # A rim of 754 pixels: 3 of 5106 are 0.4 of one, 100 are 15.
    widths = [(mark.says["pull requests"], mark.look["strokeWidth"]) for mark in arcs]
    assert widths == [("5,000", 1), ("100", 1), ("3", 0), ("3", 0)]
    gaps = [mark for mark in drawn(draw([5000, 3, 3, 100]), "rule") if mark.look["stroke"] == "#ffffff"]
    assert len(gaps) == 1
    assert len([mark for mark in drawn(draw([1, 1, 1]), "rule") if mark.look["stroke"] == "#ffffff"]) == 3
    assert not [mark for mark in drawn(draw([1]), "rule") if mark.look["stroke"] == "#ffffff"]


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([1, 99_999_999], ["< 0.1 %", "> 99.9 %"]),
        ([1, 7], ["12.5 %", "87.5 %"]),
        ([1, 3], ["25 %", "75 %"]),
        ([5], ["100 %"]),
    ],
)
def test_only_a_whole_pie_is_a_hundred_percent(counts: list[int], shares: list[str]) -> None:
    texts = [mark.look["text"] for mark in drawn(draw(counts), "text")]
    assert sorted(text[text.index("(") + 1 : -1] for text in texts) == sorted(shares)
