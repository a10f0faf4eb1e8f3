"""The replicas: the real code of app/jobs on virtual machines, which are killed, paused, stopped and started again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from app.jobs import cleanup, periodic, pulse, runner, status, sweeper, worker
from app.jobs.runner import Job
from app.replica import replica
from app.replica.replica import Replica
from app.reports import service
from app.storage import redis_client
from app.storage.resources import Resources
from tests.model import record
from tests.model.scheduler import Host, Scheduler
from tests.model.threads import Event, Semaphore, Thread
from tests.model.work import Work

#: Reports that a replica runs at a time.
SLOTS = 2

#: An idle replica waits for a call, and for its next look, longer than in real life, so that it takes fewer steps.
WAIT_MS = 4000
LOOK_SECONDS = 8

_MODULES = (cleanup, periodic, pulse, redis_client, replica, runner, service, status, sweeper, worker)


@contextmanager
def virtual(scheduler: Scheduler, work: Work) -> Iterator[None]:
    """Within this the modules of app/jobs have the scheduler's threads, clock and chance, and the record in memory."""

    def clock() -> float:
        return scheduler.now

    def job(claim: Any, *, lease_ends: float, alive: Callable[[], None]) -> Job:
        call_off: Any = Event(scheduler)
        return Job(claim, lease_ends, call_off=call_off, stage_began=clock(), alive=alive)

    with replaced(
        _MODULES,
        Event=partial(Event, scheduler),
        Lock=partial(Semaphore, scheduler),
        BoundedSemaphore=partial(Semaphore, scheduler),
        Thread=partial(Thread, scheduler),
        monotonic=clock,
        sleep=scheduler.sleep,
        random=scheduler.random,
        lifecycle=record,
        records=record,
        Job=job,
        in_child=lambda *_: work.supervise,
        Spares=lambda *_, **__: SimpleNamespace(fill=lambda: None, close=lambda: None),
        SelfCheck=lambda *_: SimpleNamespace(fault=None, require=lambda **_: None, suspect=None),
        Reachability=lambda _: SimpleNamespace(look=lambda *_: None),
        end_all=lambda: None,
        scratch_folder=lambda: nullcontext("folder"),
        remove_abandoned_folders=lambda: None,
        MigrationCheck=lambda _: SimpleNamespace(require=lambda: None),
        sha256_of=lambda file: file.content,
        WAIT_MS=WAIT_MS,
        LOOK_SECONDS=LOOK_SECONDS,
        STOP_LOOK_SECONDS=1,
        # As often as it may hurt: what is in the making is safe by its record, not by its age.
        FIRST_CLEAN_UP_SECONDS=(10, 60),
        CLEAN_UP_SECONDS=60,
        clean_up=partial(cleanup.clean_up, orphan_hours=0),
        # What the clean-up asks Postgres itself is known at once.
        select=lambda answer: answer,
        func=SimpleNamespace(now=lambda: record.instant(clock()), pg_try_advisory_xact_lock=lambda _: True),
    ):
        log, alarm = logging.getLogger("app.jobs"), Alarm(scheduler)
        log.addHandler(alarm)
        try:
            yield
        finally:
            log.removeHandler(alarm)


class Alarm(logging.Handler):
    """What the replicas log as an error is a defect that they have caught."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(logging.ERROR)
        self._scheduler = scheduler

    def emit(self, record: logging.LogRecord) -> None:
        """End the run."""
        error = record.exc_info[1] if record.exc_info else None
        self._scheduler.violated("defect", f"{record.getMessage()}: {error!r}")


@contextmanager
def replaced(modules: tuple[ModuleType, ...], **values: Any) -> Iterator[None]:
    """Set these names in whichever of the modules has them."""
    saved = [(module, name, getattr(module, name)) for module in modules for name in values if hasattr(module, name)]
    try:
        for module, name, _ in saved:
            setattr(module, name, values[name])
        yield
    finally:
        for module, name, value in saved:
            setattr(module, name, value)


class Machine:
    """A machine on which one replica runs after the other.

    Attributes:
        host: the one that runs now, or ran last.
        stopped: called when a replica has stopped as it was told to.
    """

    def __init__(self, name: str, scheduler: Scheduler, resources: Resources, work: Work) -> None:
        self.name = name
        self.host = Host(name)
        self.host.is_dead = True
        self._scheduler = scheduler
        self._resources = resources
        self._work = work
        self._starts = 0
        self._replica: Replica | None = None
        self._stops = False
        self.stopped: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start a replica, unless one runs."""
        if self.host.is_dead:
            self._starts += 1
            self._stops = False
            self._replica = None
            self.host = Host(f"{self.name}.{self._starts}")
            self._scheduler.spawn(self.host, "main", self._main)

    def kill(self) -> None:
        """As kill -9, or as pulling the plug."""
        self._scheduler.kill(self.host)

    def pause(self, seconds: float) -> None:
        """As SIGSTOP and, later, SIGCONT."""
        self.host.paused_until = max(self.host.paused_until, self._scheduler.now + seconds)

    def terminate(self, *, grace_seconds: float) -> None:
        """As SIGTERM."""
        if self._replica is not None and not (self.host.is_dead or self._stops):
            self._stops = True
            self._scheduler.spawn(self.host, "stop", partial(self._stop, grace_seconds))

    @property
    def free_slots(self) -> int:
        """Reports that it could run more; 0 when it is dead, paused or stopping."""
        worker = self._replica and self._replica._worker
        if worker is None or self._stops or self.host.is_dead or self.host.paused_until > self._scheduler.now:
            return 0
        return SLOTS - len(worker._jobs)

    def _main(self) -> None:
        self._replica = Replica(self._resources, slots=SLOTS, kinds=self._work.kinds)
        self._replica.start()

    def _stop(self, grace_seconds: float) -> None:
        assert self._replica is not None
        self._scheduler.note("stops")
        self._replica.drain(grace_seconds=grace_seconds)
        self._replica.stop()
        self._scheduler.note("stopped")
        self.kill()
        self.stopped()
