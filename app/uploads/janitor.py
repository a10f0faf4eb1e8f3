"""Finishes uploads that were left complete but unfinished, and removes abandoned ones, in a thread of a replica."""

import logging
from functools import partial
from threading import Event
from typing import Final

from app.errors import OpenhoursError
from app.jobs.periodic import Periodic
from app.storage.migrate import MigrationCheck
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads import lock, records
from app.uploads.finish import discard, finish
from app.uploads.hooks import Hooks

#: Interval of looking for unfinished uploads, seconds.
KEEP_SECONDS: Final = 5

#: Uploads finished or removed per interval.
BATCH: Final = 100

_log = logging.getLogger(__name__)


class UploadKeeper:
    """Runs from ``start()`` to ``stop()``."""

    def __init__(self, resources: Resources, hooks: Hooks) -> None:
        self._resources = resources
        self._hooks = hooks
        self._migrations = MigrationCheck(resources.engine)
        self._stopping = Event()
        self._loop = Periodic("keep uploads", self._keep, every_seconds=KEEP_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self) -> None:
        """Stop, after the current upload."""
        self._stopping.set()
        self._loop.stop()

    def _keep(self) -> None:
        self._migrations.require()
        keep(self._resources, self._hooks, stopping=self._stopping)


def keep(resources: Resources, hooks: Hooks, *, stopping: Event | None = None) -> None:
    """Finish uploads whose bytes have all arrived, and remove expired or interrupted ones.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the next run continues.
    """
    stopping = stopping or Event()
    with database_errors(), resources.engine.connect() as connection:
        unfinished = records.unfinished(connection, limit=BATCH)
        removable = records.removable(connection, limit=BATCH)
    for upload_id in unfinished:
        if not stopping.is_set():
            _finish(resources, hooks, upload_id)
    for upload_id in removable:
        if not stopping.is_set():
            _log.info("upload %s: abandoned, removing it", upload_id)
            discard(resources, hooks, upload_id)


def _finish(resources: Resources, hooks: Hooks, upload_id: str) -> None:
    with database_errors(), resources.engine.begin() as connection:
        fence = lock.take(connection, upload_id, ttl_hours=resources.settings.upload_ttl_hours)
        whole = records.find(connection, upload_id)
    if fence is None or whole is None:
        return  # another replica is finishing it
    holding = Periodic("hold", partial(_renew, resources, upload_id, fence), every_seconds=lock.RENEW_SECONDS)
    holding.start()
    try:
        finish(resources, hooks, whole)
    except OpenhoursError as error:
        _log.warning("upload %s was not finished: %s", upload_id, error)
    finally:
        holding.stop()


def _renew(resources: Resources, upload_id: str, fence: int) -> None:
    with database_errors(), resources.engine.begin() as connection:
        lock.renew(connection, upload_id, fence)
