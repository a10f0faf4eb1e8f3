"""Whether this replica can run jobs: after a fault of its own it claims none until it has passed a check.

A broken replica fails each job at once, so it would be the fastest of all, and eat up the queue.
"""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event, Lock
from time import monotonic
from typing import Final

from sqlalchemy import func, select

from app.errors import OpenhoursError, ReplicaFault
from app.jobs import child
from app.jobs.faults import fault_of
from app.jobs.fork_server import CalledOff, ForkServer, end_process
from app.jobs.kind import JobKind
from app.jobs.scratch import scratch_folder
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.metrics import REPLICA_FAULT

#: Between two checks of a replica that has a fault, seconds.
CHECK_SECONDS: Final = 2.0

#: S3 refuses requests that are signed at a time that differs from its own by more than this, seconds.
SKEW_SECONDS: Final = 900

#: A job opens about this many files and connections in this process.
DESCRIPTORS: Final = 32

#: What a process of the check has to end within, from its start, seconds.
PROCESS_SECONDS: Final = 150

#: Written into the temporary folder, bytes.
WRITTEN_BYTES: Final = 1 << 20

_log = logging.getLogger(__name__)


class SelfCheck:
    """Remembers that a job found a fault of this replica, and looks whether it is still there."""

    def __init__(self, resources: Resources, kinds: Mapping[str, JobKind]) -> None:
        self._resources = resources
        self._server = ForkServer(kinds)
        self._fault: ReplicaFault | None = None
        self._since = self._checked_at = -float("inf")
        self._lock = Lock()

    @property
    def fault(self) -> ReplicaFault | None:
        """Why no jobs are claimed; None while they are."""
        return self._fault

    def suspect(self, fault: ReplicaFault) -> None:
        """A job has failed by a fault of this replica: claim nothing before the next check."""
        self._become(fault)
        self._checked_at = -float("inf")

    def require(self, *, stopping: Event, alive: Callable[[], None]) -> None:
        """Check, if there is a fault and it is time. Raises ReplicaFault as long as there is one.

        Args:
            stopping: set it to give the check up.
            alive: called now and then while it takes long.
        """
        if self._fault is None:
            return
        if monotonic() - self._checked_at >= CHECK_SECONDS:
            self._become(self._found(stopping, alive))
            self._checked_at = monotonic()
        if self._fault is not None:
            raise self._fault

    def _become(self, fault: ReplicaFault | None) -> None:
        with self._lock:
            before, self._fault = self._fault, fault
            if before is not None:
                REPLICA_FAULT.labels(before.details["part"]).set(0)
            if fault is not None:
                REPLICA_FAULT.labels(fault.details["part"]).set(1)
                if before is None:
                    self._since = monotonic()
                if before is None or before.message != fault.message:
                    _log.error("no jobs are claimed until a check passes: %s", fault.message)
            elif before is not None:
                seconds = monotonic() - self._since
                _log.warning("jobs are claimed again after %.0f seconds: the check has passed", seconds)

    def _found(self, stopping: Event, alive: Callable[[], None]) -> ReplicaFault | None:
        """The first fault that a check finds."""
        try:
            _write()
            _open_descriptors()
            self._start_process(stopping, alive)
            self._compare_clocks()
        except CalledOff:
            return self._fault
        except Exception as error:  # noqa: BLE001 - whatever it is, a job would meet it, too
            return fault_of(error, None) or ReplicaFault(f"This replica cannot run jobs: {error}", part="unknown")
        return None

    def _start_process(self, stopping: Event, alive: Callable[[], None]) -> None:
        ours, theirs = self._server.context.Pipe()
        deadline = monotonic() + PROCESS_SECONDS
        with ours:
            process = self._server.start(
                child.answer, (theirs,), name="check", call_off=stopping, deadline=deadline, alive=alive
            )
            theirs.close()
            try:
                while not ours.poll(1):
                    alive()
                    if stopping.is_set() or monotonic() > deadline:
                        raise ReplicaFault(
                            "This replica cannot run jobs: a process does not begin.", part="fork_server"
                        )
                ours.recv()
            except EOFError:
                raise ReplicaFault("This replica cannot run jobs: a process died.", part="fork_server") from None
            finally:
                end_process(process)

    def _compare_clocks(self) -> None:
        """A server that does not answer does not tell what time it is, and is no fault of the replica."""
        try:
            differs_seconds = (datetime.now(UTC) - self._resources.object_store.clock()).total_seconds()
        except OpenhoursError as error:
            _log.info("the clock is not compared with S3's: %s", error)
            return
        if abs(differs_seconds) > SKEW_SECONDS:
            message = f"This replica cannot run jobs: its clock is {_told(differs_seconds)} S3's{self._of_postgres()}."
            raise ReplicaFault(message, part="clock")

    def _of_postgres(self) -> str:
        """How the clock differs from that of Postgres, which tells whose is wrong."""
        try:
            with database_errors(), self._resources.engine.connect() as connection:
                now = connection.execute(select(func.clock_timestamp())).scalar_one()
        except OpenhoursError:
            return ""
        return f" and {_told((datetime.now(UTC) - now).total_seconds())} that of Postgres"


def _told(seconds: float) -> str:
    return f"{abs(seconds):,.0f} seconds {'ahead of' if seconds > 0 else 'behind'}"


def _write() -> None:
    with scratch_folder() as folder:
        path = folder / "check"
        path.write_bytes(bytes(WRITTEN_BYTES))
        path.read_bytes()


def _open_descriptors() -> None:
    with ExitStack() as opened:
        for _ in range(DESCRIPTORS):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
