"""Pull requests as they went: the phases of each, and how many lack what."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from app.flow.clocks import Clock, seconds_by_clock
from app.flow.observations import Observations, named
from app.flow.phases import PHASES, Phase
from app.flow.pull_requests import PullRequests
from app.flow.table import pull_request_table
from app.flow.teams import Teams
from app.timeline import MISSING, from_micros


def observe(
    pulls: PullRequests,
    teams: Teams,
    team: npt.NDArray[np.int64],
    repos: Mapping[int, str],
    *,
    clock: Clock,
    as_of: int,
) -> Observations:
    """The pull requests with all their phases; the table is sorted by repository and number.

    Args:
        pulls: n pull requests as they stood at ``as_of``.
        teams: those that they are of.
        team: int64[n], number of each one's team, -1 without one.
        repos: names of the repositories by id.
        clock: which durations statistics and charts use.
        as_of: the instant for which the report is computed, microseconds; a draft that is ready later is not ready.
    """
    phases = {name: Phase.of(name, pulls.instants, as_of=as_of) for name in PHASES}
    seconds = seconds_by_clock(phases, teams, team)
    known = replace(
        pulls, instants={name: np.where(values > as_of, MISSING, values) for name, values in pulls.instants.items()}
    )
    missing = _missing(known, team)
    begin, end = _first_and_last(pulls)
    return Observations(
        table=pull_request_table(known, repos=repos, team=named(teams.names, team), phases=phases, seconds=seconds),
        teams=teams.names,
        team=team,
        durations=seconds[clock],
        ordinary=~np.isnan(seconds[clock]["review_time"]) & ~np.isnan(seconds[clock]["merge_time"]),
        begin=begin,
        end=end,
        without_review=missing["first_review_at"],
        without_ci=missing["ci_finished_at"],
        missing=missing,
        inconsistent={name: int(phase.inconsistent.sum()) for name, phase in phases.items()},
    )


def _missing(pulls: PullRequests, team: npt.NDArray[np.int64]) -> dict[str, int]:
    """Number of rows without a value, per column."""
    return {
        "repo": 0,
        "number": 0,
        "team": int((team < 0).sum()),
        "author": int((pulls.author == "").sum()),
        **{name: int((values == MISSING).sum()) for name, values in pulls.instants.items()},
    }


def _first_and_last(pulls: PullRequests) -> tuple[str | None, str | None]:
    """When the first and the last were created, ISO 8601; None without any."""
    if not len(pulls):
        return None, None
    created = pulls.instants["created_at"]
    return _iso(created.min()), _iso(created.max())


def _iso(micros: np.integer) -> str:
    return from_micros(int(micros)).isoformat().replace("+00:00", "Z")
