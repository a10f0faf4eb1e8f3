"""Sends the bytes of one request to S3, in parts of a fixed size, and records stored parts in Postgres.

Bytes that do not fill a part are an object of their own, a tail; the next part begins with the tails before it.
A thread sends a part to S3 while the next one fills. Stored parts are recorded one by one, in order, under the fence
of the request's lock; so at any moment, whatever dies, S3 has at least the bytes up to the offset in the row.
"""

import asyncio
import logging
from asyncio import Semaphore, Task, create_task
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from app.errors import OpenhoursError, UploadLost
from app.storage.postgres import database_errors, each_by_itself
from app.storage.resources import Resources
from app.uploads import keys, records
from app.uploads.finding import overtaken
from app.uploads.leftovers import remove_now_or_later
from app.uploads.recent_tails import RecentTails
from app.uploads.records import Upload
from app.uploads.threads import in_background, in_thread

#: Parts of one request that are being sent to S3; they and the one that fills are what it holds in memory.
IN_FLIGHT: Final = 2

#: Tails of an upload; one more makes them one, so that many small requests do not leave a part in a thousand pieces.
MOST_TAILS: Final = 16

#: A block of bytes.
Block = bytes | bytearray

_log = logging.getLogger(__name__)


class Incoming:
    """Takes the bytes that follow ``held.offset_bytes``; ``settle`` makes the last of them durable.

    Attributes:
        offset_bytes: taken so far.
        upload: as it was recorded last; None before anything was.
        is_released: whether the lock was released with the last bytes.
    """

    def __init__(self, resources: Resources, held: Upload, recent: RecentTails) -> None:
        self._resources = resources
        self._store = resources.object_store
        self._held = held
        self._raw_key, self._multipart_id = held.raw_key, held.multipart_id
        self._parts = len(held.parts)  # handed over
        self._tails, self._tail_bytes = list(held.tails), held.tail_bytes  # what the next part begins with
        self._saved_tails = 0
        self._block = bytearray()  # what is in no object yet
        self._slots = Semaphore(IN_FLIGHT)
        self._last: Task[None] | None = None
        self._recent = recent
        self._releases = False  # with the last part
        self.offset_bytes = held.offset_bytes
        self.upload: Upload | None = None
        self.is_released = False

    async def take(self, chunk: Block) -> None:
        """The next bytes."""
        rest = memoryview(chunk)
        while rest:
            room = self._held.part_bytes - self._tail_bytes - len(self._block)
            taken = rest[:room]
            self._block += taken
            self.offset_bytes += len(taken)
            rest = rest[room:]
            if self._fills_a_part():
                await self._hand_over()

    async def settle(self, *, is_end: bool, releases: bool = False) -> None:
        """Return once every byte taken is in S3 and recorded.

        ``is_end``: there will be no more. ``releases``: the lock may be released with what is recorded last.

        Raises:
            UploadBusy: the lock was lost; the bytes since the last part are not recorded.
            UnknownUpload, UploadExpired: it has ended meanwhile.
            UploadLost, ObjectStoreUnavailable, DatabaseUnavailable: of a part or of the tail.
        """
        if self._block and not (self._fills_a_part() or (is_end and self._multipart_id)):
            await self._sent()
            self._forget(await in_thread(partial(self._save_tail, releases=releases)))
            return
        self._releases = releases
        if self._block:
            await self._hand_over()
        await self._sent()

    async def drop(self) -> None:
        """Wait for the parts being sent, whatever their outcome: nothing is written after that."""
        if self._last is not None:
            await asyncio.gather(self._last, return_exceptions=True)

    def _fills_a_part(self) -> bool:
        return self._tail_bytes + len(self._block) == self._held.part_bytes

    def _with_tails(self) -> bytearray:
        """The bytes of the tails, and those that are in no object yet."""
        if not self._tail_bytes:  # what tails there are go with the part that is being sent
            return self._block
        tails = [self._recent.get(key) or self._store.get_bytes(key) for key in self._tails]
        stored_bytes = sum(map(len, tails))
        if stored_bytes != self._tail_bytes:
            raise UploadLost(f"Of the last {self._tail_bytes} bytes {stored_bytes} are stored: start again.")
        return bytearray().join([*tails, self._block])

    async def _hand_over(self) -> None:
        await self._slots.acquire()  # before passing on the block, so that a cancelled request can still store it
        if self._last is not None and self._last.done():
            self._last.result()
        block = await in_thread(self._with_tails)
        if self._multipart_id is None:
            await in_thread(lambda: self._begin(bytes(block[:2])))
        self._block, self._tail_bytes = bytearray(), 0
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
        values: dict[str, Any] = {"number": number, "etag": etag, "offset_bytes": offset_bytes}
        values["releases"] = releases = self._releases and number == self._parts
        await in_thread(lambda: self._note(lambda it: records.add_part(it, self._held, **values)))
        self.is_released = releases
        tails, self._tails = self._tails, []
        self._forget(tails)

    async def _sent(self) -> None:
        if self._last is not None:
            await self._last

    def _begin(self, beginning: bytes) -> None:
        held = self._held
        raw_key = keys.raw_key(held.kind, held.id, beginning)
        multipart_id = self._store.begin_parts(raw_key, media_type=keys.media_type(raw_key))
        self._note(
            lambda it: records.begin_parts(it, held, raw_key=raw_key, multipart_id=multipart_id),
            otherwise=lambda: self._store.abort_parts(raw_key, multipart_id),
        )
        self._raw_key, self._multipart_id = raw_key, multipart_id

    def _save_tail(self, *, releases: bool) -> list[str]:
        """Store what is in no object yet; returns the tails that are needed no more."""
        self._saved_tails += 1
        key = keys.tail_key(self._held.id, self._held.fence, self._saved_tails)
        is_one_too_many = len(self._tails) >= MOST_TAILS
        saved = self._with_tails() if is_one_too_many else self._block
        self._store.put_bytes(saved, key, media_type=keys.BYTES_TYPE)
        tails, tail_bytes = [key] if is_one_too_many else [*self._tails, key], self._tail_bytes + len(self._block)
        values: dict[str, Any] = {"tails": tails, "tail_bytes": tail_bytes, "offset_bytes": self.offset_bytes}
        values["releases"] = releases
        self._note(lambda it: records.set_tails(it, self._held, **values), otherwise=lambda: self._store.remove([key]))
        self.is_released = releases
        self._recent.put(key, saved)
        gone = self._tails if is_one_too_many else []
        self._tails, self._tail_bytes, self._block = tails, tail_bytes, bytearray()
        return gone

    def _note(
        self, change: Callable[[Connection], Upload | bool | None], *, otherwise: Callable[[], None] | None = None
    ) -> None:
        """Record what was put into S3, or remove it by ``otherwise`` if the lock is lost or the upload is gone."""
        with database_errors(), each_by_itself(self._resources.engine) as connection:
            noted = change(connection)
        if noted:
            self.upload = noted if isinstance(noted, Upload) else self.upload
            return
        if otherwise is not None:
            remove_now_or_later(otherwise)
        raise overtaken(self._resources, self._held.id)

    def _forget(self, tails: list[str]) -> None:
        """Remove tails whose bytes are in another object now, while the client goes on."""
        if tails:
            self._recent.forget(tails)
            in_background(partial(self._remove, tails))

    def _remove(self, tails: list[str]) -> None:
        try:
            self._store.remove_together(tails)
        except OpenhoursError as error:
            _log.info("upload %s: could not remove old tails, kept until the upload ends: %s", self._held.id, error)
