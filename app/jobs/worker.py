"""The worker of a replica: claims reports from the queue, runs each in a slot, and keeps its leases.

Threads: one that claims, one that beats (renews leases, refreshes what polls see) and sweeps, and one per slot.
"""

import logging
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic
from typing import Final

from app.database import database_errors
from app.errors import OpenhoursError, RedisUnavailable
from app.jobs import lifecycle
from app.jobs.child import Done, Order, Progress, Refused
from app.jobs.lifecycle import Claim, StoredArtifact
from app.jobs.queue import Entry, Queue
from app.jobs.status import Live, LiveStatus
from app.jobs.supervise import CalledOff, Crashed, fork_server, supervise
from app.logs import bound
from app.object_store import sha256_of
from app.replica import replica_name
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.resources import Resources

#: Leases are renewed and abandoned reports looked for this often, seconds; the lease is six beats long.
BEAT_SECONDS: Final = 5

#: How long one read of the queue waits, which is also how long stopping an idle worker may take, milliseconds.
READ_WAIT_MS: Final = 300

#: A report that its servers fail is tried again after a random wait between these, seconds, so that many do not come
#: back at once ("full jitter").
RETRY_SECONDS: Final = (2, 60)

#: Loading and computing end at this share of the progress; uploading is the rest.
COMPUTED: Final = 0.9

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    claim: Claim
    live: Live
    call_off: Event = field(default_factory=Event)


