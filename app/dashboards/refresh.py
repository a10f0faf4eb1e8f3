"""Computes anew what loads have touched, and writes the rows that differ: a view, a week or a metric at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import pyarrow as pa
from sqlalchemy import Connection, delete, func
from sqlalchemy.dialects.postgresql import insert

from app.dashboards import activity, engineering, pull_requests
from app.dashboards.stamps import ENGINEERING, PULL_REQUESTS, UPTIME, Stamps, read_stamps
from app.dashboards.tables import activity_day, dashboard_view, dashboard_week, pull_request_course, uptime_day
from app.dashboards.uptime_days import rows_of_week
from app.dashboards.writing import replace_rows, take_turn
from app.jobs.kind import JobContext
from app.storage.postgres import database_errors

#: Weeks of uptime that one run computes; what is left is for the next one.
MOST_WEEKS: Final = 53

#: The rows of a view with their as_of, as one snapshot shows them.
_Computing = Callable[[Connection], tuple[pa.Table, datetime]]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a run has done.

    Attributes:
        rows: how many rows of each view are new, others than before, or gone.
        weeks: of uptime that were computed.
        weeks_due: that are left for the next run.
    """

    rows: Mapping[str, int]
    weeks: int
    weeks_due: int


def refresh(context: JobContext, *, now: datetime, every: bool = False) -> Refreshed:
    """Compute the views that are due and the newest MOST_WEEKS of the weeks that are; ``every``: whether due or not.

    Raises:
        AttemptSuperseded: the run is another attempt's now; what it has written is whole.
    """
    context.progress("loading", 0.0)
    with _snapshot(context) as connection:
        stamps = read_stamps(connection, context.settings, now=now)
    due = stamps.views if every else stamps.due_views
    rows = {
        name: (_compute_metrics if name == ENGINEERING else _compute_view)(context, stamps, name, now) for name in due
    }
    weeks = list(stamps.weeks) if every else stamps.due_weeks
    if weeks or stamps.of_weeks.keys() - stamps.weeks.keys() or UPTIME not in stamps.of_views:
        rows[UPTIME] = _compute_weeks(context, stamps, weeks[: None if every else MOST_WEEKS], due=len(weeks))
    done = len(weeks) if every else min(len(weeks), MOST_WEEKS)
    context.progress("writing", 1.0)
    return Refreshed(rows, done, len(weeks) - done)


def _snapshot(context: JobContext) -> Connection:
    return context.engine.connect().execution_options(isolation_level="REPEATABLE READ")


def _compute_view(context: JobContext, stamps: Stamps, name: str, now: datetime) -> int:
    """Compute a view that has one stamp; returns how many rows that changes."""
    compute: _Computing
    if name == PULL_REQUESTS:
        table, compute = pull_request_course, lambda one: pull_requests.rows_of_all(one, context, now=now)
    else:
        table, compute = activity_day, lambda one: (activity.rows_of_all(one, now=now), now)
    with database_errors(), _snapshot(context) as connection:
        rows, as_of = compute(connection)
    with database_errors(), context.engine.begin() as connection:
        context.fence(connection)
        take_turn(connection)
        changed = replace_rows(connection, table, rows)
        _record(connection, name, stamp=stamps.views[name], as_of=as_of)
    return changed


def _compute_metrics(context: JobContext, stamps: Stamps, name: str, now: datetime) -> int:
    """Compute the metrics by week, one after the other; returns how many rows that changes."""
    changed, written = 0, []
    with database_errors(), _snapshot(context) as reading:
        for part in engineering.parts_of_all(reading, context.settings, now=now):
            with context.engine.begin() as connection:
                context.fence(connection)
                take_turn(connection)
                changed += engineering.write(connection, part)
            written += [(part.metric.name, level) for level in part.levels]
    with database_errors(), context.engine.begin() as connection:
        context.fence(connection)
        take_turn(connection)
        changed += engineering.forget_others(connection, written)
        _record(connection, name, stamp=stamps.views[name], as_of=now)
    return changed


def _compute_weeks(context: JobContext, stamps: Stamps, weeks: list[date], *, due: int) -> int:
    """Compute weeks of uptime; returns how many rows that changes."""
    changed = 0
    with database_errors(), context.engine.begin() as connection:
        context.fence(connection)
        take_turn(connection)
        changed += _forget_weeks(connection, stamps)
        _record(connection, UPTIME, stamp="", as_of=stamps.as_of, weeks_due=due)
    for number, week in enumerate(weeks):
        context.progress("computing", number / len(weeks))
        if stamps.as_of is None or stamps.first_poll is None:
            raise ValueError("without polls there is no week")
        rows = rows_of_week(context, week, as_of=stamps.as_of, first_poll=stamps.first_poll)
        with database_errors(), context.engine.begin() as connection:
            context.fence(connection)
            take_turn(connection)
            changed += replace_rows(connection, uptime_day, rows, within="old.week = :week", params={"week": week})
            stamp = insert(dashboard_week).values(week=week, stamp=stamps.weeks[week])
            connection.execute(
                stamp.on_conflict_do_update(index_elements=["week"], set_={"stamp": stamp.excluded.stamp})
            )
            _record(connection, UPTIME, stamp="", as_of=stamps.as_of, weeks_due=due - number - 1)
    return changed


def _forget_weeks(connection: Connection, stamps: Stamps) -> int:
    """Remove the weeks that there are no polls of any more, or that are too old."""
    removed = connection.execute(delete(uptime_day).where(uptime_day.c.week.not_in(stamps.weeks)))
    connection.execute(delete(dashboard_week).where(dashboard_week.c.week.not_in(stamps.weeks)))
    return removed.rowcount


def _record(connection: Connection, name: str, *, stamp: str, as_of: datetime | None, weeks_due: int = 0) -> None:
    row = insert(dashboard_view).values(
        name=name, stamp=stamp, as_of=as_of, refreshed_at=func.clock_timestamp(), weeks_due=weeks_due
    )
    changed = {column: row.excluded[column] for column in ("stamp", "as_of", "refreshed_at", "weeks_due")}
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=changed))
