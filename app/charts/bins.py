"""How many stores have which availability: the bins of the histogram. Imports little: who only counts draws nothing."""

from typing import Final

import numpy as np
import numpy.typing as npt

#: Bins get narrower towards 1, where most stores are; 0 and 1 have bins of their own.
EDGES: Final = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
NAMES: Final = (
    "0 %",
    "below 50 %",
    "50 to 80 %",
    "80 to 90 %",
    "90 to 95 %",
    "95 to 98 %",
    "98 to 99 %",
    "99 to 100 %",
    "100 %",
)

Counts = npt.NDArray[np.int64]


def bin_counts(shares: npt.NDArray[np.float64]) -> Counts:
    """Stores in each bin, int64[bins], of stores with these availabilities, 0 … 1; counts of parts add up."""
    inside = shares[(shares > 0) & (shares < 1)]
    never, always = np.count_nonzero(shares == 0), np.count_nonzero(shares == 1)
    return np.array([never, *np.histogram(inside, EDGES)[0], always], np.int64)
