"""Threads of the uploads, in which they wait for S3 and Postgres."""

import asyncio
from asyncio import CancelledError, Task, create_task, ensure_future, shield
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from app.errors import ObjectStoreUnavailable

#: Threads in which uploads wait for S3 and Postgres. Other requests have threads of their own, which a slow S3 must not
#: block.
THREADS: Final = 16

#: Requests that may wait for one of these threads; those that send bytes have places, see places.py.
QUEUE: Final = 32

#: Threads that renew locks.
SHORT_THREADS: Final = 4

T = TypeVar("T")

_threads = anyio.CapacityLimiter(THREADS)
_short_threads = anyio.CapacityLimiter(SHORT_THREADS)

_in_background: set[Task[None]] = set()  # asyncio itself does not keep them


class Requests:
    """Requests of a replica that ask S3 or wait for that, so that a silent S3 does not keep any number of them."""

    def __init__(self) -> None:
        self._open = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more. Raises ObjectStoreUnavailable when there are too many."""
        if self._open >= THREADS + QUEUE:
            raise ObjectStoreUnavailable(
                f"The object store is slow: {self._open} requests of uploads wait for it already. Try again soon."
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


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


def in_background(function: Callable[[], None]) -> None:
    """Start a function, which raises nothing, in such a thread; only the loop waits for it, when it ends."""
    task = create_task(in_thread(function))
    _in_background.add(task)
    task.add_done_callback(_in_background.discard)
