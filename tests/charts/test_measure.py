"""Durations in the words of a chart."""

import pytest

from app.charts.measure import DAY, HOUR, Measure


@pytest.mark.parametrize(
    ("seconds", "elapsed", "working"),
    [
        (0, "0", "0"),
        (0.4, "0", "0"),
        (40, "40 s", "40 s"),
        (59.6, "1 min", "1 min"),
        (720, "12 min", "12 min"),
        (90, "1.5 min", "1.5 min"),
        (3599, "1 h", "1 h"),
        (11_520, "3.2 h", "3.2 h"),
        (20 * HOUR, "20 h", "20 h"),
        (60 * HOUR, "2.5 d", "60 h"),
        (40 * DAY, "40 d", "960 h"),
        (4000 * HOUR, "167 d", "4,000 h"),
    ],
)
def test_a_duration_is_told_in_two_or_three_digits(seconds: float, elapsed: str, working: str) -> None:
    assert Measure.ELAPSED.label(seconds) == elapsed
    assert Measure.WORKING.label(seconds) == working


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("longest", [1e-6, 1.0, 300.0, 5000.0, 3.0 * DAY, 60.0 * DAY, 4000.0 * DAY])
def test_ticks_begin_at_nothing_and_stay_within_what_is_shown(measure: Measure, longest: float) -> None:
    ticks = measure.ticks(longest, 580)
    assert ticks[0] == 0
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= longest
    assert len(ticks) <= 580 // 46 + 1


def test_ticks_are_times_that_people_name() -> None:
    assert Measure.ELAPSED.ticks(10 * DAY, 580) == [0, 300, 900, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY]
    assert Measure.WORKING.ticks(100 * HOUR, 580) == [0, 300, 900, HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 80 * HOUR]
