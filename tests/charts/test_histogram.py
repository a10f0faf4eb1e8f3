"""Bars of availability, as they are drawn."""

import numpy as np
import pytest

from app.charts.bins import bin_counts
from app.charts.histogram import histogram
from tests.charts.drawings import axis_title, boxes, drawn, tick_labels

WEEK = {"first": 1_674_065_602_000_000, "last": 1_674_670_402_000_000}


def test_a_bar_is_as_high_as_its_number_of_stores() -> None:
    chart = histogram(bin_counts(np.array([0.0, 0.6, 0.7, 1.0])), left_out=0, **WEEK)
    # Nine places of 80 pixels, a bar is 0.84 of its place; two stores are 260 high.
    expected = [(6.4 + 80 * place, 260, 73.6 + 80 * place, 260) for place in range(9)]
    for place, top in ((0, 130), (2, 0), (8, 130)):
        expected[place] = (6.4 + 80 * place, top, 73.6 + 80 * place, 260)
    assert boxes(chart) == [pytest.approx(box) for box in expected]
    assert [mark.says["stores"] for mark in drawn(chart, "rect")] == list("102000001")


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (1, "0 1"),
        (2, "0 1 2"),
        (3, "0 1 2 3"),
        (6, "0 2 4 6"),
        (12, "0 5 10"),
        (107, "0 50 100"),
        (5432, "0 2,000 4,000"),
    ],
)
def test_stores_are_counted_in_whole_numbers(most: int, labels: str) -> None:
    chart = histogram(bin_counts(np.array([0.3] * most)), left_out=0, **WEEK)
    assert tick_labels(chart, "left") == labels.split()
    assert axis_title(chart, "left") == "stores"
