"""Adds the bytes of a request to an upload: as they arrive, or all at once if they must be verified."""

from collections.abc import AsyncIterator

from app.errors import (
    InvalidUpload,
    OpenhoursError,
    ReplicaUnavailable,
    UploadBusy,
    UploadCut,
    UploadRefused,
    UploadTooLarge,
    WrongOffset,
)
from app.storage.resources import Resources
from app.uploads.checksum import Checksum, Staged
from app.uploads.hold import Hold
from app.uploads.incoming import Block, Incoming
from app.uploads.recent_tails import RecentTails
from app.uploads.records import Upload


def require_fit(held: Upload, offset_bytes: int, content_bytes: int | None) -> None:
    """Raise WrongOffset or UploadTooLarge unless these bytes are the next ones of the file."""
    if held.length_bytes is None:
        raise UploadRefused(f"Upload {held.id} was sent as one plain request and cannot be resumed.")
    if offset_bytes != held.offset_bytes:
        raise WrongOffset(
            f"Upload-Offset is {offset_bytes}, and {held.offset_bytes} bytes are stored: continue from there.",
            upload_offset=held.offset_bytes,
        )
    if held.offset_bytes + (content_bytes or 0) > held.length_bytes:
        raise _longer(held)


def require_same_length(held: Upload, length_bytes: int | None) -> None:
    """Raise InvalidUpload if the client gives another length of the file than when it started the upload."""
    if length_bytes is None or held.length_bytes is None or length_bytes == held.length_bytes:
        return
    raise InvalidUpload(
        f"Upload-Length is {length_bytes}, but this upload was started with {held.length_bytes} bytes: leave "
        "Upload-Length out, or start another upload for a file of another length.",
        received=length_bytes,
        allowed=[held.length_bytes],
    )


async def add(
    resources: Resources, tails: RecentTails, hold: Hold, held: Upload, stream: AsyncIterator[Block]
) -> Upload | None:
    """Add the bytes of a stream; if it breaks, the bytes before that are kept.

    Returns what the upload is then; None if nothing was added. The lock may be released with the last of the bytes.

    Raises:
        UploadTooLarge: there are more bytes than the file has.
        UploadCut, UploadBusy, ReplicaUnavailable: the stream ended early; the bytes before that are added.
        UploadLost, DatabaseUnavailable, ObjectStoreUnavailable: some of the bytes may be added.
    """
    incoming = Incoming(resources, held, tails)

    async def take(chunk: Block) -> None:
        if incoming.offset_bytes + len(chunk) > (held.length_bytes or 0):
            raise _longer(held)  # an HTTP server passes on no more than Content-Length
        await incoming.take(chunk)

    try:
        await hold.feed(stream, take)
    except (UploadCut, UploadBusy, ReplicaUnavailable):
        if not hold.is_lost:
            await _settle(incoming, hold, held)
        raise
    else:
        return await _settle(incoming, hold, held)
    finally:
        await incoming.drop()


async def _settle(incoming: Incoming, hold: Hold, held: Upload) -> Upload | None:
    is_end = incoming.offset_bytes == held.length_bytes  # a whole upload stays locked until it is finished
    try:
        await incoming.settle(is_end=is_end, releases=not is_end)
    finally:
        hold.is_released = incoming.is_released
    return incoming.upload


async def add_verified(
    resources: Resources,
    tails: RecentTails,
    hold: Hold,
    held: Upload,
    stream: AsyncIterator[Block],
    checksum: Checksum | None,
) -> Upload | None:
    """As ``add``, once all have arrived and are verified: for bytes with a checksum, or of unknown length.

    Raises:
        ChecksumMismatch, UploadTooLarge: nothing is added.
        UploadCut: bytes with a checksum are not added.
    """
    left_bytes = (held.length_bytes or 0) - held.offset_bytes
    staged = Staged(resources, held, checksum)
    cut: OpenhoursError | None = None

    async def take(chunk: Block) -> None:
        if staged.bytes + len(chunk) > left_bytes:
            raise _longer(held)
        await staged.take(chunk)

    try:
        try:
            await hold.feed(stream, take)
        except UploadCut as error:
            if checksum is not None:
                raise
            cut = error
        staged.verify()
        upload = await add(resources, tails, hold, held, staged.blocks())
    finally:
        await staged.remove()
    if cut is not None:
        raise cut
    return upload


def _longer(held: Upload) -> UploadTooLarge:
    return UploadTooLarge(
        f"Upload {held.id} has {held.length_bytes} bytes in all, {held.offset_bytes} are stored, and the request sent "
        "more than the rest; none of it was kept."
    )
