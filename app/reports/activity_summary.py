"""The summary of a report on activity: sums by period, and the most active."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, Field

from app.flow.activity import MonthState
from app.flow.activity_table import ActivityTable, Periods
from app.flow.figures import Figure, of_commits, of_installs
from app.flow.install_classes import InstallClass
from app.reports.kind import Outline
from app.series.activity import COMMITS

#: Subjects that the summary names.
_TOP: Final = 20

Metric = Literal["installs", "commits"]


class ActivityFigures(BaseModel):
    """A number that was counted."""

    value: int = Field(description="Installs of the classes person and unknown_ci, or commits.")
    classes: dict[str, int] | None = Field(description="Installs by class; null for commits.")
    ci_share_at_least: float | None = Field(description="Share of CI in CI and installs: a lower bound.")


class ActivityPeriod(BaseModel):
    """A month or a day of all subjects together."""

    period: str
    state: MonthState = Field(description="complete if every day was counted for every subject.")
    subjects_counted: int = Field(description="Subjects with counts in the period.")
    figures: ActivityFigures | None = Field(description="null where nobody counted.")


class ActivitySubject(BaseModel):
    """One of the most active."""

    key: str
    source: str | None
    figures: ActivityFigures
    periods_complete: int


class ActivitySummary(BaseModel):
    """What was counted, in sum."""

    metric: Literal["installs", "commits"]
    as_of: datetime
    first: date = Field(description="First day of the report.")
    last: date = Field(description="Last day of the report.")
    subjects: int = Field(description="Projects or repositories.")
    subjects_counted: int = Field(description="Subjects with counts.")
    figures: ActivityFigures | None
    periods: list[ActivityPeriod]
    most_active: list[ActivitySubject] = Field(description=f"Up to {_TOP}; activity.csv lists all.")


class Sums:
    """Adds up what the blocks of the table have; ``names`` are those of the periods."""

    def __init__(self, metric: Metric, periods: Periods, names: list[str]) -> None:
        self._metric: Metric = metric
        self._periods = periods
        self._names = names
        self.begin()

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self._periods.first[0], self._periods.end - timedelta(days=1)

    def begin(self) -> None:
        """Begin anew: the table may be written twice."""
        length = len(self._periods)
        names = [one.value for one in InstallClass] if self._metric == "installs" else [COMMITS]
        self._counts = {name: np.zeros(length, np.int64) for name in names}
        self._known, self._whole, self._before = (np.zeros(length, np.int64) for _ in range(3))
        self._active = 0
        self._top: list[tuple[int, ActivitySubject]] = []

    def add(self, of: ActivityTable) -> None:
        """Add a block."""
        states = of.states()
        is_whole = states == MonthState.COMPLETE.value
        is_known = is_whole | (states == MonthState.PARTIAL.value)
        for name, grid in of.counts.items():
            self._counts[name] += np.where(is_known, grid, 0).sum(axis=0)
        self._known += is_known.sum(axis=0)
        self._whole += is_whole.sum(axis=0)
        self._before += (states == MonthState.BEFORE_FIRST.value).sum(axis=0)
        self._active += int(is_known.any(axis=1).sum())
        for row in np.flatnonzero(is_known.any(axis=1)).tolist():
            counts = {name: int(grid[row].sum()) for name, grid in of.counts.items()}
            figures = figures_of(self._metric, counts, until=self._periods.end)
            complete = int(is_whole[row].sum())
            told = ActivitySubject(key=of.keys[row], source=of.sources[row], figures=figures, periods_complete=complete)
            self._top.append((figures.value, told))
        self._top = sorted(self._top, key=lambda one: (-one[0], one[1].key))[:_TOP]

    def summary(self, as_of: datetime, *, subjects: int) -> ActivitySummary:
        """All of it."""
        ends = [*self._periods.first[1:], self._periods.end]
        periods = []
        for number, (name, end) in enumerate(zip(self._names, ends, strict=True)):
            counts = {metric: int(n[number]) for metric, n in self._counts.items()}
            periods.append(
                ActivityPeriod(
                    period=name,
                    state=self._state(number, subjects),
                    subjects_counted=int(self._known[number]),
                    figures=figures_of(self._metric, counts, until=end) if self._known[number] else None,
                )
            )
        everything = {metric: int(n.sum()) for metric, n in self._counts.items()}
        return ActivitySummary(
            metric=self._metric,
            as_of=as_of,
            first=self.days[0],
            last=self.days[1],
            subjects=subjects,
            subjects_counted=self._active,
            figures=figures_of(self._metric, everything, until=self._periods.end) if self._active else None,
            periods=periods,
            most_active=[told for _, told in self._top],
        )

    def _state(self, number: int, subjects: int) -> MonthState:
        if not self._known[number]:
            is_before = subjects and self._before[number] == subjects
            return MonthState.BEFORE_FIRST if is_before else MonthState.NO_DATA
        is_whole = self._whole[number] + self._before[number] == subjects
        return MonthState.COMPLETE if is_whole else MonthState.PARTIAL


def figures_of(metric: Metric, counts: Mapping[str, int], *, until: date) -> ActivityFigures:
    """The figures of counts of days before ``until``."""
    found: Figure = of_installs(counts, until=until) if metric == "installs" else of_commits(counts)
    classes = None if found.classes is None else dict(found.classes)
    return ActivityFigures(value=found.value, classes=classes, ci_share_at_least=found.ci_share_at_least)


def outline(summary: ActivitySummary) -> Outline:
    """The most active, and all together."""
    rows = [
        [one.key, f"{one.figures.value:,}", one.source or "", str(one.periods_complete)] for one in summary.most_active
    ]
    everything = "no data" if summary.figures is None else f"{summary.figures.value:,}"
    notes = [
        f"{summary.first} to {summary.last}, UTC; {summary.subjects_counted:,} of {summary.subjects:,} counted.",
        "Days without counts are empty in activity.csv, never 0.",
    ]
    columns = ["name", summary.metric, "source", "complete"]
    return Outline(columns, [*rows, ["(all)", everything, "", ""]], notes)
