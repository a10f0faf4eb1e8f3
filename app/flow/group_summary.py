"""What is told of groups of pull requests: in summary.json, and a row of groups.csv each."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
from pydantic import BaseModel, Field

from app.files.csv_output import escape_formulas
from app.flow.clocks import CLOCKS, Clock
from app.flow.groups import Groups
from app.flow.phases import PHASES
from app.flow.statistics import or_none
from app.flow.table import seconds

#: Figures of each phase in groups.csv.
_FIGURES: Final = ("median", "p75", "p90")

#: Groups that a summary has, those with the most rows; each takes about a kilobyte.
MOST_GROUPS: Final = 1000


class PhaseFigures(BaseModel):
    """One duration of a group, seconds by the clock of the report; null without a pull request that has it."""

    n: int = Field(description="Pull requests that have it.")
    median: float | None
    p75: float | None
    p90: float | None


class FirstReview(BaseModel):
    """Waiting for the first review; drafts are not counted."""

    reviewed: int
    still_waiting: int
    ended_without_review: int = Field(description="Merged or closed without one.")
    median: float | None = Field(description="Of those that were reviewed, seconds: the median of `pickup_time`.")
    kaplan_meier_median: float | None = Field(
        description="Time to first review including those still waiting, by Kaplan and Meier, seconds; null if less "
        "than half have been reviewed."
    )


class Previous(BaseModel):
    """The same in the time before."""

    count: int
    medians: dict[str, float | None] = Field(description="Of each duration, seconds.")
    kaplan_meier_median: float | None


class GroupFigures(BaseModel):
    """The figures of some pull requests."""

    group: str | None = Field(description="Its name; null for those without a group, such as a team.")
    count: int
    without_review: int
    without_ci: int
    phases: dict[str, PhaseFigures]
    first_review: FirstReview
    previous: Previous | None = Field(None, description="The time before; null where nothing is compared.")


def group_figures(groups: Groups, clock: Clock, before: Groups | None = None) -> list[GroupFigures]:
    """The figures of each group; ``before`` has as many groups, what each is compared with."""
    lists = {name: of.lists() for name, of in groups.phases[clock].items()}
    review = groups.first_review
    estimates = or_none(review.kaplan_meier_median[clock])
    earlier = [None] * len(groups) if before is None else _previous(before, clock)
    return [
        GroupFigures(
            group=name,
            count=int(groups.count[at]),
            without_review=int(groups.without_review[at]),
            without_ci=int(groups.without_ci[at]),
            phases={
                phase: PhaseFigures(
                    n=int(groups.phases[clock][phase].n[at]),
                    **{figure: lists[phase][figure][at] for figure in _FIGURES},
                )
                for phase in PHASES
            },
            first_review=FirstReview(
                reviewed=int(review.reviewed[at]),
                still_waiting=int(review.waiting[at]),
                ended_without_review=int(review.ended[at]),
                median=lists["pickup_time"]["median"][at],
                kaplan_meier_median=estimates[at],
            ),
            previous=earlier[at],
        )
        for at, name in enumerate(groups.names)
    ]


def _previous(before: Groups, clock: Clock) -> list[Previous]:
    medians = {phase: of.lists()["median"] for phase, of in before.phases[clock].items()}
    estimates = or_none(before.first_review.kaplan_meier_median[clock])
    return [
        Previous(
            count=int(before.count[at]),
            medians={phase: of[at] for phase, of in medians.items()},
            kaplan_meier_median=estimates[at],
        )
        for at in range(len(before))
    ]


def groups_table(groups: Groups, by: str, before: Groups | None = None) -> pa.Table:
    """A row for each group, made safe to open in a spreadsheet; ``before`` as for group_figures()."""
    review = groups.first_review
    columns: dict[str, pa.Array] = {
        by: escape_formulas(pa.array(groups.names, pa.string())),
        "count": pa.array(groups.count),
        "without_review": pa.array(groups.without_review),
        "without_ci": pa.array(groups.without_ci),
        "first_review_reviewed": pa.array(review.reviewed),
        "first_review_still_waiting": pa.array(review.waiting),
        "first_review_ended_without": pa.array(review.ended),
        **{
            f"first_review_kaplan_meier_median_{clock}_seconds": seconds(review.kaplan_meier_median[clock])
            for clock in CLOCKS
        },
    }
    for phase in PHASES:
        for clock in CLOCKS:
            columns |= dict(_columns(groups, phase, clock))
    if before is not None:
        columns["count_before"] = pa.array(before.count)
        for phase in PHASES:
            for clock in CLOCKS:
                now, then = (of.phases[clock][phase].median for of in (groups, before))
                columns[f"{phase}_{clock}_median_before_seconds"] = seconds(then)
                columns[f"{phase}_{clock}_median_change_seconds"] = seconds(now - then)
    return pa.table(columns)


def _columns(groups: Groups, phase: str, clock: Clock) -> Iterator[tuple[str, pa.Array]]:
    of = groups.phases[clock][phase]
    yield f"{phase}_{clock}_count", pa.array(of.n)
    for figure in _FIGURES:
        yield f"{phase}_{clock}_{figure}_seconds", seconds(getattr(of, figure))


def largest(figures: list[GroupFigures]) -> list[GroupFigures]:
    """The MOST_GROUPS with the most rows, in the order given; the first of equals."""
    order = sorted(range(len(figures)), key=lambda at: (-figures[at].count, at))[:MOST_GROUPS]
    return [figures[at] for at in sorted(order)]
