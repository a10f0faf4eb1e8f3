"""Statistics of durations: mean, median, mode and percentiles, at full precision."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

#: The percentiles, by linear interpolation between the two nearest values.
PERCENTILES: Final = {"median": 50, "p75": 75, "p90": 90, "p95": 95}

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
    figures: dict[str, _Figures] = {name: {} for name in ("mean", "mode", *PERCENTILES)}
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

    Tells ``progress`` the fraction done, 0 … 1: some thousand teams take a second.
    """
    order = np.argsort(team, kind="stable")
    bounds = np.searchsorted(team[order], np.arange(len(teams) + 1))
    found = {}
    for number, name in enumerate(teams):
        rows = order[bounds[number] : bounds[number + 1]]
        found[name] = statistics({column: values[rows] for column, values in durations.items()}, rows=len(rows))
        progress((number + 1) / len(teams))
    return found


def _figures(known: npt.NDArray[np.float64]) -> _Figures:
    if not len(known):
        return dict.fromkeys(("mean", "mode", *PERCENTILES))
    values, times = np.unique(known, return_counts=True)
    percentiles = np.percentile(known, list(PERCENTILES.values()))
    return {
        "mean": float(known.mean()),
        "mode": float(values[np.argmax(times)]),
        **dict(zip(PERCENTILES, map(float, percentiles), strict=True)),
    }
