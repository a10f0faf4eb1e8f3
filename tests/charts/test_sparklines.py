"""Rows of figures from period to period: where lines lie, and where there are none."""

import json
from typing import Any

import pytest
from altair import load_schema
from jsonschema import validators

from app.charts.sparklines import MOST_POINTS, ROW_HEIGHT, Point, Row, sparklines
from app.charts.style import WIDTH, Chart
from tests.charts.drawings import WEIRD, drawn, rows_with, words


def chart_of(*points: Point, name: str = "Commits") -> Chart:
    """A chart of one row."""
    periods = [f"2024-W{number + 1:02}" for number in range(len(points))]
    return sparklines([Row(name, "n 3", "42", points)], periods=periods, title="Version control", about=["all of it"])


def marks(chart: Chart) -> list[dict[str, Any]]:
    """Each period once, from left to right."""
    return list({mark["from"]: mark for mark in rows_with(chart, "stretch")}.values())


def test_a_row_goes_from_zero_to_its_highest() -> None:
    found = marks(chart_of(*(Point(value, str(value)) for value in (0.0, 5.0, 10.0))))
    floor, half, top = (mark["y"] for mark in found)
    assert floor > half > top
    assert half == pytest.approx((floor + top) / 2)


def test_no_line_leads_over_a_period_without_a_figure() -> None:
    found = marks(chart_of(Point(1, "1"), Point(2, "2"), Point(None, "-"), Point(3, "3")))
    assert found[0]["stretch"] == found[1]["stretch"] != found[-1]["stretch"]


def test_what_was_not_read_is_grey_whatever_its_figure_is() -> None:
    chart = chart_of(Point(1, "1"), Point(9, "9", is_gap=True), Point(2, "2"))
    gap = next(mark for mark in rows_with(chart, "stretch") if mark["from"] == 1)
    assert (gap["is_gap"], gap["is_drawn"]) == (True, False)
    assert len(drawn(chart, "rect")) == 1
    highest = min(mark["y"] for mark in marks(chart) if mark["is_drawn"])
    assert highest == next(mark["y"] for mark in marks(chart) if mark["from"] == 2), "the 9 sets no scale"


def test_few_values_are_hollow() -> None:
    chart = chart_of(Point(1, "1", few=True), Point(2, "2"))
    assert len({mark["fill"] for mark in marks(chart)}) == 2
    assert "#ffffff" in {mark["fill"] for mark in marks(chart)}


def test_of_many_periods_only_what_stands_alone_has_a_point() -> None:
    points = [Point(float(number), "") for number in range(MOST_POINTS + 5)]
    points[3] = points[5] = Point(None, "")
    found = {mark["from"]: mark for mark in marks(chart_of(*points))}
    assert [number for number, mark in found.items() if mark["is_drawn"] and mark["is_point"]] == [4]


def test_all_zeros_lie_on_the_floor() -> None:
    found = marks(chart_of(Point(0.0, "0"), Point(0.0, "0")))
    assert len({mark["y"] for mark in found}) == 1


def test_what_a_row_comes_to_is_written_beside_it() -> None:
    said = words(chart_of(Point(1, "1")))
    assert {"Version control", "All of it", "Commits", "n 3", "42", "2024-W01"} <= set(said)


@pytest.mark.parametrize("name", WEIRD)
def test_any_name_makes_a_valid_specification_of_one_size(name: str) -> None:
    chart = chart_of(Point(1, "1"), Point(None, "-", is_gap=True), name=name)
    validator = validators.validator_for(load_schema())(load_schema())
    assert not list(validator.iter_errors(json.loads(json.dumps(chart.spec))))
    assert chart.spec["height"] == ROW_HEIGHT
    assert chart.spec["width"] < WIDTH
