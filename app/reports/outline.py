"""The summary of a report on pull requests as a table for people: medians, 90th percentiles and numbers per group."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Final

from app.flow.group_summary import FirstReview, GroupFigures
from app.flow.statistics import Statistics
from app.flow.summary import FlowSummary, OpenNow
from app.reports.kind import Outline

#: Units of durations, each with its seconds and its number in the next one.
UNITS: Final = (("s", 1, 60), ("min", 60, 60), ("h", 3600, inf))

#: Figures of each group, a line each, and behind them how many rows have the duration.
FIGURES: Final = ("median", "p90")

#: What is in the summary alone: in a terminal of 80 columns it would leave no room for names.
NOT_SHOWN: Final = frozenset({"closed_unmerged"})

#: Name of the lines for all rows. A team may be called "all", but hardly with parentheses.
NO_TEAM: Final = "(no team)"
NO_GROUP: Final = "(none)"
OTHERS: Final = "(other teams)"
ALL: Final = "(all)"

#: Description of the durations, by clock; a sample has its own.
_TIMES: Final = {"working": "working time", "wall": "elapsed time", None: "the times of the sample"}

_Figures = Mapping[str, float | None]


def outline(summary: FlowSummary) -> Outline:
    """Three lines for each group and for all; of rows without a team only the number."""
    durations = [name for name in summary.stats.median if name not in NOT_SHOWN]
    by = "team" if summary.selected is None else summary.selected.by
    rows = list(_of_teams(summary, len(durations)) if by == "team" else _of_groups(summary))
    notes = [
        f"Median and 90th percentile of {_TIMES[summary.clock]}; n is the number of rows that have it.",
        *summary.notes,
    ]
    if any(row[0] == NO_TEAM for row in rows):
        notes.insert(1, f"Rows without a team count only in {ALL}.")
    if summary.whole is not None and summary.open_now is not None and summary.selected is not None:
        notes += _of_waiting(summary.whole.first_review, summary.open_now)
        if bots := summary.selected.bots_left_out:
            notes.append(f"Left out because bots wrote them: {bots:,}.")
    return Outline(
        columns=(by, "count", "", *(name.replace("_", "\n") for name in durations)),
        rows=[*rows, *_of_statistics(ALL, summary.stats)],
        notes=notes,
    )


def _of_teams(summary: FlowSummary, durations: int) -> Iterator[tuple[str, ...]]:
    for team, of in summary.per_team.items():
        yield from _of_statistics(team, of)
    others = summary.other_teams.rows if summary.other_teams else 0
    without_team = summary.stats.count - sum(of.count for of in summary.per_team.values()) - others
    for name, count in ((OTHERS, others), (NO_TEAM, without_team)):
        if count:
            yield (name, f"{count:,}", *[""] * (1 + durations))


def _of_groups(summary: FlowSummary) -> Iterator[tuple[str, ...]]:
    for group in summary.groups:
        figures = {name: {phase: getattr(of, name) for phase, of in group.phases.items()} for name in FIGURES}
        counts = {phase: of.n for phase, of in group.phases.items()}
        yield from _lines(_name(group), group.count, figures, counts)


def _name(group: GroupFigures) -> str:
    return NO_GROUP if group.group is None else group.group


def _of_statistics(name: str, of: Statistics) -> Iterator[tuple[str, ...]]:
    yield from _lines(name, of.count, {figure: getattr(of, figure) for figure in FIGURES}, of.counts)


def _lines(
    name: str, count: int, figures: Mapping[str, _Figures], counts: Mapping[str, int]
) -> Iterator[tuple[str, ...]]:
    shown = [duration for duration in counts if duration not in NOT_SHOWN]
    for number, figure in enumerate(FIGURES):
        head = (name, f"{count:,}") if number == 0 else ("", "")
        yield (*head, figure, *(_time(figures[figure][duration]) for duration in shown))
    yield ("", "", "n", *(f"{counts[duration]:,}" for duration in shown))


def _of_waiting(review: FirstReview, now: OpenNow) -> Iterator[str]:
    """What the medians of the table leave out: those that still wait."""
    total = review.reviewed + review.still_waiting + review.ended_without_review
    if total:
        yield (
            f"Time to first review including those still waiting (Kaplan-Meier): median "
            f"{_time(review.kaplan_meier_median)}, of {total:,}; still waiting: {review.still_waiting:,}."
        )
    if now.count:
        waiting = ", ".join(f"{count:,} for {what}" for what, count in now.waiting_for.items())
        yield f"Open: {now.count:,}; waiting: {waiting}; drafts: {now.drafts:,}. open.csv lists them."


def _time(seconds: float | None) -> str:
    """A duration with one decimal, in the unit of its size."""
    if seconds is None:
        return "-"
    unit, size = next((unit, size) for unit, size, limit in UNITS if round(seconds / size, 1) < limit)
    return f"{seconds / size:,.1f} {unit}"
