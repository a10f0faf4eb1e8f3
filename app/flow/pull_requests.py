"""Pull requests as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.timeline import Micros


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Pull requests, one row each.

    Attributes:
        repo_id: int64[n], entities of kind repository.
        number: int64[n].
        team_id: int64[n], entities of kind team; 0 without one.
        author: text[n], empty without one.
        instants: int64[n] microseconds by each name of INSTANTS; MISSING where there is none.
    """

    repo_id: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    team_id: npt.NDArray[np.int64]
    author: npt.NDArray[np.object_]
    instants: Mapping[str, Micros]

    def __len__(self) -> int:
        return len(self.number)
