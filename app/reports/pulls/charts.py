"""The charts of the pull-request report about waiting: per group, from week to week, and who waits when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from app.flow.course import Course
from app.flow.grouping import GroupBy, grouping
from app.flow.groups import Groups, groups_of
from app.flow.waiting_hours import waiting_hours
from app.flow.waits import waiting_states
from app.reports.pulls.params import FlowParams, default_dated_by
from app.reports.pulls.reading import Found
from app.reports.pulls.telling import Told
from app.timeline import MISSING

if TYPE_CHECKING:
    from app.charts.first_reviews import Waits
    from app.charts.style import Chart

#: What a group is called; the time of weeks and months is drawn from one to the next.
_NOUNS: Final[Mapping[GroupBy, str]] = {"team": "team", "repo": "repository", "author": "author", "size": "size class"}

#: The panels of who waits when, by the states of waiting_states().
_PANELS: Final = {
    "awaiting_review": "ready, waits for its first review",
    "in_review": "reviewed, waits for an approval",
    "approved": "approved, waits for the merge",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What charts and the page are of, beside the rows of the report.

    Attributes:
        found: what was read.
        course: how the n pull requests of the report went.
        told: what is told of groups and of what is open.
    """

    found: Found
    course: Course
    told: Told


def waiting_charts(waiting: Waiting, params: FlowParams, *, as_of: int) -> dict[str, "Chart"]:
    """At most three charts by name; one that would show nothing is not made. ``as_of``: of the report, microseconds."""
    course, groups = waiting.course, waiting.told.groups
    days = waiting.found.selection.days(course)
    dated_by = params.dated_by or default_dated_by(params)
    from app.charts.first_reviews import first_reviews  # noqa: PLC0415 - only who draws imports charts
    from app.charts.measure import Measure  # noqa: PLC0415
    from app.charts.review_trend import review_trend  # noqa: PLC0415
    from app.charts.waiting_week import Panel, waiting_week  # noqa: PLC0415

    charts = {}
    waits = _waits(groups)
    if params.by in _NOUNS and any(one.reviewed for one in waits):
        most = [waits[at] for at in np.argsort(-groups.count, kind="stable").tolist()]
        charts["first_review_per_group"] = first_reviews(most, noun=_NOUNS[params.by])
    period: GroupBy = "month" if params.by == "month" else "week"
    dated = np.flatnonzero(days != MISSING)
    each = groups_of(course.of_rows(dated), grouping(period, course.of_rows(dated), repos={}, days=days[dated]))
    if any(each.first_review.reviewed):
        about = [f"{period}s of the dates on which they were {dated_by}"]
        measure = Measure.WORKING if params.clock == "working" else Measure.ELAPSED
        charts[f"first_review_by_{period}"] = review_trend(_waits(each), measure=measure, period=period, about=about)
    states = waiting_states(course.at, as_of=as_of)
    ahead = {name: tuple(course.teams.ahead_of_utc(at, course.team) for at in ends) for name, ends in states.items()}
    found = waiting_hours(states, ahead={name: (begin, end) for name, (begin, end) in ahead.items()})
    if any(waiting.any() for waiting in found.values()):
        panels = [Panel(title, found[name]) for name, title in _PANELS.items()]
        charts["who_waits_when"] = waiting_week(panels, of=len(course.team))
    return charts


def _waits(groups: Groups) -> list["Waits"]:
    from app.charts.first_reviews import Waits  # noqa: PLC0415

    working, wall = (groups.phases[clock]["pickup_time"] for clock in ("working", "wall"))
    reviewed = groups.first_review.reviewed.tolist()
    return [
        Waits(
            "none" if name is None else name,
            reviewed[at],
            int(groups.first_review.waiting[at]),
            *((float(of.median[at]), float(of.p90[at])) if reviewed[at] else None for of in (working, wall)),
        )
        for at, name in enumerate(groups.names)
    ]
