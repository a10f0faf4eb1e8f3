"""Refreshes the views while a command waits."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.access import audit
from app.dashboards.job import JOB_KIND
from app.dashboards.refresh import Refreshed, refresh
from app.ids import new_id
from app.jobs.kind import JobContext, OnProgress
from app.storage.postgres import database_errors
from app.storage.resources import Resources


def refresh_here(resources: Resources, *, every: bool, now: datetime, told: OnProgress) -> Refreshed:
    """Refresh until nothing is due; ``every``: also what is not.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: what was done before stays.
    """
    with TemporaryDirectory(prefix="openhours-dashboards-") as folder:
        context = JobContext(
            engine=resources.engine,
            settings=resources.settings,
            store=resources.object_store.address,
            folder=Path(folder),
            prefix=f"{JOB_KIND}/",
            progress=told,
            job_id=new_id(now),
            fence=lambda _: None,
        )
        done = refresh(context, now=now, every=every)
        rows, weeks = dict(done.rows), done.weeks
        while done.weeks_due:
            done = refresh(context, now=now)
            weeks += done.weeks
            for name, count in done.rows.items():
                rows[name] = rows.get(name, 0) + count
    with database_errors(), resources.engine.begin() as connection:
        audit.record(connection, "dashboards.refresh", rows=sum(rows.values()), weeks=weeks)
    return Refreshed(rows, weeks, 0)
