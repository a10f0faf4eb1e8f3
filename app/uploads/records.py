"""The rows of uploads, and the only code that writes them, except for their lock.

A request makes every change by compare-and-set on the fence of its lock, or without a lock on the last fence that it
knows: a request that has lost its lock, or that another one has overtaken, changes nothing, whatever it has put into
S3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Update, and_, bindparam, cast, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from app.uploads import lock
from app.uploads.tables import upload


@dataclass(frozen=True, slots=True)
class Upload:
    """A row as read at some moment; ``length_bytes`` is None for a file sent in one plain request."""

    id: str
    kind: str
    filename: str | None
    metadata: str | None
    options: Mapping[str, Any]
    length_bytes: int | None
    offset_bytes: int
    part_bytes: int
    raw_key: str | None
    multipart_id: str | None
    parts: tuple[str, ...]
    tails: tuple[str, ...]
    tail_bytes: int
    fence: int
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    lost_at: datetime | None

    @property
    def is_whole(self) -> bool:
        """Whether all its bytes are in S3."""
        return self.offset_bytes == self.length_bytes


_COLUMNS: Final = [*(upload.c[name] for name in Upload.__dataclass_fields__), upload.c.tail_key]

#: Bytes may still arrive, or have arrived and wait for completion.
IS_OPEN: Final = and_(upload.c.finished_at.is_(None), upload.c.lost_at.is_(None))


def _held(upload_id: Any, fence: Any) -> Update:
    """Changes an upload if this fence still holds it; either may be a parameter of the statement."""
    return update(upload).where(upload.c.id == upload_id, upload.c.fence == fence, IS_OPEN)


#: Statements that each piece of a file needs, built once, as in lock.py.
_TAKING: Final = lock.TAKING.returning(*_COLUMNS)
_OF_THIS_FENCE: Final = _held(bindparam("of"), bindparam("under"))
_TAILS: Final[Mapping[str, Any]] = {
    "tails": bindparam("all_tails", type_=JSONB),
    "tail_key": bindparam("last_tail"),
    "tail_bytes": bindparam("bytes_of_tails"),
    "offset_bytes": bindparam("bytes_in_all"),
}
_SETTING_TAILS: Final = {
    releases: _OF_THIS_FENCE.values(**_TAILS, **(lock.RELEASED if releases else {})).returning(*_COLUMNS)
    for releases in (False, True)
}
_ADDING_A_TAIL: Final = (
    _OF_THIS_FENCE.where(lock.IS_FREE, upload.c.expires_at > func.now())
    .values(**_TAILS, fence=upload.c.fence + 1, expires_at=lock.EXPIRY)
    .returning(upload.c.expires_at)  # the rest is known, and the ETags of a large file are many
)


def read(row: Any) -> Upload | None:
    """A row as a record.

    The version before knows one tail, and leaves the list as it was when it replaces that during a roll-out. Where the
    list has several, it finds too few bytes at ``tail_key`` and takes the upload for lost.
    """
    return None if row is None else _read(row)


def _read(row: Any, *, without: str = "") -> Upload:
    values = dict(row._mapping)  # noqa: SLF001 - documented name
    values.pop(without, None)
    last = values.pop("tail_key")
    tails = tuple(row.tails) if row.tails[-1:] == [last] else (last,) if last is not None else ()
    return Upload(**{**values, "parts": tuple(row.parts), "tails": tails})


def create(connection: Connection, *, ttl_hours: int, locked: bool, **values: Any) -> Upload:
    """Record a new upload, with the first lock on it if ``locked``."""
    held = {"fence": 1, "lock_until": lock.until()} if locked else {}
    statement = insert(upload).values(expires_at=lock.in_hours(ttl_hours), **values, **held).returning(*_COLUMNS)
    created = read(connection.execute(statement).one())
    assert created is not None  # noqa: S101 - RETURNING
    return created


def find(connection: Connection, upload_id: str) -> Upload | None:
    """The upload with this id."""
    return read(connection.execute(select(*_COLUMNS).where(upload.c.id == upload_id)).one_or_none())


def find_unless_expired(connection: Connection, upload_id: str) -> tuple[Upload | None, bool]:
    """The upload with this id, and whether it has expired by the clock of Postgres: those of replicas differ."""
    is_expired = (upload.c.expires_at < func.now()).label("is_expired")
    row = connection.execute(select(*_COLUMNS, is_expired).where(upload.c.id == upload_id)).one_or_none()
    return (None, False) if row is None else (_read(row, without="is_expired"), row.is_expired)


def take(connection: Connection, upload_id: str, *, ttl_hours: int) -> Upload | None:
    """Lock an upload as lock.take() does; it is as it is from then on."""
    return read(connection.execute(_TAKING, lock.taken_by(upload_id, ttl_hours=ttl_hours)).one_or_none())


def begin_parts(connection: Connection, held: Upload, *, raw_key: str, multipart_id: str) -> bool:
    """Record the destination of the parts; False if the lock is lost."""
    return _changed(connection, _held(held.id, held.fence).values(raw_key=raw_key, multipart_id=multipart_id))


def add_part(
    connection: Connection, held: Upload, *, number: int, etag: str, offset_bytes: int, releases: bool
) -> Upload | None:
    """Record a part that is in S3 and contains the tails, and release the lock if ``releases``.

    Returns what the upload is then, or None if the lock is lost.
    """
    one_more = upload.c.parts.op("||")(cast(literal([etag], JSONB), JSONB))
    statement = _held(held.id, held.fence).where(func.jsonb_array_length(upload.c.parts) == number - 1)
    values: dict[str, Any] = {"parts": one_more, "tails": [], "tail_key": None, "tail_bytes": 0}
    values |= {"offset_bytes": offset_bytes, **(lock.RELEASED if releases else {})}
    return read(connection.execute(statement.values(values).returning(*_COLUMNS)).one_or_none())


def set_tails(
    connection: Connection, held: Upload, *, tails: Sequence[str], tail_bytes: int, offset_bytes: int, releases: bool
) -> Upload | None:
    """Record the objects with the bytes after the last part, in order, and release the lock if ``releases``.

    Returns what the upload is then, or None if the lock is lost.
    """
    values = _tails(held, tails=tails, tail_bytes=tail_bytes, offset_bytes=offset_bytes)
    return read(connection.execute(_SETTING_TAILS[releases], values).one_or_none())


def add_tail(connection: Connection, known: Upload, *, key: str, size_bytes: int, ttl_hours: int) -> Upload | None:
    """Record one more object with the next bytes, as under a lock, if the upload is still as it was ``known`` to be.

    Returns what the upload is then, or None if another request has added to it or holds its lock, or if it has ended.
    """
    tail_bytes, offset_bytes = known.tail_bytes + size_bytes, known.offset_bytes + size_bytes
    tails = (*known.tails, key)
    values = _tails(known, tails=tails, tail_bytes=tail_bytes, offset_bytes=offset_bytes)
    values |= lock.for_hours(ttl_hours)
    expires_at = connection.scalar(_ADDING_A_TAIL, values)
    if expires_at is None:
        return None
    added = replace(known, tails=tails, tail_bytes=tail_bytes, offset_bytes=offset_bytes)
    return replace(added, fence=known.fence + 1, expires_at=expires_at)


def _tails(of: Upload, *, tails: Sequence[str], tail_bytes: int, offset_bytes: int) -> dict[str, Any]:
    values = {"of": of.id, "under": of.fence, "all_tails": list(tails), "last_tail": tails[-1]}
    return values | {"bytes_of_tails": tail_bytes, "bytes_in_all": offset_bytes}


def set_length(connection: Connection, held: Upload) -> bool:
    """Record that a plain upload has all its bytes; False if the lock is lost."""
    return _changed(connection, _held(held.id, held.fence).values(length_bytes=upload.c.offset_bytes))


def finish(connection: Connection, whole: Upload, *, raw_key: str, ttl_hours: int) -> bool:
    """Record that the file is at ``raw_key``; False if another request has done so, or the upload is gone."""
    return _changed(
        connection,
        update(upload)
        .where(upload.c.id == whole.id, upload.c.offset_bytes == upload.c.length_bytes, IS_OPEN)
        .values(finished_at=func.now(), raw_key=raw_key, expires_at=lock.in_hours(ttl_hours), lock_until=None),
    )


def lose(connection: Connection, seen: Upload) -> bool:
    """Record that S3 has lost bytes; False if another request has taken the upload over since it was read."""
    lost = _held(seen.id, seen.fence).values(lost_at=func.now(), fence=upload.c.fence + 1, lock_until=None)
    return _changed(connection, lost)


def remove(connection: Connection, upload_id: str) -> Upload | None:
    """Delete the row, whoever holds its lock; returns the deleted row."""
    statement = delete(upload).where(upload.c.id == upload_id).returning(*_COLUMNS)
    return read(connection.execute(statement).one_or_none())


def unfinished(connection: Connection, *, limit: int) -> list[str]:
    """Ids of uploads that have all their bytes and that no request is completing."""
    is_whole = upload.c.offset_bytes == upload.c.length_bytes
    return list(connection.scalars(select(upload.c.id).where(IS_OPEN, is_whole, lock.IS_FREE).limit(limit)))


def removable(connection: Connection, *, limit: int) -> list[str]:
    """Ids of abandoned uploads: expired, or plain ones whose request has died."""
    is_orphan = and_(upload.c.length_bytes.is_(None), IS_OPEN)
    expired = or_(upload.c.expires_at < func.now(), is_orphan)
    return list(connection.scalars(select(upload.c.id).where(expired, lock.IS_FREE).limit(limit)))


def under_way(connection: Connection, ids: set[str]) -> set[str]:
    """Those uploads that are neither finished nor lost."""
    return set(connection.scalars(select(upload.c.id).where(upload.c.id.in_(ids), IS_OPEN)))


def multiparts_known(connection: Connection, ids: set[str]) -> set[str]:
    """Those multipart uploads, by their ids in S3, that some upload has."""
    query = select(upload.c.multipart_id).where(upload.c.multipart_id.in_(ids))
    return {str(known) for known in connection.scalars(query)}


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1
