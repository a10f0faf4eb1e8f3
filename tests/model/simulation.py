"""One run of the model: three replicas, a dozen clients, three servers, and what its seed makes of them."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

from app.jobs import cleanup, runner
from app.jobs.kind import artifact_prefix
from app.reports.service import ReportService
from app.settings import Settings
from tests.model import machines, record
from tests.model.clients import Clients
from tests.model.faults import FAULTS_SECONDS, LONGEST_PAUSE_SECONDS, Faults
from tests.model.invariants import Invariants
from tests.model.machines import Machine, replaced, virtual
from tests.model.record import Table
from tests.model.scheduler import Host, Scheduler, Violation
from tests.model.servers import Bucket, Engine, Redis
from tests.model.watch import Watch
from tests.model.work import Work

#: Replicas.
MACHINES = 3

#: When nothing goes wrong any more, every report has ended within, seconds: some wait up to a minute for their next
#: attempt, long ones take nearly as long, and there may be a queue.
PATIENCE_SECONDS = 400

#: A replica that is told to stop at once does so within, seconds.
STOP_SECONDS = 60

#: Steps of the trace that a failure shows.
SHOWN_STEPS = 60

#: What can be switched off, and how: by the same names and in the same way as in tests/mutants.py.
SWITCHES: dict[str, Any] = {
    "fence": lambda: replaced((record,), _is_ours=lambda *_: True),
    "look": lambda: replaced((machines,), LOOK_SECONDS=float("inf")),
    "key": lambda: replaced((runner,), artifact_prefix=lambda job_id, _attempt=None, **_: artifact_prefix(job_id)),
}

#: After which the clean-up takes files for orphans, and a bit more.
DAY_SECONDS = 25 * 3600

#: No fault lasts longer than until then.
LAST_FAULT_SECONDS = FAULTS_SECONDS + LONGEST_PAUSE_SECONDS

_SETTINGS = Settings(slots=0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    violation: Violation | None
    trace: list[tuple[float, str, str, tuple[Any, ...]]]

    def story(self, steps: int | None = SHOWN_STEPS) -> str:
        """The last steps, and what is wrong."""
        shown = self.trace if steps is None else self.trace[-steps:]
        lines = [f"{at:9.3f}  {host:12} {task:10} {' '.join(map(str, what))}" for at, host, task, what in shown]
        story = "\n".join([*lines, f"seed {self.seed}: {self.violation or 'nothing is wrong'}"])
        return story.replace(30 * "0", "")  # of ids, which are numbers here


class Simulation:
    """Everything of one seed; ``run()`` raises Violation."""

    def __init__(self, seed: int, *, lossy: bool) -> None:
        self._lossy = lossy
        self.scheduler = scheduler = Scheduler(Random(seed))
        table = Table(lambda: scheduler.now)
        self._engine, self._redis, self._bucket = Engine(scheduler, table), Redis(scheduler), Bucket(scheduler)
        self._table = table
        self._resources: Any = SimpleNamespace(
            settings=_SETTINGS,
            database_url="",
            engine=self._engine,
            redis=self._redis,
            request_redis=self._redis,
            object_store=self._bucket,
        )
        self._work = Work(scheduler, self._engine)
        self._machines = [
            Machine(f"replica {number}", scheduler, self._resources, self._work) for number in range(1, MACHINES + 1)
        ]

    def run(self) -> None:
        """From the first trigger to the last clean-up."""
        with virtual(self.scheduler, self._work):
            try:
                self._run()
            finally:
                for machine in self._machines:
                    self.scheduler.bury(machine.host)
                self.scheduler.bury(self._clients_host)

    def _run(self) -> None:
        scheduler = self.scheduler
        invariants = Invariants(scheduler, self._table, self._bucket, self._work)
        self._clients_host = Host("clients")
        service = ReportService(self._resources, self._work.kinds)
        clients = Clients(scheduler, self._clients_host, service, table=self._table, redis=self._redis)
        faults = Faults(
            scheduler,
            self._machines,
            self._clients_host,
            servers=(self._engine, self._redis, self._bucket),
            work=self._work,
            lossy=self._lossy,
        )
        watch = Watch(scheduler, self._table, self._machines, faults=faults, engine=self._engine)
        for machine in self._machines:
            machine.start()

        def is_over() -> bool:
            return (
                scheduler.now > faults.over_at
                and not clients.waiting
                and not any(row.is_outstanding for row in self._table.rows.values())
            )

        scheduler.run(is_over, limit_seconds=LAST_FAULT_SECONDS + PATIENCE_SECONDS)
        watch.is_on = False
        invariants.check_ends()
        if clients.waiting:
            scheduler.violated("not ended", f"{clients.waiting} clients are still waiting")
        self._stop()
        self._clean_up()
        invariants.check_bucket()

    def _stop(self) -> None:
        """Stop every replica; none may hang."""
        for machine in self._machines:
            machine.stopped = lambda: None
            machine.terminate(grace_seconds=0)
        limit = self.scheduler.now + STOP_SECONDS
        if not self.scheduler.run(lambda: all(m.host.is_dead for m in self._machines), limit_seconds=limit):
            alive = [machine.name for machine in self._machines if not machine.host.is_dead]
            self.scheduler.violated("does not stop", ", ".join(alive))

    def _clean_up(self) -> None:
        """The clean-up of the next day."""
        host, ended = Host("the next day"), []

        def clean_up() -> None:
            cleanup.clean_up(self._resources, self._work.kinds)
            ended.append(True)

        tomorrow = self.scheduler.now + DAY_SECONDS
        self.scheduler.at(tomorrow, lambda: self.scheduler.spawn(host, "clean up", clean_up))
        self.scheduler.run(lambda: bool(ended), limit_seconds=tomorrow + STOP_SECONDS)


def run(seed: int, off: Iterable[str] = (), *, lossy: bool = False) -> Outcome:
    """Run a seed with some of the protocol switched off, or with answers that get lost above all."""
    simulation = Simulation(seed, lossy=lossy)
    violation: Violation | None = None
    with ExitStack() as stack:
        for name in off:
            stack.enter_context(SWITCHES[name]())
        try:
            simulation.run()
        except Violation as error:
            violation = error
        except Exception as error:  # noqa: BLE001 - a thread of a replica that ends like this is one too
            violation = Violation("defect", repr(error))
            violation.__cause__ = error
    return Outcome(seed, violation, simulation.scheduler.trace)
