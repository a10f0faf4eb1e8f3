"""The map of the worst stores, as it is drawn."""

from typing import Any

import numpy as np
import pytest

from app.charts.hours import hour_map
from app.charts.style import STATES, Chart
from tests.charts.drawings import boxes, drawn, words

HOUR_MICROS = 3_600_000_000

#: Wednesday, 2023-01-25 18:13:22 UTC, and seven days earlier: 169 hours are touched.
LAST = 1_674_670_402_000_000
FIRST = LAST - 168 * HOUR_MICROS


def worst(**how_many: Any) -> Chart:
    """A store that is closed but for its first two hours and its last, another that is down throughout."""
    states = np.array([[0, 1, *[3] * 166, 1], [1] * 169], np.int8)
    return hour_map(["b[0]", "a"], np.array([0.5, 0.0]), states, first=FIRST, last=LAST, **how_many)


def test_a_span_reaches_over_its_hours_and_half_its_height_to_both_sides() -> None:
    chart = worst(of=2, tied=0)
    # 512 pixels for 169 hours, a row is 15 high; up is 0.34 of it, down 0.9, closed 0.06. The legend lies above.
    up, down, _, closed = ([box for box in boxes(chart, state.colour) if box[3] > 0] for state in STATES)
    hour = 512 / 169
    assert up == [pytest.approx((0, 7.5 - 2.55, hour, 7.5 + 2.55))]
    assert down == [
        pytest.approx((hour, 0.75, 2 * hour, 14.25)),
        pytest.approx((168 * hour, 0.75, 512, 14.25)),
        pytest.approx((0, 15.75, 512, 29.25)),
    ]
    assert closed == [pytest.approx((2 * hour, 7.5 - 0.45, 168 * hour, 7.5 + 0.45))]


def test_a_span_tells_its_store_its_time_within_the_week_and_its_state() -> None:
    told = [mark.says for mark in drawn(worst(of=2, tied=0), "rect") if "store" in mark.says]
    assert {(one["store"], one["since"], one["until"], one["state"]) for one in told} == {
        ("b[0]", "Wed 18 Jan 18:13", "Wed 18 Jan 19:00", "up"),
        ("b[0]", "Wed 18 Jan 19:00", "Wed 18 Jan 20:00", "down"),
        ("b[0]", "Wed 18 Jan 20:00", "Wed 25 Jan 18:00", "closed"),
        ("b[0]", "Wed 25 Jan 18:00", "Wed 25 Jan 18:13", "down"),
        ("a", "Wed 18 Jan 18:13", "Wed 25 Jan 18:13", "down"),
    }
    tooltips = [layer["encoding"]["tooltip"] for layer in worst(of=2, tied=0).spec["layer"] if "transform" in layer]
    assert [[one["field"] for one in tooltip] for tooltip in tooltips] == [["store", "since", "until", "state"]] * 4


@pytest.mark.parametrize(
    ("of", "tied", "line"),
    [
        (2, 0, None),
        (9, 0, "The 2 with the lowest availability, of 9 stores"),
        (9, 1, "The 2 with the lowest availability, of 9 stores; 1 more has the same availability as the last of them"),
        (
            1200,
            1100,
            (
                "The 2 with the lowest availability, of 1,200 stores; "
                "1,100 more have the same availability as the last of them"
            ),
        ),
    ],
)
def test_stores_that_are_as_bad_but_not_shown_are_counted(of: int, tied: int, line: str | None) -> None:
    lines = [text for text in words(worst(of=of, tied=tied)) if "lowest" in text]
    assert lines == ([line] if line else [])


def test_hours_that_nobody_looked_at_are_pale_and_say_so() -> None:
    states = np.array([[0, 4, 4, 1, 5, *[3] * 164]], np.int8)
    chart = hour_map(["a"], np.array([0.5]), states, first=FIRST, last=LAST, of=1, tied=0)
    told = [
        (mark.says["state"], mark.says["since"], mark.says["until"], mark.look.get("opacity", 1))
        for mark in drawn(chart, "rect")
        if "store" in mark.says
    ]
    assert sorted(told)[1:] == [
        ("down", "Wed 18 Jan 21:00", "Wed 18 Jan 22:00", 1),
        ("down, as the last hour with polls", "Wed 18 Jan 22:00", "Wed 18 Jan 23:00", 0.4),
        ("up", "Wed 18 Jan 18:13", "Wed 18 Jan 19:00", 1),
        ("up, as the last hour with polls", "Wed 18 Jan 19:00", "Wed 18 Jan 21:00", 0.4),
    ]
    assert "Pale: no polls in that hour, as the last hour with polls" in words(chart)
