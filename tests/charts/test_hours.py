"""The map of the worst stores, as it is drawn."""

from typing import Any

import numpy as np
import pytest

from app.charts.hours import Clocks, hour_map
from app.charts.style import STATES, Chart
from tests.charts.drawings import boxes, drawn, rows_with, words

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
    assert [[one["field"] for one in tooltip] for tooltip in tooltips] == [
        ["store", "zone", "since", "until", "state"]
    ] * 4


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


def ahead(*hours: float) -> np.ndarray:
    return np.array(hours) * HOUR_MICROS


def test_each_row_is_on_the_clock_of_its_store_and_says_its_zone() -> None:
    states = np.array([[0, 1, *[3] * 167], [1, 0, *[3] * 167]], np.int8)
    clocks = Clocks(np.stack([ahead(*[-5] * 169), ahead(*[5.75] * 169)]), ["America/New_York", "Asia/Kathmandu"])
    chart = hour_map(["a", "b"], np.array([0.5, 0.5]), states, first=FIRST, last=LAST, of=2, tied=0, clocks=clocks)
    told = [
        tuple(mark.says[name] for name in ("store", "zone", "since", "until", "state"))
        for mark in drawn(chart, "rect")
        if "store" in mark.says and mark.says["state"] != "closed"
    ]
    # The week begins at 18:13 UTC.
    assert set(told) == {
        ("a", "America/New_York", "Wed 18 Jan 13:13", "Wed 18 Jan 14:00", "up"),
        ("a", "America/New_York", "Wed 18 Jan 14:00", "Wed 18 Jan 15:00", "down"),
        ("b", "Asia/Kathmandu", "Wed 18 Jan 23:58", "Thu 19 Jan 00:45", "down"),
        ("b", "Asia/Kathmandu", "Thu 19 Jan 00:45", "Thu 19 Jan 01:45", "up"),
    }
    assert {"New York", "Kathmandu", "hours on the clock of each store's zone; each day begins at its line"} <= set(
        words(chart)
    )
    # Kathmandu's clock is at 23:58 at the end; midnight of the 19th is six hours after 18:00.
    days = ["Thu 19", "Fri 20", "Sat 21", "Sun 22", "Mon 23", "Tue 24", "Wed 25"]
    assert [row["text"] for row in rows_with(chart, "from", "text")] == days
    assert [row["from"] for row in rows_with(chart, "from", "text")] == [6 + 24 * days for days in range(7)]


def test_an_hour_that_comes_twice_is_in_one_place_and_one_that_is_skipped_is_left_out() -> None:
    states = np.array([[1, 1, 0, 0, *[3] * 165], [0, 0, 1, 1, *[3] * 165]], np.int8)
    back, forward = ahead(2, 2, *[1] * 167), ahead(1, 1, *[2] * 167)
    clocks = Clocks(np.stack([back, forward]), ["Europe/Berlin", "Europe/Berlin"])
    chart = hour_map(["back", "on"], np.array([0.5, 0.5]), states, first=FIRST, last=LAST, of=2, tied=0, clocks=clocks)
    up, down = ([box for box in boxes(chart, state.colour) if box[3] > 0] for state in STATES[:2])
    # From the first hour on the earliest clock, one ahead of UTC, to the last on the latest, 169 hours and two ahead.
    hour = 512 / 170
    assert [(left / hour, right / hour) for left, _, right, _ in down] == [pytest.approx((1, 3)), pytest.approx((3, 5))]
    assert [(left / hour, right / hour) for left, _, right, _ in up] == [pytest.approx((2, 4)), pytest.approx((0, 2))]
    order = [
        mark.look["fill"] for mark in drawn(chart, "rect") if "store" in mark.says and mark.says["state"] != "closed"
    ]
    assert order == [STATES[0].colour] * 2 + [STATES[1].colour] * 2, "what is down covers what is up"
    assert "Europe/Berlin hours; each day begins at its line" in words(chart)
