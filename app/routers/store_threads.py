"""Threads in which routes wait for S3: a silent one must not stop polls and probes, which share other threads."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from app.errors import ObjectStoreUnavailable

#: Requests that ask S3 at the same time; each asks for some milliseconds, or until a time limit of half a minute.
THREADS: Final = 8

#: Requests that may wait for one of these threads.
QUEUE: Final = 16

T = TypeVar("T")


class StoreThreads:
    """The threads of one process. Uploads have threads of their own: see app/uploads/threads.py."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(THREADS)
        self._requests = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Call it in a thread.

        Raises:
            ObjectStoreUnavailable: too many requests ask already, or wait for that.
        """
        if self._requests >= THREADS + QUEUE:
            raise ObjectStoreUnavailable(
                f"The object store is slow: {self._requests} requests wait for it already. Try again in a moment."
            )
        self._requests += 1
        try:
            return await self._call(function)
        finally:
            self._requests -= 1

    async def blocks(self, source: Iterator[bytes]) -> AsyncIterator[bytes]:
        """What a source yields, each read in a thread; it has begun, so it is not refused any more."""
        while (block := await self._call(partial(next, source, b""))) != b"":
            yield block

    async def _call(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)
