"""Has due weeks sealed, by jobs of whichever worker is free, and removes files that nobody can read any more."""

import logging
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from sqlalchemy import Connection, func, select

from app.jobs import lifecycle
from app.jobs.dispatch import Dispatch
from app.jobs.records import backlog
from app.sealing.job import JOB_KIND, concurrency_key
from app.series.sealed import records
from app.series.sealed.records import Week
from app.settings import Settings
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Between two rounds, seconds.
LOOK_SECONDS: Final = 3600

#: Before the first round of a process, seconds: replicas that start together do not look together.
FIRST_LOOK_SECONDS: Final = (60, 600)

#: Weeks that are queued in one round.
MOST_WEEKS: Final = 200

#: Files that count no more are kept for the time limit of a job, and so much longer, for commands and requests, hours.
KEPT_HOURS: Final = 24

#: Files that are removed at a time.
_BATCH: Final = 200

#: Key of the advisory lock that lets one replica queue jobs at a time.
_LOCK: Final = 0x7365616C

_log = logging.getLogger(__name__)


def due_weeks(connection: Connection, settings: Settings, *, now: datetime) -> list[Week]:
    """The weeks that ended so long ago, and that no load has touched for so long; none if they are never sealed."""
    if settings.seal_after_days is None:
        return []
    before = now - timedelta(days=settings.seal_after_days)
    return records.unsealed_weeks(connection, ended_by=before, unchanged_since=before)


def look(resources: Resources, *, now: datetime, stopping: Event) -> None:
    """Queue a job for each due week, unless some are queued or running, and remove files that count no more.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the next round goes on.
    """
    dispatch = Dispatch(resources.redis)
    for job_id in _queue(resources, now):
        dispatch.dispatch(job_id)
    remove_retired(resources, before=now - kept_for(resources.settings), stopping=stopping)


def _queue(resources: Resources, now: datetime) -> list[str]:
    with database_errors(), resources.engine.begin() as connection:
        if not connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return []
        waiting = backlog(connection, [JOB_KIND])
        if waiting.queued + waiting.running:
            return []
        weeks = due_weeks(connection, resources.settings, now=now)[:MOST_WEEKS]
        if weeks:
            _log.info("%d weeks of polls are due to be sealed", len(weeks))
        return [_queued(connection, week) for week in weeks]


def _queued(connection: Connection, week: Week) -> str:
    params = {"week": week.monday.isoformat()}
    return lifecycle.queue(connection, kind=JOB_KIND, params=params, concurrency_key=concurrency_key(params))


def kept_for(settings: Settings) -> timedelta:
    """How long files are kept once they count no more: whoever began to read them has ended by then."""
    return timedelta(hours=KEPT_HOURS, seconds=settings.report_time_limit_seconds)


def remove_retired(resources: Resources, *, before: datetime, stopping: Event | None = None) -> int:
    """Remove files that count no more since before then; returns their number.

    Their rows go last: what is interrupted is done again.
    """
    removed = 0
    while stopping is None or not stopping.is_set():
        with database_errors(), resources.engine.connect() as connection:
            keys = records.retired(connection, before=before, limit=_BATCH)
        resources.object_store.remove(keys)
        with database_errors(), resources.engine.begin() as connection:
            records.forget_retired(connection, keys)
        removed += len(keys)
        if len(keys) < _BATCH:
            break
    return removed


def look_now(resources: Resources, stopping: Event) -> None:
    """A round of the loop."""
    look(resources, now=datetime.now(UTC), stopping=stopping)
