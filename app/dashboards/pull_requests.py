"""Pull requests: the report on all of them, those of bots included."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.flow.clocks import CLOCKS
from app.flow.course import Course
from app.flow.observations import named
from app.flow.phases import PHASES
from app.flow.pull_requests import by_bots
from app.flow.sizes import SIZES, size_classes
from app.flow.table import STATES, seconds, states
from app.jobs.kind import JobContext
from app.reports.pulls.params import FlowParams
from app.reports.pulls.reading import read_found
from app.series import pull_requests
from app.timeline import MISSING, Micros


def rows_of_all(connection: Connection, context: JobContext, *, now: datetime) -> tuple[pa.Table, datetime]:
    """The rows of ``pull_request_course``, and their as_of: the latest event, or ``now`` without any."""
    as_of = pull_requests.latest(connection) or now
    found = read_found(connection, context, FlowParams(include_bots=True), as_of)
    bots = by_bots(found.course.pulls, context.settings.bots)
    columns = {**_key(found.course, found.repos), "is_bot": pa.array(bots), **_figures(found.course)}
    return pa.table(columns), as_of


def _key(course: Course, repos: Mapping[int, str]) -> dict[str, Any]:
    pulls = course.pulls
    encoded = pa.array(pulls.repo_id).dictionary_encode()
    names = [repos[one] for one in encoded.dictionary.to_pylist()]
    return {
        "repo": named(names, encoded.indices.to_numpy()),
        "number": pa.array(pulls.number),
        "team": named(course.teams.names, course.team),
    }


def _figures(course: Course) -> dict[str, Any]:
    details = course.pulls.details
    phases = {f"{phase}_{clock}_seconds": seconds(course.seconds[clock][phase]) for phase in PHASES for clock in CLOCKS}
    return {
        "state": named(STATES, states(course)),
        "is_draft": pa.array(details.is_draft),
        "size": named(tuple(SIZES), size_classes(details.lines)),
        **{name: _instants(values) for name, values in course.pulls.instants.items()},
        **phases,
        "inconsistent": pa.array(sum(phase.inconsistent.astype(np.int64) for phase in course.phases.values())),
    }


def _instants(values: Micros) -> pa.Array:
    unknown = values == MISSING
    return pa.array(np.where(unknown, 0, values), mask=unknown).cast(pa.timestamp("us"))
