"""The outline of a violin, against the sum of its kernels one by one."""

import math

import numpy as np
import pytest

from app.charts.density import density


def slow_density(values: list[float], at: float) -> float:
    """Gaussian kernels on the scale of the drawing, and their mirror images below 0."""
    scaled = sorted(math.log1p(value / 300) for value in values)
    low, high = scaled[0], scaled[-1]
    quarter, three_quarters = np.percentile(scaled, [25, 75])
    spread = min(float(np.std(scaled)), (three_quarters - quarter) / 1.34) or float(np.std(scaled))
    width = max(0.9 * spread * len(scaled) ** -0.2, 0.02 * (high - low))
    place = math.log1p(at / 300)
    images = [image for value in scaled for image in (value, -value)]
    return sum(math.exp(-0.5 * ((place - image) / width) ** 2) for image in images)


@pytest.mark.parametrize("zeros", [0, 80, 290])
def test_an_outline_is_the_sum_of_its_kernels(zeros: int) -> None:
    dice = np.random.default_rng(zeros)
    seconds = np.concatenate([np.zeros(zeros), np.exp(dice.normal(8, 1.5, 300 - zeros))])
    places, heights = density(seconds)
    expected = np.array([slow_density(seconds.tolist(), place) for place in places.tolist()])
    assert heights == pytest.approx(expected / expected.max(), abs=0.03)


@pytest.mark.parametrize("least", [1.0, 20.0, 100.0, 1000.0])
def test_values_near_0_are_reflected_there_and_nowhere_else(least: float) -> None:
    seconds = least + 20.0 * np.random.default_rng(3).integers(0, 20, 400)
    places, heights = density(seconds)
    expected = np.array([slow_density(seconds.tolist(), place) for place in places.tolist()])
    assert heights == pytest.approx(expected / expected.max(), abs=0.03)


def test_where_observations_merely_end_there_is_no_peak() -> None:
    # Evenly spread from 1 to 2 on the scale: at an end half of every kernel is missing.
    seconds = 300 * np.expm1(np.linspace(1, 2, 2001))
    _, heights = density(seconds)
    assert heights[32] == pytest.approx(1, abs=0.02)
    assert heights[[0, -1]] == pytest.approx(0.5, abs=0.03)


def test_at_0_no_kernel_loses_its_half() -> None:
    # The same from 0 to 1: what would lie below 0 is reflected, what lies above 1 is not.
    seconds = 300 * np.expm1(np.linspace(0, 1, 2001))
    _, heights = density(seconds)
    assert heights[0] == pytest.approx(1, abs=0.02)
    assert heights[-1] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("seconds", [[0.0, 1e-9], [0.0] * 99 + [1e9], [5.0, 5.0, 5.0, 5.0, 6.0], [0.0, 1e12]])
def test_an_outline_of_odd_values_is_finite(seconds: list[float]) -> None:
    places, heights = density(np.array(seconds))
    assert np.isfinite(places).all()
    assert heights.max() == 1
    assert heights.min() >= 0
    assert (np.diff(places) >= 0).all()
