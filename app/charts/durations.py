"""The charts of the pull-request report."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from app.charts.colours import OTHERS_COLOUR
from app.charts.means import mean_bars
from app.charts.measure import Measure
from app.charts.pie import Slice, pie
from app.charts.style import Chart, counted, counted_of, shortened
from app.charts.teams import Cast, Durations, known
from app.charts.violins import violins

__all__ = ["Durations", "Measure", "duration_charts"]

#: Columns of a team's name beside its slice, where its number and its share follow.
SLICE_COLUMNS: Final = 20


def duration_charts(durations: Durations, *, ordinary: npt.NDArray[np.bool_], measure: Measure) -> dict[str, Chart]:
    """Review time, merge time and mean times per team, of all and of those that have both; of a sample as it has them.

    A sample also shows the number of observations per team, and leaves out outliers by that name. Teams keep their
    order and their colours throughout. A chart that would show nothing is not made.

    Args:
        durations: what was observed.
        ordinary: bool[n], of pull requests those that were reviewed and merged, of a sample those that are no outliers.
        measure: what the durations are measured in.

    Returns:
        At most six charts by name: three, then the same with the suffix ``_reviewed_and_merged_only``; of a sample at
        most eight: four, then the same with the suffix ``_without_outliers``.
    """
    cast = Cast.of(durations)
    charts = dict(_charts(durations, cast, measure, remark=""))
    is_sample = measure is Measure.SAMPLE
    suffix = "without_outliers" if is_sample else "reviewed_and_merged_only"
    chosen = int(np.count_nonzero(ordinary))
    remark = (_outliers if is_sample else _whole_ones)(chosen, len(durations), measure.noun)
    for name, chart in _charts(durations.only(ordinary), cast, measure, remark=remark):
        charts[f"{name}_{suffix}"] = chart
    return charts


def _outliers(chosen: int, whole: int, noun: str) -> str:
    """Number of outliers left out, and the reason, in the words of the rules."""
    of, count = counted(whole, noun), whole - chosen
    if not count:
        return f"no outliers among {of}: no review or merge time is 0 or empty"
    whose = "its" if count == 1 else "their"
    return f"without {counted(count, 'outlier')} of {of}: {whose} review or merge time is 0 or empty"


def _whole_ones(chosen: int, whole: int, noun: str) -> str:
    """How many were reviewed and merged, so that they have both times."""
    return f"reviewed and merged only: {counted_of(chosen, whole, noun)}"


def _charts(durations: Durations, cast: Cast, measure: Measure, *, remark: str) -> Iterator[tuple[str, Chart]]:
    teams = [(team, durations.only(durations.team == team.index)) for team in cast.shown]
    reviews = [(team, known(of.review_seconds), len(of)) for team, of in teams]
    merges = [(team, known(of.merge_seconds), len(of)) for team, of in teams]
    for name, times in (("review", reviews), ("merge", merges)):
        if times := [(team, seconds, whole) for team, seconds, whole in times if len(seconds)]:
            yield f"{name}_time_per_team", violins(times, cast, what=f"{name} time", remark=remark, measure=measure)
    if measure is Measure.SAMPLE and (slices := _slices(durations, cast)):
        subtitle = [remark or counted(len(durations), measure.noun), cast.remark(measure.noun)]
        yield "pull_requests_per_team", pie(slices, noun=measure.noun, subtitle=subtitle)
    if means := [(team, of) for team, of in teams if of.observed.any()]:
        yield "mean_times_per_team", mean_bars(means, cast, remark=remark, measure=measure)


def _slices(durations: Durations, cast: Cast) -> list[Slice]:
    """A slice for each team that is shown, and one for all others."""
    slices = [
        Slice(
            team.name,
            shortened(team.name, SLICE_COLUMNS),
            int(np.count_nonzero(durations.team == team.index)),
            team.colour,
        )
        for team in cast.shown
    ]
    others = np.setdiff1d(durations.team, [team.index for team in cast.shown])
    if len(others):
        name = f"other ({counted(len(others), 'team')})"
        slices.append(Slice(name, name, len(durations) - sum(one.count for one in slices), OTHERS_COLOUR))
    return [one for one in slices if one.count]
