"""The worker of a replica: claims jobs, runs each in a slot, and keeps its leases.

Threads: one that claims, one that renews leases, and one per slot.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic, sleep
from typing import Final

from app.errors import OpenhoursError, RedisUnavailable, ReplicaFault
from app.jobs import lifecycle
from app.jobs.child import Surroundings
from app.jobs.faults import fault_of
from app.jobs.fork_server import end_all
from app.jobs.kind import JobClass, JobKind
from app.jobs.lifecycle import LEASE_SECONDS, Claim
from app.jobs.periodic import Periodic
from app.jobs.pulse import Pulse
from app.jobs.queue import Queue
from app.jobs.runner import Job, Runner
from app.jobs.self_check import SelfCheck
from app.jobs.shares import GUESTS, Shares
from app.jobs.spare import Spares
from app.jobs.supervise import in_child
from app.storage.migrate import MigrationCheck
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.logs import bound
from app.telemetry.metrics import REPORT_SECONDS, SLOTS, SLOTS_BUSY, TAKEOVERS

#: Leases are renewed this often, seconds; a lease is six beats long.
BEAT_SECONDS: Final = 5

#: How long one wait for a call takes, which is also how long stopping an idle worker may take, milliseconds.
WAIT_MS: Final = 300

#: An idle worker looks for a job in Postgres this often without being called: after Redis has lost a call, when the
#: lease of another worker ran out, or when the time of a retry has come, seconds.
LOOK_SECONDS: Final = 1.0

#: How often a worker that stops looks whether its jobs have ended, seconds.
STOP_LOOK_SECONDS: Final = 0.05

#: Jobs that were called off are given this long to be recorded as released; then they are left behind, and taken over
#: when their lease has run out, seconds.
END_SECONDS: Final = 20

_log = logging.getLogger(__name__)


class Worker:
    """Runs jobs in ``slots`` processes at a time, from ``start()`` to ``stop()``."""

    def __init__(
        self,
        resources: Resources,
        *,
        name: str,
        slots: int,
        kinds: Mapping[str, JobKind],
        migrations: MigrationCheck,
        pulse: Pulse,
        has_ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``has_ended`` hears of each job that has ended here, after Postgres has it."""
        self._engine = resources.engine
        self._queue = Queue(resources.redis)
        self.check = SelfCheck(resources, kinds)
        surroundings = Surroundings(
            resources.database_url,
            resources.settings,
            name,
            resources.object_store.address,
            tuple(kind.prepare for kind in kinds.values() if kind.prepare is not None),
        )
        self._spares = Spares(kinds, surroundings, count=min(resources.settings.spare_processes, slots))
        execute = in_child(kinds, self._spares)
        self._runner = Runner(
            resources, kinds, replica=name, execute=execute, suspect=self.check.suspect, has_ended=has_ended
        )
        self._kinds = kinds
        self._shares = Shares(slots, resources.settings.shares)
        self._name = name
        self._slots = slots
        self._migrations = migrations
        self._pulse = pulse
        self._draining = Event()  # claim nothing more
        self._free = BoundedSemaphore(slots)
        self._jobs: dict[str, Job] = {}
        self._taken = 0  # slots, with those of jobs that this worker has lost and not yet stopped
        self._jobs_lock = Lock()
        self._looked_at = -float("inf")
        self._served: JobClass | None = None  # of the latest claim
        self._is_called = True  # at first, and after each claim, there may be more to do
        self._claiming = Thread(target=self._claim_loop, name="claim", daemon=True)
        self._beating = Periodic("beat", self._beat, every_seconds=BEAT_SECONDS, pulse=pulse)

    def start(self) -> None:
        """Begin to claim."""
        SLOTS.set(self._slots)
        self._spares.fill()
        self._claiming.start()
        self._beating.start()

    def drain(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._draining.set()

    def running(self) -> Sequence[str]:
        """Kind and id of each job that runs, in the order of their beginnings."""
        return [f"{job.claim.kind} {job.claim.id}" for job in self._running()]

    def stop(self, *, hurry: Event, deadline: float) -> None:
        """Claim nothing more, let jobs run until ``deadline`` (monotonic) or ``hurry``, then release them."""
        self.drain()
        self._spares.close()
        self._claiming.join(END_SECONDS)
        while self._running() and monotonic() < deadline and not hurry.wait(STOP_LOOK_SECONDS):
            pass
        if left := self.running():
            _log.info("stopping: handed back to other replicas: %s", ", ".join(left))
        for job in self._running():
            job.call_off.set()
        for _ in range(int(END_SECONDS / STOP_LOOK_SECONDS)):  # looks: a pause of the whole process is no time for them
            if not self._taken:
                break
            sleep(STOP_LOOK_SECONDS)
        else:
            _log.warning("%d jobs do not end, and are left behind: their leases will expire", self._taken)
            end_all()
        self._beating.stop()

    def _running(self) -> list[Job]:
        with self._jobs_lock:
            return list(self._jobs.values())

    def _claim_loop(self) -> None:
        while not self._draining.is_set():
            self._pulse.beat("claim")
            if not self._free.acquire(timeout=WAIT_MS / 1000):
                continue
            is_used = False
            try:
                self._migrations.require()
                self.check.require(stopping=self._draining, alive=partial(self._pulse.beat, "claim"))
                self._wait()
                claim = self._claimed()
                is_used = claim is not None and self._begin(claim)
            except ReplicaFault:  # the check has logged it
                self._pause()
            except OpenhoursError as error:
                _log.warning("claiming pauses: %s", error)
                self._pause()
            except Exception:  # noqa: BLE001 - a worker that stops claiming without a word is worse; logged
                _log.exception("claiming pauses")
                self._pause()
            finally:
                if not is_used:
                    self._free.release()
        self._pulse.end("claim")

    def _wait(self) -> None:
        """Wait for a call, but not after a claim: then there may be more to do, and its call is only taken away."""
        try:
            called = self._queue.wait(self._name, wait_ms=None if self._is_called else WAIT_MS)
        except RedisUnavailable as error:
            _log.debug("jobs are looked for every %g seconds, Redis calls nobody: %s", LOOK_SECONDS, error)
            self._draining.wait(0 if self._is_called else LOOK_SECONDS)
            called = True
        self._is_called = self._is_called or called

    def _claimed(self) -> Claim | None:
        """Claim the next job of a class that has room; None when there is none, or it is not time to look for one."""
        since = monotonic()
        if not self._is_called and since - self._looked_at < LOOK_SECONDS:
            return None
        self._looked_at = since
        open_classes = self._shares.open(self._busy())
        kinds = [kind.name for kind in self._kinds.values() if kind.job_class in open_classes]
        self._is_called = False  # before the look: a job that ends meanwhile calls again
        if not kinds:
            return None
        for turn in self._turns(kinds):
            with database_errors(), self._engine.begin() as connection:
                claim = lifecycle.claim_next(connection, owner=self._name, kinds=turn)
            if claim is not None:
                self._is_called = True
                self._served = self._kinds[claim.kind].job_class
                return claim
        return None

    def _turns(self, kinds: Sequence[str]) -> list[list[str]]:
        """Kinds to look for, one group after the other: after a guest, others first, so that guests starve nobody."""
        if self._served not in GUESTS:
            return [list(kinds)]
        others = [name for name in kinds if self._kinds[name].job_class is not self._served]
        return [turn for turn in (others, [name for name in kinds if name not in others]) if turn]

    def _busy(self) -> Counter[JobClass]:
        return Counter(self._kinds[job.claim.kind].job_class for job in self._running())

    def _begin(self, claim: Claim) -> bool:
        """Start a claimed job in a slot that is held already; False when no thread can be started for it."""
        if claim.took_over:
            TAKEOVERS.labels(claim.kind).inc()
        if claim.attempt == 1:
            REPORT_SECONDS.labels(claim.kind, "queued").observe(claim.waited_seconds)
        name = f"job {claim.id}"
        job = Job(claim, lease_ends=self._looked_at + LEASE_SECONDS, alive=partial(self._pulse.beat, name))
        with self._jobs_lock:
            late, self._jobs[claim.id] = self._jobs.get(claim.id), job
            self._count_slots(+1)
        if late is not None:  # its lease ran out, and this worker took over from itself
            late.call_off.set()
        try:
            # Not a pool: one that can start no thread keeps the job, for a thread that has nothing to do later.
            Thread(target=self._run, name=name, args=(job,), daemon=True).start()
        except (RuntimeError, MemoryError) as error:
            self._forget(job)
            self._runner.release(job, fault_of(error, None) or ReplicaFault(str(error), part="threads"))
            return False
        return True

    def _names(self, claim: Claim) -> dict[str, str]:
        """What the log calls a job."""
        return self._kinds[claim.kind].names(claim.id, claim.params)

    def _run(self, job: Job) -> None:
        try:
            with bound(**self._names(job.claim)):
                self._runner.run(job)
        finally:
            self._forget(job)
            self._spares.fill()  # not while the job runs: to start another process takes from it what it has saved
            self._is_called = True  # its class has room again, and its concurrency key is free
            self._free.release()

    def _forget(self, job: Job) -> None:
        """The slot of a job is free again."""
        with self._jobs_lock:
            if self._jobs.get(job.claim.id) is job:
                del self._jobs[job.claim.id]
            self._count_slots(-1)
        self._pulse.end(f"job {job.claim.id}")

    def _count_slots(self, change: int) -> None:
        # Set, not counted by the gauge: one slot that never ends must not be told by the next worker of this process.
        self._taken += change
        SLOTS_BUSY.set(self._taken)

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
                with bound(**self._names(job.claim)):
                    self._runner.tell(job)
            else:
                job.call_off.set()
