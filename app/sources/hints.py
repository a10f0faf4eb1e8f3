"""Hints that there is something new: a source that has one is synced soon, but not again and again."""

from datetime import timedelta
from threading import Event
from typing import Final

from sqlalchemy import Connection, func, select, update

from app.jobs.dispatch import Dispatch
from app.jobs.tables import job
from app.sources import queueing
from app.sources.tables import source
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: How long after the beginning of a sync a hint begins the next one at the earliest, seconds: each takes some sixty
#: requests, and a busy organisation has an event every second.
PAUSE_SECONDS: Final = 120

#: How often a replica looks for hints whose time has come, seconds.
LOOK_SECONDS: Final = 10


def hint(connection: Connection, source_id: str) -> bool:
    """Note that a source has something new; returns whether nobody had noted it yet."""
    noted = update(source).where(source.c.id == source_id, source.c.enabled, ~source.c.hinted).values(hinted=True)
    return connection.execute(noted).rowcount == 1


def look(resources: Resources, stopping: Event | None = None) -> None:
    """Queue syncs of all sources that have a hint and were not synced just now, each in its own transaction."""
    dispatch = Dispatch(resources.request_redis)
    with database_errors(), resources.engine.connect() as connection:
        waiting = list(connection.scalars(select(source.c.id).where(source.c.hinted, source.c.enabled)))
    for source_id in waiting:
        if stopping is not None and stopping.is_set():
            return
        with database_errors(), resources.engine.begin() as connection:
            sync_id = _queued(connection, source_id)
        if sync_id is not None:
            dispatch.dispatch(sync_id)


def _queued(connection: Connection, source_id: str) -> str | None:
    """The sync that the hint has begun; None: it is not yet time, or the hint is gone."""
    held = select(source.c.id).where(source.c.id == source_id, source.c.hinted).with_for_update(skip_locked=True)
    if connection.scalar(held) is None or _was_just_synced(connection, source_id):
        return None
    connection.execute(update(source).where(source.c.id == source_id).values(hinted=False))
    return queueing.queue_sync(connection, source_id)


def _was_just_synced(connection: Connection, source_id: str) -> bool:
    latest = queueing.latest_sync(connection, source_id)
    began = func.coalesce(job.c.started_at, job.c.created_at)
    lately = began > func.now() - timedelta(seconds=PAUSE_SECONDS)
    return connection.scalar(select(job.c.id).where(job.c.id == latest, lately)) is not None
