"""The summary of a report on pull requests: summary.json."""

from collections.abc import Mapping
from datetime import datetime
from heapq import nsmallest
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
from pydantic import BaseModel, Field

from app.files.csv_output import escape_formulas
from app.flow.clocks import Clock
from app.flow.group_summary import GroupFigures
from app.flow.observations import Observations
from app.flow.statistics import FIGURES, Statistics, per_team, statistics
from app.wording.warnings import DataWarning

#: Teams of a summary, which is read whole: each takes about a kilobyte.
MOST_TEAMS: Final = 1000

#: Name of the file with all teams, for a report with more.
TEAMS_FILE: Final = "teams.csv"

#: Note of the summary of a report without rows.
NOTHING_LEFT: Final = "No row matches the filters: the tables are empty, and there are no charts."


class DateInterval(BaseModel):
    """First and last date, ISO 8601; null without any."""

    begin: str | None
    end: str | None


class OtherTeams(BaseModel):
    """The teams that a summary has no room for."""

    teams: int = Field(description="Their number.")
    rows: int = Field(description="Rows that they have.")
    file: str = Field(description="File of the report that has the statistics of all teams.")


class OpenNow(BaseModel):
    """What is open at ``as_of``; in open.csv each of them has a row."""

    count: int
    drafts: int
    waiting_for: dict[str, int] = Field(description="How many wait for a `review`, for `changes`, for the `merge`.")


class Selected(BaseModel):
    """What was asked for, as it was understood."""

    by: str = Field(description="What the groups have in common.")
    dated_by: str = Field(description="Which date counts for the period, for weeks and months: `created` or `merged`.")
    period: str | None = Field(description="The period, if one was given.")
    zone: str = Field(description="Whose dates count: `entity`, each team's own, or a time zone.")
    state: str | None
    bots_left_out: int = Field(description="Pull requests that bots wrote, and that were left out for it.")


class FlowSummary(BaseModel):
    """Statistics of pull requests or of a sample of review times; durations are seconds at full precision."""

    source: str = Field(description="`pull_requests`, or the id of the dataset of review times.")
    clock: Clock | None = Field(description="Clock of the durations: `working` or `wall`; null for a sample.")
    as_of: datetime
    total_num_observations: int
    teams: list[str] = Field(description="Names of the teams that have rows, sorted; those with the most, of many.")
    other_teams: OtherTeams | None = Field(
        None, description="The teams beyond the 1,000 with the most rows; left out if there are no more."
    )
    date_interval: DateInterval
    stats: Statistics
    per_team: dict[str, Statistics] = Field(
        description="Statistics per team; rows without a team count only in `stats`."
    )
    num_prs_without_review: int
    num_prs_without_ci: int
    num_missing_values: dict[str, int] = Field(description="Number of rows without a value, per column.")
    num_inconsistent: dict[str, int] = Field(description="Number of rows whose phase ends before it begins, per phase.")
    notes: list[str] = Field(description="Remarks, such as that no row matches the filters.")
    selected: Selected | None = Field(None, description="What was asked for; null for a sample.")
    whole: GroupFigures | None = Field(None, description="All rows, with their first reviews; null for a sample.")
    groups: list[GroupFigures] = Field(
        default_factory=list,
        description="Each group of `selected.by`, of more than 1,000 those with the most rows; none for a sample.",
    )
    open_now: OpenNow | None = Field(None, description="What is open, whenever it was created; null for a sample.")
    warnings: list[DataWarning] = Field(default_factory=list, description="Warnings about probable mistakes.")


def summarise(
    found: Observations,
    *,
    source: str,
    clock: Clock | None,
    as_of: datetime,
    teams: Mapping[str, Statistics] | None = None,
    stats: Statistics | None = None,
    fields: Mapping[str, Any] = MappingProxyType({}),
) -> FlowSummary:
    """The summary of some rows.

    Args:
        found: the rows.
        source, clock, as_of: as the fields of the same name.
        teams, stats: the figures of each team, and of all rows, if they are known already.
        fields: others, by name.
    """
    every = per_team(found.durations, found.team, found.teams) if teams is None else teams
    shown = _largest(every)
    others = None
    if len(shown) < len(every):
        rows = sum(of.count for of in every.values()) - sum(of.count for of in shown.values())
        others = OtherTeams(teams=len(every) - len(shown), rows=rows, file=TEAMS_FILE)
    notes = [] if len(found) else [NOTHING_LEFT]
    if others is not None:
        notes.append(f"The {MOST_TEAMS:,} teams with the most rows; {TEAMS_FILE} has all {len(every):,}.")
    return FlowSummary(
        source=source,
        clock=clock,
        as_of=as_of,
        total_num_observations=len(found),
        teams=list(shown),
        other_teams=others,
        date_interval=DateInterval(begin=found.begin, end=found.end),
        stats=statistics(found.durations, rows=len(found)) if stats is None else stats,
        per_team=shown,
        num_prs_without_review=found.without_review,
        num_prs_without_ci=found.without_ci,
        num_missing_values=dict(found.missing),
        num_inconsistent=dict(found.inconsistent),
        notes=notes,
        **fields,
    )


def as_json(summary: FlowSummary) -> str:
    """The content of summary.json; a sample has no part of what is told of pull requests alone."""
    left_out = set() if summary.other_teams else {"other_teams"}
    if summary.selected is None:
        left_out |= {"selected", "whole", "groups", "open_now", "warnings"}
    return summary.model_dump_json(indent=1, exclude=left_out)


def teams_table(every: Mapping[str, Statistics]) -> pa.Table:
    """The figures of all teams, a row each in the order given, made safe to open in a spreadsheet.

    Columns: ``team``, ``count``, and for each duration ``<duration>_count``, ``<duration>_<figure>_seconds``.
    """
    columns: dict[str, pa.Array] = {
        "team": escape_formulas(pa.array(list(every), pa.string())),
        "count": pa.array([of.count for of in every.values()], pa.int64()),
    }
    durations = next(iter(every.values())).counts if every else ()
    for duration in durations:
        columns[f"{duration}_count"] = pa.array([of.counts[duration] for of in every.values()], pa.int64())
        for figure in FIGURES:
            values = [getattr(of, figure)[duration] for of in every.values()]
            columns[f"{duration}_{figure}_seconds"] = pa.array(values, pa.float64())
    return pa.table(columns)


def _largest(every: Mapping[str, Statistics]) -> dict[str, Statistics]:
    """The MOST_TEAMS with the most rows, the first by name if equal, in the order given."""
    kept = {name for name, _ in nsmallest(MOST_TEAMS, every.items(), key=lambda one: (-one[1].count, one[0]))}
    return {name: of for name, of in every.items() if name in kept}
