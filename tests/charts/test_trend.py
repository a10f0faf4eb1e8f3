"""Charts of ranges: the trend with its bounds, the worst stores, and lines at the target, as they are drawn."""

import json
from itertools import pairwise

import numpy as np
import pytest
from altair import load_schema
from jsonschema import validators

from app.charts.bins import bin_counts
from app.charts.histogram import histogram
from app.charts.style import Chart
from app.charts.target import ABOVE
from app.charts.trend import BAND, Shares, overall, trend
from app.charts.worst import worst_bars
from tests.charts.drawings import WEIRD, axis_title, boxes, drawn, rows_with, tick_labels, words

#: Three days: one with bounds apart, one that is closed, one in which nothing is known.
DAYS = [
    Shares("2024-11-01", 95.0, 90.0, 100.0),
    Shares("2024-11-02", None, None, None),
    Shares("2024-11-03", None, 80.0, 100.0),
]

ABOUT = ["From here to there"]

WEEK_MICROS = 7 * 24 * 3_600_000_000


@pytest.fixture
def chart() -> Chart:
    return trend(DAYS, about=ABOUT, target=99.5)


def test_the_band_goes_from_bound_to_bound_and_has_a_gap_where_nothing_was_open(chart: Chart) -> None:
    first, last = boxes(chart, BAND)
    assert tick_labels(chart, "left")[0] == "70"  # ten below the lowest bound, so 300 pixels are 30 percent
    assert first[3] - first[1] == pytest.approx(100)
    assert last[3] - last[1] == pytest.approx(200)
    assert last[1] == pytest.approx(first[1])
    assert last[0] == pytest.approx(first[2] + (first[2] - first[0]))
    (point,) = (mark.look for mark in drawn(chart, "symbol"))
    assert (point["x"], point["y"]) == pytest.approx(((first[0] + first[2]) / 2, first[1] + 50))


def test_the_trend_says_what_it_shows(chart: Chart) -> None:
    said = words(chart)
    assert said[:2] == ["Availability by period", ABOUT[0]]
    assert {"2024-11-01", "2024-11-02", "2024-11-03", "target 99.5 %"} <= set(said)
    assert axis_title(chart, "left") == "availability, percent"
    assert overall(DAYS[0]) == "availability of all their time: 95.00 %, between its bounds 90.00 % to 100.00 %"
    assert overall(DAYS[2]) == "nothing is known of their open time"
    assert not [word for word in words(trend(DAYS, about=ABOUT, target=None)) if word.startswith("target")]


def test_of_many_periods_few_are_named() -> None:
    many = [Shares(f"{number:03}", 99.0, 98.0, 100.0) for number in range(365)]
    named = [row["text"] for row in rows_with(trend(many, about=ABOUT, target=None), "text", "period")]
    assert named == [f"{number:03}" for number in range(0, 365, 41)]


def test_labels_of_hours_have_room_for_all_their_letters() -> None:
    hours = [Shares(f"2024-11-{1 + at // 24:02}T{at % 24:02}", 99.0, 98.0, 100.0) for at in range(168)]
    places = [
        mark.look["x"] for mark in drawn(trend(hours, about=ABOUT, target=None), "text") if "T" in mark.look["text"]
    ]
    assert len(places) == 7
    # Thirteen letters of 12 pixels are some 84 wide.
    assert min(b - a for a, b in pairwise(sorted(places))) > 90


@pytest.mark.parametrize(
    ("low", "floor"), [(99.99, 99.98), (99.5, 99.4), (97.3, 96.0), (95.0, 94.0), (55.0, 40.0), (4.0, 0.0)]
)
def test_the_axis_begins_below_all_that_is_drawn(low: float, floor: float) -> None:
    chart = trend([Shares("a", 100.0, low, 100.0)] * 2, about=ABOUT, target=None)
    upright = [layer.get("encoding", {}).get("y", {}) for layer in chart.spec["layer"]]
    domains = [place["scale"]["domain"] for place in upright if "scale" in place]
    assert domains
    assert all(domain == pytest.approx([floor, 100]) for domain in domains)


def test_the_worst_stores_are_bars_with_their_bounds() -> None:
    stores = [Shares("Kiosk", 40.0, 30.0, 60.0), Shares("x" * 400, 80.0, 80.0, 80.0)]
    chart = worst_bars(stores, of=26, about=ABOUT, target=99.5)
    first, second = boxes(chart)
    assert first[0] == second[0]
    assert second[2] - second[0] == pytest.approx(2 * (first[2] - first[0]))
    percent = (first[2] - first[0]) / 40
    ends = [(look["x"], look["x2"]) for look in (mark.look for mark in drawn(chart, "rule")) if "x2" in look]
    assert any(
        sorted(pair) == pytest.approx([first[0] + 30 * percent, first[0] + 60 * percent], abs=1) for pair in ends
    )
    assert {
        *("Kiosk", "40.00 %", "80.00 %", "target 99.5 %"),
        "The 2 with the lowest availability, of 26 stores",
    } <= set(words(chart))


@pytest.mark.parametrize(("target", "place"), [(100.0, 8.0), (99.5, 7.5), (98.0, 6.0), (25.0, 1.5)])
def test_the_target_stands_within_its_bin(target: float, place: float) -> None:
    counts = bin_counts(np.array([0.5, 0.995, 1.0]))
    chart = histogram(counts, left_out=0, first=0, last=WEEK_MICROS, target=target)
    (row,) = rows_with(chart, "target")
    assert row == {"target": pytest.approx(place), "text": f"target {target:g} %"}
    bare = histogram(counts, left_out=0, first=0, last=WEEK_MICROS)
    assert chart.spec["padding"]["top"] == bare.spec["padding"]["top"] + ABOVE


def test_charts_of_ranges_are_valid_specifications_whatever_names_are() -> None:
    schema = load_schema()
    of = [Shares(name, 50.0, 40.0, 60.0) for name in WEIRD]
    for chart in (trend(of, about=ABOUT, target=50), worst_bars(of, of=20, about=ABOUT, target=None)):
        validators.validator_for(schema)(schema).validate(json.loads(json.dumps(chart.spec, allow_nan=False)))
