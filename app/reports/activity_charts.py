"""The pictures of a report on activity."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from app.charts.activity import Period, timeline
from app.charts.style import Chart
from app.flow.activity import MonthState
from app.flow.install_classes import BREAKS
from app.reports.activity_summary import ActivityFigures, ActivityPeriod, ActivitySummary, Metric, figures_of
from app.series.activity import COMMITS

#: Of more periods a picture shows months: bars of days are thinner than a pixel there.
_MOST: Final = 120

#: The part of a day that names its month.
_MONTH: Final = len("2024-11")


def charts_of(summary: ActivitySummary) -> Mapping[str, Chart]:
    """The timeline, and the share of CI where there is one."""
    periods = summary.periods
    if len(periods) > _MOST and len(periods[0].period) > _MONTH:
        periods = [
            _together(name, list(days), summary.metric)
            for name, days in groupby(periods, lambda one: one.period[:_MONTH])
        ]
    drawn = [
        Period(
            one.period,
            None if one.figures is None else one.figures.value,
            is_whole=one.state is MonthState.COMPLETE,
            is_before=one.state is MonthState.BEFORE_FIRST,
            ci=_percent(one.figures),
        )
        for one in periods
    ]
    is_project = summary.metric == "installs"
    breaks = _breaks([one.period for one in periods], summary) if is_project else {}
    what = "projects" if is_project else "repositories"
    counted = f"{summary.subjects_counted:,} of {summary.subjects:,} {what} counted"
    about = [f"{counted}, {summary.first} to {summary.last}, days in UTC"]
    charts = {"timeline": timeline(drawn, metric=summary.metric, about=about, breaks=breaks)}
    if any(one.ci is not None for one in drawn):
        about.append("most installers do not say whether they run in CI: the true share is this or more")
        charts["ci_share"] = timeline(drawn, metric=summary.metric, about=about, breaks=breaks, is_share=True)
    return charts


def _together(name: str, days: Sequence[ActivityPeriod], metric: Metric) -> ActivityPeriod:
    """A month of its days."""
    states = {one.state for one in days}
    sums: Counter[str] = Counter()
    for one in days:
        if one.figures is not None:
            sums.update({COMMITS: one.figures.value} if one.figures.classes is None else one.figures.classes)
    is_counted = any(one.figures is not None for one in days)
    known = MonthState.COMPLETE if states == {MonthState.COMPLETE} else MonthState.PARTIAL
    without = MonthState.BEFORE_FIRST if states == {MonthState.BEFORE_FIRST} else MonthState.NO_DATA
    end = date.fromisoformat(days[-1].period) + timedelta(days=1)
    return ActivityPeriod(
        period=name,
        state=known if is_counted else without,
        subjects_counted=max(one.subjects_counted for one in days),
        figures=figures_of(metric, sums, until=end) if is_counted else None,
    )


def _breaks(names: Sequence[str], summary: ActivitySummary) -> Mapping[int, str]:
    """By the number of the period in which a break falls, its day and why."""
    return {
        bisect_right(names, day.isoformat()) - 1: f"{day}: {why}"
        for day, why in BREAKS.items()
        if summary.first <= day <= summary.last
    }


def _percent(figures: ActivityFigures | None) -> float | None:
    if figures is None or figures.ci_share_at_least is None:
        return None
    return round(100 * figures.ci_share_at_least, 2)
