"""Who may add to an upload: one request at a time, for a few seconds, again and again.

The lock is two columns of the row: until when it holds, and a fence that grows with every taking. It is short because
clients give up soon: a replica that was killed must have lost its locks before a client's last retry.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, update

from app.uploads.tables import upload

#: How long a lock holds that is not renewed, seconds. tus-js-client gives up after nine seconds by default.
LOCK_SECONDS: Final = 8

#: Between two renewals, seconds: three of them may fail before the lock is lost.
RENEW_SECONDS: Final = 2


#: Who has asked for a lock and not come back for so long has gone elsewhere, seconds. Clients come back within five.
ASKED_SECONDS: Final = 6


def until() -> Any:
    """When a lock that is taken or renewed now ends."""
    return func.now() + timedelta(seconds=LOCK_SECONDS)


def in_hours(hours: float) -> Any:
    """That many hours from now."""
    return func.now() + timedelta(hours=hours)


def take(connection: Connection, upload_id: str, *, ttl_hours: int) -> int | None:
    """Lock an open upload that has not expired and that nobody else holds; returns the fence, None if that failed."""
    is_free = or_(upload.c.lock_until.is_(None), upload.c.lock_until < func.now())
    is_open = and_(upload.c.finished_at.is_(None), upload.c.lost_at.is_(None), upload.c.expires_at > func.now())
    fence: int | None = connection.scalar(
        update(upload)
        .where(upload.c.id == upload_id, is_free, is_open)
        .values(fence=upload.c.fence + 1, lock_until=until(), contested_at=None, expires_at=in_hours(ttl_hours))
        .returning(upload.c.fence)
    )
    return fence


def contest(connection: Connection, upload_id: str) -> None:
    """Tell the holder that somebody else would go on; it gives up unless it still receives something."""
    connection.execute(
        update(upload).where(upload.c.id == upload_id, upload.c.lock_until > func.now()).values(contested_at=func.now())
    )


def renew(connection: Connection, upload_id: str, fence: int) -> bool | None:
    """Hold on; returns whether somebody has asked for the lock lately, None when it is lost or was released."""
    asked = func.coalesce(upload.c.contested_at > func.now() - timedelta(seconds=ASKED_SECONDS), False)
    wanted: bool | None = connection.scalar(
        update(upload)
        .where(
            upload.c.id == upload_id,
            upload.c.fence == fence,
            upload.c.lock_until.is_not(None),
            upload.c.lost_at.is_(None),
        )
        .values(lock_until=until())
        .returning(asked)
    )
    return wanted


def release(connection: Connection, upload_id: str, fence: int) -> None:
    """Let the next one in at once."""
    connection.execute(
        update(upload)
        .where(upload.c.id == upload_id, upload.c.fence == fence)
        .values(lock_until=None, contested_at=None)
    )
