"""Adds a small piece of a file without taking the lock of the upload, which would be one more statement for each.

The piece is stored as one tail more, and recorded if nothing has changed since this replica recorded the piece before.
Otherwise it goes the usual way, under the lock.
"""

from collections.abc import AsyncIterator
from functools import partial

from app.errors import OpenhoursError, ReplicaUnavailable, UploadCut
from app.storage.postgres import database_errors, each_by_itself
from app.storage.resources import Resources
from app.uploads import keys, records
from app.uploads.hold import Hold
from app.uploads.incoming import MOST_TAILS, Block
from app.uploads.leftovers import remove_now_or_later
from app.uploads.recent_tails import RecentTails
from app.uploads.records import Upload
from app.uploads.threads import in_thread


def is_small(known: Upload, offset_bytes: int, content_bytes: int | None) -> bool:
    """Whether these bytes are the next ones, and fill neither a part nor the file."""
    return (
        content_bytes is not None
        and content_bytes > 0
        and offset_bytes == known.offset_bytes
        and known.length_bytes is not None
        and offset_bytes + content_bytes < known.length_bytes
        and known.tail_bytes + content_bytes < known.part_bytes
        and len(known.tails) < MOST_TAILS
    )


async def add_without_lock(
    resources: Resources,
    tails: RecentTails,
    hold: Hold,
    known: Upload,
    stream: AsyncIterator[Block],
    *,
    content_bytes: int | None,
) -> tuple[Upload | None, AsyncIterator[Block]]:
    """Add a small piece to an upload that no request holds, as far as this replica knows; ``hold`` has no lock.

    Returns what the upload is then, or None if the piece must be added under the lock; and what the stream had, to be
    read again.

    Raises:
        DatabaseUnavailable, ObjectStoreUnavailable: the piece may be added.
    """
    piece, cut = bytearray(), None

    async def take(chunk: Block) -> None:
        piece.extend(chunk)  # an HTTP server passes on no more than Content-Length

    try:
        await hold.feed(stream, take)
    except (UploadCut, ReplicaUnavailable) as error:
        cut = error
    is_complete = cut is None and len(piece) == content_bytes
    added = await in_thread(partial(_add, resources, tails, known, piece)) if is_complete else None
    return added, _again(piece, cut)


def _add(resources: Resources, tails: RecentTails, known: Upload, piece: bytearray) -> Upload | None:
    store, ttl_hours = resources.object_store, resources.settings.upload_ttl_hours
    key = keys.tail_key(known.id, known.fence + 1, 0)
    store.put_bytes(piece, key, media_type=keys.BYTES_TYPE)
    with database_errors(), each_by_itself(resources.engine) as connection:
        added = records.add_tail(connection, known, key=key, size_bytes=len(piece), ttl_hours=ttl_hours)
    if added is not None:
        tails.put(key, piece)
        return added
    remove_now_or_later(lambda: store.remove([key]))
    return None


async def _again(piece: Block, cut: OpenhoursError | None) -> AsyncIterator[Block]:
    yield piece
    if cut is not None:
        raise cut
