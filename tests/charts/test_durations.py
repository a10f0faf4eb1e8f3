"""The charts of the pull-request report: what they show, of whatever data."""

import json
import re
from statistics import median

import numpy as np
import pytest
from altair import load_schema
from jsonschema import validators

from app.charts.durations import Durations, Measure, duration_charts
from app.charts.style import Chart
from tests.charts.drawings import WEIRD, durations, made_up, rows, rows_with, words

NAMES = ["review_time_per_team", "merge_time_per_team", "pull_requests_per_team", "mean_times_per_team"]
ALL_NAMES = [*NAMES, *(f"{name}_without_outliers" for name in NAMES)]

#: Of pull requests: shares of the number are of a sample alone.
OF_PULLS = [name for name in NAMES if name != "pull_requests_per_team"]
ALL_OF_PULLS = [*OF_PULLS, *(f"{name}_reviewed_and_merged_only" for name in OF_PULLS)]


def draw(observed: Durations, *, ordinary: object = None, measure: Measure = Measure.ELAPSED) -> dict[str, Chart]:
    which = np.ones(len(observed.team), bool) if ordinary is None else np.asarray(ordinary, bool)
    return duration_charts(observed, ordinary=which, measure=measure)


def zeros_are_outliers(observed: Durations) -> np.ndarray:
    return (observed.review_seconds > 0) & (observed.merge_seconds > 0)


@pytest.fixture(scope="module")
def usual() -> Durations:
    return made_up(["Application", "Data Service", "Platform"], 300)


def test_there_are_six_charts_in_their_order_and_eight_of_a_sample(usual: Durations) -> None:
    for measure in (Measure.ELAPSED, Measure.WORKING):
        assert list(draw(usual, ordinary=zeros_are_outliers(usual), measure=measure)) == ALL_OF_PULLS
    assert list(draw(usual, ordinary=zeros_are_outliers(usual), measure=Measure.SAMPLE)) == ALL_NAMES


@pytest.mark.parametrize("teams", [["one"], ["a", "b", "c"], list(WEIRD), [f"team {n}" for n in range(200)]])
def test_every_specification_is_valid_vega_lite(teams: list[str]) -> None:
    observed = made_up(teams, 20 * len(teams))
    schema = load_schema()
    validator = validators.validator_for(schema)(schema)
    for name, chart in draw(observed, ordinary=zeros_are_outliers(observed)).items():
        assert chart.spec["$schema"] == "https://vega.github.io/schema/vega-lite/v6.4.1.json"
        validator.validate(json.loads(json.dumps(chart.spec, allow_nan=False)))
        assert chart.spec["title"]["text"], name


def test_a_team_has_one_colour_in_all_charts_of_a_report() -> None:
    observed = made_up([f"team {number:02}" for number in range(14)], 900)
    # Without its outliers the largest team is the smallest.
    largest = np.bincount(observed.team).argmax()
    ordinary = (observed.team != largest) | (np.arange(900) % 20 == 0)
    colours: dict[str, set[str]] = {}
    for chart in draw(observed, ordinary=ordinary, measure=Measure.SAMPLE).values():
        for row in rows_with(chart, "team", "colour"):
            colours.setdefault(row["team"], set()).add(row["colour"])
    assert len(colours) == 12 + 1
    assert all(len(of_team) == 1 for of_team in colours.values())
    assert len(set.union(*colours.values())) == 12 + 1


def test_medians_are_marked_and_labelled(usual: Durations) -> None:
    charts = draw(usual)
    for name, seconds in (("review", usual.review_seconds), ("merge", usual.merge_seconds)):
        marks = rows_with(charts[f"{name}_time_per_team"], "observations", "seconds")
        assert len(marks) == 3
        for mark in marks:
            index = usual.teams.index(mark["team"])
            values = [value for team, value in zip(usual.team, seconds, strict=True) if team == index and value >= 0]
            assert mark["seconds"] == pytest.approx(median(values))
            assert mark["observations"] == len(values)
            assert mark["text"] == f"median {Measure.ELAPSED.label(median(values))}"


