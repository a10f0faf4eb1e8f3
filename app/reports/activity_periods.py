"""The periods of a report on activity as people are shown them: months instead of very many days."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from app.flow.activity import MonthState
from app.reports.activity_summary import ActivityPeriod, ActivitySummary, Metric, figures_of
from app.series.activity import COMMITS

#: Of more periods months are shown: bars of days are thinner than a pixel in a picture there.
MOST_SHOWN: Final = 120

#: The part of a day that names its month.
_MONTH: Final = len("2024-11")


def shown_periods(summary: ActivitySummary) -> Sequence[ActivityPeriod]:
    """The periods of a summary; of more than MOST_SHOWN days their months."""
    periods = summary.periods
    if len(periods) <= MOST_SHOWN or len(periods[0].period) <= _MONTH:
        return periods
    return [
        _together(name, list(days), summary.metric) for name, days in groupby(periods, lambda one: one.period[:_MONTH])
    ]


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
