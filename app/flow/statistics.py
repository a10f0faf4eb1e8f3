"""Statistics of durations: mean, median, mode and percentiles, at full precision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

#: The percentiles, by linear interpolation between the two nearest values.
PERCENTILES: Final = {"median": 50, "p75": 75, "p90": 90, "p95": 95}

#: Every figure of a duration but for the number of rows that have it.
FIGURES: Final = ("mean", "mode", *PERCENTILES)

#: Groups whose numbers, and -1, fit into two bytes.
_FEW: Final = 1 << 15

#: Seconds by column, NaN where a row has none; float64[n] each.
Durations = Mapping[str, npt.NDArray[np.float64]]

_Figures = dict[str, float | None]


class Statistics(BaseModel):
    """Figures of each duration column, in seconds; null where no row has a value."""

    mean: _Figures
    mode: _Figures = Field(description="The smallest of equally frequent values.")
    median: _Figures
    p75: _Figures
    p90: _Figures
    p95: _Figures
    counts: dict[str, int] = Field(description="Rows that have a value.")
    count: int = Field(description="Rows.")


def statistics(durations: Durations, *, rows: int) -> Statistics:
    """The figures of these rows."""
    figures: dict[str, _Figures] = {name: {} for name in FIGURES}
    counts = {}
    for column, values in durations.items():
        known = values[~np.isnan(values)]
        counts[column] = len(known)
        for name, value in _figures(known).items():
            figures[name][column] = value
    return Statistics(**figures, counts=counts, count=rows)


def per_team(
    durations: Durations,
    team: npt.NDArray[np.integer],
    teams: Sequence[str],
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Statistics]:
    """The figures of each team's rows; ``team`` is the number of each row's team, -1 without one.

    Tells ``progress`` the fraction done, 0 … 1.
    """
    found = {}
    for done, (column, values) in enumerate(durations.items(), 1):
        found[column] = grouped(values, team, groups=len(teams))
        progress(done / (len(durations) + 1))
    rows = np.bincount(team[team >= 0], minlength=len(teams))
    each = each_of(found, rows, teams)
    progress(1.0)
    return each


def each_of(
    found: Mapping[str, "Grouped"], rows: npt.NDArray[np.integer], names: Sequence[str]
) -> dict[str, Statistics]:
    """The figures of each group by its name; ``rows`` is how many rows each has, int[g]."""
    lists = {column: of.lists() for column, of in found.items()}
    each = {}
    for number, name in enumerate(names):
        figures: dict[str, _Figures] = {
            figure: {column: of[figure][number] for column, of in lists.items()} for figure in FIGURES
        }
        counts = {column: int(of.n[number]) for column, of in found.items()}
        each[name] = Statistics(**figures, counts=counts, count=int(rows[number]))
    return each


@dataclass(frozen=True, slots=True)
class Grouped:
    """The figures of one duration in g groups.

    Attributes:
        n: int64[g], rows that have a value.
        mean, mode, median, p75, p90, p95: float64[g], seconds; NaN for a group without a value.
    """

    n: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]
    mode: npt.NDArray[np.float64]
    median: npt.NDArray[np.float64]
    p75: npt.NDArray[np.float64]
    p90: npt.NDArray[np.float64]
    p95: npt.NDArray[np.float64]

    def lists(self) -> dict[str, list[float | None]]:
        """Each figure by its name, None where there is none."""
        return {figure: or_none(getattr(self, figure)) for figure in FIGURES}


def or_none(values: npt.NDArray[np.float64]) -> list[float | None]:
    """As a list, with None for NaN."""
    return [None if isnan(value) else value for value in values.tolist()]


def ascending_rows(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The rows that have a value, int64[m], by ascending value."""
    rows = np.flatnonzero(~np.isnan(values))
    found: npt.NDArray[np.int64] = rows[np.argsort(values[rows])]
    return found


def grouped(
    values: npt.NDArray[np.float64],
    group: npt.NDArray[np.integer],
    *,
    groups: int,
    order: npt.NDArray[np.int64] | None = None,
) -> Grouped:
    """The figures of one duration in each group.

    Args:
        values: float64[n], NaN where a row has none.
        group: int[n], number of each row's group, -1 without one.
        groups: how many there are.
        order: ascending_rows() of the values, if they are known already: sorting takes most of the time.
    """
    rows = ascending_rows(values) if order is None else order
    if groups > 1 or (group < 0).any():
        of: npt.NDArray[np.integer] = group[rows]
        of = of.astype(np.int16) if groups < _FEW else of  # numpy sorts short numbers by their digits
        rows = rows[np.argsort(of, kind="stable")]
        rows = rows[np.count_nonzero(of < 0) :]
    ascending, number = values[rows], group[rows]
    starts = np.searchsorted(number, np.arange(groups + 1))
    n = np.diff(starts)
    used = np.flatnonzero(n)
    begin = starts[used]
    found = {figure: np.full(groups, np.nan) for figure in FIGURES}
    if len(used):
        found["mean"][used] = np.add.reduceat(ascending, begin) / n[used]
        found["mode"][used] = _modes(ascending, number, begin)
        for figure, percent in PERCENTILES.items():
            place = (n[used] - 1) * (percent / 100)
            below = place.astype(np.int64)
            low, high = ascending[begin + below], ascending[begin + np.minimum(below + 1, n[used] - 1)]
            found[figure][used] = low + (high - low) * (place - below)
    return Grouped(n, **found)


def _modes(
    ascending: npt.NDArray[np.float64], group: npt.NDArray[np.integer], begin: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The smallest of the most frequent values of each group; rows go by group and value, from ``begin`` on."""
    is_first = np.append(True, (ascending[1:] != ascending[:-1]) | (group[1:] != group[:-1]))
    first = np.flatnonzero(is_first)
    times = np.diff(np.append(first, len(ascending)))
    run_of_group = np.searchsorted(first, begin)
    most = np.maximum.reduceat(times, run_of_group)
    runs = np.diff(np.append(run_of_group, len(first)))
    is_mode = times == np.repeat(most, runs)
    first_mode = np.flatnonzero(is_mode)[np.searchsorted(np.flatnonzero(is_mode), run_of_group)]
    modes: npt.NDArray[np.float64] = ascending[first[first_mode]]
    return modes


def _figures(known: npt.NDArray[np.float64]) -> _Figures:
    if not len(known):
        return dict.fromkeys(FIGURES)
    values, times = np.unique(known, return_counts=True)
    percentiles = np.percentile(known, list(PERCENTILES.values()))
    return {
        "mean": float(known.mean()),
        "mode": float(values[np.argmax(times)]),
        **dict(zip(PERCENTILES, map(float, percentiles), strict=True)),
    }
