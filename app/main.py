"""The web application: its lifespan, its routes, its errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Final

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from app import __version__
from app.database import database_errors
from app.errors import OpenhoursError, Unavailable
from app.jobs.service import ReportService
from app.jobs.worker import Worker
from app.migrate import require_migrated
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.resources import Resources
from app.routers import health, problems, reports

#: How long an answer of Postgres to the readiness check is good for, so that probes cost nothing, seconds.
READINESS_SECONDS: Final = 2

#: More than any list of stores needs; a body is parsed in memory, in the process that answers everybody else, bytes.
MAX_BODY_BYTES: Final = 8 << 20


class Readiness:
    """Whether requests may come: not while draining, and only with a database that is migrated."""

    def __init__(self, resources: Resources) -> None:
        self._engine = resources.engine
        self._lock = Lock()
        self._checked_at = -float("inf")
        self._error: OpenhoursError | None = None
        self.draining = False

    def check(self) -> None:
        """Raise Unavailable or NotMigrated unless ready."""
        if self.draining:
            raise Unavailable("This replica is stopping.")
        with self._lock:
            if monotonic() - self._checked_at > READINESS_SECONDS:
                self._error = self._ask()
                self._checked_at = monotonic()
            if self._error is not None:
                raise self._error

    def _ask(self) -> OpenhoursError | None:
        try:
            with database_errors(), self._engine.connect() as connection:
                require_migrated(connection)
        except OpenhoursError as error:
            return error
        return None


def create_app(resources: Resources, *, slots: int, kinds: Mapping[str, ReportKind] = REPORT_KINDS) -> FastAPI:
    """The application over servers that are connected already, running up to ``slots`` reports itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker = await run_in_threadpool(Worker, resources, slots=slots, kinds=kinds) if slots else None
        if worker is not None:
            worker.start()
        try:
            yield
        finally:
            app.state.readiness.draining = True
            if worker is not None:
                await run_in_threadpool(worker.stop)

    app = FastAPIOffline(
        title="Openhours",
        version=__version__,
        summary="Reports that count only working hours.",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.reports = ReportService(resources, kinds)
    app.state.readiness = Readiness(resources)
    problems.install(app)
    for module in (reports, health):
        app.include_router(module.router)
    return app
