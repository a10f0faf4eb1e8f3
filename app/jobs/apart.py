"""Calls one function in a process of its own, with so much memory and time and no more.

For what a request brings and a library reads as a whole: a file of two kilobytes may say that it has billions of cells,
and whoever answers everybody must not try.
"""

from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from threading import Event
from time import monotonic
from typing import Any, Final, TypeVar

from app.files.memory import limit_memory
from app.jobs import child
from app.jobs.fork_server import ForkServer, end_process
from app.jobs.kind import JobKind
from app.jobs.priority import give_way

#: How long a process may take to begin, seconds: the fork server may have to import first.
BEGIN_SECONDS: Final = 60

T = TypeVar("T")


class TooMuch(Exception):
    """The function needed more memory or time than it was given."""


class Apart:
    """Of one replica; nothing is started before the first call."""

    def __init__(self, kinds: Mapping[str, JobKind]) -> None:
        """``kinds`` of jobs that the fork server imports for the others who use it."""
        self._kinds = kinds

    def call(self, function: Callable[..., T], *args: Any, memory_bytes: int, seconds: float) -> T:
        """The result of ``function(*args)``; all of these travel by pickle.

        Raises:
            TooMuch: it needed more.
            ReplicaFault: no process could be started.
            Exception: what the function raises.
        """
        server = ForkServer(self._kinds)
        ours, theirs = server.context.Pipe()
        with ours:
            with theirs:
                process = server.start(
                    _answer,
                    (theirs, function, args, memory_bytes),
                    name="apart",
                    call_off=Event(),
                    deadline=monotonic() + BEGIN_SECONDS,
                )
            try:
                answer = ours.recv() if ours.poll(seconds) else None
            except EOFError:  # killed, or ended by a library that got no memory
                answer = None
            finally:
                end_process(process)
        if answer is None:
            raise TooMuch
        result, error = answer
        if isinstance(error, MemoryError):
            raise TooMuch from error
        if error is not None:
            raise error
        found: T = result
        return found


def _answer(pipe: Connection, function: Callable[..., Any], args: tuple[Any, ...], memory_bytes: int) -> None:
    """Entry of the process."""
    give_way()
    child.end_with(pipe)
    limit_memory(memory_bytes)
    result = error = None
    try:
        result = function(*args)
    except Exception as raised:  # noqa: BLE001 - raised again where it was called
        error = raised
    pipe.send((result, error))
