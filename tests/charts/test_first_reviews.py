"""Charts of waiting for a first review: per group, by week, and who waits when, as they are drawn."""

import json

import numpy as np
import pytest
from altair import load_schema
from jsonschema import validators

from app.charts.colours import TEAM_COLOURS
from app.charts.first_reviews import Waits, first_reviews
from app.charts.measure import Measure
from app.charts.review_trend import review_trend
from app.charts.style import EDGE, WIDTH, Chart
from app.charts.waiting_week import Panel, waiting_week
from tests.charts.drawings import WEIRD, boxes, drawn, rows_with, tick_labels, words

HOUR, DAY = 3600.0, 86400.0

#: Two that were reviewed, and one that nobody has reviewed.
GROUPS = [
    Waits("Web", 40, 3, (1.5 * HOUR, 9 * HOUR), (4 * HOUR, 3 * DAY)),
    Waits("Data", 2, 0, (0.0, 0.0), (0.0, 60.0)),
    Waits("Ops", 0, 5, None, None),
]

WORKING, ELAPSED = TEAM_COLOURS[0], TEAM_COLOURS[5]

MONDAY_NINE = np.zeros((7, 24))
MONDAY_NINE[0, 9], MONDAY_NINE[6, 23] = 2.0, 0.25


def places(chart: Chart, colour: str) -> list[float]:
    """From left to right, where dots of a colour are."""
    return sorted(mark.look["x"] for mark in drawn(chart, "symbol") if mark.look["fill"] == colour)


@pytest.fixture
def per_group() -> Chart:
    return first_reviews(GROUPS, noun="team", about=["from here to there"])


def test_each_group_says_how_many_were_reviewed_and_how_long_it_took(per_group: Chart) -> None:
    said = words(per_group)
    assert said[0] == "Time to first review per team"
    assert {"Web", "40 reviewed, 3 still wait", "Data", "2 reviewed", "Ops", "0 reviewed, 5 still wait"} <= set(said)
    assert {"working: 1.5 h, 90 % in 9 h", "elapsed: 4 h, 90 % in 3 d", "elapsed: 0, 90 % in 1 min"} <= set(said)
    assert "no review yet" in said
    assert "From here to there" in said
    assert per_group.observations == 42


def test_working_and_elapsed_time_lie_on_one_scale(per_group: Chart) -> None:
    # The scale is symmetric-logarithmic from five minutes on: log(1 + t / 300 s), up to 1.1 times three days.
    def share(seconds: float) -> float:
        return float(np.log1p(seconds / 300) / np.log1p(1.1 * 3 * DAY / 300))

    zero, web = places(per_group, WORKING)
    zero_elapsed, web_elapsed = places(per_group, ELAPSED)
    assert zero == zero_elapsed
    assert (web - zero) / (web_elapsed - zero) == pytest.approx(share(1.5 * HOUR) / share(4 * HOUR))
    ends = [mark.look for mark in drawn(per_group, "rule") if mark.look.get("stroke") == ELAPSED]
    tall = [one for one in ends if abs(one.get("y2", one["y"]) - one["y"]) > 1]
    assert max(one["x"] for one in tall) - zero == pytest.approx(
        (web_elapsed - zero) * share(3 * DAY) / share(4 * HOUR)
    )
    assert not [label for label in tick_labels(per_group) if label.endswith("d")]


def test_of_many_groups_the_first_twelve_are_drawn() -> None:
    many = [Waits(f"team {number}", 5, 0, (HOUR, HOUR), (HOUR, HOUR)) for number in range(40)]
    chart = first_reviews(many, noun="team")
    assert "The 12 teams with the most pull requests, of 40" in words(chart)
    assert {row["group"] for row in rows_with(chart, "group")} == {f"team {number}" for number in range(12)}


