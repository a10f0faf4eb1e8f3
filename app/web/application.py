"""The web application: its lifespan, its routes, its errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import __version__
from app.catalogue.intake import upload_hooks
from app.catalogue.prefixes import BUCKET_PREFIXES
from app.catalogue.service import DatasetService
from app.replica.loops import Loop
from app.replica.registry import job_kinds
from app.replica.replica import Replica
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.routers import answers, datasets, entities, health, metrics, openapi, reports, timezones, uploads
from app.routers.request_metrics import RequestMetrics
from app.routers.tus import EXPOSED, TusHeaders
from app.settings import Settings, listed
from app.storage.resources import Resources
from app.uploads.janitor import TIDY_SECONDS, tidy_up
from app.web import too_large
from app.web.addressed import Addressed
from app.web.services import build_services

#: Largest body, bytes: more than any list of stores needs. It is parsed in memory, in the process that serves everyone.
MAX_BODY_BYTES: Final = 8 << 20

#: How long a browser may remember what other origins may do, seconds.
CORS_SECONDS: Final = 3600


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
        redirect_slashes=False,  # Addressed ignores them: clients of tus follow no redirect
    )
    app.state.services = build_services(resources, replica=replica, datasets=catalogue, hooks=hooks, kinds=kinds)
    app.add_middleware(TusHeaders)
    app.add_middleware(RequestMetrics, replica=replica)
    _add_edges(app, resources.settings)
    too_large.install(app, limit_bytes=MAX_BODY_BYTES)
    answers.install(app)
    openapi.install(app)
    for module in (reports, datasets, uploads, entities, timezones, health, metrics) if api else (health, metrics):
        app.include_router(module.router)
    if api:
        app.add_api_route("/", _pages, include_in_schema=False)
    return app


def _add_edges(app: FastAPI, settings: Settings) -> None:
    """What stands between a client and the API: the last one added is the first to see a request."""
    if origins := listed(settings.cors_origins):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
            max_age=CORS_SECONDS,
        )
    app.add_middleware(Addressed, root_path=settings.root_path or "")
    if proxies := listed(settings.trusted_proxies):
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts="*" if "*" in proxies else proxies)


def _pages(request: Request) -> RedirectResponse:
    """Redirect browsers to the page of the API: by a relative address, as long as no path of a proxy is set."""
    return RedirectResponse("/docs" if request.scope["root_path"] else "docs")
