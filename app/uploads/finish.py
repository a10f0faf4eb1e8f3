"""The end of an upload: its parts become one object, or everything is removed."""

import logging
from collections.abc import Callable
from time import sleep
from typing import Final

from app.access import audit
from app.errors import OpenhoursError, Unavailable, UploadLost
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads import keys, records
from app.uploads.finding import overtaken
from app.uploads.hooks import Hooks
from app.uploads.records import Upload

#: If S3 no longer knows the parts, another request may just be completing them: S3 is asked again after
#: this delay, seconds.
LOOK_AGAIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


def finish(resources: Resources, hooks: Hooks, whole: Upload, *, sha256: str | None = None) -> str:
    """Make the raw object of an upload whose bytes have all arrived, and pass it on; returns its key.

    It may be interrupted at any moment, or run twice, even at the same time: the object is the same,
    and the second run passes nothing on.

    Raises:
        UploadLost: S3 has lost the bytes stored so far; this is recorded.
        UploadBusy: another request has taken it over.
        UnknownUpload, UploadExpired: it was terminated in the meantime.
        DatabaseUnavailable, ObjectStoreUnavailable: a transient failure.
        OpenhoursError: ``hooks.accept`` refuses the file; nothing of the upload is left.
    """
    try:
        raw_key = _put_together(resources, whole)
        _require_all(resources, whole, raw_key)
    except UploadLost:
        if (finished := _finished(resources, whole.id)) is not None:  # another request was faster
            return finished
        require_lost(resources, hooks, whole)
        raise
    try:
        dispatch = _hand_on(resources, hooks, whole, raw_key, sha256)
    except OpenhoursError as error:
        if not isinstance(error, Unavailable):
            discard(resources, hooks, whole.id)
        raise
    if dispatch is None:
        if _finished(resources, whole.id) is None:
            _remove_unless_kept(resources, hooks, whole, raw_key)
            raise overtaken(resources, whole.id)
        return raw_key
    dispatch()
    _tidy(resources, whole)
    return raw_key


def require_lost(resources: Resources, hooks: Hooks, seen: Upload) -> None:
    """Record that S3 has lost bytes of an upload, and remove the rest.

    Another request may have replaced what this one misses: only the holder of the current fence can detect a loss.

    Raises:
        UploadBusy: another request has taken it over since it was read; nothing is removed.
        UnknownUpload, UploadExpired, UploadLost: it has ended in the meantime.
    """
    with database_errors(), resources.engine.begin() as connection:
        is_lost = records.lose(connection, seen)
        if is_lost:
            hooks.drop(connection, seen)
            audit.record(connection, "upload.lose", "upload", seen.id, outcome="failed")
    if not is_lost:
        raise overtaken(resources, seen.id)
    _log.warning("upload %s: S3 has lost the bytes stored so far", seen.id)
    _remove_objects(resources, seen)


def discard(resources: Resources, hooks: Hooks, upload_id: str) -> bool:
    """Remove an upload, and the objects of an unfinished one; False if there is none."""
    with database_errors(), resources.engine.begin() as connection:
        removed = records.remove(connection, upload_id)
        if removed is None:
            return False
        if removed.finished_at is None and removed.lost_at is None:
            hooks.drop(connection, removed)
            audit.record(connection, "upload.remove", "upload", upload_id)
    _remove_objects(resources, removed)
    return True


def _put_together(resources: Resources, whole: Upload) -> str:
    store = resources.object_store
    if whole.multipart_id is not None and whole.raw_key is not None:
        try:
            store.complete_parts(whole.raw_key, whole.multipart_id, whole.parts)
        except UploadLost:  # or another request was faster
            if store.size(whole.raw_key) != whole.length_bytes:
                sleep(LOOK_AGAIN_SECONDS)
                if store.size(whole.raw_key) != whole.length_bytes:
                    raise
        return whole.raw_key
    block = b"".join(store.get_bytes(key) for key in whole.tails)
    raw_key = keys.raw_key(whole.kind, whole.id, block)
    store.put_bytes(block, raw_key, media_type=keys.media_type(raw_key))
    return raw_key


def _require_all(resources: Resources, whole: Upload, raw_key: str) -> None:
    stored = resources.object_store.size(raw_key)
    if stored != whole.length_bytes:
        raise UploadLost(f"Of {whole.length_bytes} bytes {stored} are stored: start the upload again.")


def _remove_unless_kept(resources: Resources, hooks: Hooks, whole: Upload, raw_key: str) -> None:
    """Remove the object of an upload that was terminated by another request while the object was being made."""
    with database_errors(), resources.engine.connect() as connection:
        if hooks.keeps(connection, whole.id):
            return  # it was passed on before the record of the upload was deleted
    resources.object_store.remove([raw_key])


def _finished(resources: Resources, upload_id: str) -> str | None:
    with database_errors(), resources.engine.connect() as connection:
        now = records.find(connection, upload_id)
    return None if now is None or now.finished_at is None else now.raw_key


def _hand_on(
    resources: Resources, hooks: Hooks, whole: Upload, raw_key: str, sha256: str | None
) -> Callable[[], None] | None:
    ttl_hours = resources.settings.upload_ttl_hours
    with database_errors(), resources.engine.begin() as connection:
        if not records.finish(connection, whole, raw_key=raw_key, ttl_hours=ttl_hours):
            return None
        return hooks.accept(connection, whole, raw_key, whole.offset_bytes, sha256)


def _tidy(resources: Resources, whole: Upload) -> None:
    try:
        resources.object_store.remove_below(keys.prefix(whole.id))
    except OpenhoursError as error:
        _log.info("upload %s: could not remove its tails, the clean-up will retry: %s", whole.id, error)


def _remove_objects(resources: Resources, upload: Upload) -> None:
    store = resources.object_store
    store.remove_below(keys.prefix(upload.id))
    if upload.finished_at is not None:
        return
    if upload.multipart_id is not None and upload.raw_key is not None:
        store.abort_parts(upload.raw_key, upload.multipart_id)
    store.remove([keys.raw_key(upload.kind, upload.id, beginning) for beginning in (b"", keys.GZIP)])
