"""The web application: its lifespan, its routes, its errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Final

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from app import __version__
from app.catalogue.intake import upload_hooks
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.catalogue.service import DatasetService
from app.entities.service import EntityService
from app.errors import OpenhoursError, ReplicaUnavailable
from app.ingest.registry import DATASET_KINDS
from app.jobs.backlog import backlog_registry
from app.jobs.waiters import Waiters
from app.replica.loops import Loop
from app.replica.registry import job_kinds
from app.replica.replica import Replica
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.reports.service import ReportService
from app.routers import datasets, entities, health, metrics, openapi, problems, reports, timezones, uploads
from app.routers.observed import Observed
from app.routers.tus import TusHeaders
from app.storage.migrate import require_migrated
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.uploads.janitor import TIDY_SECONDS, tidy_up
from app.uploads.service import UploadService

#: How long the result of the readiness check is cached, so that probes cost nothing, seconds.
READINESS_SECONDS: Final = 2

#: Largest body, bytes: more than any list of stores needs. It is parsed in memory, in the process that serves everyone.
MAX_BODY_BYTES: Final = 8 << 20


class Readiness:
    """Whether to accept requests: not while draining, and only with a migrated database."""

    def __init__(self, engine: Engine, replica: Replica) -> None:
        self._engine = engine
        self._replica = replica
        self._lock = Lock()
        self._checked_at = -float("inf")
        self._error: OpenhoursError | None = None

    def check(self) -> None:
        """Raise ReplicaUnavailable or NotMigrated unless ready."""
        if self._replica.draining:
            raise ReplicaUnavailable("This replica is stopping.")
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


def create_app(
    resources: Resources,
    *,
    slots: int,
    api: bool = True,
    kinds: Mapping[str, ReportKind] = REPORT_KINDS,
) -> FastAPI:
    """The application, on servers that are already connected; runs up to ``slots`` jobs itself.

    Without ``api`` it serves only probes and metrics, for the health port of a worker.
    """
    catalogue = DatasetService(resources)
    hooks = upload_hooks(catalogue)
    uploads_loop = Loop(
        "uploads", lambda stopping, beat: tidy_up(resources, hooks, stopping=stopping, beat=beat), TIDY_SECONDS
    )
    replica = Replica(resources, slots=slots, kinds=job_kinds(kinds), prefixes=BUCKET_PREFIXES, loops=(uploads_loop,))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(replica.start)
        try:
            yield
        finally:
            await run_in_threadpool(replica.stop)

    app = FastAPIOffline(
        title="Openhours",
        version=__version__,
        summary="Uptime and pull-request reports that count only working hours.",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.replica = replica
    app.state.readiness = Readiness(resources.engine, replica)
    app.state.backlog = backlog_registry(resources.engine)
    app.state.reports = ReportService(resources, kinds)
    app.state.datasets = catalogue
    settings = resources.settings
    app.state.entities = EntityService(
        resources.engine, default_zone=settings.default_timezone, team_windows=settings.team_windows
    )
    app.state.endings = Waiters(resources.engine)
    app.state.uploads = UploadService(resources, DATASET_KINDS, hooks, is_stopping=lambda: replica.draining)
    app.add_middleware(TusHeaders)
    app.add_middleware(Observed, replica=replica)
    problems.install(app)
    openapi.install(app)
    for module in (reports, datasets, uploads, entities, timezones, health, metrics) if api else (health, metrics):
        app.include_router(module.router)
    if api:
        app.add_api_route("/", _pages, include_in_schema=False)
    return app


def _pages() -> RedirectResponse:
    """Redirect browsers to the page of the API, which may be below a path of a proxy."""
    return RedirectResponse("docs")
