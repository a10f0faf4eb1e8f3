"""Runs one job in a process of its own and tells how it ended; the process never outlives the call."""

import multiprocessing
import signal
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from threading import Event
from time import monotonic
from typing import Final, Protocol

from app.errors import ReplicaUnavailable, TimeLimitExceeded
from app.jobs import child
from app.jobs.child import Done, JobSpec, Refused, Step
from app.jobs.kind import JobKind

#: How often a quiet process is looked at, for its time limit and for being called off, seconds.
_LOOK_SECONDS: Final = 0.2

#: A process whose pipe has closed is given this long to end, so that its exit code is known, seconds.
_FAREWELL_SECONDS: Final = 5


class Execute(Protocol):
    """Runs a job and tells how it ended."""

    def __call__(self, spec: JobSpec, *, progress: Callable[[Step], None], call_off: Event) -> Done | Refused:
        """As supervise()."""


class Crashed(Exception):
    """The process died without a word."""


class CalledOff(Exception):
    """The process was ended because its job is no longer ours to run, or the worker stops."""


def fork_server(kinds: Mapping[str, JobKind]) -> ForkServerContext:
    """The fork server, running, with these kinds of jobs imported; children start from it in some 20 milliseconds.

    It is a process of its own without threads, so that forking is safe whatever this one does.
    """
    context = multiprocessing.get_context("forkserver")
    # Arrow imports pandas at its first conversion, which each process would else do again.
    modules = {kind.produce.__module__ for kind in kinds.values()}
    context.set_forkserver_preload([child.__name__, *sorted(modules), "pandas"])
    # It and its children inherit what is blocked: signals to the whole process group, such as Ctrl-C in a terminal, are
    # for this process to answer, which ends them in its own order.
    resource_tracker.ensure_running()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return context


def in_child(kinds: Mapping[str, JobKind]) -> Execute:
    """How a worker runs its jobs: each in a child of one fork server."""
    return partial(supervise, fork_server(kinds))


def supervise(
    context: ForkServerContext, spec: JobSpec, *, progress: Callable[[Step], None], call_off: Event
) -> Done | Refused:
    """Run a job.

    Args:
        context: of fork_server().
        spec: what to run.
        progress: called with each step that the job tells of.
        call_off: set it from another thread to end the process.

    Raises:
        Crashed: the process died.
        CalledOff: ``call_off`` was set.
        ReplicaUnavailable: this machine has no room for another process.
    """
    process, ours = _started(context, spec)
    limit = spec.settings.report_time_limit_seconds
    deadline = monotonic() + limit
    try:
        while not call_off.is_set():
            if monotonic() > deadline:
                return Refused(
                    TimeLimitExceeded.code,
                    f"It ran longer than {limit:g} seconds (OPENHOURS_REPORT_TIME_LIMIT_SECONDS).",
                    retryable=False,
                )
            if not ours.poll(_LOOK_SECONDS):
                continue
            match ours.recv():
                case Step() as step:
                    progress(step)
                case Done() | Refused() as outcome:
                    return outcome  # its files are closed: nobody needs to wait for its tidying up
        raise CalledOff
    except (EOFError, OSError):
        process.join(_FAREWELL_SECONDS)
        raise Crashed(_cause(process.exitcode)) from None
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _started(context: ForkServerContext, spec: JobSpec) -> tuple[ForkServerProcess, Connection]:
    ours, theirs = context.Pipe()
    process = context.Process(target=child.main, args=(theirs, spec), name=f"job {spec.kind}", daemon=True)
    try:
        process.start()
    except (EOFError, OSError) as error:  # the fork server has died; the next start makes another
        ours.close()
        raise ReplicaUnavailable("The replica could not start a process for it.") from error
    finally:
        theirs.close()
    return process, ours


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {-exit_code}"
    return f"exit code {exit_code}"
