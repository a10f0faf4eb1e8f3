"""The lock of an upload: one request at a time may add bytes, for a few seconds, renewed again and again.

The lock is two columns of the row: its expiry, and a fence that grows each time the lock is taken. It is short because
clients give up soon: a replica that was killed must have lost its locks before a client's last retry.

A small piece may be added without the lock, see without_lock.py.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Interval, bindparam, func, or_, update

from app.uploads.tables import upload

#: Lifetime of a lock that is not renewed, seconds. tus-js-client gives up after nine seconds by default.
LOCK_SECONDS: Final = 8

#: Interval of renewals, seconds: three of them may fail before the lock is lost.
RENEW_SECONDS: Final = 2


#: A request for the lock that is older than this no longer counts, seconds. Clients come back within five.
ASKED_SECONDS: Final = 6


#: What the columns of a released lock are.
RELEASED: Final[Mapping[str, None]] = {"lock_until": None, "contested_at": None}


def until() -> Any:
    """Expiry of a lock that is taken or renewed now."""
    return func.now() + timedelta(seconds=LOCK_SECONDS)


def in_hours(hours: float) -> Any:
    """That many hours from now."""
    return func.now() + timedelta(hours=hours)


#: No request holds the lock.
IS_FREE: Final = or_(upload.c.lock_until.is_(None), upload.c.lock_until < func.now())

#: When an upload expires that gets bytes now; with what for_hours() gives.
EXPIRY: Final = func.now() + bindparam("ttl", type_=Interval)

#: Locks an upload as take() does, and changes no row if that fails; with what taken_by() gives. To build a statement
#: takes longer than Postgres needs for it, and each piece of a file needs this one.
TAKING: Final = (
    update(upload)
    .where(
        upload.c.id == bindparam("wanted"),
        IS_FREE,
        upload.c.finished_at.is_(None),
        upload.c.lost_at.is_(None),
        upload.c.expires_at > func.now(),
    )
    .values(
        fence=upload.c.fence + 1,
        lock_until=until(),
        contested_at=None,
        expires_at=EXPIRY,
    )
)


def for_hours(ttl_hours: int) -> Mapping[str, timedelta]:
    """The parameter of EXPIRY."""
    return {"ttl": timedelta(hours=ttl_hours)}


def taken_by(upload_id: str, *, ttl_hours: int) -> Mapping[str, Any]:
    """The parameters of TAKING."""
    return {"wanted": upload_id, **for_hours(ttl_hours)}


def take(connection: Connection, upload_id: str, *, ttl_hours: int) -> int | None:
    """Lock an open upload that has not expired and is not locked; returns the fence, or None if that failed."""
    statement = TAKING.returning(upload.c.fence)
    fence: int | None = connection.scalar(statement, taken_by(upload_id, ttl_hours=ttl_hours))
    return fence


def contest(connection: Connection, upload_id: str) -> bool:
    """Tell the holder that another request is waiting; it gives up unless bytes still arrive. False: no holder."""
    told = connection.execute(
        update(upload).where(upload.c.id == upload_id, upload.c.lock_until > func.now()).values(contested_at=func.now())
    )
    return told.rowcount > 0


def renew(connection: Connection, upload_id: str, fence: int) -> bool | None:
    """Renew the lock; returns whether another request has lately asked for it, or None if it is lost or released."""
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
    """Release the lock."""
    connection.execute(update(upload).where(upload.c.id == upload_id, upload.c.fence == fence).values(RELEASED))
