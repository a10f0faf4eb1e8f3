"""Mean, median, mode and percentiles, against exact fractions and the published figures of a real sample."""

from fractions import Fraction
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.flow.statistics import per_team, statistics
from tests.reference import pull_requests as reference

FIGURES = ("mean", "median", "mode", "p75", "p90", "p95")

#: Few different values, so that modes tie; NaN stands for none.
VALUES = st.lists(st.sampled_from((0.0, 1.0, 2.5, 7.0, 1e6)) | st.just(float("nan")) | st.floats(0, 1e9), max_size=30)


def assert_agrees(got: dict[str, float | None], expected: dict[str, int | Fraction | None]) -> None:
    for name in FIGURES:
        value = expected[name]
        assert got[name] == (None if value is None else pytest.approx(float(value), rel=1e-12)), name


@given(values=VALUES)
def test_every_figure_agrees_with_the_reference(values: list[float]) -> None:
    found = statistics({"review_time": np.array(values, float)}, rows=len(values))
    known = [None if isnan(value) else value for value in values]
    expected = reference.statistics(known)
    assert_agrees({name: getattr(found, name)["review_time"] for name in FIGURES}, expected)
    assert (found.count, found.counts) == (len(values), {"review_time": expected["count"]})


@given(rows=st.lists(st.tuples(st.integers(-1, 2), st.sampled_from((0.0, 3.0, 5.0))), max_size=30))
def test_a_team_has_the_figures_of_its_rows_alone(rows: list[tuple[int, float]]) -> None:
    team = np.array([number for number, _ in rows], np.int64)
    found = per_team({"x": np.array([value for _, value in rows])}, team, ("a", "b", "c"))
    assert list(found) == ["a", "b", "c"]
    for number, name in enumerate(found):
        own = [value for of, value in rows if of == number]
        assert_agrees({figure: getattr(found[name], figure)["x"] for figure in FIGURES}, reference.statistics(own))
        assert found[name].count == len(own)


def test_figures_of_a_small_sample_by_hand() -> None:
    found = statistics({"t": np.array([4.0, 1.0, 4.0, 1.0, 10.0])}, rows=5)
    assert (found.mean["t"], found.median["t"], found.mode["t"]) == (4.0, 4.0, 1.0)
    assert (found.p75["t"], found.p90["t"], found.p95["t"]) == (4.0, pytest.approx(7.6), pytest.approx(8.8))


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    found = statistics({"t": np.array([10.0, 1.0, 2.0, 7.0])}, rows=4)
    assert (found.median["t"], found.p75["t"]) == (4.5, 7.75)


def test_the_smallest_of_equally_frequent_values_is_the_mode_in_whatever_order_they_come() -> None:
    for values in ([9.0, 2.0, 9.0, 2.0, 1.0], [2.0, 9.0, 2.0, 9.0, 1.0]):
        assert statistics({"t": np.array(values)}, rows=5).mode["t"] == 2.0
    assert statistics({"t": np.array([3.0, 1.0, 2.0])}, rows=3).mode["t"] == 1.0


def test_one_observation_is_every_figure_and_none_is_no_figure() -> None:
    found = statistics({"one": np.array([float("nan"), 5.0]), "none": np.array([float("nan")] * 2)}, rows=2)
    assert {name: getattr(found, name) for name in FIGURES} == {name: {"one": 5.0, "none": None} for name in FIGURES}
    assert (found.count, found.counts) == (2, {"one": 1, "none": 0})