def test_the_trend_has_a_gap_where_nothing_was_reviewed() -> None:
    weeks = [
        Waits("2024-W01", 9, 0, (HOUR, 2 * HOUR), (DAY, DAY)),
        Waits("2024-W02", 4, 0, (2 * HOUR, 3 * HOUR), (DAY, DAY)),
        Waits("2024-W03", 0, 1, None, None),
        Waits("2024-W04", 5, 0, (HOUR, HOUR), (DAY, DAY)),
    ]
    chart = review_trend(weeks, measure=Measure.WORKING, about=["by creation"])
    said = words(chart)
    assert said[:2] == ["Time to first review by week, working time", "By creation"]
    assert {"n 9", "n 4", "n 0", "n 5", "median", "90 %", *(week.name for week in weeks)} <= set(said)
    stretches = {row["week"]: row["stretch"] for row in rows_with(chart, "stretch")}
    assert (stretches["2024-W01"], stretches["2024-W02"], stretches["2024-W04"]) == (0, 0, 3)
    hollow = [row["week"] for row in rows_with(chart, "fill", "figure") if row["fill"] == "#ffffff"]
    assert hollow == ["2024-W02"] * 2
    assert chart.observations == 18
    elapsed = review_trend(weeks, measure=Measure.ELAPSED)
    assert {row["seconds"] for row in rows_with(elapsed, "figure", "seconds")} == {DAY}


def test_of_a_year_of_weeks_ten_are_named() -> None:
    weeks = [Waits(f"2024-W{number:02}", 9, 0, (HOUR, DAY), (HOUR, DAY)) for number in range(1, 53)]
    chart = review_trend(weeks, measure=Measure.ELAPSED)
    assert len([word for word in words(chart) if word.startswith("2024-W")]) == 9


def test_who_waits_when_writes_each_number_in_its_hour() -> None:
    chart = waiting_week([Panel("a review", MONDAY_NINE), Panel("the merge", MONDAY_NINE / 4)], of=7)
    cells = {(row["waits for"], row["weekday"], row["hour"]): row for row in rows_with(chart, "waits for")}
    assert len(cells) == 2 * 7 * 24
    assert {key: row["text"] for key, row in cells.items() if row["text"]} == {
        ("a review", "Monday", "09:00"): "2.0",
        ("a review", "Sunday", "23:00"): "0.2",
        ("the merge", "Monday", "09:00"): "0.5",
        ("the merge", "Sunday", "23:00"): "0.1",
    }
    # One scale of shades for both: a quarter of the most is the third of eight shades.
    darkest, third = cells["a review", "Monday", "09:00"], cells["the merge", "Monday", "09:00"]
    assert (darkest["shade"], third["shade"]) == ("#08519c", "#c6dbef")
    assert (darkest["is_dark"], third["is_dark"]) == (True, False)
    assert chart.observations == 7


def charts() -> dict[str, Chart]:
    weird = [Waits(name, 3, 1, (HOUR, DAY), (DAY, 900 * DAY)) for name in WEIRD]
    return {
        "per group": first_reviews(weird, noun="repository"),
        "no time": first_reviews([Waits("a", 1, 0, (0.0, 0.0), (0.0, 0.0))], noun="team"),
        "trend": review_trend(weird, measure=Measure.ELAPSED),
        "one week": review_trend([Waits("2024-W01", 1, 0, (0.0, 0.0), (0.0, 0.0))], measure=Measure.WORKING),
        "week": waiting_week([Panel("a review", np.full((7, 24), 12_345.0))], of=1),
    }


@pytest.mark.parametrize("name", charts())
def test_every_specification_is_valid_and_stays_in_its_picture(name: str) -> None:
    chart = charts()[name]
    schema = load_schema()
    validators.validator_for(schema)(schema).validate(json.loads(json.dumps(chart.spec, allow_nan=False)))
    assert len(json.dumps(chart.spec)) < 120_000
    padding = chart.spec["padding"]
    assert padding["left"] + chart.spec["width"] + padding["right"] == WIDTH
    for left, _, right, _ in boxes(chart):
        assert 0 <= left <= right <= WIDTH - EDGE + 1
