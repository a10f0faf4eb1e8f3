"""One attempt at a job in this process, for a command whose user waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import OpenhoursError
from app.jobs import child, lifecycle
from app.jobs.child import Done, JobSpec, Refused, Step
from app.jobs.kind import JobKind, OnProgress
from app.jobs.lifecycle import LEASE_SECONDS, Claim
from app.jobs.periodic import Periodic
from app.jobs.runner import Job, Runner
from app.jobs.worker import BEAT_SECONDS
from app.storage.postgres import database_errors
from app.storage.resources import Resources


def run_here(resources: Resources, kind: JobKind, claim: Claim, *, owner: str, since: float, told: OnProgress) -> None:
    """Run a job that this process has claimed, as a worker would, but in this process and without limits.

    Args:
        resources: of this process.
        kind: of the job.
        claim: of this process.
        owner: its name.
        since: before the claim, on the monotonic clock.
        told: hears how far the job is.

    Raises:
        OpenhoursError: the attempt failed; the job has ended, or waits for another attempt.
    """
    refused: list[Refused] = []

    def execute(spec: JobSpec, *, progress: Callable[[Step], None], **_: object) -> Done | Refused:
        # Nobody calls it off in the middle: a fence holds what comes too late.
        def tell(stage: str, share: float) -> None:
            told(stage, share)
            progress(Step(stage, share))

        outcome = child.run(spec, resources.engine, progress=tell)
        if isinstance(outcome, Refused):
            refused.append(outcome)
        return outcome

    job = Job(claim, lease_ends=since + LEASE_SECONDS)
    with _held(resources, job):
        Runner(resources, {kind.name: kind}, replica=owner, execute=execute).run(job)
    if refused:
        error = OpenhoursError(refused[0].message)
        error.code = refused[0].code
        raise error


@contextmanager
def _held(resources: Resources, job: Job) -> Iterator[None]:
    """Keep the lease of a job while it runs."""

    def beat() -> None:
        with database_errors(), resources.engine.begin() as connection:
            if not lifecycle.renew(connection, [job.claim]):
                job.call_off.set()

    beating = Periodic("beat", beat, every_seconds=BEAT_SECONDS)
    beating.start()
    try:
        yield
    finally:
        beating.stop()
