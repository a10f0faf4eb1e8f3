"""Replicas that look for what is due by a clock of the tests, and some of which die between the two writes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from threading import Event
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection, select, text

from app.errors import DatabaseUnavailable
from app.files.artifact import Artifact
from app.jobs.kind import JobContext, Params
from app.reports.instants import Instant
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.reports.service import ReportService
from app.schedules.actions import Action, Run, every_action
from app.schedules.firing import Firing
from app.schedules.records import Does
from app.schedules.service import ScheduleService
from app.schedules.tables import schedule
from app.sources.service import SourceService
from app.storage.postgres import database_now
from app.storage.resources import Resources
from tests.kinds import AS_OF, beside

#: As many as can look at the same time.
REPLICAS = 6


class DatedParams(Params):
    """Parameters of a report that speaks for an instant."""

    as_of: Annotated[Instant | None, Field(description="Instant.")] = None
    period: Annotated[str | None, Field(description="Period.")] = None


def _resolve(_: Connection, params: DatedParams) -> tuple[Params, datetime]:
    return params, params.as_of or AS_OF


def _produce(_: JobContext, __: DatedParams) -> Sequence[Artifact]:
    return []


DATED = ReportKind("dated", DatedParams, _produce, summary="nothing, of an instant", resolve=_resolve)


class Died(BaseException):
    """A replica was killed."""


@dataclass(frozen=True, slots=True)
class Around:
    """An action that does what another does; a subclass adds something of its own."""

    within: Action

    @property
    def scope(self) -> Any:
        return self.within.scope

    def check(self, connection: Connection, run: Run) -> None:
        self.within.check(connection, run)

    def begin(self, connection: Connection, run: Run) -> str:
        return self.within.begin(connection, run)

    def begun(self, job_id: str, kind: str) -> None:
        self.within.begun(job_id, kind)


@dataclass(frozen=True, slots=True)
class Dying(Around):
    """Records the job and, in some cases, dies before the schedule is set to its next instant."""

    dies: Callable[[], bool]

    def begin(self, connection: Connection, run: Run) -> str:
        job_id = self.within.begin(connection, run)
        if self.dies():
            connection.connection.dbapi_connection.close()  # type: ignore[union-attr]  # as a killed process leaves it
            raise Died
        return job_id


@dataclass(slots=True)
class Installation:
    """Schedules, and replicas that begin what is due by ``now``."""

    resources: Resources
    service: ScheduleService
    actions: dict[Does, Action]
    now: datetime | None = None
    deaths: int = 0
    random: Random = field(default_factory=lambda: Random(20260329))

    def clock(self, connection: Connection) -> datetime:
        return self.now or database_now(connection)

    def look(self) -> None:
        """One replica looks."""
        Firing(self.resources.engine, self.actions, now=self.clock).fire_due(Event())

    def is_due(self) -> bool:
        with self.resources.engine.connect() as connection:
            found = connection.scalar(select(schedule.c.id).where(schedule.c.next_at <= self.now).limit(1))
        return found is not None

    def look_until_done(self, replicas: ThreadPoolExecutor, *, deadly: float) -> None:
        """All replicas look at the same time, again and again, until nothing is due; some die of what they begin."""

        def dies() -> bool:
            is_last = self.deaths == 0 or self.random.random() < deadly
            self.deaths += is_last
            return is_last

        actions: dict[Does, Action] = {does: Dying(action, dies) for does, action in self.actions.items()}
        firing = Firing(self.resources.engine, actions, now=self.clock)
        while self.is_due():
            for end in [replicas.submit(firing.fire_due, Event()) for _ in range(REPLICAS)]:
                with suppress(Died, DatabaseUnavailable):  # what is left of a session that was cut
                    end.result()

    def set_next(self, name: str, at: datetime) -> None:
        """When a schedule is due next."""
        with self.resources.engine.begin() as connection:
            connection.execute(schedule.update().where(schedule.c.name == name).values(next_at=at))

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.resources.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def run(self, statement: str, **values: Any) -> None:
        with self.resources.engine.begin() as connection:
            connection.execute(text(statement), values)


@contextmanager
def installation(resources: Resources, **settings: Any) -> Iterator[Installation]:
    """An installation with the kinds of the tests."""
    own = replace(resources, settings=resources.settings.model_copy(update=settings))
    actions = every_action(ReportService(own, beside(REPORT_KINDS, {"dated": DATED})), SourceService(own))
    yield Installation(own, ScheduleService(own.engine, actions), actions)
