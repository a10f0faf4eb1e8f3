"""pull_requests.csv: a row per pull request, with what happened to it and how long each phase took."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.csv_output import escape_formulas, iso_instants
from app.flow.clocks import Clock
from app.flow.phases import Phase
from app.flow.pull_requests import PullRequests
from app.flow.statistics import Durations
from app.timeline import MISSING, Micros


def pull_request_table(
    pulls: PullRequests,
    *,
    repos: Mapping[int, str],
    team: pa.Array,
    phases: Mapping[str, Phase],
    seconds: Mapping[Clock, Durations],
) -> pa.Table:
    """The rows by repository and number, made safe to open in a spreadsheet.

    Args:
        pulls: n pull requests.
        repos: names of the repositories by id.
        team: text[n], name of each one's team, null without one.
        phases: the phases of each, by name.
        seconds: float64[n] by clock and phase, NaN where it is not known.
    """
    repo = np.array([repos[one] for one in pulls.repo_id.tolist()], object)
    columns = {
        "repo": escape_formulas(pa.array(repo, pa.string())),
        "number": pa.array(pulls.number),
        "team": escape_formulas(team),
        "author": escape_formulas(pa.array(pulls.author, pa.string(), mask=pulls.author == "")),
        **{name: _instants(values) for name, values in pulls.instants.items()},
        **{
            f"{name}_{clock}_seconds": _seconds(seconds[clock][name])
            for name in phases
            for clock in ("wall", "working")
        },
        "inconsistent": pa.array(sum(phase.inconsistent.astype(np.int64) for phase in phases.values())),
    }
    order = np.lexsort([pulls.number, _ranks(pulls.repo_id, repos)])
    return pa.table(columns).take(pa.array(order))


def _ranks(ids: npt.NDArray[np.int64], names: Mapping[int, str]) -> npt.NDArray[np.int64]:
    """The place of each row's name in the order of the names."""
    rank = {one: place for place, one in enumerate(sorted(names, key=names.__getitem__))}
    return np.array([rank[one] for one in ids.tolist()], np.int64)


def _instants(values: Micros) -> pa.StringArray:
    unknown = values == MISSING
    return iso_instants(pa.array(np.where(unknown, 0, values), mask=unknown).cast(pa.timestamp("us")))


def _seconds(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
