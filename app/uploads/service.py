"""The upload service behind the routes; any replica can do the next step of any upload.

Everything that a response promises is in Postgres and S3 before it is sent. Memory: one request holds three parts at
most, and a replica serves a few such requests at a time.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from app.access import audit
from app.errors import (
    InvalidUpload,
    OpenhoursError,
    ReplicaUnavailable,
    UnknownDatasetKind,
    UploadBusy,
    UploadLost,
    UploadTooLarge,
)
from app.ids import is_id, new_id
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads import keys, records
from app.uploads.adding import add, add_verified, require_fit, require_same_length
from app.uploads.checksum import Checksum
from app.uploads.finding import find, lock_one, missing, overtaken, settled
from app.uploads.finish import discard, finish, require_lost
from app.uploads.hold import Hold
from app.uploads.hooks import Announced, Hooks
from app.uploads.incoming import Block, Incoming
from app.uploads.places import Places, client_of
from app.uploads.recent_tails import RecentTails
from app.uploads.recent_uploads import RecentUploads
from app.uploads.records import Upload
from app.uploads.threads import Requests, in_thread
from app.uploads.without_lock import add_without_lock, is_small

#: Upload requests that a replica accepts at a time; each holds up to three parts of 8 MiB in memory.
MAX_REQUESTS: Final = 16

#: Room is asked for so many bytes at a time where the length of a file is not known.
GROWTH_BYTES: Final = keys.PART_BYTES

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was sent in one plain request; it is stored at ``raw_key``."""

    id: str
    kind: str
    filename: str | None
    bytes: int
    sha256: str
    raw_key: str


