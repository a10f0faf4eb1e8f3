"""The charts of the pull-request report."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from app.charts.colours import OTHERS_COLOUR
from app.charts.means import Means, mean_bars
from app.charts.measure import Measure
from app.charts.pie import Slice, pie
from app.charts.style import Chart, counted
from app.charts.teams import Cast, Durations, Seconds, known
from app.charts.violins import violins

__all__ = ["Durations", "Measure", "duration_charts"]


def duration_charts(durations: Durations, *, ordinary: npt.NDArray[np.bool_], measure: Measure) -> dict[str, Chart]:
    """Review time, merge time, number and mean times of pull requests per team, of all and without outliers.

    Teams keep their order and their colours throughout. A chart that would show nothing is not made.

    Args:
        durations: what was observed.
        ordinary: bool[n], false for outliers.
        measure: what the durations are measured in.

    Returns:
        At most eight charts by name: four, then the same with the suffix ``_without_outliers``.
    """
    cast = Cast.of(durations)
    charts = dict(_charts(durations, cast, measure, remark=""))
    left_out = int(np.count_nonzero(~ordinary))
    remark = f"without {counted(left_out, 'outlier')} of {counted(len(ordinary), 'pull request')}"
    for name, chart in _charts(durations.only(ordinary), cast, measure, remark=remark):
        charts[f"{name}_without_outliers"] = chart
    return charts


def _charts(durations: Durations, cast: Cast, measure: Measure, *, remark: str) -> Iterator[tuple[str, Chart]]:
    for name, seconds in (("review", durations.review_seconds), ("merge", durations.merge_seconds)):
        values = [(team, known(seconds[durations.team == team.index])) for team in cast.shown]
        if values := [(team, times) for team, times in values if len(times)]:
            yield f"{name}_time_per_team", violins(values, cast, what=f"{name} time", remark=remark, measure=measure)
    if slices := _slices(durations, cast):
        total = counted(sum(one.count for one in slices), "pull request")
        yield (
            "pull_requests_per_team",
            pie(slices, title="Pull requests per team", subtitle=[remark or total, cast.remark]),
        )
    if means := _means(durations, cast):
        yield "mean_times_per_team", mean_bars(means, cast, remark=remark, measure=measure)


def _slices(durations: Durations, cast: Cast) -> list[Slice]:
    """A slice for each team that is shown, and one for all others."""
    slices = [
        Slice(team.name, team.label, int(np.count_nonzero(durations.team == team.index)), team.colour)
        for team in cast.shown
    ]
    others = np.setdiff1d(durations.team, [team.index for team in cast.shown])
    if len(others):
        name = f"other ({counted(len(others), 'team')})"
        count = len(durations.team) - sum(one.count for one in slices)
        slices.append(Slice(name, name, count, OTHERS_COLOUR))
    return [one for one in slices if one.count]


def _means(durations: Durations, cast: Cast) -> list[Means]:
    found = []
    for team in cast.shown:
        here = durations.team == team.index
        review, merge = durations.review_seconds[here], durations.merge_seconds[here]
        if observed := int(np.count_nonzero(~(np.isnan(review) & np.isnan(merge)))):
            found.append(Means(team, _mean(review), _mean(merge), observed))
    return found


def _mean(seconds: Seconds) -> float | None:
    values = known(seconds)
    return float(values.mean()) if len(values) else None
