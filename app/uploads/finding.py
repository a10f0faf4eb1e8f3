"""Finds an upload by its id, to view or to resume; or says why there is none."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from app.errors import NotFound, UnknownUpload, UploadBusy, UploadExpired, UploadLost
from app.ids import is_id, made_at
from app.storage.postgres import database_errors, each_by_itself
from app.storage.resources import Resources
from app.uploads import lock, records
from app.uploads.records import Upload
from app.uploads.threads import in_thread

#: How long a request waits for a lock that another one is about to release, seconds. A client whose connection broke
#: is back before the replica has stored the bytes of that connection.
LOCK_WAIT_SECONDS: Final = 1

#: Interval of attempts to take the lock, seconds.
LOOK_SECONDS: Final = 0.05


def find(resources: Resources, upload_id: str) -> Upload:
    """The upload with this id. Raises UnknownUpload, UploadExpired, UploadLost."""
    found, is_expired = None, False
    if is_id(upload_id):
        with database_errors(), each_by_itself(resources.engine) as connection:
            found, is_expired = records.find_unless_expired(connection, upload_id)
    if found is None:
        raise missing(resources, upload_id)
    if found.lost_at is not None:
        raise UploadLost(
            f"Upload {upload_id}: the object store has lost the bytes stored so far; start the upload again."
        )
    if is_expired:
        raise _expired(resources, upload_id, found.expires_at)
    return found


async def lock_one(resources: Resources, upload_id: str) -> Upload:
    """The upload, locked by this request, or a finished one. Raises UploadBusy and what ``find`` raises."""
    deadline = monotonic() + LOCK_WAIT_SECONDS
    while True:
        found, is_ours = await in_thread(lambda: _take_lock(resources, upload_id))
        if is_ours or found.finished_at is not None:
            return found
        if monotonic() > deadline:
            raise _busy(upload_id)
        await asyncio.sleep(LOOK_SECONDS)


async def settled(resources: Resources, upload_id: str) -> Upload:
    """The upload once no request is adding to it.

    A client whose connection broke is back before its last bytes are stored, and would be told too small an offset.

    Raises:
        UploadBusy: another request goes on adding to it.
        UnknownUpload, UploadExpired, UploadLost: it cannot be resumed.
    """
    deadline = monotonic() + LOCK_WAIT_SECONDS
    while True:
        found, is_locked = await in_thread(lambda: _look(resources, upload_id))
        if not is_locked:
            return found
        if monotonic() > deadline:
            raise _busy(upload_id)
        await asyncio.sleep(LOOK_SECONDS)


def missing(resources: Resources, upload_id: str) -> NotFound | UploadExpired:
    """Why there is no upload with this id: the age of the id shows whether there may have been one."""
    made, ttl = made_at(upload_id), timedelta(hours=resources.settings.upload_ttl_hours)
    if made is not None and made + ttl < datetime.now(UTC):
        return _expired(resources, upload_id, made + ttl)
    return UnknownUpload(f"There is no upload {upload_id!r}.", received=upload_id)


def overtaken(resources: Resources, upload_id: str) -> UploadBusy:
    """The error for an upload that another request has taken over. Raises what ``find`` raises if it has ended."""
    find(resources, upload_id)
    return UploadBusy(f"Upload {upload_id}: another request has taken it over; ask for its offset with HEAD.")


def _take_lock(resources: Resources, upload_id: str) -> tuple[Upload, bool]:
    if not is_id(upload_id):
        raise missing(resources, upload_id)
    with database_errors(), each_by_itself(resources.engine) as connection:
        held = records.take(connection, upload_id, ttl_hours=resources.settings.upload_ttl_hours)
        if held is None:
            lock.contest(connection, upload_id)
    if held is None:
        return find(resources, upload_id), False  # which tells why, if that is for good
    return held, True


def _look(resources: Resources, upload_id: str) -> tuple[Upload, bool]:
    """The upload, and whether a request holds its lock; that one learns that another one waits."""
    with database_errors(), resources.engine.begin() as connection:
        is_locked = is_id(upload_id) and lock.contest(connection, upload_id)
    return find(resources, upload_id), is_locked


def _busy(upload_id: str) -> UploadBusy:
    return UploadBusy(f"Upload {upload_id}: another request is sending bytes to it; try again in a moment.")


def _expired(resources: Resources, upload_id: str, since: datetime) -> UploadExpired:
    hours = resources.settings.upload_ttl_hours
    return UploadExpired(
        f"Upload {upload_id} expired at {since:%Y-%m-%d %H:%M} UTC: no bytes arrived for {hours} hours. Start it again."
    )
