"""Sends the bytes of one request to S3, in parts of a fixed size, and records stored parts in Postgres.

A thread sends a part to S3 while the next one fills. Stored parts are recorded one by one, in order, under the fence
of the request's lock; so at any moment, whatever dies, S3 has at least the bytes up to the offset in the row.
"""

import asyncio
import logging
from asyncio import Semaphore, Task, create_task
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from app.errors import OpenhoursError, UploadLost
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads import keys, records
from app.uploads.finding import overtaken
from app.uploads.records import Upload
from app.uploads.threads import in_thread

#: Parts of one request that are being sent to S3; they and the one that fills are what it holds in memory.
IN_FLIGHT: Final = 2

#: A block of bytes.
Block = bytes | bytearray

_log = logging.getLogger(__name__)


class Incoming:
    """Takes the bytes that follow ``held.offset_bytes``; ``settle`` makes the last of them durable."""

    def __init__(self, resources: Resources, held: Upload) -> None:
        self._resources = resources
        self._store = resources.object_store
        self._held = held
        self._raw_key, self._multipart_id = held.raw_key, held.multipart_id
        self._parts = len(held.parts)  # handed over
        self._tail_key, self._tails = held.tail_key, 0
        self._block: bytearray | None = None
        self._unsaved_bytes = 0  # of the block
        self._slots = Semaphore(IN_FLIGHT)
        self._last: Task[None] | None = None
        self.offset_bytes = held.offset_bytes  # taken so far

    async def take(self, chunk: Block) -> None:
        """The next bytes."""
        rest = memoryview(chunk)
        if self._block is None:
            self._block = await self._tail()
        while rest:
            room = self._held.part_bytes - len(self._block)
            taken = rest[:room]
            self._block += taken
            self._unsaved_bytes += len(taken)
            self.offset_bytes += len(taken)
            rest = rest[room:]
            if len(self._block) == self._held.part_bytes:
                await self._hand_over()

    async def settle(self, *, is_end: bool) -> None:
        """Return once every byte taken is in S3 and recorded; ``is_end``: there will be no more.

        Raises:
            UploadBusy: the lock was lost; the bytes since the last part are not recorded.
            UnknownUpload, UploadExpired: it has ended meanwhile.
            UploadLost, ObjectStoreUnavailable, DatabaseUnavailable: of a part or of the tail.
        """
        if self._block and self._unsaved_bytes:
            if len(self._block) == self._held.part_bytes or (is_end and self._multipart_id):
                await self._hand_over()
            else:
                await self._sent()
                await in_thread(self._save_tail)
        await self._sent()

    async def drop(self) -> None:
        """Wait for the parts being sent, whatever their outcome: nothing is written after that."""
        if self._last is not None:
            await asyncio.gather(self._last, return_exceptions=True)

    async def _tail(self) -> bytearray:
        key = self._tail_key
        if key is None:
            return bytearray()
        tail = bytearray(await in_thread(lambda: self._store.get_bytes(key)))
        if len(tail) != self._held.tail_bytes:
            raise UploadLost(f"Of the last {self._held.tail_bytes} bytes {len(tail)} are stored: start again.")
        return tail

    async def _hand_over(self) -> None:
        await self._slots.acquire()  # before passing on the block, so that a cancelled request can still store it
        if self._last is not None and self._last.done():
            self._last.result()
        if self._multipart_id is None:
            await in_thread(self._begin)
        block, self._block = self._block or bytearray(), bytearray()
        self._unsaved_bytes = 0
        self._parts += 1
        self._last = create_task(self._send(self._parts, block, self.offset_bytes, after=self._last))
        self._last.add_done_callback(lambda _: self._slots.release())

    async def _send(self, number: int, block: bytearray, offset_bytes: int, *, after: Task[None] | None) -> None:
        raw_key, multipart_id = str(self._raw_key), str(self._multipart_id)
        try:
            etag = await in_thread(lambda: self._store.put_part(block, raw_key, multipart_id, number=number))
        finally:  # waiting for the last part means waiting for all
            if after is not None:
                await after
        await in_thread(lambda: self._note_part(number, etag, offset_bytes))

    async def _sent(self) -> None:
        if self._last is not None:
            await self._last

    def _begin(self) -> None:
        held = self._held
        raw_key = keys.raw_key(held.kind, held.id, bytes((self._block or b"")[:2]))
        multipart_id = self._store.begin_parts(raw_key, media_type=keys.media_type(raw_key))
        self._note(
            lambda it: records.begin_parts(it, held, raw_key=raw_key, multipart_id=multipart_id),
            otherwise=lambda: self._store.abort_parts(raw_key, multipart_id),
        )
        self._raw_key, self._multipart_id = raw_key, multipart_id

    def _note_part(self, number: int, etag: str, offset_bytes: int) -> None:
        self._note(lambda it: records.add_part(it, self._held, number=number, etag=etag, offset_bytes=offset_bytes))
        self._forget_tail()

    def _save_tail(self) -> None:
        self._tails += 1
        key, block = keys.tail_key(self._held.id, self._held.fence, self._tails), self._block or bytearray()
        self._store.put_bytes(block, key, media_type="application/octet-stream")
        values: dict[str, Any] = {"key": key, "tail_bytes": len(block), "offset_bytes": self.offset_bytes}
        self._note(lambda it: records.set_tail(it, self._held, **values), otherwise=lambda: self._store.remove([key]))
        self._forget_tail()
        self._tail_key, self._unsaved_bytes = key, 0

    def _note(self, change: Callable[[Connection], bool], *, otherwise: Callable[[], None] | None = None) -> None:
        """Record what was put into S3, or remove it by ``otherwise`` if the lock is lost or the upload is gone."""
        with database_errors(), self._resources.engine.begin() as connection:
            is_noted = change(connection)
        if is_noted:
            return
        if otherwise is not None:
            try:
                otherwise()
            except OpenhoursError as error:
                _log.info("could not remove unused objects, the clean-up will retry: %s", error)
        raise overtaken(self._resources, self._held.id)

    def _forget_tail(self) -> None:
        key, self._tail_key = self._tail_key, None
        if key is None:
            return
        try:
            self._store.remove([key])
        except OpenhoursError as error:
            _log.info("upload %s: could not remove an old tail, kept until the upload ends: %s", self._held.id, error)
