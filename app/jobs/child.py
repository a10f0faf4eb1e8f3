"""The process that runs one job: started by the fork server with everything imported, gone when it is done.

It is started with its job, or ahead of it (spare.py).

It talks to its supervisor (supervise.py) over one pipe: Begun if it waited for its job, Step while it works, then Done
or Refused. A pipe that closes without either is a crash. When the supervisor dies the pipe closes on this side, and the
process ends.
"""

import errno
import fcntl
import gc
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Engine

from app.errors import DiskFull, MemoryLimitExceeded, OpenhoursError, UnknownJob
from app.files.artifact import Artifact, StoredArtifact
from app.files.memory import is_at_memory_limit, limit_memory, peak_bytes
from app.jobs import lifecycle
from app.jobs.faults import fault_of, is_thread_refused
from app.jobs.kind import JobContext, OnProgress, Params
from app.jobs.priority import give_way
from app.settings import Settings
from app.storage.object_store import StoreAddress, connect_ahead
from app.storage.postgres import build_engine, database_errors
from app.telemetry.logs import bound, conceal, configure

#: Progress within a stage is told at most this often; a poll will hardly come sooner, seconds.
TELL_SECONDS = 0.1

#: What the kernel says when there is no room for a file.
FULL: Final = (errno.ENOSPC, errno.EDQUOT)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run. Functions and models travel by their names.

    Attributes:
        kind: name of the job's kind.
        model, produce: of the kind.
        params: not checked yet.
        names: what the log calls the job.
        prefix: of this attempt's artifacts in the bucket.
    """

    kind: str
    model: type[Params]
    produce: Callable[[JobContext, Any], Sequence[Artifact | StoredArtifact]]
    params: Mapping[str, Any]
    names: Mapping[str, str]
    database_url: str
    settings: Settings
    store: StoreAddress
    folder: Path
    prefix: str
    job_id: str
    attempt: int
    replica: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all jobs of a replica have in common; ``prepare`` is that of their kinds, see JobKind."""

    database_url: str
    settings: Settings
    replica: str
    store: StoreAddress
    prepare: tuple[Callable[[Engine, int], None], ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A process that waited for its job has it."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the job is, 0 … 1."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Done:
    """The artifacts lie in the folder, or are stored already.

    ``rejected`` has the kind and the error code of each input that was wrong; ``warnings`` are
    those that the job told, as JSON.
    """

    artifacts: tuple[Artifact | StoredArtifact, ...]
    peak_memory_bytes: int
    rejected: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The job ended in an error that is known; ``part`` is what of the replica is broken, if that is to blame."""

    code: str
    message: str
    retryable: bool
    part: str = ""


def main(pipe: Connection, spec: JobSpec) -> None:
    """Entry of the process of a job."""
    surroundings = Surroundings(spec.database_url, spec.settings, spec.replica, spec.store)
    _prepare(surroundings)
    _do(pipe, spec, _engine(surroundings))


def wait_for_job(pipe: Connection, surroundings: Surroundings) -> None:
    """Entry of a process that is started ahead of its job, which comes through the pipe."""
    _prepare(surroundings)
    engine = _engine(surroundings)
    with suppress(Exception):  # it may be away until there is a job; the pool looks whether a connection still works
        _open_connections(engine, 2 + surroundings.settings.read_connections)
    _do_ahead(pipe, surroundings, engine)
    try:
        spec = pipe.recv()
        pipe.send(Begun())
    except (EOFError, OSError):  # nobody is there any more
        os._exit(1)
    _do(pipe, spec, engine)


def _prepare(surroundings: Surroundings) -> None:
    give_way()
    gc.freeze()  # what the fork server imported stays; looking through it at every collection took a fifth of the time
    gc.enable()  # the fork server has none
    configure(surroundings.settings, replica=surroundings.replica)
    conceal(surroundings.database_url, surroundings.store.secret_key)


def _engine(surroundings: Surroundings) -> Engine:
    return build_engine(surroundings.database_url, pool_size=surroundings.settings.read_connections + 2)


def _open_connections(engine: Engine, count: int) -> None:
    """As many as a report reads with, the one that has their snapshot, and the one that reads hours meanwhile."""
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(engine.connect())


def _do_ahead(pipe: Connection, surroundings: Surroundings, engine: Engine) -> None:
    """What the job need not do then, unless it is there already; what fails is the job's to tell."""
    reading = surroundings.settings.read_connections
    for ahead in (
        partial(connect_ahead, surroundings.store),
        *(partial(prepare, engine, reading) for prepare in surroundings.prepare),
    ):
        if pipe.poll():
            return
        with suppress(Exception):
            ahead()


def _do(pipe: Connection, spec: JobSpec, engine: Engine) -> None:
    end_with(pipe)
    limit_memory(spec.settings.report_memory_limit_mb << 20)
    with bound(**spec.names):
        pipe.send(run(spec, engine, progress=_teller(pipe)))


def end_with(pipe: Connection) -> None:
    """End this process when nobody is left at the other end of a pipe through which nothing more comes."""
    _signal_end_of(pipe)
    threading.Thread(target=_die_with_supervisor, args=(pipe,), daemon=True).start()


def answer(pipe: Connection) -> None:
    """Entry of a process that shows that processes can be started."""
    pipe.send("here")


def run(spec: JobSpec, engine: Engine, *, progress: OnProgress) -> Done | Refused:
    """Run a job in this process; whatever it raises is told, but for KeyboardInterrupt and its like."""
    settings = spec.settings
    rejected: list[tuple[str, str]] = []
    warnings: list[Mapping[str, Any]] = []
    try:
        _log.debug("%s with %s", spec.kind, dict(spec.params))
        context = JobContext(
            engine=engine,
            settings=settings,
            store=spec.store,
            folder=spec.folder,
            prefix=spec.prefix,
            progress=progress,
            job_id=spec.job_id,
            fence=partial(lifecycle.fence, job_id=spec.job_id, attempt=spec.attempt),
            reject=lambda kind, code: rejected.append((kind, code)),
            warn=warnings.append,
        )
        params = _params(spec)
        with database_errors():
            artifacts = spec.produce(context, params)
        return Done(tuple(artifacts), peak_bytes(), tuple(rejected), tuple(warnings))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        if isinstance(error, MemoryError) or (is_thread_refused(error) and is_at_memory_limit()):
            return Refused(
                MemoryLimitExceeded.code,
                f"It needed more than {settings.report_memory_limit_mb} MiB of memory "
                "(OPENHOURS_REPORT_MEMORY_LIMIT_MB).",
                retryable=False,
            )
        return refusal(error, spec.folder)


def _params(spec: JobSpec) -> Params:
    """The parameters. Who took the job on has checked them: a newer replica, if they are not accepted here."""
    try:
        return spec.model.model_validate(spec.params)
    except ValidationError as error:
        raise UnknownJob("The replica that ran it does not know all its parameters.") from error


def refusal(error: Exception, folder: Path | None) -> Refused:
    """How a job ends by this error; the inside of a mistake of ours is logged, and nobody else's business.

    Args:
        error: what was raised.
        folder: the job's own; None if it could not be made.
    """
    if isinstance(error, OSError) and error.errno in FULL:
        message = "The replica that ran it has no room left for its files."
        return Refused(DiskFull.code, message, retryable=DiskFull.retryable)
    if (fault := fault_of(error, folder)) is not None:
        _log.warning("the replica could not run the job: %s", fault.message, exc_info=error)
        return Refused(fault.code, fault.message, fault.retryable, part=str(fault.details["part"]))
    if isinstance(error, OpenhoursError):
        return Refused(error.code, error.message, error.retryable)
    _log.error("the job failed because of an unhandled exception", exc_info=error)
    return Refused(
        OpenhoursError.code,
        "It failed because of a bug in Openhours; the log of its replica has the details.",
        retryable=False,
    )


def _teller(pipe: Connection) -> OnProgress:
    """Tells the supervisor how far the job is, and not too often."""
    told: tuple[str, float] = ("", 0.0)

    def tell(stage: str, fraction: float) -> None:
        nonlocal told
        if stage != told[0] or monotonic() - told[1] > TELL_SECONDS:
            told = (stage, monotonic())
            pipe.send(Step(stage, fraction))

    return tell


def _signal_end_of(pipe: Connection) -> None:
    """Have the kernel end this process with its supervisor, by SIGIO: C code may never let the thread have a turn."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _die_with_supervisor(pipe: Connection) -> None:
    with suppress(OSError):
        pipe.poll(None)  # nothing more is ever sent to us; a blocked recv() would keep SIGIO back
    os._exit(1)
