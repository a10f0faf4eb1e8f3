"""Threads in which routes compare passwords: each takes a core for a while, and must not take it from polls."""

from typing import Final

from app.access.limits import too_many
from app.errors import TooManyLogins
from app.routers.bounded_threads import BoundedThreads

#: Passwords that are compared at the same time: app/access/passwords.py hashes no more.
THREADS: Final = 2

#: Requests that may wait for that; the last of them for about a second and a half.
QUEUE: Final = 60

#: When to try again, if more than that wait, seconds.
_TRY_AGAIN_SECONDS: Final = 2


class HashingThreads(BoundedThreads):
    """The threads of one process."""

    def __init__(self) -> None:
        super().__init__(THREADS, QUEUE)

    def refusal(self, requests: int) -> TooManyLogins:  # noqa: ARG002 - how many log in is nobody's business
        return too_many(_TRY_AGAIN_SECONDS)
