"""Pull requests as they went: the phases of each, by the clock on the wall and by the hours of its team."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.csv_output import escape_formulas, iso_instants
from app.flow.observations import Observations, named
from app.flow.phases import PHASES, Phase
from app.flow.teams import Teams
from app.series.pull_requests import PullRequests
from app.timeline import MISSING, Micros, from_micros

Clock = Literal["working", "wall"]


def observe(
    pulls: PullRequests,
    teams: Teams,
    team: npt.NDArray[np.int64],
    repos: Mapping[int, str],
    *,
    clock: Clock,
    as_of: int,
) -> Observations:
    """The pull requests with all their phases, sorted by repository and number.

    Args:
        pulls: pull requests.
        teams: those that they are of.
        team: int64[n], number of each one's team, -1 without one.
        repos: names of the repositories by id.
        clock: which durations statistics and charts use.
        as_of: the instant the report speaks for, microseconds; a draft that was ready later is shown as not ready.
    """
    happened = {name: np.where(values > as_of, MISSING, values) for name, values in pulls.instants.items()}
    phases = {name: Phase.of(name, pulls.instants) for name in PHASES}
    seconds = {
        "wall": {name: phase.wall_seconds() for name, phase in phases.items()},
        "working": _working_seconds(phases, teams, team),
    }
    repo = np.array([repos[one] for one in pulls.repo_id.tolist()], object)
    order = np.lexsort([pulls.number, _ranks(pulls.repo_id, repos)])
    columns = {
        "repo": escape_formulas(pa.array(repo, pa.string())),
        "number": pa.array(pulls.number),
        "team": escape_formulas(named(teams.names, team)),
        "author": escape_formulas(pa.array(pulls.author, pa.string(), mask=pulls.author == "")),
        **{name: _instants(values) for name, values in happened.items()},
        **{
            f"{name}_{kind}_seconds": pa.array(seconds[kind][name], mask=np.isnan(seconds[kind][name]))
            for name in PHASES
            for kind in ("wall", "working")
        },
        "inconsistent": pa.array(sum(phase.inconsistent.astype(np.int64) for phase in phases.values())),
    }
    chosen = seconds[clock]
    created = pulls.instants["created_at"]
    return Observations(
        table=pa.table(columns).take(pa.array(order)),
        teams=teams.names,
        team=team,
        durations=chosen,
        ordinary=~np.isnan(chosen["review_time"]) & ~np.isnan(chosen["merge_time"]),
        begin=_iso(created.min()) if len(pulls) else None,
        end=_iso(created.max()) if len(pulls) else None,
        without_review=int((pulls.instants["first_review_at"] == MISSING).sum()),
        without_ci=int((pulls.instants["ci_finished_at"] == MISSING).sum()),
        missing={
            "repo": 0,
            "number": 0,
            "team": int((team < 0).sum()),
            "author": int((pulls.author == "").sum()),
            **{name: int((values == MISSING).sum()) for name, values in happened.items()},
        },
        inconsistent={name: int(phase.inconsistent.sum()) for name, phase in phases.items()},
    )


def _working_seconds(
    phases: Mapping[str, Phase], teams: Teams, team: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float64]]:
    seconds = {name: np.full(len(team), np.nan) for name in phases}
    if not len(team):
        return seconds
    first = min(int(phase.start.min()) for phase in phases.values())
    last = max(int(phase.end.max()) for phase in phases.values())
    number = np.where(team < 0, len(teams.names), team)
    for numbers, calendar in teams.calendars(first=first, last=last):
        rows = np.flatnonzero((number >= numbers.start) & (number < numbers.stop))
        for name, phase in phases.items():
            seconds[name][rows] = phase.of_rows(rows).working_seconds(calendar, number[rows] - numbers.start)
    return seconds


def _ranks(ids: npt.NDArray[np.int64], names: Mapping[int, str]) -> npt.NDArray[np.int64]:
    """The place of each row's name in the order of the names."""
    rank = {one: place for place, one in enumerate(sorted(names, key=names.__getitem__))}
    return np.array([rank[one] for one in ids.tolist()], np.int64)


def _instants(values: Micros) -> pa.StringArray:
    unknown = values == MISSING
    return iso_instants(pa.array(np.where(unknown, 0, values), mask=unknown).cast(pa.timestamp("us")))


def _iso(micros: np.integer) -> str:
    return from_micros(int(micros)).isoformat().replace("+00:00", "Z")