class UploadService:
    """The uploads of an installation, as served by one replica."""

    def __init__(
        self,
        resources: Resources,
        kinds: Collection[str],
        hooks: Hooks,
        *,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``kinds``: names of the dataset kinds; ``is_stopping``: whether open requests should end soon."""
        self._resources = resources
        self._kinds = kinds
        self._hooks = hooks
        self._is_stopping = is_stopping
        self._places = Places(MAX_REQUESTS)
        self._requests = Requests()
        self._tails = RecentTails()
        self._recent = RecentUploads()

    @property
    def max_bytes(self) -> int:
        """Longest file."""
        return self._resources.settings.max_upload_bytes

    def options(self, texts: Mapping[str, str]) -> Mapping[str, Any]:
        """The options of the check among texts by name; raises an OpenhoursError for an invalid one."""
        return self._hooks.options(texts)

    async def create(
        self,
        kind: str | None,
        *,
        length_bytes: int,
        filename: str | None,
        options: Mapping[str, Any],
        metadata: str | None = None,
        sha256: str | None = None,
        first_bytes: AsyncIterator[Block] | None = None,
        content_bytes: int | None = None,
        checksum: Checksum | None = None,
        client: str | None = None,
    ) -> Upload:
        """Record a new upload that may be resumed, with its first bytes; an empty file is finished at once.

        Raises:
            InvalidUpload, UploadTooLarge, ObjectStoreUnavailable: nothing was recorded.
            OpenhoursError: ``hooks.begin`` refuses it, and nothing was recorded; or what ``append`` raises of the first
                bytes, and nothing is left, because the client does not learn its id.
        """
        values: dict[str, Any] = {"kind": self._known(kind), "filename": filename, "options": dict(options)}
        self._require_size(length_bytes)
        if first_bytes is not None and (content_bytes or 0) > length_bytes:
            raise UploadTooLarge(f"Upload-Length is {length_bytes}, and {content_bytes} bytes came with it.")
        announced = Announced(client_of(client), length_bytes, sha256)
        with self._requests.one():
            upload = await in_thread(
                partial(self._record, announced, length_bytes=length_bytes, locked=False, metadata=metadata, **values)
            )
            if upload.is_whole:
                return await self._finished(upload)
        if first_bytes is None:
            self._recent.put(upload)
            return upload
        try:
            return await self.append(
                upload.id, 0, first_bytes, content_bytes=content_bytes, checksum=checksum, client=client
            )
        except BaseException:
            await asyncio.shield(in_thread(partial(self._give_up, upload)))
            raise

    async def look(self, upload_id: str) -> Upload:
        """The state of an upload; the bytes up to its offset are in S3.

        Raises:
            UnknownUpload, UploadExpired, UploadLost: it cannot be resumed.
            UploadBusy: another request is adding to it, or completing it.
            ObjectStoreUnavailable: too many requests wait for S3.
        """
        with self._requests.one():
            upload = await settled(self._resources, upload_id)
            if upload.finished_at is None and upload.is_whole:
                return await self.append(upload_id, upload.offset_bytes, _no_bytes(), content_bytes=0)
            if upload.finished_at is None and upload.multipart_id is not None:
                await in_thread(lambda: self._require_parts(upload))
            return upload

    async def append(
        self,
        upload_id: str,
        offset_bytes: int,
        stream: AsyncIterator[Block],
        *,
        length_bytes: int | None = None,
        content_bytes: int | None,
        checksum: Checksum | None = None,
        client: str | None = None,
    ) -> Upload:
        """Add bytes; ``content_bytes`` is how many the client announced, None if it did not; ``client`` is its address.

        ``length_bytes`` is the length of the whole file if the client repeats it; it never changes.

        If the connection breaks, the bytes before that are kept, unless they have a checksum: then all or none.

        Raises:
            UnknownUpload, UploadExpired, UploadLost: it cannot be resumed.
            UploadBusy: another request is adding to it.
            InvalidUpload: the length is another one than at the start; nothing was added.
            WrongOffset, UploadTooLarge, ChecksumMismatch: nothing was added.
            UploadCut: the stream broke; the bytes before that are added.
            ReplicaUnavailable: there is no place, or the sender is slow and another one needs the place.
        """
        with self._places.one(client) as place:
            known = self._recent.take(upload_id)
            if known is not None and checksum is None and is_small(known, offset_bytes, content_bytes):
                require_same_length(known, length_bytes)
                async with self._hold(known.id, None) as hold:
                    place.sender = hold
                    added, stream = await add_without_lock(
                        self._resources, self._tails, hold, known, stream, content_bytes=content_bytes
                    )
                if added is not None:
                    self._recent.put(added)
                    return added
            held = await lock_one(self._resources, upload_id)
            if held.finished_at is not None:
                require_same_length(held, length_bytes)
                require_fit(held, offset_bytes, content_bytes)
                async for block in stream:
                    require_fit(held, offset_bytes, len(block))  # their number was not announced
                return held
            async with self._hold(held.id, held.fence) as hold:
                place.sender = hold
                require_same_length(held, length_bytes)
                require_fit(held, offset_bytes, content_bytes)
                try:
                    if checksum is None and content_bytes is not None:
                        added = await add(self._resources, self._tails, hold, held, stream)
                    else:
                        added = await add_verified(self._resources, self._tails, hold, held, stream, checksum)
                except UploadLost:
                    await in_thread(partial(require_lost, self._resources, self._hooks, held))
                    raise
                upload = await in_thread(lambda: find(self._resources, upload_id)) if added is None else added
                if upload.is_whole:
                    return await self._finished(upload)
                if hold.is_released:
                    self._recent.put(upload)
                return upload

    async def terminate(self, upload_id: str) -> None:
        """Remove an upload and its objects in S3; a file that was passed on stays.

        Raises:
            UnknownUpload: there is none.
            ObjectStoreUnavailable: S3 fails, or too many requests wait for it.
        """
        with self._requests.one():
            removed = is_id(upload_id) and await in_thread(partial(discard, self._resources, self._hooks, upload_id))
        if not removed:
            raise missing(self._resources, upload_id)

    async def receive(
        self,
        kind: str | None,
        stream: AsyncIterator[Block],
        *,
        filename: str | None,
        options: Mapping[str, Any],
        length_bytes: int | None = None,
        request_bytes: int | None = None,
        client: str | None = None,
    ) -> Received:
        """Receive a whole file in one request, and pass it on; after any failure, nothing is left of it.

        ``request_bytes``: length of a request with the file in it, where that of the file is not known.

        Raises:
            InvalidUpload, UploadTooLarge, UploadCut: of the request.
            ReplicaUnavailable: this replica could not finish the upload, or has no place for it.
            UnknownUpload: it was terminated in the meantime.
            OpenhoursError: a hook refuses the file.
        """
        values: dict[str, Any] = {"kind": self._known(kind), "filename": filename, "options": dict(options)}
        if length_bytes is not None:
            self._require_size(length_bytes)
        told = length_bytes if request_bytes is None else min(request_bytes, self.max_bytes)
        announced = Announced(client_of(client), told)
        with self._places.one(client) as place:
            held = await in_thread(partial(self._record, announced, length_bytes=None, locked=True, **values))
            try:
                async with self._hold(held.id, held.fence) as hold:
                    place.sender = hold
                    return await self._receive(hold, held, stream, announced_bytes=told)
            except BaseException as error:
                await asyncio.shield(in_thread(partial(self._give_up, held)))
                if isinstance(error, UploadBusy | UploadLost | ReplicaUnavailable):
                    raise ReplicaUnavailable(self._not_kept()) from error
                raise

    def _hold(self, upload_id: str, fence: int | None) -> Hold:
        return Hold(self._resources, upload_id, fence, is_stopping=self._is_stopping)

    def _not_kept(self) -> str:
        """Why a replica gave up a plain request, which cannot be resumed."""
        why = "is stopping" if self._is_stopping() else "could not finish the upload"
        return f"This replica {why}, and nothing was kept: send the file again."

    def _give_up(self, held: Upload) -> None:
        try:
            discard(self._resources, self._hooks, held.id)
        except OpenhoursError as error:
            _log.warning("upload %s: its leftovers will be removed once its lock has expired: %s", held.id, error)

    async def _receive(
        self, hold: Hold, held: Upload, stream: AsyncIterator[Block], *, announced_bytes: int | None
    ) -> Received:
        incoming, digest = Incoming(self._resources, held, self._tails), hashlib.sha256()
        room_bytes = announced_bytes or 0  # a server passes on no more than what was announced

        async def take(chunk: Block) -> None:
            nonlocal room_bytes
            size_bytes = incoming.offset_bytes + len(chunk)
            if size_bytes > self.max_bytes:
                raise self._too_large(size_bytes)
            if size_bytes > room_bytes:
                room_bytes = min(size_bytes + GROWTH_BYTES, self.max_bytes)
                await in_thread(partial(self._grow, held, room_bytes))
            digest.update(chunk)
            await incoming.take(chunk)

        try:
            await hold.feed(stream, take)
            await incoming.settle(is_end=True)
        except UploadLost:
            await in_thread(partial(require_lost, self._resources, self._hooks, held))
            raise
        finally:
            await incoming.drop()
        whole = await in_thread(lambda: self._closed(held))
        sha256 = digest.hexdigest()
        raw_key = await in_thread(partial(finish, self._resources, self._hooks, whole, sha256=sha256))
        return Received(whole.id, whole.kind, whole.filename, whole.offset_bytes, sha256, raw_key)

    def _require_parts(self, upload: Upload) -> None:
        store = self._resources.object_store
        if upload.multipart_id is None or upload.raw_key is None:
            return
        if store.has_parts(upload.raw_key, upload.multipart_id):
            return
        now = find(self._resources, upload.id)
        if not (now.finished_at or now.is_whole):  # a moment later it may be finished, and its parts gone
            require_lost(self._resources, self._hooks, upload)
            find(self._resources, upload.id)

    def _grow(self, held: Upload, size_bytes: int) -> None:
        with database_errors(), self._resources.engine.begin() as connection:
            self._hooks.grow(connection, held, size_bytes)

    def _record(self, announced: Announced, *, length_bytes: int | None, locked: bool, **values: Any) -> Upload:
        now, ttl_hours = datetime.now(UTC), self._resources.settings.upload_ttl_hours
        with database_errors(), self._resources.engine.begin() as connection:
            created = records.create(
                connection,
                id=new_id(now),
                length_bytes=length_bytes,
                part_bytes=keys.part_bytes(self.max_bytes if length_bytes is None else length_bytes),
                ttl_hours=ttl_hours,
                locked=locked,
                **values,
            )
            self._hooks.begin(connection, created, announced)
            audit.record(connection, "upload.begin", "upload", created.id, kind=created.kind)
        return created

    def _closed(self, held: Upload) -> Upload:
        with database_errors(), self._resources.engine.begin() as connection:
            is_ours = records.set_length(connection, held)
        if not is_ours:
            raise overtaken(self._resources, held.id)
        return find(self._resources, held.id)

    async def _finished(self, upload: Upload) -> Upload:
        await in_thread(partial(finish, self._resources, self._hooks, upload))
        return upload

    def _known(self, kind: str | None) -> str:
        if kind is None:
            allowed = list(self._kinds)
            raise InvalidUpload(f"kind is missing; allowed are {', '.join(allowed)}.", allowed=allowed)
        if kind not in self._kinds:
            raise UnknownDatasetKind.of(kind, self._kinds)
        return kind

    def _require_size(self, length_bytes: int) -> None:
        if length_bytes > self.max_bytes:
            raise self._too_large(length_bytes)

    def _too_large(self, length_bytes: int) -> UploadTooLarge:
        return UploadTooLarge(
            f"The file has {length_bytes} bytes or more; allowed are {self.max_bytes} (OPENHOURS_MAX_UPLOAD_BYTES).",
            max_bytes=self.max_bytes,
        )


async def _no_bytes() -> AsyncIterator[Block]:
    yield b""
