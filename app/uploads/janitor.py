"""Finishes uploads that nobody finished, and removes what nobody will go on with; a loop of each replica."""

import logging
from collections.abc import Callable
from threading import Event
from typing import Final

from app.errors import OpenhoursError
from app.jobs.periodic import Periodic
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads import lock, records
from app.uploads.finish import discard, finish
from app.uploads.hooks import Hooks

#: Interval of looking for unfinished uploads, seconds.
TIDY_SECONDS: Final = 5

#: Uploads finished or removed per interval.
BATCH: Final = 100

_log = logging.getLogger(__name__)


def tidy_up(
    resources: Resources, hooks: Hooks, *, stopping: Event | None = None, beat: Callable[[], None] = lambda: None
) -> None:
    """Finish uploads whose bytes have all arrived, and remove expired or interrupted ones.

    Args:
        resources, hooks: of this process.
        stopping: set it to end early.
        beat: called while it goes on, at least every few seconds.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the next run continues.
    """
    stopping = stopping or Event()
    with database_errors(), resources.engine.connect() as connection:
        unfinished = records.unfinished(connection, limit=BATCH)
        removable = records.removable(connection, limit=BATCH)
    for upload_id in unfinished:
        if not stopping.is_set():
            beat()
            _finish(resources, hooks, upload_id, beat)
    for upload_id in removable:
        if not stopping.is_set():
            beat()
            _log.info("upload %s: expired", upload_id)
            discard(resources, hooks, upload_id)


def _finish(resources: Resources, hooks: Hooks, upload_id: str, beat: Callable[[], None]) -> None:
    with database_errors(), resources.engine.begin() as connection:
        fence = lock.take(connection, upload_id, ttl_hours=resources.settings.upload_ttl_hours)
        whole = records.find(connection, upload_id)
    if fence is None or whole is None:
        return  # another replica is finishing it

    def renew() -> None:
        beat()
        with database_errors(), resources.engine.begin() as connection:
            lock.renew(connection, upload_id, fence)

    holding = Periodic("hold", renew, every_seconds=lock.RENEW_SECONDS)
    holding.start()
    try:
        finish(resources, hooks, whole)
    except OpenhoursError as error:
        _log.warning("upload %s was not finished: %s", upload_id, error)
    finally:
        holding.stop()
