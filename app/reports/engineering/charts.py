"""The charts of the engineering report: one of each pillar, a row for each metric of everything."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.charts.sparklines import Point, Row, sparklines
from app.charts.style import Chart
from app.metrics.outcome import State
from app.reports.engineering.shown import NONE, shown
from app.reports.engineering.summary import EngineeringSummary, MetricFigure, MetricSummary, PeriodMetric

#: Parts of a metric that a chart shows, those of the most rows.
_PARTS: Final = 3


def charts_of(summary: EngineeringSummary) -> Mapping[str, Chart]:
    """By the stem of its file, the chart of each pillar that has a metric with periods."""
    about = [f"the whole time, {summary.first} to {summary.last}, by {summary.each}"]
    charts: dict[str, Chart] = {}
    for pillar in summary.pillars:
        periods = sorted({one.period for metric in pillar.metrics for one in metric.series})
        rows = [row for metric in pillar.metrics for row in _rows(metric, periods)]
        if rows and periods:
            charts[pillar.pillar] = sparklines(rows, periods=periods, title=pillar.title, about=about)
    return charts


def _rows(metric: MetricSummary, periods: Sequence[str]) -> Iterator[Row]:
    chosen = sorted(metric.whole, key=lambda one: -one.n)[:_PARTS]
    for whole in metric.whole:
        if whole in chosen and whole.n:
            series = {one.period: one for one in metric.series if one.part == whole.part}
            points = [_point(series.get(period), metric.unit) for period in periods]
            yield Row(metric.title, whole.part or f"n {whole.n:,}", _total(whole, metric.unit), points)


def _total(whole: MetricFigure, unit: str) -> str:
    return shown(whole.value, unit)


def _point(one: PeriodMetric | None, unit: str) -> Point:
    if one is None:
        return Point(None, NONE)
    is_gap = one.state is not State.COMPLETE
    return Point(one.value, f"{shown(one.value, unit)}, n {one.n:,}", few=one.few, is_gap=is_gap)
