"""Threads of their own for requests that take long, so that polls and probes do not wait for them."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from app.errors import OpenhoursError

T = TypeVar("T")


class BoundedThreads:
    """So many threads of one process, with a bound on the requests that wait for one."""

    def __init__(self, threads: int, queue: int) -> None:
        """``threads`` work at the same time; ``queue`` more requests may wait."""
        self._limiter = anyio.CapacityLimiter(threads)
        self._most = threads + queue
        self._requests = 0

    def refusal(self, requests: int) -> OpenhoursError:
        """The error for one request more than these."""
        raise NotImplementedError

    async def run(self, function: Callable[[], T]) -> T:
        """Call it in a thread, as who the request acts for; raises the refusal if too many wait for that already."""
        if self._requests >= self._most:
            raise self.refusal(self._requests)
        self._requests += 1
        try:
            return await self._call(function)
        finally:
            self._requests -= 1

    async def _call(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)
