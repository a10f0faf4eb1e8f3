"""Threads of the uploads, in which they wait for S3 and Postgres."""

import asyncio
from asyncio import CancelledError, ensure_future, shield
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import anyio
import anyio.to_thread

#: Threads in which uploads wait for S3 and Postgres. Other requests have threads of their own, which a slow S3 must not
#: block.
THREADS: Final = 16

#: Threads that renew locks.
SHORT_THREADS: Final = 4

T = TypeVar("T")

_threads = anyio.CapacityLimiter(THREADS)
_short_threads = anyio.CapacityLimiter(SHORT_THREADS)


async def in_thread(function: Callable[[], T], *, short: bool = False) -> T:
    """Call it in a thread of the uploads; the call is never abandoned half-way, however often this is cancelled.

    ``short``: it only queries Postgres, and must not wait behind a slow S3.
    """
    calling = ensure_future(anyio.to_thread.run_sync(function, limiter=_short_threads if short else _threads))
    try:
        return await shield(calling)
    except CancelledError:
        while not calling.done():
            with suppress(CancelledError):
                await asyncio.wait([calling])
        if not calling.cancelled():
            calling.exception()  # retrieve it, or asyncio warns
        raise
