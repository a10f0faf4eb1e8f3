"""Holds the lock of an upload while its bytes arrive, and gives it up if there is reason to."""

import asyncio
import logging
from asyncio import Task, create_task
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Self

from app.errors import OpenhoursError, ReplicaUnavailable, UploadBusy, UploadCut
from app.storage.postgres import database_errors, each_by_itself
from app.storage.resources import Resources
from app.uploads import lock
from app.uploads.finding import overtaken
from app.uploads.incoming import Block
from app.uploads.threads import in_thread

#: A connection without bytes for this long is considered half-open if another request is waiting, seconds.
CONTESTED_SECONDS: Final = 2

#: A connection without bytes for this long is closed, seconds.
SILENT_SECONDS: Final = 60

#: The rate of a sender counts over the last time that it was waited for, between this and twice as long, seconds.
RATE_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class Hold:
    """A lock that is renewed for as long as the context is open, and released in the end.

    Without a fence there is no lock, and only the connection is watched.
    """

    def __init__(
        self, resources: Resources, upload_id: str, fence: int | None, *, is_stopping: Callable[[], bool]
    ) -> None:
        self._resources = resources
        self._id = upload_id
        self._fence = fence
        self._is_stopping = is_stopping
        self._renewed_at = self._heard_at = monotonic()
        self._feeding: Task[None] | None = None
        self._keeping: Task[None] | None = None
        self._reason: OpenhoursError | None = None
        self._waited_seconds, self._bytes = 0.0, 0  # lately
        self.is_lost = False
        self.is_released = False  # with the last bytes, by whoever recorded them

    async def __aenter__(self) -> Self:
        self._keeping = create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self.is_released or self._fence is None:
            return
        try:
            await in_thread(partial(self._release, self._fence), short=True)
        except OpenhoursError as wrong:
            _log.info("upload %s: could not release its lock, which will expire: %s", self._id, wrong)

    async def feed(self, stream: AsyncIterator[Block], take: Callable[[Block], Awaitable[None]]) -> None:
        """Pass on the bytes of a stream to its end.

        Raises:
            UploadBusy: another request has the lock, or waits for it while no bytes arrive.
            UnknownUpload, UploadExpired, UploadLost: it has ended in the meantime.
            UploadCut: no bytes arrived for too long; or what the stream raised.
            ReplicaUnavailable: this process is stopping.
        """

        async def pass_on() -> None:
            async for chunk in stream:
                self._count(len(chunk))
                self._heard_at = float("inf")  # while it waits for us, the connection does not count as silent
                if chunk:
                    await take(chunk)
                self._heard_at = monotonic()

        self._reason = None
        self._feeding = create_task(pass_on())
        try:
            await self._feeding
        except asyncio.CancelledError:
            if self._reason is None:
                self._feeding.cancel()
                raise
            raise self._reason from None
        finally:
            self._feeding = None

    def bytes_per_second(self) -> float | None:
        """The rate of the sender lately, our own delays left out; None before it was waited for long enough."""
        if self._feeding is None:
            return None
        silent_seconds = max(monotonic() - self._heard_at, 0)
        if silent_seconds >= RATE_SECONDS:
            return 0
        waited_seconds = self._waited_seconds + silent_seconds
        return self._bytes / waited_seconds if waited_seconds >= RATE_SECONDS else None

    def end(self, reason: OpenhoursError) -> None:
        """Have ``feed`` raise this, if bytes may still come."""
        if self._feeding is not None:
            self._reason = reason
            self._feeding.cancel()

    def _count(self, size_bytes: int) -> None:
        self._waited_seconds += monotonic() - self._heard_at
        self._bytes += size_bytes
        if self._waited_seconds >= 2 * RATE_SECONDS:
            self._waited_seconds, self._bytes = self._waited_seconds / 2, self._bytes // 2

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(lock.RENEW_SECONDS)
            reason = await self._reason_to_end()
            if reason is not None:
                self.end(reason)

    async def _reason_to_end(self) -> OpenhoursError | None:
        is_wanted = await self._renew()
        silent_seconds = monotonic() - self._heard_at
        if self.is_lost:
            return await in_thread(self._why_lost, short=True)
        if is_wanted and silent_seconds > CONTESTED_SECONDS:
            return UploadBusy(
                f"Upload {self._id}: no bytes arrived on this connection, and another request is waiting."
            )
        if silent_seconds > SILENT_SECONDS:
            return UploadCut(f"Upload {self._id}: no bytes arrived for {SILENT_SECONDS} seconds.")
        if self._is_stopping():
            return ReplicaUnavailable(
                "This replica is stopping; the bytes received are stored. Continue with another replica."
            )
        return None

    async def _renew(self) -> bool:
        if self._fence is None:
            return False
        try:
            is_wanted = await in_thread(partial(self._renew_now, self._fence), short=True)
        except OpenhoursError as error:
            _log.warning("upload %s: its lock was not renewed: %s", self._id, error)
            self.is_lost = monotonic() - self._renewed_at > lock.LOCK_SECONDS
            return False
        self.is_lost = is_wanted is None
        self._renewed_at = monotonic()
        return bool(is_wanted)

    def _renew_now(self, fence: int) -> bool | None:
        with database_errors(), self._resources.engine.begin() as connection:
            return lock.renew(connection, self._id, fence)

    def _why_lost(self) -> OpenhoursError:
        try:
            return overtaken(self._resources, self._id)
        except OpenhoursError as ended:
            return ended

    def _release(self, fence: int) -> None:
        with database_errors(), each_by_itself(self._resources.engine) as connection:
            lock.release(connection, self._id, fence)
