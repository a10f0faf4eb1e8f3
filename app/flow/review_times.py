"""A sample of review times as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ReviewTimes:
    """The observations of one sample.

    Attributes:
        review_seconds, merge_seconds: float64[n], NaN where there is none.
        day: int64[n], days since 1970-01-01; MISSING where there is none.
        team_id: int64[n], entities of kind team; 0 without one.
    """

    review_seconds: npt.NDArray[np.float64]
    merge_seconds: npt.NDArray[np.float64]
    day: npt.NDArray[np.int64]
    team_id: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.day)
