"""One attempt at a claimed job, in a slot: compute, upload, publish, or record why not."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Final

from sqlalchemy import Connection

from app.errors import (
    DatabaseUnavailable,
    DiskFull,
    ObjectStoreUnavailable,
    OpenhoursError,
    RedisUnavailable,
    ReplicaFault,
    UnknownJob,
    WorkerCrashed,
)
from app.files.artifact import Artifact, StoredArtifact
from app.files.sha256 import sha256_of
from app.jobs import lifecycle
from app.jobs.child import Done, JobSpec, Refused, Step, refusal
from app.jobs.fork_server import CalledOff
from app.jobs.kind import JobKind, artifact_prefix
from app.jobs.lifecycle import LEASE_SECONDS, Claim, Verdict
from app.jobs.queue import Queue
from app.jobs.scratch import scratch_folder
from app.jobs.status import CLAIMED, Live, LiveStatus
from app.jobs.supervise import Crashed, Execute
from app.storage.object_store import File
from app.storage.postgres import database_errors
from app.storage.redis_client import CircuitBreaker
from app.storage.resources import Resources
from app.telemetry.metrics import ATTEMPTS, CRASHES, FAILURES, REJECTED, REPORT_SECONDS, UPLOADED_BYTES

#: A job that its servers fail is tried again after a random wait between the first of these and a bound that
#: grows fourfold with each time up to the second, so that many do not come back at once ("full jitter"), seconds.
RETRY_SECONDS: Final = (2, 60)

#: A job that a fault of the replica has hit waits for a random time between these, seconds.
FAULT_SECONDS: Final = (1, 5)

#: Wait before the end of an attempt is written once more to a Postgres that was away, seconds.
RECORD_AGAIN_SECONDS: Final = 1.0

#: Loading and computing end at this share of the progress; uploading is the rest.
COMPUTED: Final = 0.9

_log = logging.getLogger(__name__)

#: What the metric calls the end of an attempt that failed.
_OUTCOMES: Final = {Verdict.ENDED: "failed", Verdict.LATER: "retried", Verdict.LOST: "lost"}


@dataclass(slots=True)
class Job:
    """A claimed job and how far it is.

    Attributes:
        lease_ends: when, on the monotonic clock, the lease runs out unless it is renewed.
        call_off: set it to end the attempt.
        alive: called again and again while its slot is not stuck.
    """

    claim: Claim
    lease_ends: float
    live: Live = CLAIMED
    call_off: Event = field(default_factory=Event)
    claimed_at: float = field(default_factory=monotonic)
    stage_began: float = field(default_factory=monotonic)
    alive: Callable[[], None] = lambda: None

    @property
    def lease_is_over(self) -> bool:
        """Whether another worker may have taken over, as after this process was paused."""
        return monotonic() > self.lease_ends

    def renewed(self, since: float) -> None:
        """The lease was renewed by a statement that began at ``since``, on the monotonic clock."""
        self.lease_ends = since + LEASE_SECONDS


class Runner:
    """Runs one job after the other in the calling thread; shared by the slots of a worker."""

    def __init__(
        self,
        resources: Resources,
        kinds: Mapping[str, JobKind],
        *,
        replica: str,
        execute: Execute,
        suspect: Callable[[ReplicaFault], None] = lambda _: None,
        has_ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``suspect`` hears of each fault of this replica that a job finds, ``has_ended`` of each job that ends."""
        self._resources = resources
        self._queue = Queue(resources.redis)
        self._status = LiveStatus(resources.redis)
        self._redis = CircuitBreaker()
        self._kinds = kinds
        self._replica = replica
        self._execute = execute
        self._suspect = suspect
        self._has_ended = has_ended

    def run(self, job: Job) -> None:
        """Make an attempt, whatever comes of it; what cannot be recorded is left to the end of the lease."""
        claim = job.claim
        outcome = "lost"
        try:
            outcome = self._attempt(job)
        except OpenhoursError as error:
            _log.warning("job %s: could not record its end, its lease will expire: %s", claim.id, error)
        except Exception:  # noqa: BLE001 - the slot must live on; logged with its trace
            _log.exception("job %s: the worker failed, its lease will expire", claim.id)
        self._observe_stage(job)
        ATTEMPTS.labels(claim.kind, outcome).inc()

    def tell(self, job: Job) -> None:
        """Show polls how far the job is, as long as it is surely ours."""
        if job.lease_is_over or self._redis.is_open:
            return
        try:
            with self._redis.watching():
                self._status.update(job.claim.id, job.live, kind=job.claim.kind)
        except RedisUnavailable as error:
            _log.debug("job %s: could not publish progress: %s", job.claim.id, error)

    def _attempt(self, job: Job) -> str:
        """Compute and publish; returns how it ended, as the metric has it."""
        job.live = Live(self._kinds[job.claim.kind].first_stage, 0.0)
        self.tell(job)
        try:
            with scratch_folder() as folder:
                return self._attempt_in(folder, job)
        except OSError as error:  # no room for it, or its removal failed
            return self._fail(job, refusal(error, None))

    def _attempt_in(self, folder: Path, job: Job) -> str:
        try:
            outcome = self._compute(job, folder)
            if isinstance(outcome, Done):
                return self._publish(job, self._upload(job, outcome.artifacts), outcome)
        except CalledOff:
            return self._release(job)
        except Crashed as crash:
            return self._crashed(job, how=str(crash))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay running
            if job.call_off.is_set():
                return self._release(job)
            outcome = refusal(error, folder)
        return self._fail(job, outcome)

    def _compute(self, job: Job, folder: Path) -> Done | Refused:
        kind = self._kinds[job.claim.kind]
        spec = JobSpec(
            kind=kind.name,
            model=kind.params,
            produce=kind.produce,
            params=job.claim.params,
            names=kind.names(job.claim.id, job.claim.params),
            database_url=self._resources.database_url,
            settings=self._resources.settings,
            folder=folder,
            store=self._resources.object_store.address,
            prefix=self._prefix(job),
            job_id=job.claim.id,
            attempt=job.claim.attempt,
            replica=self._replica,
        )

        def progress(step: Step) -> None:
            self._advance(job, Live(step.stage, step.fraction * COMPUTED))

        return self._execute(spec, progress=progress, call_off=job.call_off, alive=job.alive)

    def _upload(self, job: Job, artifacts: tuple[Artifact | StoredArtifact, ...]) -> list[StoredArtifact]:
        """Store what the job has not stored itself."""
        self._advance(job, Live("uploading", COMPUTED))
        if job.call_off.is_set():
            raise CalledOff
        prefix = self._prefix(job)
        stored, files = [], []
        for artifact in artifacts:
            if isinstance(artifact, StoredArtifact):
                stored.append(artifact)
                continue
            path, size = artifact.path, artifact.path.stat().st_size
            key = prefix + path.name
            files.append(File(path, key, artifact.media_type))
            stored.append(StoredArtifact(path.name, key, artifact.media_type, size, artifact.rows, sha256_of(path)))
        self._resources.object_store.put_all(files, stopping=job.call_off, alive=job.alive)
        for one in stored:
            UPLOADED_BYTES.labels(job.claim.kind).inc(one.bytes)
        return stored

    def _publish(self, job: Job, stored: list[StoredArtifact], done: Done) -> str:
        claim = job.claim
        verdict = self._settle(job, lambda connection: lifecycle.publish(connection, claim, stored, done.warnings))
        if verdict is Verdict.LOST:
            _log.warning("job %s: attempt %d came too late, its files are removed", claim.id, claim.attempt)
            self._discard(job)
            return "lost"
        total = claim.waited_seconds + monotonic() - job.claimed_at
        REPORT_SECONDS.labels(claim.kind, "total").observe(total)
        for kind, code in done.rejected:
            REJECTED.labels(kind, code).inc()
        _log.info("job %s complete, peak memory %d MiB", claim.id, done.peak_memory_bytes >> 20)
        return "complete"

    def _fail(self, job: Job, why: Refused) -> str:
        """End the job, or have it tried again later when its servers or this replica were at fault."""
        claim = job.claim
        _log.warning("job %s: %s: %s", claim.id, why.code, why.message)
        if why.code == ReplicaFault.code:
            return self.release(job, ReplicaFault(why.message, part=why.part))
        if why.code == DiskFull.code:
            self._suspect(ReplicaFault(f"This replica cannot run jobs: {why.message}", part="temporary_folder"))
        shortest, longest = RETRY_SECONDS
        after = random.uniform(shortest, min(longest, shortest * 4 ** (claim.retries + 1)))  # noqa: S311 - jitter
        if why.code == UnknownJob.code:
            after = longest  # during a roll-out, which takes minutes, newer replicas are on their way

        def write(connection: Connection) -> Verdict:
            if not why.retryable:
                return lifecycle.fail(connection, claim, code=why.code, message=why.message)
            return lifecycle.server_failed(connection, claim, code=why.code, message=why.message, after_seconds=after)

        verdict = self._settle(job, write)
        if verdict is Verdict.ENDED:
            FAILURES.labels(claim.kind, why.code).inc()
        return _OUTCOMES[verdict]

    def release(self, job: Job, fault: ReplicaFault) -> str:
        """Release a job, free of charge, that this replica cannot run; another gets it, or this one when it can.

        Not at once: where all have the same fault, or pass their check in spite of it, the job must not go round and
        round without a pause.
        """
        self._suspect(fault)
        after = random.uniform(*FAULT_SECONDS)  # noqa: S311 - jitter, not a secret
        verdict = self._settle(job, lambda connection: lifecycle.release(connection, job.claim, after_seconds=after))
        if verdict is Verdict.LATER and job.live.stage == "uploading":
            self._discard(job)
        return "lost" if verdict is Verdict.LOST else "handed_back"

    def _crashed(self, job: Job, *, how: str) -> str:
        claim = job.claim
        _log.warning("job %s: its process died (%s)", claim.id, how)
        CRASHES.labels(claim.kind).inc()
        verdict = self._settle(job, lambda connection: lifecycle.crashed(connection, claim, how=how))
        if verdict is Verdict.ENDED:
            FAILURES.labels(claim.kind, WorkerCrashed.code).inc()
        return "crashed"

    def _release(self, job: Job) -> str:
        """The worker stops, or the job is not ours any more."""
        verdict = self._settle(job, lambda connection: lifecycle.release(connection, job.claim))
        if verdict is Verdict.QUEUED and job.live.stage == "uploading":
            self._discard(job)  # of a lost one nobody knows here whether its files are what was published
        return "lost" if verdict is Verdict.LOST else "handed_back"

    def _prefix(self, job: Job) -> str:
        """Where the artifacts of this attempt lie."""
        return artifact_prefix(job.claim.id, job.claim.attempt, below=self._kinds[job.claim.kind].artifacts)

    def _discard(self, job: Job) -> None:
        """Remove what this attempt has uploaded."""
        try:
            self._resources.object_store.remove_below(self._prefix(job))
        except ObjectStoreUnavailable as error:
            _log.warning("job %s: could not remove its files, the clean-up will retry: %s", job.claim.id, error)

    def _settle(self, job: Job, write: Callable[[Connection], Verdict]) -> Verdict:
        """Record how the attempt ended, then bring Redis in line with it."""
        verdict = self._recorded(job, write)
        job_id = job.claim.id
        try:
            match verdict:
                case Verdict.ENDED:
                    self._has_ended(job_id)  # those who wait ask Postgres
                    self._status.end(job_id)
                case Verdict.LATER:
                    self._status.forget(job_id)
                case Verdict.QUEUED:
                    self._status.forget(job_id)
                    self._queue.add(job_id)
        except RedisUnavailable as error:
            _log.debug("job %s: could not tell Redis that it is %s: %s", job_id, verdict, error)
        return verdict

    def _recorded(self, job: Job, write: Callable[[Connection], Verdict]) -> Verdict:
        """Write the end of an attempt; a Postgres that is away is asked again while the lease lasts."""
        while True:
            job.alive()
            try:
                with database_errors(), self._resources.engine.begin() as connection:
                    verdict = write(connection)
                    if verdict is Verdict.LOST:
                        lifecycle.stopped(connection, job.claim)
                    return verdict
            except DatabaseUnavailable:
                if job.lease_is_over or job.call_off.is_set():
                    raise
            sleep(RECORD_AGAIN_SECONDS)

    def _advance(self, job: Job, live: Live) -> None:
        if live.stage != job.live.stage:
            self._observe_stage(job)
        job.live = live
        self.tell(job)

    def _observe_stage(self, job: Job) -> None:
        now = monotonic()
        REPORT_SECONDS.labels(job.claim.kind, job.live.stage).observe(now - job.stage_began)
        job.stage_began = now
