"""pull_requests.csv: a row per pull request, with what happened to it and how long each phase took."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.csv_output import escape_formulas, iso_instants
from app.flow.course import Course
from app.flow.observations import named
from app.flow.phases import PHASES
from app.flow.sizes import SIZES, size_classes
from app.timeline import MISSING, Micros

#: What a pull request is, in the order of the numbers of states().
STATES: Final = ("open", "merged", "closed")

#: Phases whose columns stand behind those that there were before them.
_LATER: Final = ("draft_time", "closed_unmerged")


def pull_request_table(course: Course, *, repos: Mapping[int, str], team: pa.Array) -> pa.Table:
    """The rows by repository and number, made safe to open in a spreadsheet.

    Args:
        course: how n pull requests went.
        repos: names of the repositories by id.
        team: text[n], name of each one's team, null without one.
    """
    pulls = course.pulls
    lines = pulls.details.lines
    columns = {
        **key_columns(course, repos=repos, team=team),
        **{name: instants(values) for name, values in pulls.instants.items()},
        **_phase_columns(course, [name for name in PHASES if name not in _LATER]),
        "inconsistent": pa.array(sum(phase.inconsistent.astype(np.int64) for phase in course.phases.values())),
        **_phase_columns(course, _LATER),
        "state": named(STATES, states(course)),
        "is_draft": pa.array(pulls.details.is_draft),
        "size": named(tuple(SIZES), size_classes(lines)),
    }
    order = np.lexsort([pulls.number, _ranks(pulls.repo_id, repos)])
    return pa.table(columns).take(pa.array(order))


def key_columns(course: Course, *, repos: Mapping[int, str], team: pa.Array) -> dict[str, pa.Array]:
    """Which pull requests they are, as of pull_request_table()."""
    pulls = course.pulls
    encoded = pa.array(pulls.repo_id).dictionary_encode()
    names = [repos[one] for one in encoded.dictionary.to_pylist()]
    return {
        "repo": escape_formulas(named(names, encoded.indices.to_numpy())),
        "number": pa.array(pulls.number),
        "team": escape_formulas(team),
        "author": escape_formulas(pa.array(pulls.author, pa.string(), mask=pulls.author == "")),
    }


def states(course: Course) -> npt.NDArray[np.int64]:
    """The number of each one's state in STATES, int64[n]."""
    found: npt.NDArray[np.int64] = np.where(course.at.merged != MISSING, 1, np.where(course.is_open, 0, 2))
    return found


def _phase_columns(course: Course, names: Sequence[str]) -> dict[str, pa.Array]:
    return {
        f"{name}_{clock}_seconds": seconds(course.seconds[clock][name])
        for name in names
        for clock in ("wall", "working")
    }


def _ranks(ids: npt.NDArray[np.int64], names: Mapping[int, str]) -> npt.NDArray[np.int64]:
    """The place of each row's name in the order of the names."""
    encoded = pa.array(ids).dictionary_encode()
    used = [names[one] for one in encoded.dictionary.to_pylist()]
    place = np.empty(len(used), np.int64)
    place[sorted(range(len(used)), key=used.__getitem__)] = np.arange(len(used))
    ranks: npt.NDArray[np.int64] = place[encoded.indices.to_numpy()]
    return ranks


def instants(values: Micros) -> pa.StringArray:
    """Instants as ISO 8601, null where there is none."""
    unknown = values == MISSING
    return iso_instants(pa.array(np.where(unknown, 0, values), mask=unknown).cast(pa.timestamp("us")))


def seconds(values: npt.NDArray[np.float64]) -> pa.Array:
    """Durations, null where there is none."""
    return pa.array(values, mask=np.isnan(values))
