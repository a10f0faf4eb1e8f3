"""The web application: its lifespan, its routes, its errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from app import __version__
from app.catalogue.intake import upload_hooks
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.catalogue.service import DatasetService
from app.replica.loops import Loop
from app.replica.registry import job_kinds
from app.replica.replica import Replica
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.routers import answers, openapi
from app.routers.bodies import MAX_BODY_BYTES
from app.routers.request_log import RequestLog
from app.routers.tus import TusHeaders
from app.series.retention import FIRST_LOOK_SECONDS, LOOK_SECONDS, drop_old_weeks
from app.storage.resources import Resources
from app.uploads.janitor import TIDY_SECONDS, tidy_up
from app.web import too_large
from app.web.edges import add_edges
from app.web.routes import API, PROBES
from app.web.services import build_services


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
    polls_loop = Loop(
        "poll retention", lambda *_: _drop_old_polls(resources), LOOK_SECONDS, FIRST_LOOK_SECONDS, watched=False
    )
    loops = (uploads_loop, polls_loop)
    replica = Replica(resources, slots=slots, kinds=job_kinds(kinds), prefixes=BUCKET_PREFIXES, loops=loops)

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
        redirect_slashes=False,  # Addressed ignores them: clients of tus follow no redirect
    )
    app.state.services = build_services(resources, replica=replica, datasets=catalogue, hooks=hooks, kinds=kinds)
    app.add_middleware(TusHeaders)
    app.add_middleware(RequestLog, replica=replica, access_log=resources.settings.access_log)
    add_edges(app, resources.settings)
    too_large.install(app, limit_bytes=MAX_BODY_BYTES)
    answers.install(app)
    routes = API if api else PROBES
    openapi.install(app, routes)
    app.router.routes.extend(routes.routes)
    if api:
        app.add_api_route("/", _pages, include_in_schema=False)
    return app


def _drop_old_polls(resources: Resources) -> None:
    days = resources.settings.poll_retention_days
    if days is not None:
        drop_old_weeks(resources.engine, days=days, now=datetime.now(UTC))


def _pages(request: Request) -> RedirectResponse:
    """Redirect browsers to the page of the API: by a relative address, as long as no path of a proxy is set."""
    return RedirectResponse("/docs" if request.scope["root_path"] else "docs")
