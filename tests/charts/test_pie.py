"""Labels of a pie."""

import math
from itertools import pairwise

import pytest

from app.charts.pie import Slice, pie
from tests.charts.drawings import rows_with


@pytest.mark.parametrize(
    "counts", [[1], [1] * 14, [1000, *[1] * 13], [*[1] * 6, 1000, *[1] * 7], [500, 500, *[1] * 12], [1, 99_999_999]]
)
def test_labels_do_not_overlap_and_stay_within_the_picture(counts: list[int]) -> None:
    slices = [Slice("a" * 23, "a" * 23, count, "#000000") for count in counts]
    chart = pie(slices, title="Pie", subtitle=[])
    labels = rows_with(chart, "text", "x", "y")
    assert len(labels) == len(counts)
    for side in (-1, 1):
        heights = sorted(label["y"] for label in labels if math.copysign(1, label["x"]) == side)
        assert all(low + 18.9 < high for low, high in pairwise(heights))
    assert all(abs(label["y"]) <= chart.spec["height"] / 2 for label in labels)
    assert max(row["end"] for row in labels) == pytest.approx(2 * math.pi)
