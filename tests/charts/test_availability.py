"""The charts of the uptime report: what they show, of whatever week."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from altair import load_schema
from jsonschema import validators

from app.charts.availability import Week, availability_charts
from app.charts.bins import bin_counts
from app.charts.files import write_charts
from tests.charts.drawings import WEIRD, rows_with, size_of, words

HOUR = 3_600_000_000
DAY = 24 * HOUR

#: Wednesday, 2023-01-25 18:13:22 UTC.
LAST = 1_674_670_402_000_000

NAMES = ["availability", "worst_stores", "open_time_per_day"]


def states_of(stores: int, hours: np.ndarray, *, seed: int = 1) -> np.ndarray:
    """The state of each store in each of these hours."""
    dice = np.random.default_rng(seed)
    states = np.where((hours % 24 >= 9) & (hours % 24 < 17), dice.integers(0, 3, (stores, len(hours))), 3)
    states[:2] = np.where(states[:2] < 3, 2, 3)
    return states


def week(keys: list[str], *, last: int = LAST, seed: int = 1) -> Week:
    """Made-up stores that were open from 9 to 17 on each day, but the first and the second, which nobody observed."""
    first = last - 7 * DAY
    hours = np.arange(first // HOUR, -(-last // HOUR))
    states = states_of(len(keys), hours, seed=seed)
    up, down, unknown = (np.count_nonzero(states == state, axis=1) * HOUR for state in range(3))
    days = np.arange(first // DAY, -(-last // DAY)) * DAY
    of_day = np.zeros((len(days), 3), np.int64)
    for state in range(3):
        np.add.at(of_day[:, state], hours // 24 - first // DAY, np.count_nonzero(states == state, axis=0) * HOUR)
    assert of_day.sum() == (up + down + unknown).sum()
    shares = up[2:] / (up + down)[2:]
    worst = np.argsort(shares, kind="stable")[:50]
    return Week(
        first,
        last,
        bin_counts(shares),
        len(keys[:2]),
        days,
        of_day,
        [keys[2:][at] for at in worst],
        shares[worst],
        0,
        states[2:][worst],
    )


@pytest.fixture(scope="module")
def usual() -> Week:
    return week([f"store {number}" for number in range(80)])


def test_there_are_three_charts_in_their_order(usual: Week) -> None:
    assert list(availability_charts(usual)) == NAMES


@pytest.mark.parametrize("last", [LAST, LAST // DAY * DAY, LAST // HOUR * HOUR])
def test_every_specification_is_valid_vega_lite(last: int) -> None:
    schema = load_schema()
    validator = validators.validator_for(schema)(schema)
    for chart in availability_charts(week([*WEIRD, *WEIRD], last=last)).values():
        validator.validate(json.loads(json.dumps(chart.spec, allow_nan=False)))


def test_every_store_with_observed_open_time_is_in_one_bin(usual: Week) -> None:
    chart = availability_charts(usual)["availability"]
    counts = {row["availability"]: row["stores"] for row in rows_with(chart, "availability", "stores")}
    states = states_of(80, np.arange(usual.first // HOUR, -(-usual.last // HOUR))).tolist()
    shares = [row.count(0) / (row.count(0) + row.count(1)) for row in states if row.count(0) + row.count(1)]
    assert sum(counts.values()) == chart.observations == len(shares) == 78
    assert counts["50 to 80 %"] == sum(0.5 <= share < 0.8 for share in shares)
    assert any("left out: 2 stores without observed open time" in line for line in words(chart))


def test_never_and_always_up_have_bins_of_their_own() -> None:
    up, down = np.array([0, 1, 999, 99, 50, 5]) * HOUR, np.array([5, 999, 1, 1, 50, 0]) * HOUR
    made = replace(week(["a", "b", "c"]), counts=bin_counts(up / (up + down)))
    chart = availability_charts(made)["availability"]
    counts = {row["availability"]: row["stores"] for row in rows_with(chart, "availability", "stores")}
    assert {name: count for name, count in counts.items() if count} == {
        "0 %": 1,
        "below 50 %": 1,
        "50 to 80 %": 1,
        "99 to 100 %": 2,
        "100 %": 1,
    }


def test_the_map_shows_each_hour_of_each_store_in_its_state(usual: Week) -> None:
    chart = availability_charts(usual)["worst_stores"]
    heights = {0.34: 0, 0.9: 1, 0.6: 2, 0.06: 3}
    seen = np.full(usual.states.shape, -1)
    for span in rows_with(chart, "from", "to", "y", "bottom"):
        state = heights[round(span["bottom"] - span["y"], 2)]
        row = int((span["bottom"] + span["y"]) / 2)
        assert (seen[row, span["from"] : span["to"]] == -1).all()
        seen[row, span["from"] : span["to"]] = state
    assert (seen == usual.states).all()
    names = sorted(rows_with(chart, "store"), key=lambda row: row["y"])
    assert [row["store"] for row in names] == list(usual.worst)
    assert chart.observations == 50 * 169


def test_stores_that_are_as_bad_as_the_worst_are_counted() -> None:
    keys = [f"store {number:02}" for number in range(60)]
    counts = bin_counts(np.array([0.0] * 55 + [0.5] * 5))
    alike = replace(week(keys), counts=counts, worst=keys[:50], worst_share=np.zeros(50), tied=5)
    line = "The 50 with the lowest availability, of 60 stores; 5 more have the same availability as the last of them"
    assert line in words(availability_charts(alike)["worst_stores"])


def test_days_that_are_not_whole_say_so(usual: Week) -> None:
    chart = availability_charts(usual)["open_time_per_day"]
    assert {"from 18:13", "until 18:13", "Wed 18 Jan", "Wed 25 Jan"} <= set(words(chart))
    whole = availability_charts(week(["a", "b", "c"], last=LAST // DAY * DAY))["open_time_per_day"]
    assert not [text for text in words(whole) if text.startswith(("from ", "until "))]
    assert "whole" not in " ".join(words(whole))


def test_bars_hold_the_hours_of_their_days(usual: Week) -> None:
    chart = availability_charts(usual)["open_time_per_day"]
    hours = {(row["day"], row["state"]): row["hours"] for row in rows_with(chart, "day", "state", "hours")}
    assert len(hours) == np.count_nonzero(usual.of_day)
    assert [hours["Thu 19 Jan", state] for state in ("up", "down", "unknown")] == (usual.of_day[1] / HOUR).tolist()


def test_keys_are_values_and_a_long_one_loses_its_middle() -> None:
    chart = availability_charts(week(["a", "b", *WEIRD]))["worst_stores"]
    layers = json.dumps(chart.spec["layer"], ensure_ascii=False)
    assert not any(key in layers for key in WEIRD if key.strip())
    (long,) = [row for row in rows_with(chart, "store") if row["store"] == "x" * 400]
    assert long["text"] == "x" * 15 + "…" + "x" * 14


@pytest.mark.parametrize("hours", [1, 2, 24])
def test_the_map_has_one_short_mark_for_all_hours_in_which_a_state_lasts(usual: Week, hours: int) -> None:
    states = np.tile((np.arange(169) // hours % 4).astype(np.int8), (50, 1))
    chart = availability_charts(replace(usual, states=states))["worst_stores"]
    marks = rows_with(chart, "from", "to", "y", "bottom")
    assert len(marks) == 50 * -(-169 // hours)
    assert max(len(str(value)) for mark in marks for value in mark.values()) <= len("49.66")
    # Beside the marks a map has some 14,000 characters; a mark is four short numbers with their names.
    assert len(json.dumps(chart.spec, separators=(",", ":"))) < 16_000 + 45 * len(marks)


def test_a_week_in_which_nobody_looked_has_only_days() -> None:
    nobody = week(["a", "b"])
    assert list(availability_charts(nobody)) == ["open_time_per_day"]


def test_a_week_in_which_nothing_was_open_has_no_charts() -> None:
    closed = week(["a", "b"])
    assert availability_charts(replace(closed, of_day=closed.of_day * 0)) == {}
    assert availability_charts(week([])) == {}


def test_every_chart_is_drawn_as_wide_as_promised(usual: Week, tmp_path: Path) -> None:
    for chosen in (usual, week(["a", "b", "c"]), week(["a", "b", *WEIRD])):
        for artifact in write_charts(availability_charts(chosen), tmp_path)[::2]:
            width, height = size_of(artifact.path)
            assert width == 1600
            assert 300 < height < 2000
