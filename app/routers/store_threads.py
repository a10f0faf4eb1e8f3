"""Threads in which routes wait for S3: a silent one must not stop polls and probes, which share other threads."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Final

from app.errors import ObjectStoreUnavailable
from app.routers.bounded_threads import BoundedThreads

#: Requests that ask S3 at the same time; each asks for some milliseconds, or until a time limit of half a minute.
THREADS: Final = 8

#: Requests that may wait for one of these threads.
QUEUE: Final = 16


class StoreThreads(BoundedThreads):
    """The threads of one process. Uploads have threads of their own: see app/uploads/threads.py."""

    def __init__(self) -> None:
        super().__init__(THREADS, QUEUE)

    def refusal(self, requests: int) -> ObjectStoreUnavailable:
        return ObjectStoreUnavailable(
            f"The object store is slow: {requests} requests are already waiting for it. Try again in a moment."
        )

    async def blocks(self, source: Iterator[bytes]) -> AsyncIterator[bytes]:
        """What a source yields, each read in a thread; it has begun, so it is not refused any more.

        The first block is read before this returns: a store that stops right away can still be told with a status.
        """
        first = await self._call(partial(next, source, b""))
        return self._rest(first, source)

    async def _rest(self, block: bytes, source: Iterator[bytes]) -> AsyncIterator[bytes]:
        while block != b"":
            yield block
            block = await self._call(partial(next, source, b""))
