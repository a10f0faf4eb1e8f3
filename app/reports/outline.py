"""The summary of a report on pull requests as a table for people: medians and 90th percentiles per team."""

from collections.abc import Iterator
from math import inf
from typing import Final

from app.flow.statistics import Statistics
from app.flow.summary import FlowSummary
from app.reports.kind import Outline

#: Units of durations, each with its seconds and its number in the next one.
UNITS: Final = (("s", 1, 60), ("min", 60, 60), ("h", 3600, inf))

#: Figures of each team, a line each.
FIGURES: Final = ("median", "p90")

#: Name of the lines for all rows. A team may be called "all", but hardly with parentheses.
NO_TEAM: Final = "(no team)"
OTHERS: Final = "(other teams)"
ALL: Final = "(all)"

#: Description of the durations, by clock; a sample has its own.
_TIMES: Final = {"working": "working time", "wall": "elapsed time", None: "the times of the sample"}


def outline(summary: FlowSummary) -> Outline:
    """Two lines for each team and for all; rows without a team are only counted."""
    durations = list(summary.stats.median)
    rows = [row for team, of in summary.per_team.items() for row in _figures(team, of)]
    others = summary.other_teams.rows if summary.other_teams else 0
    without_team = summary.stats.count - sum(of.count for of in summary.per_team.values()) - others
    notes = list(summary.notes)
    if others:
        rows.append((OTHERS, f"{others:,}", *[""] * (1 + len(durations))))
    if without_team:
        rows.append((NO_TEAM, f"{without_team:,}", *[""] * (1 + len(durations))))
        notes.insert(0, f"Rows without a team count only in {ALL}.")
    return Outline(
        columns=("team", "count", "", *(name.replace("_", "\n") for name in durations)),
        rows=[*rows, *_figures(ALL, summary.stats)],
        notes=[f"Median and 90th percentile of {_TIMES[summary.clock]}.", *notes],
    )


def _figures(name: str, of: Statistics) -> Iterator[tuple[str, ...]]:
    for number, figure in enumerate(FIGURES):
        head = (name, f"{of.count:,}") if number == 0 else ("", "")
        yield (*head, figure, *map(_time, getattr(of, figure).values()))


def _time(seconds: float | None) -> str:
    """A duration with one decimal, in the unit of its size."""
    if seconds is None:
        return "-"
    unit, size = next((unit, size) for unit, size, limit in UNITS if round(seconds / size, 1) < limit)
    return f"{seconds / size:,.1f} {unit}"
