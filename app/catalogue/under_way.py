"""The bytes of each client that are under way: of uploads that have begun and are neither loaded nor rejected yet.

They are counted in Postgres, so that all replicas count the same ones. One client has a bound: whoever begins more than
can be loaded keeps only its own files waiting.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from app.catalogue import changes
from app.catalogue.tables import dataset
from app.errors import TooManyUploads
from app.jobs.records import OUTSTANDING
from app.jobs.tables import job

#: First key of the advisory locks of clients; the second is made of the client.
_LOCK: Final = 0x636C6E74


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a file comes from, and how many bytes of it are reserved for a start."""

    client: str
    reserved_bytes: int


def require_share(connection: Connection, sender: Sender, *, most_bytes: int) -> None:
    """Raise TooManyUploads if the client has more than ``most_bytes`` under way with this file.

    No other file of the client begins or grows until the transaction ends.
    """
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(sender.client))))
    files, held = _under_way(connection, sender.client)
    if held + sender.reserved_bytes > most_bytes:
        raise _too_many(files, held, sender.reserved_bytes, most_bytes)


def grow(connection: Connection, dataset_id: str, size_bytes: int, *, most_bytes: int) -> None:
    """Reserve ``size_bytes`` in all for a file whose length nobody knows. Raises TooManyUploads."""
    query = select(dataset.c.client, func.coalesce(dataset.c.reserved_bytes, 0)).where(dataset.c.id == dataset_id)
    row = connection.execute(query).one_or_none()
    if row is None or row[0] is None:
        return  # it was removed, as the request will find out, or an earlier version began it
    client, reserved_bytes = row
    require_share(connection, Sender(client, size_bytes - reserved_bytes), most_bytes=most_bytes)
    changes.reserve(connection, dataset_id, size_bytes)


def _under_way(connection: Connection, client: str) -> tuple[int, int]:
    """Number and bytes of the client's files; one that failed or was cancelled is not under way."""
    size_bytes = func.coalesce(dataset.c.bytes, dataset.c.reserved_bytes, 0)
    query = select(func.count(), func.coalesce(func.sum(size_bytes), 0))
    files, held = connection.execute(query.where(dataset.c.client == client, _is_under_way())).one()
    return files, int(held)


def _is_under_way() -> ColumnElement[bool]:
    is_worked_on = exists().where(job.c.id == dataset.c.job_id, job.c.status.in_(OUTSTANDING))
    return or_(dataset.c.raw_key.is_(None), is_worked_on)


def _too_many(files: int, held: int, more: int, most_bytes: int) -> TooManyUploads:
    return TooManyUploads(
        f"{files:,} uploads of your address with {held:,} bytes in all are under way, arriving or waiting to be "
        f"loaded; another {more:,} bytes would be more than the {most_bytes:,} that are allowed "
        "(OPENHOURS_MAX_CLIENT_UPLOAD_BYTES). Nothing of this file was kept: send it again when some of them are "
        "loaded, or stop one that you do not need with DELETE /uploads/{id}.",
        under_way_bytes=held,
        max_bytes=most_bytes,
    )
