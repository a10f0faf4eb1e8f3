"""Threads in which routes compare passwords: each takes a core for a while, and must not take it from polls."""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from app.access.limits import too_many

#: Passwords that are compared at the same time: app/access/passwords.py hashes no more.
THREADS: Final = 2

#: Requests that may wait for that; the last of them for about a second and a half.
QUEUE: Final = 60

#: When to try again, if more than that wait, seconds.
_TRY_AGAIN_SECONDS: Final = 2

T = TypeVar("T")


class HashingThreads:
    """The threads of one process."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(THREADS)
        self._requests = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Call it in a thread, as who the request acts for.

        Raises:
            TooManyLogins: too many requests wait for that already.
        """
        if self._requests >= THREADS + QUEUE:
            raise too_many(_TRY_AGAIN_SECONDS)
        self._requests += 1
        try:
            return await anyio.to_thread.run_sync(function, limiter=self._limiter)
        finally:
            self._requests -= 1