class Worker:
    """Runs reports in ``slots`` processes at a time, from ``start()`` to ``stop()``."""

    def __init__(self, resources: Resources, *, slots: int, kinds: Mapping[str, ReportKind] = REPORT_KINDS) -> None:
        self._resources = resources
        self._queue = Queue(resources.redis)
        self._status = LiveStatus(resources.redis)
        self._kinds = kinds
        self._settings = resources.settings
        self._name = replica_name()
        self._stopping = Event()  # claim nothing more
        self._ended = Event()  # nothing runs any more
        self._free = BoundedSemaphore(slots)
        self._jobs: dict[str, _Job] = {}
        self._jobs_lock = Lock()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="slot")
        self._threads = [Thread(target=self._claim_loop, name="claim"), Thread(target=self._beat_loop, name="beat")]
        self._context = fork_server()

    def start(self) -> None:
        """Begin to claim."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, grace_seconds: float = 0) -> None:
        """Claim nothing more, give running reports that long, then hand them back to the queue unfinished."""
        self._stopping.set()
        self._threads[0].join()
        deadline = monotonic() + grace_seconds
        while self._running() and monotonic() < deadline:
            self._ended.wait(0.05)
        for job in self._running():
            job.call_off.set()
        self._pool.shutdown()
        self._ended.set()
        self._threads[1].join()

    def _running(self) -> list[_Job]:
        with self._jobs_lock:
            return list(self._jobs.values())

    def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            if not self._free.acquire(timeout=READ_WAIT_MS / 1000):
                continue
            claimed = False
            try:
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

    def _claim(self, entry: Entry) -> bool:
        """Claim the entry's report and start it in a slot that is held already; False when it is not to be run."""
        with database_errors(), self._resources.engine.begin() as connection:
            claim = lifecycle.claim(connection, entry.report_id, owner=self._name)
        try:
            self._queue.done(entry)
        except RedisUnavailable as error:
            _log.warning("report %s: its entry stays in the queue until it is abandoned: %s", entry.report_id, error)
        if claim is None:
            return False
        job = _Job(claim, Live("loading", 0.0))
        with self._jobs_lock:
            self._jobs[claim.id] = job
        self._pool.submit(self._run, job)
        return True

    def _pause(self) -> None:
        self._stopping.wait(random.uniform(0.5, 2))  # noqa: S311 - jitter, not a secret

    def _beat_loop(self) -> None:
        while not self._ended.wait(BEAT_SECONDS * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter, not a secret
            try:
                self._beat()
                self._sweep()
            except OpenhoursError as error:
                _log.warning("heartbeat failed: %s", error)
            except Exception:  # noqa: BLE001 - leases must go on being renewed; logged
                _log.exception("heartbeat failed")

    def _beat(self) -> None:
        jobs = self._running()
        if not jobs:
            return
        with database_errors(), self._resources.engine.begin() as connection:
            ours = lifecycle.renew(connection, [job.claim for job in jobs])
        for job in jobs:
            if job.claim.id not in ours:
                job.call_off.set()
                continue
            with self._jobs_lock:  # a report that ended meanwhile must not look as if it ran again
                if job.claim.id in self._jobs:
                    self._status.update(job.claim.id, job.live)

    def _sweep(self) -> None:
        """Hand out again what nobody claimed, or whose worker died."""
        with database_errors(), self._resources.engine.begin() as connection:
            due = lifecycle.take_due(connection)
        for report_id in due:
            self._queue.add(report_id)
        for entry in self._queue.take_abandoned(self._name, count=100):
            self._queue.add(entry.report_id)
            self._queue.done(entry)

    def _run(self, job: _Job) -> None:
        with bound(report_id=job.claim.id):
            self._run_claimed(job)

    def _run_claimed(self, job: _Job) -> None:
        claim = job.claim
        try:
            self._attempt(job)
        except OpenhoursError as error:
            _log.warning("report %s: its end is not recorded, its lease will run out: %s", claim.id, error)
        except Exception:  # noqa: BLE001 - the slot must live on; logged with its trace
            _log.exception("report %s: the worker failed, its lease will run out", claim.id)
        finally:
            with self._jobs_lock:
                del self._jobs[claim.id]
            self._free.release()
            self._forget(claim.id)

    def _attempt(self, job: _Job) -> None:
        claim = job.claim
        self._tell(job, job.live)
        try:
            with TemporaryDirectory(prefix="openhours-", ignore_cleanup_errors=True) as folder:
                self._conclude(job, self._compute(job, Path(folder)))
        except CalledOff:
            self._hand_back(claim)
        except Crashed as crash:
            _log.warning("report %s: its process died (%s)", claim.id, crash)
            with database_errors(), self._resources.engine.begin() as connection:
                again = lifecycle.crashed(connection, claim, how=str(crash))
            if again:
                self._queue.add(claim.id)
        except OpenhoursError as error:
            self._fail(claim, error.code, error.message, retryable=error.retryable)
        except Exception:  # noqa: BLE001 - whatever it is, the report must not stay Running; logged with its trace
            _log.exception("report %s: the worker failed", claim.id)
            self._fail(claim, OpenhoursError.code, "The report failed by a defect; its log tells where.")

    def _compute(self, job: _Job, folder: Path) -> Done | Refused:
        order = Order(
            kind=self._kinds[job.claim.kind],
            params=job.claim.params,
            database_url=self._resources.database_url,
            settings=self._settings,
            folder=folder,
            report_id=job.claim.id,
            replica=self._name,
        )

        def progress(step: Progress) -> None:
            self._tell(job, Live(step.stage, step.fraction * COMPUTED))

        return supervise(self._context, order, progress=progress, call_off=job.call_off)

    def _conclude(self, job: _Job, outcome: Done | Refused) -> None:
        claim = job.claim
        if isinstance(outcome, Refused):
            self._fail(claim, outcome.code, outcome.message, retryable=outcome.retryable)
            return
        self._tell(job, Live("uploading", COMPUTED))
        prefix = f"reports/{claim.id}/a{claim.attempt}/"
        stored = []
        for artifact in outcome.artifacts:
            path = artifact.path
            key = prefix + path.name
            self._resources.object_store.put(path, key, media_type=artifact.media_type)
            stored.append(
                StoredArtifact(path.name, key, artifact.media_type, path.stat().st_size, artifact.rows, sha256_of(path))
            )
        with database_errors(), self._resources.engine.begin() as connection:
            published = lifecycle.publish(connection, claim, stored)
        if published:
            _log.info("report %s complete, peak memory %d MiB", claim.id, outcome.peak_memory_bytes >> 20)
        else:
            self._resources.object_store.remove_below(prefix)

    def _fail(self, claim: Claim, code: str, message: str, *, retryable: bool = False) -> None:
        """End the report, or have it tried again later when its servers were at fault."""
        with database_errors(), self._resources.engine.begin() as connection:
            if retryable and claim.attempt < lifecycle.MAX_TRANSIENT_ATTEMPTS:
                lifecycle.try_again(connection, claim, after_seconds=random.uniform(*RETRY_SECONDS))  # noqa: S311
            else:
                lifecycle.fail(connection, claim, code=code, message=message)
        _log.warning("report %s: %s: %s", claim.id, code, message)

    def _hand_back(self, claim: Claim) -> None:
        with database_errors(), self._resources.engine.begin() as connection:
            queued = lifecycle.try_again(connection, claim, after_seconds=0)
        if queued:
            self._queue.add(claim.id)

    def _tell(self, job: _Job, live: Live) -> None:
        job.live = live
        try:
            self._status.update(job.claim.id, live)
        except RedisUnavailable as error:
            _log.warning("report %s: progress is not told: %s", job.claim.id, error)

    def _forget(self, report_id: str) -> None:
        try:
            self._status.forget(report_id)
        except RedisUnavailable as error:
            _log.warning("report %s: its progress stays until it is stale: %s", report_id, error)
