"""The density of durations, on the scale that they are drawn on."""

import numpy as np

from app.charts.scale import LINEAR_SECONDS, symlog_all
from app.charts.teams import Seconds

#: Points of an outline.
POINTS = 64

#: Cells that values are counted in before they are smoothed, so that 100,000 of them cost one histogram.
CELLS = 512

#: Least bandwidth, share of the range: many equal values, such as zeros, make a bump and no needle.
LEAST_BANDWIDTH = 0.02


def density(seconds: Seconds) -> tuple[Seconds, Seconds]:
    """A kernel density estimate with Gaussian kernels and the bandwidth of Silverman's rule of thumb (1986, 3.31).

    It is estimated on the symlog scale. No duration is below 0, so what would lie there is reflected, and a heap of
    zeros keeps its height. The least and the greatest value are no such bound: the outline is only cut off there.

    Args:
        seconds: float64[n], n > 1, 0 or longer, not all equal.

    Returns:
        (durations, float64[POINTS], ascending from the least to the greatest; densities there, greatest is 1).
    """
    values = symlog_all(seconds)
    low, high = float(values.min()), float(values.max())
    cell = (high - low) / CELLS
    counts, _ = np.histogram(values, CELLS, (low, high))
    lower, upper = np.quantile(values, [0.25, 0.75])
    spread = min(float(values.std()), float(upper - lower) / 1.34) or float(values.std())
    bandwidth = max(0.9 * spread * len(values) ** -0.2, LEAST_BANDWIDTH * (high - low)) / cell
    reach = min(int(4 * bandwidth) + 1, CELLS)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / bandwidth) ** 2)
    # Mirror images of the values: below 0, as far from the lowest cell as twice its distance to 0.
    gap = np.zeros(round(min(2 * low / cell, reach)))
    images = np.concatenate([np.zeros(reach), counts[::-1], gap])[-reach:]
    smooth = np.convolve(np.concatenate([images, counts, np.zeros(reach)]), kernel, mode="valid")
    places = np.linspace(low, high, POINTS)
    heights = np.interp(places, low + (np.arange(CELLS) + 0.5) * cell, smooth)
    return np.expm1(places) * LINEAR_SECONDS, heights / heights.max()
