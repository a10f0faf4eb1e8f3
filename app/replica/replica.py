"""One process of the installation: it sweeps, and runs reports when it has slots for them."""

from collections.abc import Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Final

from app.errors import ReplicaUnavailable
from app.jobs import cleanup, sweeper
from app.jobs.cleanup import REPORT_FILES, Layer
from app.jobs.kind import WorkKind
from app.jobs.periodic import Periodic
from app.jobs.pulse import Pulse
from app.jobs.worker import Worker
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
        kinds: Mapping[str, WorkKind],
        layers: Sequence[Layer] = (REPORT_FILES,),
    ) -> None:
        """``kinds`` it can work on, ``layers`` of the bucket it cleans up."""
        self.name = replica_name()
        self.draining = False
        self._resources = resources
        self._slots = slots
        self._kinds = kinds
        self._layers = layers
        self._pulse = Pulse()
        self._migrations = MigrationCheck(resources.engine)
        self._stopping = Event()
        self._loops = (
            Periodic(
                "sweep",
                self._sweep,
                every_seconds=sweeper.SWEEP_SECONDS,
                first_seconds=sweeper.FIRST_SWEEP_SECONDS,
                pulse=self._pulse,
            ),
            # A thread of its own, because it may take minutes. It has no pulse: hours pass between two rounds.
            Periodic(
                "clean-up",
                self._clean_up,
                every_seconds=cleanup.CLEAN_UP_SECONDS,
                first_seconds=cleanup.FIRST_CLEAN_UP_SECONDS,
            ),
        )
        self._worker: Worker | None = None
        self._deadline = -float("inf")
        self._hurry = Event()

    def start(self) -> None:
        """Begin to sweep and to claim."""
        if self._slots:  # before any thread: it fails when there is no room for its files
            self._worker = Worker(
                self._resources,
                name=self.name,
                slots=self._slots,
                kinds=self._kinds,
                migrations=self._migrations,
                pulse=self._pulse,
            )
        for loop in self._loops:
            loop.start()
        if self._worker is not None:
            self._worker.start()

    def drain(self, *, grace_seconds: float) -> None:
        """Claim nothing more; reports that run may go on for so long, even when ``stop()`` is called before."""
        self.draining = True
        self._stopping.set()
        self._deadline = monotonic() + grace_seconds
        if self._worker is not None:
            self._worker.drain()

    def hurry(self) -> None:
        """Do not wait any longer for reports that run."""
        self._hurry.set()

    def stop(self) -> None:
        """Wait for reports as long as ``drain()`` allowed, hand back the others, and end."""
        self.draining = True
        if self._worker is not None:
            self._worker.stop(hurry=self._hurry, deadline=self._deadline)
        self._stopping.set()
        for loop in self._loops:
            loop.stop()

    def _sweep(self) -> None:
        self._migrations.require()
        sweeper.sweep(self._resources, consumer=self.name)

    def _clean_up(self) -> None:
        self._migrations.require()
        cleanup.clean_up(self._resources, layers=self._layers, stopping=self._stopping)

    def check_alive(self) -> None:
        """Raise ReplicaUnavailable when a loop is stuck; asks no server."""
        loop, seconds = self._pulse.slowest()
        if seconds > STALE_SECONDS:
            raise ReplicaUnavailable(f"The {loop} loop of this replica has not gone round for {seconds:.0f} seconds.")
