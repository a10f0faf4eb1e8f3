"""Distributions, as they are drawn."""

import math

import numpy as np
import pytest

from app.charts.durations import Durations, Measure, duration_charts
from app.charts.style import Chart
from tests.charts.drawings import Mark, axis_title, drawn, durations, words

nan = np.nan

#: ln(1 + seconds / 300) is 0, 1, 2, 3 and 4 times ln 2.
DOUBLING = [0.0, 300.0, 900.0, 2100.0, 4500.0]


def reviews(observed: Durations, measure: Measure = Measure.WORKING) -> Chart:
    return duration_charts(observed, ordinary=np.ones(len(observed), bool), measure=measure)["review_time_per_team"]


def circles(chart: Chart, *, medians: bool) -> list[Mark]:
    return [mark for mark in drawn(chart, "symbol") if (mark.look["fill"] == "#ffffff") is medians]


def test_median_and_middle_half_lie_where_the_scale_has_them() -> None:
    chart = reviews(durations(["a"], {0: (DOUBLING, [60.0] * 5)}))
    # 582 pixels end 4 % beyond the longest, at ln(1 + 15.6); the row is 58 high, its axis at 0.64 of it.
    doubled = 582 * math.log(2) / math.log(16.6)
    (middle,) = [mark.look for mark in drawn(chart, "rule") if mark.look.get("strokeWidth") == 5]
    assert (middle["x"], middle["x2"], middle["y"]) == pytest.approx((doubled, 3 * doubled, 37.12))
    (median,) = circles(chart, medians=True)
    assert (median.look["x"], median.look["y"]) == pytest.approx((2 * doubled, 37.12))
    assert "median 15 min" in words(chart)
    assert axis_title(chart) == "review time, working time (logarithmic above 5 min)"


def test_an_outline_reaches_from_the_least_to_the_greatest_around_its_axis() -> None:
    chart = reviews(durations(["a"], {0: (DOUBLING, [60.0] * 5)}))
    outline = [mark.look for mark in drawn(chart, "area")]
    places = [look["x"] for look in outline]
    assert places == sorted(places)
    assert (places[0], places[-1]) == pytest.approx((0, 582 * math.log(16) / math.log(16.6)), abs=0.01)
    assert [look["y"] + look["y2"] for look in outline] == pytest.approx([2 * 37.12] * len(outline), abs=0.02)
    assert max(look["y2"] - look["y"] for look in outline) == pytest.approx(2 * 0.3 * 58, abs=0.02)


def test_few_times_are_dots_and_equal_ones_are_counted() -> None:
    chart = reviews(durations(["a", "b"], {0: ([60.0, 60.0, 7200.0], [1.0] * 3), 1: ([300.0] * 40, [1.0] * 40)}))
    dots = {(mark.says["team"], mark.says["time"]): mark.says["times"] for mark in circles(chart, medians=False)}
    assert dots == {("a", "1 min"): "2", ("a", "2 h"): "1", ("b", "5 min"): "40"}
    assert [text for text in words(chart) if text.endswith(" equal")] == ["40 equal", "2 equal"]
    assert not drawn(chart, "area")


def test_the_key_names_the_marks_that_there_are() -> None:
    many = " ".join(words(reviews(durations(["a"], {0: (DOUBLING, [1.0] * 5)}))))
    few = " ".join(words(reviews(durations(["a"], {0: (DOUBLING[:4], [1.0] * 4)}))))
    assert "Outline: distribution, scaled per team; bar: the middle half; circle: the median" in many
    assert "Dots: each time of a team with fewer than 5 or with equal times only" in few
    assert "Circle: the median" in few
    assert "Dots" not in many
    assert "utline" not in few


def test_a_row_says_how_many_of_its_team_have_the_time() -> None:
    observed = durations(["a", "b"], {0: ([60.0] * 3 + [nan] * 2, [nan] * 5), 1: ([60.0], [nan])})
    assert {"3 of 5 pull requests", "1 pull request"} <= set(words(reviews(observed)))
    assert {"3 of 5 observations", "1 observation"} <= set(words(reviews(observed, Measure.SAMPLE)))


def test_everything_tells_its_team_and_time() -> None:
    chart = reviews(durations(["a.b[0]"], {0: (DOUBLING, [1.0] * 5)}))
    assert {(mark.says["team"], mark.says["median"], mark.says["observations"]) for mark in drawn(chart, "area")} == {
        ("a.b[0]", "15 min", "5")
    }
    (middle,) = [mark.says for mark in drawn(chart, "rule") if "team" in mark.says]
    assert (middle["team"], middle["middle half"]) == ("a.b[0]", "5 min to 35 min")
    tooltips = [layer["encoding"]["tooltip"] for layer in chart.spec["layer"] if "tooltip" in layer["encoding"]]
    assert [[one.get("title", one["field"]) for one in tooltip] for tooltip in tooltips] == [
        ["team", "median", "observations"],
        ["team", "middle half"],
        ["team", "time", "times"],
        ["team", "median", "observations"],
    ]


def test_times_that_the_scale_cannot_tell_apart_are_dots() -> None:
    times = [1e9] * 5 + [1e9 + 1e-6]
    (dot,) = circles(reviews(durations(["a"], {0: (times, times)})), medians=False)
    assert dot.says["times"] == "6"
