"""Durations in the words of a chart."""

import pytest

from app.charts.measure import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, Measure


@pytest.mark.parametrize(
    ("seconds", "elapsed", "working"),
    [
        (0, "0", "0"),
        (0.04, "0", "0"),
        (0.4, "0.4 s", "0.4 s"),
        (40, "40 s", "40 s"),
        (59.96, "1 min", "1 min"),
        (720, "12 min", "12 min"),
        (726, "12.1 min", "12.1 min"),
        (90, "1.5 min", "1.5 min"),
        (3599, "1 h", "1 h"),
        (43_560, "12.1 h", "12.1 h"),
        (20 * 3600, "20 h", "20 h"),
        (25 * 3600, "25 h", "25 h"),
        (48 * 3600, "2 d", "48 h"),
        (60 * 3600, "2.5 d", "60 h"),
        (40.06 * 86400, "40.1 d", "961.4 h"),
        (4000 * 3600, "166.7 d", "4,000 h"),
    ],
)
def test_a_duration_is_rounded_to_one_decimal(seconds: float, elapsed: str, working: str) -> None:
    assert Measure.ELAPSED.label(seconds) == elapsed
    assert Measure.WORKING.label(seconds) == Measure.SAMPLE.label(seconds) == working


@pytest.mark.parametrize(
    ("unit", "labels"),
    [
        (1, ["100 s", "5,400 s", "180,000 s"]),
        (MINUTE_SECONDS, ["1.7 min", "90 min", "3,000 min"]),
        (HOUR_SECONDS, ["1.7 min", "1.5 h", "50 h"]),
        (DAY_SECONDS, ["1.7 min", "1.5 h", "2.1 d"]),
    ],
)
def test_a_label_does_not_leave_the_unit_of_its_axis(unit: int, labels: list[str]) -> None:
    assert [Measure.ELAPSED.label(seconds, largest_seconds=unit) for seconds in (100, 5400, 180_000)] == labels


def test_only_elapsed_time_is_given_in_days() -> None:
    assert [measure for measure in Measure if measure.in_days] == [Measure.ELAPSED]
