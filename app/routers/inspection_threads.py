"""Where routes wait for files that are looked at as a whole: each is read in a process of its own, few at a time."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from app.errors import RejectedFile, ReplicaUnavailable
from app.jobs.apart import Apart, TooMuch
from app.routers.bounded_threads import BoundedThreads

#: Files that are looked at at the same time.
THREADS: Final = 2

#: Requests that may wait for that.
QUEUE: Final = 8

#: What one of them may take: memory, bytes, and seconds. A file as large as a body may be takes a tenth of it.
MEMORY_BYTES: Final = 512 << 20
SECONDS: Final = 20

T = TypeVar("T")


class InspectionThreads(BoundedThreads):
    """Those of one replica."""

    def __init__(self, apart: Apart) -> None:
        super().__init__(THREADS, QUEUE)
        self._apart = apart

    def refusal(self, requests: int) -> ReplicaUnavailable:
        return ReplicaUnavailable(f"{requests} files are looked at or wait for that already. Try again in a moment.")

    async def look(self, function: Callable[..., T], *args: Any, name: str) -> T:
        """The result of a function that looks at a file of this name, called in a process of its own.

        Raises:
            RejectedFile: that takes too much, or what the function raises.
        """
        call = partial(self._apart.call, function, *args, memory_bytes=MEMORY_BYTES, seconds=SECONDS)
        try:
            return await self.run(call)
        except TooMuch as error:
            raise RejectedFile(
                f"{name} takes more than {MEMORY_BYTES >> 20} MiB of memory or {SECONDS} seconds to be looked at; "
                "inspect a smaller one with the same columns, and load this one by the mapping of that.",
                reason="too_large",
            ) from error
