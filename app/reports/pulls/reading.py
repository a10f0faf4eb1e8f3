"""Reads what a report on pull requests is of, and what it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from app.flow.course import Course, follow
from app.flow.observations import numbered
from app.flow.pull_requests import by_bots
from app.flow.teams import Teams
from app.jobs.kind import JobContext
from app.reports.pulls.params import FlowParams
from app.reports.pulls.selection import Selection, Which
from app.series import pull_requests
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.series.pull_requests import Chosen
from app.series.schedules import read_schedule
from app.timeline import MISSING, to_micros
from app.timeline.entities import Entities


@dataclass(frozen=True, slots=True)
class Found:
    """Pull requests, of which a report is of some.

    Attributes:
        course: how n pull requests went.
        repos: names of the repositories by id.
        selection: what was asked for.
        chosen: bool[n], those that the report is of.
        compared: bool[n], those that are compared with all of the report; None: nothing is.
        reached: bool[n], those that may be in the week or month before one of the report.
        is_open: bool[n], those that are open, whenever they were created.
        bots_left_out: how many would have been chosen but for their authors.
    """

    course: Course
    repos: Mapping[int, str]
    selection: Selection
    chosen: Which
    compared: Which | None
    reached: Which
    is_open: Which
    bots_left_out: int


def read_found(connection: Connection, context: JobContext, params: FlowParams, as_of: datetime) -> Found:
    """Read them as they stood at ``as_of``."""
    settings = context.settings
    selection = Selection.of(params, as_of=to_micros(as_of))
    every_team = read_entities(connection, TEAM)
    teams, repos = names_of(every_team), names_of(read_entities(connection, REPOSITORY))
    chosen = Chosen(
        **selection.bounds(),
        repo_ids=ids_of(repos, params.repos),
        team_ids=ids_of(teams, params.teams),
        labels=params.labels,
        not_by=params.exclude_authors,
        and_open=True,
    )
    pulls = pull_requests.read(connection, as_of=as_of, chosen=chosen)
    latest = max((int(of.max(initial=MISSING)) for of in pulls.instants.values()), default=MISSING)
    context.has_read(len(pulls), None if latest == MISSING else latest)
    context.progress("computing", 0.2)
    names, team = numbered(pulls.team_id, teams)
    schedule = read_schedule(
        connection,
        every_team,
        default_zone=settings.default_timezone,
        default=settings.team_windows,
        as_known_at=params.as_known_at,
    )
    course = follow(pulls, Teams.of(names, every_team, schedule), team, as_of=to_micros(as_of))
    counts = np.ones(len(pulls), bool) if params.include_bots else ~by_bots(pulls, settings.bots)
    chosen_ones = selection.chosen(course)
    compared = selection.compared(course)
    return Found(
        course,
        repos,
        selection,
        chosen_ones & counts,
        None if compared is None else compared & counts,
        selection.reached(course) & counts,
        course.is_open & counts,
        int((chosen_ones & ~counts).sum()),
    )


def names_of(entities: Entities) -> dict[int, str]:
    """The keys of entities by id."""
    return dict(zip(entities.ids.tolist(), entities.keys, strict=True))


def ids_of(names: Mapping[int, str], chosen: Sequence[str] | None) -> list[int] | None:
    """Ids of the chosen names; None of all."""
    if chosen is None:
        return None
    wanted = set(chosen)
    return [number for number, name in names.items() if name in wanted]
