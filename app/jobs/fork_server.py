"""The process from which the processes of jobs are forked; one that does not answer is killed, and another made.

It has everything imported and no threads, so that forking takes some 20 milliseconds and is safe whatever this process
does. multiprocessing has one for the whole process and waits for it without an end. So each start waits in a thread of
its own: killing the server ends that wait, too.
"""

import atexit
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from multiprocessing import forkserver, process, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Final

from app.errors import ReplicaFault
from app.jobs import child
from app.jobs.kind import JobKind
from app.jobs.scratch import scratch_folder

#: A server that has answered before is given this long, seconds; forking takes some 20 milliseconds.
ANSWER_SECONDS: Final = 15

#: One that has not answered for this long when a start is called off is replaced, not left behind, seconds.
SLOW_SECONDS: Final = 1

#: A new server imports first, which takes some two seconds, and far longer on a busy machine, seconds.
IMPORT_SECONDS: Final = 120

#: How often a start that takes long is looked at, for its deadline and for being called off, seconds.
_LOOK_SECONDS: Final = 0.2

#: A process that was killed is given this long to be told dead, seconds.
FAREWELL_SECONDS: Final = 5

#: How often it is looked whether a killed server is dead, seconds.
_REAP_LOOK_SECONDS: Final = 0.01

_log = logging.getLogger(__name__)

# ruff: noqa: SLF001 - multiprocessing has no public name for the state of its server, the same in 3.11, 3.12 and 3.13.
_server: Final[Any] = forkserver._forkserver
_tracker: Final[Any] = resource_tracker._resource_tracker
_settings: Final[dict[str, Any]] = process.current_process()._config  # type: ignore[attr-defined]

#: The server that has answered last, by its process id.
_answered: set[int] = set()


class CalledOff(Exception):
    """The process was ended because its job is no longer ours to run, or the worker stops."""


class ForkServer:
    """Starts processes; all objects of this class share one server."""

    def __init__(self, kinds: Mapping[str, JobKind]) -> None:
        """Have these kinds of jobs imported; the server begins to import now."""
        self.context: ForkServerContext = multiprocessing.get_context("forkserver")
        modules = {kind.params.__module__ for kind in kinds.values()}
        self.context.set_forkserver_preload(["app.jobs.preload", child.__name__, *sorted(modules), "app.jobs.warm"])
        _ensure_running()

    def start(
        self,
        target: Callable[..., None],
        args: tuple[Any, ...],
        *,
        name: str,
        call_off: Event,
        deadline: float,
        alive: Callable[[], None] = lambda: None,
    ) -> ForkServerProcess:
        """A new process that runs ``target``; a server that has died, or does not answer, is replaced once.

        Args:
            target, args: what it runs.
            name: of the process.
            call_off: set it from another thread to give the start up.
            deadline: when the start is given up, on the monotonic clock.
            alive: called now and then while it takes long.

        Raises:
            CalledOff: ``call_off`` was set.
            ReplicaFault: neither server has answered.
            OSError, RuntimeError: this process has no descriptors or threads left.
        """
        for is_last in (False, True):
            started = _Start(self.context.Process(target=target, args=args, name=name, daemon=True))
            try:
                return started.result(call_off, deadline, alive)
            except (EOFError, ConnectionError, FileNotFoundError) as error:  # it has died, or its socket was removed
                replace_server(started.server)
                if is_last:
                    raise _unanswered() from error
            except BlockingIOError as error:
                raise ReplicaFault("This replica can start no more processes.", part="threads") from error
            except TimeoutError as error:
                _log.warning("the fork server (process %s) does not answer: it is replaced", started.server)
                replace_server(started.server)
                if is_last or monotonic() > deadline:
                    raise _unanswered() from error
        raise AssertionError("unreachable")


