"""Bars of days, as they are drawn."""

import numpy as np
import pytest

from app.charts.days import day_bars
from app.charts.style import STATES, Chart
from tests.charts.drawings import axis_title, boxes, drawn, tick_labels

HOUR_MICROS = 3_600_000_000
DAY_MICROS = 24 * HOUR_MICROS

#: Wednesday, 2023-01-18 00:00 UTC.
FIRST = 1_674_000_000_000_000


@pytest.fixture
def chart() -> Chart:
    """Seven days; the first has 6 h up, 3 h down, 3 h unknown; the third has 6 h down."""
    of_day = np.zeros((7, 3), np.int64)
    of_day[0], of_day[2] = (6, 3, 3), (0, 6, 0)
    days = FIRST + np.arange(7) * DAY_MICROS
    return day_bars(days, of_day * HOUR_MICROS, first=FIRST, last=FIRST + 7 * DAY_MICROS)


def test_states_of_a_day_stand_on_each_other(chart: Chart) -> None:
    up, down, unknown = (boxes(chart, state.colour) for state in STATES[:3])
    # Seven places of 100 pixels, a bar is 0.72 of its place; 12 h are 300 high. Samples of the legend are above.
    assert [box for box in up if box[3] > 0] == [pytest.approx((14, 150, 86, 300))]
    assert [box for box in down if box[3] > 0] == [
        pytest.approx((14, 75, 86, 150)),
        pytest.approx((214, 150, 286, 300)),
    ]
    assert [box for box in unknown if box[3] > 0] == [pytest.approx((14, 0, 86, 75))]


def test_a_label_stands_in_its_part_and_the_availability_above_it(chart: Chart) -> None:
    texts = {(mark.look["text"], round(mark.look["x"]), round(mark.look["y"])) for mark in drawn(chart, "text")}
    assert {("6.0 h", 50, 225), ("3.0 h", 50, 112), ("3.0 h", 50, 38), ("6.0 h", 250, 225)} <= texts
    assert {("66.66 %", 50, 0), ("0.00 %", 250, 150)} <= texts
    assert {(f"{day} Jan", 50 + 100 * number, 300) for number, day in enumerate(["Wed 18", "Thu 19"])} <= texts


def test_the_axis_counts_hours(chart: Chart) -> None:
    assert axis_title(chart, "left") == "open time of all stores, hours"
    assert tick_labels(chart, "left") == ["0", "2", "4", "6", "8", "10", "12"]
