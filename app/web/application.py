"""The web application: its lifespan, its routes, its errors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from threading import Event

from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from app import __version__
from app.access import audit, audit_retention, credentials
from app.access.known import Known
from app.access.modes import mode_of
from app.access.principal import Principal
from app.access.refusals import RECORD_SECONDS, Refusals
from app.access.second_factor import demanded_roles
from app.access.secrets import Secret
from app.access.uses import WRITE_SECONDS
from app.catalogue.intake import upload_hooks
from app.catalogue.samples import SampleService
from app.catalogue.service import DatasetService
from app.console import install as console
from app.dashboards import due as dashboards
from app.deliveries.means import means_of
from app.jobs.links import Links
from app.replica.loops import Loop
from app.replica.registry import PREFIXES, job_kinds
from app.replica.replica import Replica
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.reports.service import ReportService
from app.routers import answers, openapi
from app.routers.bodies import MAX_BODY_BYTES
from app.routers.request_log import RequestLog
from app.routers.tus import TusHeaders
from app.schedules import firing
from app.schedules.actions import every_action
from app.schedules.service import ScheduleService
from app.schedules.syncs import SyncSchedules
from app.sealing import due as sealing
from app.series.retention import FIRST_LOOK_SECONDS, LOOK_SECONDS, drop_old_weeks
from app.sources import hints
from app.sources.service import SourceService
from app.storage.resources import Resources
from app.uploads.janitor import TIDY_SECONDS, tidy_up
from app.web import too_large
from app.web.automation import Automation
from app.web.edges import add_edges
from app.web.gate import envelope, gate
from app.web.pages import api as pages
from app.web.routes import API, PROBES
from app.web.services import build_services


def create_app(
    resources: Resources,
    *,
    slots: int,
    api: bool = True,
    host: str | None = None,
    own: tuple[Secret, Principal] | None = None,
    kinds: Mapping[str, ReportKind] = REPORT_KINDS,
) -> FastAPI:
    """The application, on servers that are already connected; runs up to ``slots`` jobs itself.

    Without ``api`` it serves only probes and metrics, for the health port of a worker. ``host`` is where it listens, by
    default that of the settings. ``own`` is a credential by which this very process asks, and as whom.

    Raises:
        SetupError: the settings would let in anyone of a network, or a route does not say what it needs.
    """
    settings = resources.settings
    mode = mode_of(settings, host=settings.host if host is None else host)
    known, refusals = _known(resources, own), Refusals(resources.engine)
    links = Links(resources, mode)
    catalogue = DatasetService(resources, links=links)
    hooks = upload_hooks(catalogue)
    reports = ReportService(resources, kinds, links=links)
    sources = SourceService(resources)
    actions = every_action(reports, sources)
    schedules = ScheduleService(resources.engine, actions)
    sources.followers = SyncSchedules(schedules)
    due = firing.Firing(resources.engine, actions)
    automation = Automation(resources, reports, means_of(settings), sends=slots > 0)
    uploads_loop = Loop(
        "uploads", lambda stopping, beat: tidy_up(resources, hooks, stopping=stopping, beat=beat), TIDY_SECONDS
    )
    polls_loop = Loop(
        "poll retention", lambda *_: _drop_old_polls(resources), LOOK_SECONDS, FIRST_LOOK_SECONDS, watched=False
    )
    uses_loop = Loop("uses", lambda *_: known.uses.write(), WRITE_SECONDS, watched=False)
    refusals_loop = Loop("refusals", lambda *_: refusals.write(), RECORD_SECONDS, watched=False)
    audit_loop = Loop(
        "audit retention",
        lambda stopping, _: _remove_old_audit(resources, stopping),
        audit_retention.LOOK_SECONDS,
        audit_retention.FIRST_LOOK_SECONDS,
        watched=False,
    )
    ended_loop = Loop(
        "ended credentials",
        lambda *_: _remove_ended(resources),
        credentials.LOOK_SECONDS,
        credentials.FIRST_LOOK_SECONDS,
        watched=False,
    )
    sealing_loop = Loop(
        "sealing",
        lambda stopping, _: sealing.look_now(resources, stopping),
        sealing.LOOK_SECONDS,
        sealing.FIRST_LOOK_SECONDS,
        watched=False,
    )
    schedules_loop = Loop("schedules", lambda stopping, _: due.fire_due(stopping), firing.LOOK_SECONDS, watched=False)
    hints_loop = Loop("hints", lambda stopping, _: hints.look(resources, stopping), hints.LOOK_SECONDS, watched=False)
    dashboards_loop = Loop(
        "dashboards", lambda *_: dashboards.look_now(resources), dashboards.LOOK_SECONDS, watched=False
    )
    loops = (
        *(uploads_loop, polls_loop, uses_loop, refusals_loop, audit_loop, ended_loop, sealing_loop, schedules_loop),
        *(hints_loop, dashboards_loop),
        *automation.loops(),
    )
    replica = Replica(resources, slots=slots, kinds=job_kinds(kinds), prefixes=PREFIXES, loops=loops)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(replica.start)
        try:
            yield
        finally:
            await run_in_threadpool(replica.stop)

    app = FastAPI(
        docs_url=None,  # the pages of the API are ours: see app/web/pages
        redoc_url=None,
        openapi_url=None,
        title="Openhours",
        version=__version__,
        summary="Uptime and pull-request reports that count only working hours.",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        redirect_slashes=False,  # Addressed ignores them: clients of tus follow no redirect
    )
    app.state.services = build_services(
        resources,
        replica=replica,
        reports=reports,
        datasets=catalogue,
        samples=SampleService(resources, links=links),
        sources=sources,
        schedules=schedules,
        automation=automation,
        hooks=hooks,
        mode=mode,
        known=known,
    )
    too_large.install(app, limit_bytes=MAX_BODY_BYTES)
    answers.install(app)
    routes = API if api else PROBES
    openapi.install(app, routes)
    app.router.routes.extend(routes.routes)
    if api:
        pages.install(app)
        console.install(app)
    # The last one added is the first to see a request, and the envelope is around them all.
    gate.install(
        app, settings, mode=mode, known=known, refusals=refusals, page_of=console.refusal_page if api else None
    )
    app.add_middleware(TusHeaders)
    app.add_middleware(RequestLog, replica=replica, access_log=settings.access_log)
    add_edges(app, settings)
    envelope.install(app, settings)
    return app


def _known(resources: Resources, own: tuple[Secret, Principal] | None) -> Known:
    known = Known(resources.engine, demanded_of=demanded_roles(resources.settings.second_factor_roles))
    if own is not None:
        known.trust(*own)
    return known


def _remove_ended(resources: Resources) -> None:
    credentials.remove_ended(resources.engine, datetime.now(UTC))


def _drop_old_polls(resources: Resources) -> None:
    days = resources.settings.poll_retention_days
    if days is not None:
        drop_old_weeks(resources.engine, days=days, now=datetime.now(UTC), recorded=_audit_dropped)


def _remove_old_audit(resources: Resources, stopping: Event) -> None:
    audit_retention.remove_old(resources.engine, days=resources.settings.audit_days, stopping=stopping)


def _audit_dropped(connection: Connection, week: date) -> None:
    audit.record(connection, "polls.expire", "week", week.isoformat())