class _Start(Thread):
    """One start, in a thread of its own, because nothing bounds its wait for the server."""

    def __init__(self, made: ForkServerProcess) -> None:
        super().__init__(name="start", daemon=True)
        self.server: int | None = None
        self._process = made
        self._error: Exception | None = None
        self._lock = Lock()
        self._has_ended = Event()
        self._is_abandoned = False
        self.start()

    def run(self) -> None:
        try:
            self.server = _ensure_running()
            self._process.start()
        except Exception as error:  # noqa: BLE001 - raised in result()
            self._error = error
        with self._lock:
            self._has_ended.set()
            is_unwanted = self._is_abandoned and self._error is None
        if is_unwanted:
            end_process(self._process)

    def result(self, call_off: Event, deadline: float, alive: Callable[[], None]) -> ForkServerProcess:
        """The process that was started. Raises what the start raised, CalledOff, or TimeoutError."""
        began = monotonic()
        while not self._has_ended.wait(_LOOK_SECONDS):
            alive()
            patience = ANSWER_SECONDS if self.server in _answered else IMPORT_SECONDS
            if call_off.is_set() or monotonic() > min(deadline, began + patience):
                break
        with self._lock:
            self._is_abandoned = not self._has_ended.is_set()
        if self._is_abandoned:
            if not call_off.is_set():
                raise TimeoutError
            if self.server in _answered and monotonic() > began + SLOW_SECONDS:
                replace_server(self.server)
            raise CalledOff
        if self._error is not None:
            raise self._error
        if self.server is not None:
            _answered.clear()
            _answered.add(self.server)
        return self._process


def end_process(ended: ForkServerProcess) -> None:
    """Kill a process and see it dead; a server that does not tell within a while is replaced."""
    server = _server._forkserver_pid
    ended.kill()
    ended.join(FAREWELL_SECONDS)
    if ended.exitcode is None:
        _log.warning("the fork server (process %s) does not tell that a process has ended: it is replaced", server)
        replace_server(server)
        ended.join(FAREWELL_SECONDS)
    with suppress(ValueError):  # it cannot be killed now; its pipe is closed, so that it ends when it can
        ended.close()


def end_all() -> None:
    """Kill every process and the server: nothing that this process left behind keeps it from ending."""
    for running in multiprocessing.active_children():
        running.kill()
    replace_server(_server._forkserver_pid)


def replace_server(pid: int | None) -> None:
    """Kill the server with this process id, if it still is the one; the next start makes another.

    Processes that it has forked go on; whoever waits for its answer gets an EOFError.
    """
    if not _server._lock.acquire(timeout=1):  # its holder waits for the tracker of resources, whose pipe is full
        with suppress(ProcessLookupError):
            os.kill(_tracker._pid, signal.SIGKILL)
        return
    try:  # while the lock is held nobody reaps the server, so its id is nobody else's
        if pid is not None and _server._forkserver_pid == pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _await_end(pid)
    finally:
        _server._lock.release()


def _await_end(pid: int) -> None:
    """Return when a killed child is dead, but leave it to multiprocessing, which would otherwise miss it."""
    end = monotonic() + FAREWELL_SECONDS
    with suppress(ChildProcessError):
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None and monotonic() < end:
            sleep(_REAP_LOOK_SECONDS)


def _ensure_running() -> int | None:
    """Start the server unless it runs; returns its process id."""
    _ensure_folder()
    # It and its children inherit what is blocked: signals to the whole process group, such as Ctrl-C in a terminal, are
    # for this process to answer, which ends them in its own order. The tracker's start unblocks, so it comes first.
    resource_tracker.ensure_running()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    pid: int | None = _server._forkserver_pid
    return pid


_held = ExitStack()
_folder_lock = Lock()
_folder = -1
atexit.register(_held.close)


def _ensure_folder() -> None:
    """Have the server's socket in a scratch folder.

    multiprocessing's own is left behind by a process that is killed, and never made again when somebody removes it.
    """
    global _folder  # noqa: PLW0603 - as multiprocessing, which has one server for the process
    with _folder_lock:
        if _folder >= 0 and os.fstat(_folder).st_nlink:
            return
        _held.close()
        _folder = -1
        path = _held.enter_context(scratch_folder())
        _folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        _held.callback(os.close, _folder)
        # By its descriptor: the address of a socket is short, and that of a temporary folder may be long.
        short = Path(f"/proc/self/fd/{_folder}")
        _settings["tempdir"] = str(short if short.exists() else path)


def _unanswered() -> ReplicaFault:
    return ReplicaFault("This replica could not start a process: its fork server does not answer.", part="fork_server")
