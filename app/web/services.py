"""Builds what the routes answer from."""

from app.access.accounts import build_accounts
from app.access.audit_log import AuditLog
from app.access.known import Known
from app.access.modes import Mode
from app.access.server_secret import server_secret
from app.automation.service import RuleService
from app.catalogue.mappings import MappingService
from app.catalogue.samples import SampleService
from app.catalogue.service import DatasetService
from app.console.doors import draw_form
from app.deliveries.records import delivery_metrics
from app.deliveries.service import DeliveryService
from app.deliveries.webhooks import WebhookService
from app.entities.activity import ActivityService
from app.entities.calendars import CalendarService
from app.entities.history import HistoryService
from app.entities.in_hours import InHoursService
from app.entities.service import EntityService
from app.ingest.registry import DATASET_KINDS
from app.jobs.backlog import backlog_metrics
from app.jobs.waiters import Waiters
from app.metrics.service import MetricService
from app.replica.readiness import Readiness
from app.replica.replica import Replica
from app.reports.service import ReportService
from app.routers.downloads import Downloads
from app.routers.hashing_threads import HashingThreads
from app.routers.inspection_threads import InspectionThreads
from app.routers.services import Services
from app.routers.store_threads import StoreThreads
from app.schedules.metrics import schedule_metrics
from app.schedules.service import ScheduleService
from app.series.freshness import freshness_metrics
from app.sources.events import EventService
from app.sources.service import SourceService
from app.storage.resources import Resources
from app.storage.scraping import postgres_registry
from app.uploads.hooks import Hooks
from app.uploads.service import UploadService
from app.web.automation import Automation


def build_services(
    resources: Resources,
    *,
    replica: Replica,
    reports: ReportService,
    datasets: DatasetService,
    samples: SampleService,
    sources: SourceService,
    schedules: ScheduleService,
    automation: Automation,
    hooks: Hooks,
    mode: Mode,
    known: Known,
) -> Services:
    """The services of one process, over servers that are connected already."""
    settings = resources.settings
    waiters = Waiters(resources.engine)
    replica.has_ended = waiters.has_ended
    return Services(
        reports=reports,
        datasets=datasets,
        samples=samples,
        uploads=UploadService(resources, DATASET_KINDS, hooks, is_stopping=lambda: replica.draining),
        entities=EntityService(
            resources.engine, default_zone=settings.default_timezone, team_windows=settings.team_windows
        ),
        history=HistoryService(resources.engine),
        activities=ActivityService(resources.engine),
        in_hours=InHoursService(
            resources.engine, default_zone=settings.default_timezone, team_windows=settings.team_windows
        ),
        calendars=CalendarService(resources.engine),
        mappings=MappingService(resources.engine),
        metrics=MetricService(resources.engine, settings),
        sources=sources,
        source_events=EventService(resources),
        schedules=schedules,
        webhooks=WebhookService(resources.engine, settings, automation.means),
        deliveries=DeliveryService(resources.engine, lambda: server_secret(settings)),
        rules=RuleService(resources.engine, automation.tools),
        settings=settings,
        accounts=build_accounts(resources, known),
        mode=mode,
        hashing=HashingThreads(),
        audit=AuditLog(resources.engine),
        store_threads=StoreThreads(),
        inspections=InspectionThreads(replica.apart),
        downloads=Downloads(),
        draws_forms=draw_form,
        waiters=waiters,
        replica=replica,
        readiness=Readiness(resources.engine, replica, down=resources.down),
        installation=postgres_registry(
            resources.engine, backlog_metrics, freshness_metrics, schedule_metrics, delivery_metrics
        ),
    )
