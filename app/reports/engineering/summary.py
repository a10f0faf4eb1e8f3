"""The summary of the engineering report: each metric of all together, of its groups, and from period to period."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from math import isnan
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, Field

from app.metrics.computing import WHOLE
from app.metrics.figures import FEW
from app.metrics.metric import PILLARS, Pillar
from app.metrics.outcome import STATES, By, Outcome, State, Told
from app.reports.engineering.shown import shown
from app.reports.kind import Outline

#: Groups and parts of a metric that the summary names, those of the most rows; metrics.csv has them all.
MOST_GROUPS: Final = 100
MOST_PARTS: Final = 10

#: Periods of a report in whose summary groups have their course: the summary is read with every page.
MOST_PERIODS: Final = 60

#: Repositories that a note names.
MOST_NAMED: Final = 5


class MetricFigure(BaseModel):
    """What a metric comes to."""

    part: str | None = Field(description="Part of the metric, such as a workflow; null if the metric is not divided.")
    value: float | None = Field(description="null if there is none, or too few people to show it.")
    p75: float | None = Field(None, description="Beside a median.")
    p90: float | None = Field(None, description="Beside a median.")
    n: int = Field(description="Number of rows or values in the figure.")
    few: bool = Field(description=f"True if it has fewer than {FEW} values.")
    withheld: bool = Field(description="True if it has too few people to be shown.")
    state: State = Field(description="partial: a source has not read everything; running: the period has not ended.")


class GroupMetric(MetricFigure):
    """What a metric comes to in a team or a repository."""

    group: str | None = Field(description="Name of the group; null for rows without a group.")
    course: list[float | None] | None = Field(
        None,
        description="Figures by period, in the order of `periods`; null for a period without a figure or with missing "
        f"data. Itself null if there are more than {MOST_PERIODS} periods.",
    )


class PeriodMetric(MetricFigure):
    """What a metric comes to in a period, all groups together."""

    period: str


class MetricSummary(BaseModel):
    """A metric and its figures."""

    metric: str
    version: int = Field(description="Version of its definition; 0 is the shipped one.")
    title: str
    summary: str
    caveat: str
    unit: str = Field(description="seconds, percent, or the thing that is counted; empty for plain numbers.")
    whole: list[MetricFigure] = Field(
        description=f"Figures of all groups together; the {MOST_PARTS} parts with the most rows."
    )
    groups: list[GroupMetric] = Field(
        description=f"The {MOST_GROUPS} groups with the most rows; metrics.csv lists all."
    )
    series: list[PeriodMetric] = Field(description="Figures by period, for the same parts as `whole`.")


class PillarSummary(BaseModel):
    """The metrics of a pillar."""

    pillar: Pillar
    title: str
    metrics: list[MetricSummary]


class EngineeringSummary(BaseModel):
    """What the metrics come to."""

    by: By
    each: str
    first: date = Field(description="First local date of the report.")
    last: date = Field(description="Last local date of the report.")
    periods: list[str] = Field([], description="All periods, in chronological order.")
    as_of: datetime
    pillars: list[PillarSummary]
    not_read: dict[str, list[str]] = Field(description="By stream, repositories that a source has not read completely.")
    left_out: list[str] = Field(description="Metrics that are not shown, because no labels define incidents.")


def summarise(
    outcome: Outcome, *, by: By, each: str, dates: tuple[date, date], as_of: datetime, left_out: Sequence[str]
) -> EngineeringSummary:
    """The summary; ``dates`` are the first and the last."""
    pillars: dict[Pillar, list[MetricSummary]] = {}
    for told in outcome.metrics:
        pillars.setdefault(told.cells.metric.pillar, []).append(_metric(told, outcome))
    return EngineeringSummary(
        by=by,
        each=each,
        first=dates[0],
        last=dates[1],
        periods=list(outcome.division.labels),
        as_of=as_of,
        pillars=[
            PillarSummary(pillar=one, title=PILLARS[one], metrics=pillars[one]) for one in PILLARS if one in pillars
        ],
        not_read={stream: list(names) for stream, names in outcome.not_read.items()},
        left_out=list(left_out),
    )


def part_name(parts: Sequence[str]) -> str | None:
    """The words of a part as one."""
    return ", ".join(one or "(unknown)" for one in parts) if parts else None


def _metric(told: Told, outcome: Outcome) -> MetricSummary:
    cells, metric = told.cells, told.cells.metric
    is_total, is_all = cells.period == WHOLE, cells.group == WHOLE
    whole = _most(told, np.flatnonzero(is_total & is_all), MOST_PARTS)
    parts = {int(cells.split[one]) for one in whole}
    of_parts = np.isin(cells.split, sorted(parts))
    series = np.flatnonzero(~is_total & is_all & of_parts)
    series = series[np.lexsort((cells.split[series], cells.period[series]))]
    groups = _most(told, np.flatnonzero(is_total & ~is_all), MOST_GROUPS)
    return MetricSummary(
        metric=metric.name,
        version=metric.version,
        title=metric.title,
        summary=metric.summary,
        caveat=metric.caveat,
        unit=metric.unit,
        whole=[MetricFigure(**_figure(told, one)) for one in whole],
        groups=[
            GroupMetric(**_figure(told, one), group=_name(outcome, int(cells.group[one])), course=course)
            for one, course in zip(groups, _courses(told, groups, len(outcome.division.labels)), strict=True)
        ],
        series=[
            PeriodMetric(**_figure(told, one), period=outcome.division.labels[int(cells.period[one])])
            for one in series.tolist()
        ],
    )


def _courses(told: Told, groups: Sequence[int], periods: int) -> list[list[float | None] | None]:
    """Of cells of all the time, what their groups and parts came to in each period."""
    if not groups or not 0 < periods <= MOST_PERIODS:
        return [None] * len(groups)
    cells = told.cells
    code = cells.group * len(cells.parts) + cells.split
    order = np.argsort(code[groups])
    sorted_codes = code[groups][order]
    shown = np.flatnonzero((cells.period != WHOLE) & (cells.group != WHOLE) & np.isin(code, sorted_codes))
    is_known = told.state[shown] == STATES.index(State.COMPLETE)
    values = np.full((len(groups), periods), np.nan)
    row = order[np.searchsorted(sorted_codes, code[shown])]
    values[row, cells.period[shown]] = np.where(is_known, cells.figures.value[shown], np.nan)
    return [[_known(one) for one in line] for line in values.tolist()]


def _most(told: Told, which: np.ndarray[Any, Any], most: int) -> list[int]:
    """Those of the most rows, in their order."""
    n = told.cells.figures.n[which]
    chosen = which[np.argsort(-n, kind="stable")[:most]]
    order = np.lexsort((told.cells.split[chosen], told.cells.group[chosen]))
    return [int(one) for one in chosen[order]]


def _name(outcome: Outcome, group: int) -> str | None:
    return None if group < 0 else outcome.names[group]


def _figure(told: Told, cell: int) -> dict[str, Any]:
    cells, figures = told.cells, told.cells.figures
    return {
        "part": part_name(cells.parts[int(cells.split[cell])]),
        "value": _known(float(figures.value[cell])),
        "p75": None if figures.p75 is None else _known(float(figures.p75[cell])),
        "p90": None if figures.p90 is None else _known(float(figures.p90[cell])),
        "n": int(figures.n[cell]),
        "few": bool(told.few[cell]),
        "withheld": bool(cells.withheld[cell]),
        "state": STATES[int(told.state[cell])],
    }


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def outline(summary: EngineeringSummary) -> Outline:
    """Each metric of everything, below its pillar."""
    rows: list[tuple[str, ...]] = []
    for pillar in summary.pillars:
        rows += [(pillar.title.upper(), "", ""), *(row for metric in pillar.metrics for row in _lines(metric))]
    periods = "" if summary.each == "none" else f" and {summary.each}"
    notes = [f"{summary.first} to {summary.last}; the CSV file has the figures by {summary.by}{periods}."]
    notes += [*not_read(summary, most=MOST_NAMED), *not_shown(summary)]
    notes.append(f"* of fewer than {FEW} values; ~ not everything was read, or the period has not ended.")
    return Outline(columns=("metric", "value", "n"), rows=rows, notes=notes)


def not_read(summary: EngineeringSummary, *, most: int) -> list[str]:
    """A sentence for each stream of which not everything was read, with so many repositories at most."""
    return [
        f"The stream {stream} was not read completely for: {', '.join(names[:most])}"
        + (f" and {len(names) - most:,} more." if len(names) > most else ".")
        for stream, names in summary.not_read.items()
    ]


def not_shown(summary: EngineeringSummary) -> list[str]:
    """A sentence about the metrics that are left out, if any are."""
    names = ", ".join(summary.left_out)
    return [f"Not shown until OPENHOURS_INCIDENT_LABELS is set: {names}."] if names else []


def _lines(metric: MetricSummary) -> Iterator[tuple[str, ...]]:
    if not metric.whole:
        yield metric.title, shown(None, ""), "0"
    for one in metric.whole:
        name = metric.title if one.part is None else f"{metric.title}: {one.part}"
        mark = ("*" if one.few else "") + ("" if one.state is State.COMPLETE else "~")
        yield name, f"{shown(one.value, metric.unit)}{mark}", f"{one.n:,}"
