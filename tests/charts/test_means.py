"""Bars of means, as they are drawn."""

import numpy as np
import pytest

from app.charts.durations import Durations, Measure, duration_charts
from app.charts.style import Chart
from tests.charts.drawings import axis_title, boxes, drawn, durations, tick_labels, words

nan = np.nan


def bars(observed: Durations, measure: Measure = Measure.WORKING) -> Chart:
    return duration_charts(observed, ordinary=np.ones(len(observed), bool), measure=measure)["mean_times_per_team"]


@pytest.mark.parametrize(
    ("measure", "seconds", "title", "labels"),
    [
        (Measure.WORKING, 40 * 3600, "mean time, hours (working time)", "0 10 20 30 40 50 60"),
        (Measure.WORKING, 60 * 60, "mean time, minutes (working time)", "0 10 20 30 40 50 60 70 80 90"),
        (Measure.WORKING, 200 * 3600, "mean time, hours (working time)", "0 50 100 150 200 250 300"),
        (Measure.WORKING, 2 * 3600, "mean time, hours (working time)", "0 0.5 1 1.5 2 2.5 3"),
        (
            Measure.WORKING,
            3_000_000 * 3600,
            "mean time, hours (working time)",
            "0 500,000 1,000,000 1,500,000 2,000,000 2,500,000 3,000,000 3,500,000 4,000,000 4,500,000",
        ),
        (Measure.ELAPSED, 40 * 3600, "mean time, hours (elapsed time)", "0 10 20 30 40 50 60"),
        (Measure.ELAPSED, 60 * 3600, "mean time, days (elapsed time)", "0 0.5 1 1.5 2 2.5 3 3.5"),
        (Measure.SAMPLE, 60 * 3600, "mean time, hours (as measured in the sample)", "0 10 20 30 40 50 60 70 80 90"),
        (Measure.ELAPSED, 60, "mean time, seconds (elapsed time)", "0 10 20 30 40 50 60 70 80 90"),
    ],
)
def test_an_axis_has_a_unit_that_its_longest_bar_has_two_of(
    measure: Measure, seconds: float, title: str, labels: str
) -> None:
    chart = bars(durations(["a"], {0: ([seconds], [0.0])}), measure)
    assert axis_title(chart) == title
    assert tick_labels(chart) == labels.split()


def test_a_merge_bar_begins_where_its_review_bar_ends() -> None:
    observed = durations(["a", "b"], {0: ([3600.0, 10_800.0], [7200.0, nan]), 1: ([nan], [3600.0])})
    # Of 596 pixels 376 are for bars; the longest is 4 h, so an hour is 94. A row is 44 high, a bar from 0.24 to 0.76.
    assert boxes(bars(observed)) == [
        pytest.approx((0, 10.56, 188, 33.44)),
        pytest.approx((188, 10.56, 376, 33.44)),
        pytest.approx((0, 54.56, 0, 77.44)),
        pytest.approx((0, 54.56, 94, 77.44)),
    ]


def test_each_mean_says_of_how_many_it_is() -> None:
    observed = durations(["a", "b"], {0: ([3600, 7200, nan, nan], [60, nan, 300, 180]), 1: ([600], [nan])})
    chart = bars(observed)
    assert {"review 90 min (2 of 4)", "merge 3 min (3 of 4)", "review 10 min (1)", "merge not known (0 of 1)"} <= set(
        words(chart)
    )
    assert {"4 pull requests", "1 pull request"} <= set(words(chart))
    told = [mark.says for mark in drawn(chart, "rect")]
    assert [(one["team"], one["part"], one["mean"], one["pull requests"]) for one in told] == [
        ("a", "review", "90 min", "2 of 4"),
        ("a", "merge", "3 min", "3 of 4"),
        ("b", "review", "10 min", "1"),
        ("b", "merge", "not known", "0 of 1"),
    ]


@pytest.mark.parametrize(("merge", "cautious"), [([60.0, 60.0], False), ([60.0, nan], True), ([nan, nan], True)])
def test_a_bar_of_different_pull_requests_says_so(merge: list[float], *, cautious: bool) -> None:
    text = " ".join(words(bars(durations(["a"], {0: ([60.0, 60.0], merge)}))))
    assert (
        "may cover different pull requests: a bar is the sum of two means, not the mean of sums" in text
    ) is cautious


def test_labels_keep_to_the_unit_of_the_axis() -> None:
    # 100 minutes are less than two hours, so the axis is in minutes.
    assert "review 100 min (1)" in words(bars(durations(["a"], {0: ([6000.0], [0.0])})))
    assert "review 25 h (1)" in words(bars(durations(["a"], {0: ([90_000.0], [0.0])}), Measure.ELAPSED))
    assert "review 12.1 h (1)" in words(bars(durations(["a"], {0: ([43_560.0], [0.0])})))


def test_review_is_told_from_merge_by_strength() -> None:
    looks = [mark.look for mark in drawn(bars(durations(["a"], {0: ([60.0], [60.0])})), "rect")]
    assert [look["fillOpacity"] for look in looks] == [1, 0.4]
