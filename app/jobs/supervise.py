"""Runs one job in a process of its own and tells how it ended; the process is killed before the call returns."""

from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from threading import Event
from time import monotonic
from typing import Final, Protocol

from app.errors import TimeLimitExceeded
from app.jobs import child
from app.jobs.child import Done, JobSpec, Refused, Step
from app.jobs.fork_server import FAREWELL_SECONDS, CalledOff, ForkServer
from app.jobs.kind import JobKind
from app.jobs.spare import Spares, Started

#: How often a quiet process is looked at, for its time limit and for being called off, seconds.
_LOOK_SECONDS: Final = 0.2


class Execute(Protocol):
    """Runs a job and tells how it ended."""

    def __call__(
        self, spec: JobSpec, *, progress: Callable[[Step], None], call_off: Event, alive: Callable[[], None]
    ) -> Done | Refused:
        """As supervise()."""


class Crashed(Exception):
    """The process died without a word."""


def in_child(kinds: Mapping[str, JobKind], spares: Spares | None = None) -> Execute:
    """How a worker runs its jobs: each in a child of the fork server, in a spare one if there is one."""
    return partial(supervise, ForkServer(kinds), spares)


def supervise(
    server: ForkServer,
    spares: Spares | None,
    spec: JobSpec,
    *,
    progress: Callable[[Step], None],
    call_off: Event,
    alive: Callable[[], None] = lambda: None,
) -> Done | Refused:
    """Run a job.

    Args:
        server: starts the process if no spare one is ready; the time limit includes this.
        spares: processes that were started ahead; None without any.
        spec: what to run.
        progress: called with each step that the job tells of.
        call_off: set it from another thread to end the process.
        alive: called several times a second.

    Raises:
        Crashed: the process died.
        CalledOff: ``call_off`` was set.
        ReplicaFault: the fork server starts no process.
        OSError, RuntimeError: this process has no descriptors or threads left.
    """
    limit = spec.settings.report_time_limit_seconds
    deadline = monotonic() + limit
    started = spares.give(spec, call_off=call_off, alive=alive) if spares is not None else None
    if started is None:
        started = _started(server, spec, call_off=call_off, deadline=deadline, alive=alive)
    has_told = False
    try:
        while not call_off.is_set():
            alive()
            if monotonic() > deadline:
                return Refused(
                    TimeLimitExceeded.code,
                    f"It ran longer than {limit:g} seconds (OPENHOURS_REPORT_TIME_LIMIT_SECONDS).",
                    retryable=False,
                )
            if (outcome := _told(started.pipe, started.process, progress)) is not None:
                has_told = True
                return outcome  # its files are closed: nobody needs to wait for its tidying up
        raise CalledOff
    finally:
        if has_told:
            started.end_aside()
        else:
            started.end()


def _started(
    server: ForkServer, spec: JobSpec, *, call_off: Event, deadline: float, alive: Callable[[], None]
) -> Started:
    """A process that was started for this job."""
    ours, theirs = server.context.Pipe()
    try:
        process = server.start(
            child.main,
            (theirs, spec),
            name=f"job {spec.kind}",
            call_off=call_off,
            deadline=deadline,
            alive=alive,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()  # otherwise a start that hangs may still use it: it closes with its last user
    return Started(process, ours)


def _told(pipe: Connection, process: ForkServerProcess, progress: Callable[[Step], None]) -> Done | Refused | None:
    """What the process says within a moment, if it is its end."""
    try:
        if not pipe.poll(_LOOK_SECONDS):
            return None
        told = pipe.recv()
    except (EOFError, OSError):
        process.join(FAREWELL_SECONDS)
        raise Crashed(_cause(process.exitcode)) from None
    match told:
        case Step() as step:
            progress(step)
        case Done() | Refused() as outcome:
            return outcome
    return None


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {-exit_code}"
    return f"exit code {exit_code}"
