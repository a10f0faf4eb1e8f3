"""Has the views refreshed once loads have touched what they tell, by a job of whichever worker is free."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, exists, func, select

from app.dashboards.job import JOB_KIND, concurrency_key
from app.dashboards.stamps import read_stamps
from app.dashboards.tables import dashboard_reader
from app.jobs import lifecycle
from app.jobs.dispatch import Dispatch
from app.jobs.records import JobStatus, backlog
from app.jobs.tables import job
from app.settings import Settings
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Between two rounds, seconds: the views are about as much behind a load.
LOOK_SECONDS: Final = 30

#: After a run that failed the next one begins so much later: it may fail for the same reason.
RETRY_AFTER: Final = timedelta(hours=1)

#: Key of the advisory lock that lets one replica look at a time.
_LOCK: Final = 0x64617369


def look(resources: Resources, *, now: datetime) -> None:
    """Queue a run, if somebody may read the views, something is due, and no run is queued or running.

    Raises:
        DatabaseUnavailable: the next round goes on.
    """
    with database_errors(), resources.engine.begin() as connection:
        if not _is_wanted(connection, resources.settings, now):
            return
        job_id = lifecycle.queue(connection, kind=JOB_KIND, params={}, concurrency_key=concurrency_key({}))
    Dispatch(resources.redis).dispatch(job_id)


def _is_wanted(connection: Connection, settings: Settings, now: datetime) -> bool:
    if not connection.scalar(select(exists().where(dashboard_reader.c.role.is_not(None)))):
        return False
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
        return False
    waiting = backlog(connection, [JOB_KIND])
    if waiting.queued + waiting.running:
        return False
    failed = exists().where(
        job.c.kind == JOB_KIND, job.c.status == JobStatus.FAILED, job.c.created_at > now - RETRY_AFTER
    )
    if connection.scalar(select(failed)):
        return False
    return read_stamps(connection, settings, now=now).are_stale


def look_now(resources: Resources) -> None:
    """A round of the loop."""
    look(resources, now=datetime.now(UTC))
