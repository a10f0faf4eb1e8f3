"""One process of the installation: it runs its loops, and jobs when it has slots for them."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from app.access import audit
from app.errors import ReplicaUnavailable
from app.jobs import cleanup, sweeper
from app.jobs.apart import Apart
from app.jobs.cleanup import BucketPrefix
from app.jobs.kind import JobKind
from app.jobs.periodic import Periodic
from app.jobs.pulse import Pulse
from app.jobs.scratch import remove_abandoned_folders
from app.jobs.worker import Worker
from app.pieces.runners import require_runner
from app.replica.loops import Loop, started
from app.replica.reachability import LOOK_SECONDS as REACHABILITY_SECONDS
from app.replica.reachability import Reachability
from app.storage.migrate import MigrationCheck
from app.storage.resources import Resources
from app.telemetry.replica_name import replica_name

#: A replica is taken for stuck when one of its loops has not gone round for this long, seconds.
STALE_SECONDS: Final = 60


class Replica:
    """Works from ``start()`` to ``stop()``."""

    def __init__(
        self,
        resources: Resources,
        *,
        slots: int,
        kinds: Mapping[str, JobKind],
        prefixes: Sequence[BucketPrefix] = (),
        loops: Sequence[Loop] = (),
    ) -> None:
        """``kinds`` of jobs it can run, ``prefixes`` of the bucket it cleans up, ``loops`` beside its own."""
        self.name = replica_name()
        self.draining = False
        self._resources = resources
        self._slots = slots
        self._kinds = kinds
        self._prefixes = prefixes
        self._pulse = Pulse()
        self._migrations = MigrationCheck(resources.engine)
        self._stopping = Event()
        self.apart = Apart(kinds)
        self._loops = (
            Loop("sweep", self._sweep, sweeper.SWEEP_SECONDS, sweeper.FIRST_SWEEP_SECONDS),
            Loop(
                "scratch",
                self._remove_folders,
                sweeper.SWEEP_SECONDS,
                sweeper.FIRST_SWEEP_SECONDS,
                watched=False,
                needs_database=False,
            ),
            Loop("clean-up", self._clean_up, cleanup.CLEAN_UP_SECONDS, cleanup.FIRST_CLEAN_UP_SECONDS, watched=False),
            Loop(
                "reachability",
                Reachability(resources).look,
                REACHABILITY_SECONDS,
                (0, 1),
                watched=False,
                needs_database=False,
            ),
            *loops,
        )
        self._running: list[Periodic] = []
        #: Told of each job that ends here; set before ``start()``, from any thread.
        self.has_ended: Callable[[str], None] = lambda _: None
        self._worker: Worker | None = None
        self._deadline = -float("inf")
        self._hurry = Event()

    def start(self) -> None:
        """Begin to go round, and to claim."""
        if self._slots:  # before any thread: it fails when there is no room for its files
            require_runner(self._resources.settings)
            self._worker = Worker(
                self._resources,
                name=self.name,
                slots=self._slots,
                kinds=self._kinds,
                migrations=self._migrations,
                pulse=self._pulse,
                has_ended=self.has_ended,
            )
        try:
            for loop in self._loops:
                self._running.append(
                    started(loop, migrations=self._migrations, pulse=self._pulse, stopping=self._stopping)
                )
            if self._worker is not None:
                self._worker.start()
        except BaseException:  # what has started stops when the rest cannot
            self._stop_loops()
            raise

    def drain(self, *, grace_seconds: float) -> None:
        """Claim nothing more; jobs that run may go on for so long, even when ``stop()`` is called before."""
        self.draining = True
        self._stopping.set()
        self._deadline = monotonic() + grace_seconds
        if self._worker is not None:
            self._worker.drain()

    def running(self) -> Sequence[str]:
        """The jobs that run here, by kind and id, as in ``uptime 3f…``."""
        return () if self._worker is None else self._worker.running()

    def hurry(self) -> None:
        """Do not wait any longer for jobs that run."""
        self._hurry.set()

    def stop(self) -> None:
        """Wait for jobs as long as ``drain()`` allowed, release the others, and end."""
        self.draining = True
        if self._worker is not None:
            self._worker.stop(hurry=self._hurry, deadline=self._deadline)
        self._stop_loops()

    def _stop_loops(self) -> None:
        self._stopping.set()
        for loop in self._running:
            loop.stop()

    def _sweep(self, *_: object) -> None:
        sweeper.sweep(self._resources)

    def _remove_folders(self, *_: object) -> None:
        remove_abandoned_folders()

    def _clean_up(self, stopping: Event, _: object) -> None:
        cleanup.clean_up(
            self._resources, self._kinds, prefixes=self._prefixes, stopping=stopping, recorded=_audit_expired
        )

    def check_fit(self) -> None:
        """Raise ReplicaFault while no jobs are claimed because of a fault of this replica."""
        if self._worker is not None and (fault := self._worker.check.fault) is not None:
            raise fault

    def check_alive(self) -> None:
        """Raise ReplicaUnavailable when a loop is stuck; asks no server."""
        loop, seconds = self._pulse.slowest()
        if seconds > STALE_SECONDS:
            raise ReplicaUnavailable(f"The {loop} loop of this replica has made no progress for {seconds:.0f} seconds.")


def _audit_expired(connection: Connection, kind: str, jobs: int) -> None:
    audit.record(connection, "job.expire", kind=kind, jobs=jobs)