def test_the_counts_of_a_team_explain_each_other() -> None:
    times = [60.0] * 96 + [np.nan] * 32, [60.0] * 30 + [np.nan] * 30 + [60.0] * 68
    charts = draw(durations(["a"], {0: times}))
    sample = draw(durations(["a"], {0: times}), measure=Measure.SAMPLE)
    assert "a · 128 (100 %)" in words(sample["pull_requests_per_team"])
    assert "96 of 128 pull requests" in words(charts["review_time_per_team"])
    assert "98 of 128 pull requests" in words(charts["merge_time_per_team"])
    assert {"128 pull requests", "review 1 min (96 of 128)", "merge 1 min (98 of 128)"} <= set(
        words(charts["mean_times_per_team"])
    )


@pytest.mark.parametrize(
    ("measure", "left_out", "line"),
    [
        (Measure.WORKING, 2, "Reviewed and merged only: 2 of 4 pull requests"),
        (Measure.ELAPSED, 1, "Reviewed and merged only: 3 of 4 pull requests"),
        (Measure.ELAPSED, 0, "Reviewed and merged only: 4 pull requests"),
        (Measure.SAMPLE, 1, "Without 1 outlier of 4 observations: its review or merge time is 0 or empty"),
        (Measure.SAMPLE, 2, "Without 2 outliers of 4 observations: their review or merge time is 0 or empty"),
        (Measure.SAMPLE, 0, "No outliers among 4 observations: no review or merge time is 0 or empty"),
    ],
)
def test_what_is_left_out_is_told_with_its_reason(measure: Measure, left_out: int, line: str) -> None:
    observed = durations(["a"], {0: ([1.0] * 4, [1.0] * 4)})
    charts = draw(observed, ordinary=np.arange(4) >= left_out, measure=measure)
    is_sample = measure is Measure.SAMPLE
    for name in NAMES if is_sample else OF_PULLS:
        suffix = "without_outliers" if is_sample else "reviewed_and_merged_only"
        assert line in words(charts[f"{name}_{suffix}"]), name
        assert not re.search("utlier|merged only", " ".join(words(charts[name])))


def test_a_sample_claims_neither_elapsed_time_nor_days_nor_pull_requests() -> None:
    observed = made_up([f"team {number:02}" for number in range(14)], 300)
    for chart in draw(observed, ordinary=zeros_are_outliers(observed), measure=Measure.SAMPLE).values():
        texts = [*words(chart), json.dumps(chart.spec["layer"])]
        assert not re.search(r"elapsed|working|days| d\b|[Pp]ull request", " ".join(texts))
    assert [chart.spec["title"]["text"] for chart in draw(observed, measure=Measure.SAMPLE).values()][:4] == [
        "Review time per team, as measured in the sample",
        "Merge time per team, as measured in the sample",
        "Observations per team",
        "Mean review and merge time per team, as measured in the sample",
    ]


def test_slices_are_told_by_name_number_and_share() -> None:
    observed = durations(["a", "b"], {0: ([1, 2, 3], [1, 2, 3]), 1: ([1], [1])})
    chart = draw(observed, measure=Measure.SAMPLE)["pull_requests_per_team"]
    assert {"a · 3 (75 %)", "b · 1 (25 %)"} <= set(words(chart))
    assert chart.observations == 4


def test_observations_are_those_that_are_shown() -> None:
    nan = np.nan
    times = {0: ([60.0, 0.0, nan, nan, 5.0], [60.0, 60.0, 60.0, nan, nan]), 1: ([0.0, 9.0], [0.0, 9.0])}
    observed = durations(["a", "b"], times)
    charts = draw(observed, ordinary=zeros_are_outliers(observed), measure=Measure.SAMPLE)
    assert {name: charts[name].observations for name in NAMES} == {
        "review_time_per_team": 5,
        "merge_time_per_team": 5,
        "pull_requests_per_team": 7,
        "mean_times_per_team": 6,
    }
    # Only the first of one team and the last of the other have both, and neither of them 0.
    assert {charts[f"{name}_without_outliers"].observations for name in NAMES} == {2}


