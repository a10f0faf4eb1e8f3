"""The pictures of a report on activity."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from app.charts.activity import Period, timeline
from app.charts.style import Chart
from app.flow.activity import MonthState
from app.flow.install_classes import BREAKS
from app.reports.activity_periods import shown_periods
from app.reports.activity_summary import ActivityFigures, ActivitySummary


def charts_of(summary: ActivitySummary) -> Mapping[str, Chart]:
    """The timeline, and the share of CI where there is one."""
    periods = shown_periods(summary)
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
        about.append("most installers do not report whether they run in CI: the true share is at least this")
        charts["ci_share"] = timeline(drawn, metric=summary.metric, about=about, breaks=breaks, is_share=True)
    return charts


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
