"""The times that are marked on an axis."""

import pytest

from app.charts.measure import DAY_SECONDS, HOUR_SECONDS, Measure
from app.charts.scale import ticks, time_x
from app.charts.style import Chart, Frame, Layers
from tests.charts.drawings import tick_labels

DURATIONS = [1e-5, 0.3, 1.0, 3.0, 300.0, 5000.0, 3.0 * DAY_SECONDS, 60.0 * DAY_SECONDS, 4000.0 * DAY_SECONDS, 1e12]


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("longest", DURATIONS)
def test_ticks_begin_at_nothing_and_divide_what_is_shown(measure: Measure, longest: float) -> None:
    kept = ticks(measure, longest, 580)
    assert kept[0] == 0
    assert kept == sorted(set(kept))
    assert kept[-1] <= longest
    assert 3 <= len(kept) <= 580 // 46 + 1


def test_ticks_are_times_that_people_name() -> None:
    hours = [0, 300, 900, 3600, 4 * 3600]
    assert ticks(Measure.ELAPSED, 10 * DAY_SECONDS, 580) == [*hours, 12 * 3600, 86400, 3 * 86400, 7 * 86400]
    assert ticks(Measure.WORKING, 100 * HOUR_SECONDS, 580) == [*hours, 8 * 3600, 24 * 3600, 80 * 3600]


@pytest.mark.parametrize(
    ("measure", "longest", "labels"),
    [
        (Measure.WORKING, 2, ["0", "0.2 s", "0.5 s", "1 s", "2 s"]),
        (Measure.WORKING, 60, ["0", "5 s", "10 s", "30 s", "1 min"]),
        (Measure.ELAPSED, 4 * 86400, ["0", "5 min", "15 min", "1 h", "4 h", "12 h", "1 d", "3 d"]),
        (Measure.WORKING, 4 * 86400, ["0", "5 min", "15 min", "1 h", "4 h", "8 h", "24 h", "80 h"]),
        (Measure.SAMPLE, 4 * 86400, ["0", "5 min", "15 min", "1 h", "4 h", "8 h", "24 h", "80 h"]),
        (
            Measure.ELAPSED,
            100_000 * 86400,
            ["0", "15 min", "4 h", "1 d", "7 d", "28 d", "365 d", "3,650 d", "100,000 d"],
        ),
        (
            Measure.WORKING,
            1_000_000 * 3600,
            ["0", "15 min", "4 h", "24 h", "160 h", "1,000 h", "4,000 h", "100,000 h", "1,000,000 h"],
        ),
    ],
)
def test_labels_are_written_without_powers(measure: Measure, longest: float, labels: list[str]) -> None:
    frame = Frame(height=20, left=110, right=110, below=60)
    layers = Layers()
    layers.add(layers.over([{"seconds": 0}]).mark_tick().encode(x=time_x(measure, longest, 580, title="time")))
    assert tick_labels(Chart(layers.finish(frame, title="Scale", subtitle=[]), 1)) == labels