def test_of_200_teams_the_twelve_largest_are_shown_and_the_others_counted() -> None:
    teams = [f"team {number:03}" for number in range(200)]
    observed = durations(teams, {n: ([60.0] * (n + 1), [60.0] * (n + 1)) for n in range(200)})
    charts = draw(observed, measure=Measure.SAMPLE)
    for name in NAMES:
        assert any("the 12 teams with the most observations, of 200" in line.lower() for line in words(charts[name]))
        shown = {row["team"] for row in rows_with(charts[name], "team")} - {"other (188 teams)"}
        assert shown == set(teams[-12:])
    (others,) = [row for row in rows(charts["pull_requests_per_team"]) if row.get("team") == "other (188 teams)"]
    assert others["count"] == sum(range(1, 189))


def test_observations_without_a_team_are_a_row_of_their_own() -> None:
    observed = durations(["no team"], {-1: ([5.0] * 9, [5.0] * 9), 0: ([7.0], [7.0])})
    for name in NAMES:
        rows_of_teams = rows_with(draw(observed, measure=Measure.SAMPLE)[name], "team", "colour")
        assert len({row["colour"] for row in rows_of_teams if row["team"] == "no team"}) == 2


@pytest.mark.parametrize("measure", Measure)
def test_specifications_stay_small_whatever_is_observed(measure: Measure) -> None:
    observed = made_up([f"{WEIRD[number % len(WEIRD)]} {number}" for number in range(200)], 100_000)
    for name, chart in draw(observed, ordinary=zeros_are_outliers(observed), measure=measure).items():
        assert len(json.dumps(chart.spec)) < 100_000, name


def test_nothing_observed_makes_no_chart() -> None:
    assert draw(durations(["a"], {})) == {}


def test_what_is_not_known_makes_no_violin() -> None:
    observed = durations(["a"], {0: ([np.nan] * 3, [np.nan] * 3)})
    assert draw(observed, ordinary=[False] * 3) == {}
    assert list(draw(observed, ordinary=[False] * 3, measure=Measure.SAMPLE)) == ["pull_requests_per_team"]


def test_without_ordinary_observations_there_is_half_of_the_charts(usual: Durations) -> None:
    assert list(draw(usual, ordinary=np.zeros(300, bool))) == OF_PULLS
    assert list(draw(usual, ordinary=np.zeros(300, bool), measure=Measure.SAMPLE)) == NAMES


@pytest.mark.parametrize("times", [[5.0], [0.0] * 40, [3600.0] * 40, [0.0, 9.0, 86400.0]])
def test_few_or_equal_observations_are_points(times: list[float]) -> None:
    chart = draw(durations(["a"], {0: (times, times)}))["review_time_per_team"]
    points = {row["seconds"] for row in rows_with(chart, "seconds", "row")}
    assert points == set(times)


def test_an_outline_ends_where_its_observations_end(usual: Durations) -> None:
    chart = draw(usual)["review_time_per_team"]
    for row in range(3):
        outline = [point["seconds"] for point in rows_with(chart, "seconds", "row", "to") if point["row"] == row]
        (mark,) = [mark for mark in rows_with(chart, "observations") if int(mark["y"]) == row]
        values = usual.review_seconds[usual.team == usual.teams.index(mark["team"])]
        assert (min(outline), max(outline)) == pytest.approx((values.min(), values.max()), rel=1e-5)


def test_working_time_is_never_given_in_days(usual: Durations) -> None:
    text = json.dumps([chart.spec for chart in draw(usual, measure=Measure.WORKING).values()])
    assert " d'" not in text
    assert "days" not in text
    elapsed = json.dumps([chart.spec for chart in draw(usual, measure=Measure.ELAPSED).values()])
    assert " d'" in elapsed


def test_names_are_values_and_never_fields() -> None:
    observed = made_up(list(WEIRD), 400)
    for chart in draw(observed).values():
        fields = {field for row in rows(chart) for field in row}
        assert all(field.isidentifier() for field in fields)
        layers = json.dumps(chart.spec["layer"], ensure_ascii=False)
        assert not any(name in layers for name in WEIRD if name not in {"datum.value", " "})
