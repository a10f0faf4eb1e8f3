"""What a report on pull requests tells of groups and of what is open: files, and their part of the summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from app.files.artifact import Artifact
from app.files.csv_output import write_csv
from app.flow.clocks import Clock
from app.flow.comparison import compared
from app.flow.course import Course
from app.flow.group_summary import GroupFigures, group_figures, groups_table, largest
from app.flow.grouping import grouping
from app.flow.groups import Groups, Orders, groups_of, orders_of, whole
from app.flow.open_ones import WAITING_FOR, Open, open_ones, open_table
from app.flow.summary import OpenNow, Selected
from app.reports.pulls.params import FlowParams, default_dated_by
from app.reports.pulls.reading import Found
from app.reports.range_params import ENTITY

#: Names of the files.
GROUPS_FILE: Final = "groups.csv"
OPEN_FILE: Final = "open.csv"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told beside the rows.

    Attributes:
        whole: the figures of all rows.
        groups: those of each group.
        teams: those of each team.
        open: the open ones.
        fields: of the summary.
        files: groups.csv and open.csv.
    """

    whole: Groups
    groups: Groups
    teams: Groups
    open: Open
    fields: Mapping[str, Any]
    files: list[Artifact]


def tell(found: Found, course: Course, params: FlowParams, folder: Path) -> Told:
    """Compute and write it; ``course`` is of the pull requests that the report is of."""
    orders = orders_of(course)
    every = whole(course, orders)
    groups, before = _groups(found, params, orders)
    teams = groups
    if params.by != "team":
        teams = groups_of(course, grouping("team", course, repos=found.repos, days=course.team), orders)
    figures = group_figures(groups, params.clock, before)
    open_now = open_ones(found.course.where(found.is_open))
    fields = {
        "selected": Selected(
            by=params.by,
            dated_by=params.dated_by or default_dated_by(params),
            period=params.period,
            zone=params.zone or ENTITY,
            state=params.state,
            bots_left_out=found.bots_left_out,
        ),
        "whole": _whole(found, every, params.clock),
        "groups": largest(figures),
        "open_now": _counted(open_now),
    }
    files = [
        _written(folder / GROUPS_FILE, groups_table(groups, params.by, before)),
        _written(folder / OPEN_FILE, open_table(open_now, found.repos)),
    ]
    return Told(every, groups, teams, open_now, fields, files)


def _groups(found: Found, params: FlowParams, orders: Orders) -> tuple[Groups, Groups | None]:
    course = found.course
    of = grouping(params.by, course, repos=found.repos, days=found.selection.days(course))
    before = found.reached if params.by in ("week", "month") else found.compared
    compares = params.compare_to is not None
    return compared(course, of, params.by, now=found.chosen, before=before if compares else None, orders=orders)


def _whole(found: Found, every: Groups, clock: Clock) -> GroupFigures:
    before = None if found.compared is None else whole(found.course.where(found.compared))
    (figures,) = group_figures(every, clock, before)
    return figures


def _counted(found: Open) -> OpenNow:
    counts = np.bincount(found.waiting_for + 1, minlength=len(WAITING_FOR) + 1).tolist()
    return OpenNow(count=len(found), drafts=counts[0], waiting_for=dict(zip(WAITING_FOR, counts[1:], strict=True)))


def _written(path: Path, table: pa.Table) -> Artifact:
    write_csv(path, table)
    return Artifact(path, "text/csv", rows=len(table))
