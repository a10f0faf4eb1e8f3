"""Spare processes: forked ahead of their jobs, connected to Postgres and S3; each runs one job and ends.

A job in one begins some tenths of a second sooner. It shares nothing with the job before it: that had another process.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from threading import Condition, Event, Thread
from time import monotonic
from typing import Final

from app.errors import OpenhoursError
from app.jobs import child
from app.jobs.child import JobSpec, Surroundings
from app.jobs.fork_server import IMPORT_SECONDS, CalledOff, ForkServer, end_process
from app.jobs.kind import JobKind

#: How long a spare process that was asked for may take to begin, seconds: its fork server may have to import first.
BEGIN_SECONDS: Final = IMPORT_SECONDS

#: One that is given its job tells so within a millisecond. It is looked so often whether it does, and so many times: a
#: pause of the whole machine is no time for it. Seconds.
_LOOK_SECONDS: Final = 0.2
_LOOKS: Final = 50

#: A job waits so long for a process that is being started; forking takes some hundredths of it. Seconds.
_SOON_SECONDS: Final = 0.5

_NEVER: Final = Event()

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """A process that runs a job, and our end of its pipe."""

    process: ForkServerProcess
    pipe: Connection

    def end(self) -> None:
        """Kill it, whatever it does, and see it dead."""
        self.pipe.close()
        end_process(self.process)

    def end_aside(self) -> None:
        """Kill it, and do not wait until the kernel has taken all its memory back, up to a tenth of a second."""
        self.process.kill()
        try:
            Thread(target=self.end, name="end", daemon=True).start()
        except (RuntimeError, MemoryError):  # no more threads
            self.end()


class Spares:
    """Keeps so many processes ready; nothing is started before ``fill``."""

    def __init__(self, kinds: Mapping[str, JobKind], surroundings: Surroundings, *, count: int) -> None:
        self.server = ForkServer(kinds)
        self._surroundings = surroundings
        self._count = count
        self._ready: list[Started] = []
        self._starting = 0
        self._waiting = 0
        self._closed = Event()
        self._changed = Condition()

    def fill(self) -> None:
        """Have the missing ones started, in threads of their own."""
        with self._changed:
            missing = 0 if self._closed.is_set() else self._count - len(self._ready) - self._starting
            self._starting += missing
        for number in range(missing):
            try:
                Thread(target=self._start, name="spare", daemon=True).start()
            except (RuntimeError, MemoryError):  # no more threads; the job that needs one will tell
                with self._changed:
                    self._starting -= missing - number
                    self._changed.notify_all()
                return

    def give(
        self, spec: JobSpec, *, call_off: Event = _NEVER, alive: Callable[[], None] = lambda: None
    ) -> Started | None:
        """A process that was ready, or soon is, and has been given this job; None if there is none.

        Args:
            spec: the job.
            call_off: set it from another thread to give up waiting for one that does not answer.
            alive: called several times a second while it does not.
        """
        while not call_off.is_set() and (spare := self._awaited()) is not None:
            with suppress(EOFError, OSError):  # it has died
                spare.pipe.send(spec)
                if _has_begun(spare, call_off, alive):
                    return spare
                if not call_off.is_set():  # one whose job is called off had no time to answer
                    _log.warning("a process that waited for a job does not answer: it is killed")
            spare.end()
        return None

    def close(self) -> None:
        """End those that are ready; none is started any more."""
        self._closed.set()
        while (spare := self._taken()) is not None:
            spare.end()

    def _awaited(self) -> Started | None:
        """One that is ready, or the next that is: to start yet another for this job would take as long, and slow it."""
        with self._changed:
            if self._waiting < self._starting:
                self._waiting += 1
                self._changed.wait_for(lambda: self._ready or not self._starting, _SOON_SECONDS)
                self._waiting -= 1
            return self._taken()

    def _taken(self) -> Started | None:
        with self._changed:
            return self._ready.pop(0) if self._ready else None

    def _start(self) -> None:
        started = self._started()
        with self._changed:
            self._starting -= 1
            is_wanted = started is not None and not self._closed.is_set()
            if started is not None and is_wanted:
                self._ready.append(started)
            self._changed.notify_all()
        if started is not None and not is_wanted:
            started.end()

    def _started(self) -> Started | None:
        """A process that waits for its job; without one, the next job has one started for it, and tells why not."""
        try:
            ours, theirs = self.server.context.Pipe()
        except OSError:
            return None
        try:
            process = self.server.start(
                child.wait_for_job,
                (theirs, self._surroundings),
                name="job to come",
                call_off=self._closed,
                deadline=monotonic() + BEGIN_SECONDS,
            )
            return Started(process, ours)
        except (CalledOff, OpenhoursError, OSError, RuntimeError) as error:
            _log.info("no process could be started ahead of its job: %s", error)
            ours.close()
            return None
        finally:
            theirs.close()


def _has_begun(spare: Started, call_off: Event, alive: Callable[[], None]) -> bool:
    """Whether a process has its job. Raises EOFError, OSError if it has died."""
    for _ in range(_LOOKS):
        if spare.pipe.poll(_LOOK_SECONDS):
            spare.pipe.recv()
            return True
        alive()
        if call_off.is_set():
            break
    return False
