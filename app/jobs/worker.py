"""The worker of a replica: claims reports from the queue, runs each in a slot, and keeps its leases.

Threads: one that claims, one that renews leases, and one per slot.
"""

import logging
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic
from typing import Final

from app.errors import OpenhoursError, RedisUnavailable
from app.jobs import lifecycle
from app.jobs.kind import WorkKind
from app.jobs.lifecycle import LEASE_SECONDS
from app.jobs.periodic import Periodic
from app.jobs.pulse import Pulse
from app.jobs.queue import Entry, Queue
from app.jobs.runner import Job, Runner
from app.jobs.scratch import remove_abandoned_folders
from app.storage.migrate import MigrationCheck
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.logs import bound
from app.telemetry.metrics import REPORT_SECONDS, SLOTS, SLOTS_BUSY, TAKEOVERS

#: Leases are renewed this often, seconds; a lease is six beats long.
BEAT_SECONDS: Final = 5

#: How long one read of the queue waits, which is also how long stopping an idle worker may take, milliseconds.
READ_WAIT_MS: Final = 300

#: How often a worker that stops looks whether its reports have ended, seconds.
LOOK_SECONDS: Final = 0.05

_log = logging.getLogger(__name__)


class Worker:
    """Runs reports in ``slots`` processes at a time, from ``start()`` to ``stop()``."""

    def __init__(
        self,
        resources: Resources,
        *,
        name: str,
        slots: int,
        kinds: Mapping[str, WorkKind],
        migrations: MigrationCheck,
        pulse: Pulse,
    ) -> None:
        self._engine = resources.engine
        self._queue = Queue(resources.redis)
        self._runner = Runner(resources, kinds, replica=name)
        self._name = name
        self._slots = slots
        self._migrations = migrations
        self._pulse = pulse
        self._draining = Event()  # claim nothing more
        self._free = BoundedSemaphore(slots)
        self._jobs: dict[str, Job] = {}
        self._jobs_lock = Lock()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="slot")
        self._claiming = Thread(target=self._claim_loop, name="claim")
        self._beating = Periodic("beat", self._beat, every_seconds=BEAT_SECONDS, pulse=pulse)

    def start(self) -> None:
        """Begin to claim."""
        remove_abandoned_folders()
        SLOTS.set(self._slots)
        self._claiming.start()
        self._beating.start()

    def drain(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._draining.set()

    def stop(self, *, hurry: Event, deadline: float) -> None:
        """Claim nothing more, let reports run until ``deadline`` (monotonic) or ``hurry``, then hand them back."""
        self.drain()
        self._claiming.join()
        while self._running() and monotonic() < deadline and not hurry.wait(LOOK_SECONDS):
            pass
        for job in self._running():
            job.call_off.set()
        self._pool.shutdown()
        self._beating.stop()

    def _running(self) -> list[Job]:
        with self._jobs_lock:
            return list(self._jobs.values())

    def _claim_loop(self) -> None:
        while not self._draining.is_set():
            self._pulse.beat("claim")
            if not self._free.acquire(timeout=READ_WAIT_MS / 1000):
                continue
            claimed = False
            try:
                self._migrations.require()
                for entry in self._queue.take(self._name, count=1, wait_ms=READ_WAIT_MS):
                    with bound(report_id=entry.report_id):
                        claimed = self._claim(entry)
            except OpenhoursError as error:
                _log.warning("claiming pauses: %s", error)
                self._pause()
            except Exception:  # noqa: BLE001 - a worker that stops claiming without a word is worse; logged
                _log.exception("claiming pauses")
                self._pause()
            finally:
                if not claimed:
                    self._free.release()
        self._pulse.end("claim")

    def _claim(self, entry: Entry) -> bool:
        """Claim the entry's report and start it in a slot that is held already; False when it is not to be run."""
        since = monotonic()
        with database_errors(), self._engine.begin() as connection:
            claim = lifecycle.claim(connection, entry.report_id, owner=self._name)
        try:
            self._queue.done(entry)
        except RedisUnavailable as error:
            _log.warning("job %s: its entry stays in the queue until it is abandoned: %s", entry.report_id, error)
        if claim is None:
            return False
        if claim.took_over:
            TAKEOVERS.labels(claim.kind).inc()
        if claim.attempt == 1:
            REPORT_SECONDS.labels(claim.kind, "queued").observe(claim.waited_seconds)
        job = Job(claim, lease_ends=since + LEASE_SECONDS)
        with self._jobs_lock:
            late, self._jobs[claim.id] = self._jobs.get(claim.id), job
        if late is not None:  # its lease ran out, and this worker took over from itself
            late.call_off.set()
        SLOTS_BUSY.inc()
        self._pool.submit(self._run, job)
        return True

    def _run(self, job: Job) -> None:
        try:
            with bound(**job.claim.names):
                self._runner.run(job)
        finally:
            with self._jobs_lock:
                if self._jobs.get(job.claim.id) is job:
                    del self._jobs[job.claim.id]
            SLOTS_BUSY.dec()
            self._free.release()

    def _pause(self) -> None:
        self._draining.wait(random.uniform(0.5, 2))  # noqa: S311 - jitter, not a secret

    def _beat(self) -> None:
        """Renew the leases of what runs, and end what is not ours any more."""
        jobs = self._running()
        if not jobs:
            return
        since = monotonic()
        with database_errors(), self._engine.begin() as connection:
            ours = lifecycle.renew(connection, [job.claim for job in jobs])
        for job in jobs:
            if job.claim.id in ours:
                job.renewed(since)
                with bound(**job.claim.names):
                    self._runner.tell(job)
            else:
                job.call_off.set()
