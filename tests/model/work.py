"""What the reports of the model are: kinds that take their time, and some that misbehave."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import DatabaseUnavailable, TimeLimitExceeded
from app.files.artifact import Artifact
from app.jobs.child import Done, JobSpec, Refused, Step
from app.jobs.fork_server import CalledOff
from app.jobs.kind import Params
from app.jobs.supervise import Crashed
from app.reports.kind import ReportKind
from tests.kinds import AS_OF
from tests.model.scheduler import Scheduler
from tests.model.servers import Engine, File
from tests.model.threads import Event


class NumberParams(Params):
    """Parameters of every kind of the model."""

    number: int


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a kind computes, seconds."""

    shortest: float
    longest: float


#: Kinds by name. A long one takes more than a lease, poison kills its process, a refused one fails for good.
DURATIONS = {
    "quick": Duration(0.05, 3),
    "steady": Duration(2, 15),
    "long": Duration(20, 50),
    "poison": Duration(0.1, 3),
    "refused": Duration(0.1, 3),
}

#: A process that dies by bad luck does so at most so often for one report, which is not enough to give it up.
UNLUCKY_CRASHES = 2


class Work:
    """Computes the reports, and counts what befell them.

    Attributes:
        kinds: for the replicas.
        crash_rate: share of the attempts whose process dies by bad luck.
        crashes: how often the process of a report died, by its number.
    """

    def __init__(self, scheduler: Scheduler, engine: Engine) -> None:
        self.kinds = {
            name: ReportKind(name, NumberParams, lambda *_: [], summary="of the model", resolve=self._resolve)
            for name in DURATIONS
        }
        self.crash_rate = 0.0
        self.crashes: Counter[int] = Counter()
        self._scheduler = scheduler
        self._engine = engine
        self._runs = 0

    def supervise(
        self,
        spec: JobSpec,
        *,
        progress: Callable[[Step], None],
        call_off: Event,
        alive: Callable[[], None],  # noqa: ARG002 - as there
    ) -> Done | Refused:
        """In place of app.jobs.supervise: no process, but the same ends. No two runs write the same bytes."""
        self._runs += 1
        run, number = self._runs, int(spec.params["number"])
        duration, random = DURATIONS[spec.kind], self._scheduler.random
        progress(Step("loading", 0.2))
        try:
            self._engine.arrive("load", number)
        except DatabaseUnavailable as error:
            return Refused(error.code, error.message, retryable=True)
        progress(Step("computing", 0.5))
        if call_off.wait(random.uniform(duration.shortest, duration.longest)):
            raise CalledOff
        if spec.kind == "poison" or self._is_unlucky(number):
            self.crashes[number] += 1
            self._scheduler.note("crash", number)
            raise Crashed("signal 9")
        if spec.kind == "refused":
            return Refused(TimeLimitExceeded.code, "It took too long.", retryable=False)
        files = [File(name, f"{name} of {number} by run {run}") for name in ("table.csv", "chart.svg")]
        return Done(tuple(Artifact(file, "text/csv", rows=1) for file in files), 0)  # type: ignore[arg-type]

    def _is_unlucky(self, number: int) -> bool:
        return self.crashes[number] < UNLUCKY_CRASHES and self._scheduler.random.random() < self.crash_rate

    def _resolve(self, _connection: Any, params: Params) -> tuple[Params, datetime]:
        self._scheduler.step("resolve")
        return params, AS_OF
