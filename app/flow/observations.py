"""Pull requests, or the observations of a sample, as input of statistics and charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.statistics import Durations


@dataclass(frozen=True, slots=True)
class Observations:
    """Rows with a team and some durations each.

    Attributes:
        table: the rows as they are written.
        teams: names of the teams that have rows, sorted.
        team: int64[n], number of each row's team in ``teams``, -1 without one.
        durations: what statistics and charts use, ``review_time`` and ``merge_time`` among them.
        ordinary: bool[n], false for what half of the charts leave out: pull requests that were not reviewed and merged,
            outliers of a sample.
        begin, end: first and last date, ISO 8601; None without any.
        without_review, without_ci: rows that had none.
        missing: rows without a value by column.
        inconsistent: rows whose phase ends before it begins, by phase.
    """

    table: pa.Table
    teams: Sequence[str]
    team: npt.NDArray[np.int64]
    durations: Durations
    ordinary: npt.NDArray[np.bool_]
    begin: str | None
    end: str | None
    without_review: int
    without_ci: int
    missing: Mapping[str, int]
    inconsistent: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.team)


def numbered(ids: npt.NDArray[np.int64], names: Mapping[int, str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of those ids that occur, sorted, and the number of each row's name among them, -1 for id 0."""
    used = np.unique(ids[ids != 0])
    order = sorted(used.tolist(), key=names.__getitem__)
    number = dict(zip(order, range(len(order)), strict=True)) | {0: -1}
    distinct, code = np.unique(ids, return_inverse=True)
    return [names[one] for one in order], np.array([number[one] for one in distinct.tolist()], np.int64)[code]


def named(names: Sequence[str], number: npt.NDArray[np.int64]) -> pa.Array:
    """The name of each row; null where its number is -1."""
    codes = pa.array(number, mask=number < 0)
    return pa.DictionaryArray.from_arrays(codes.cast(pa.int32()), pa.array(names, pa.string())).cast(pa.string())
