"""Size classes of pull requests, those of Kubernetes' label plugin: lines added and deleted."""

from typing import Final

import numpy as np
import numpy.typing as npt

#: The classes by the least number of lines that they have.
SIZES: Final = {"XS": 0, "S": 10, "M": 30, "L": 100, "XL": 500, "XXL": 1000}


def size_classes(lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The number of each one's class in SIZES, int64[n]; -1 where the lines, int64[n], are not known: negative."""
    classes: npt.NDArray[np.int64] = np.searchsorted(list(SIZES.values()), lines, side="right") - 1
    return classes
