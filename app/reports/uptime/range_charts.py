"""The charts of the uptime report on a range: its trend, and its worst stores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.files.artifact import Artifact
from app.jobs.kind import JobContext
from app.reports.uptime_summary import Totals, UptimeSummary, worst_called

if TYPE_CHECKING:
    from app.charts.trend import Shares


def draw_range(context: JobContext, summary: UptimeSummary, *, about: str) -> list[Artifact]:
    """The charts that have something to show; ``about`` says which time they are of."""
    from app.charts.files import write_charts  # noqa: PLC0415 - only who draws imports charts
    from app.charts.trend import overall, trend  # noqa: PLC0415
    from app.charts.worst import worst_bars  # noqa: PLC0415

    periods = shares(list(summary.periods), list(summary.periods.values()))
    lines, target, charts = [about], summary.target_percent, {}
    if len(periods) > 1 and any(one.low is not None for one in periods):
        (whole,) = shares(["all"], [summary.totals])
        charts["trend"] = trend(periods, about=[*lines, overall(whole)], target=target)
    if summary.worst:
        worst = shares(worst_called(summary), summary.worst)
        charts["worst_stores"] = worst_bars(worst, of=summary.stores, about=lines, target=target)
    return write_charts(charts, context.folder)


def shares(names: Sequence[str], of: Sequence[Totals]) -> list["Shares"]:
    """Availabilities with their bounds, as charts take them."""
    from app.charts.trend import Shares  # noqa: PLC0415

    return [
        Shares(name, one.availability_percent, one.availability_low_percent, one.availability_high_percent)
        for name, one in zip(names, of, strict=True)
    ]
