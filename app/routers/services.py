"""What routes answer from: every service of the process, built once by the application."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from app.access.accounts import Accounts
from app.access.audit_log import AuditLog
from app.access.modes import Mode
from app.automation.service import RuleService
from app.catalogue.mappings import MappingService
from app.catalogue.samples import SampleService
from app.catalogue.service import DatasetService
from app.deliveries.service import DeliveryService
from app.deliveries.webhooks import WebhookService
from app.entities.activity import ActivityService
from app.entities.calendars import CalendarService
from app.entities.history import HistoryService
from app.entities.in_hours import InHoursService
from app.entities.service import EntityService
from app.jobs.waiters import Waiters
from app.metrics.service import MetricService
from app.replica.readiness import Readiness
from app.replica.replica import Replica
from app.reports.service import ReportService
from app.routers.downloads import Downloads
from app.routers.form_pages import DrawsForms
from app.routers.hashing_threads import HashingThreads
from app.routers.inspection_threads import InspectionThreads
from app.routers.store_threads import StoreThreads
from app.schedules.service import ScheduleService
from app.settings import Settings
from app.sources.events import EventService
from app.sources.service import SourceService
from app.uploads.service import UploadService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Stands on the application's state, and nothing else does.

    Attributes:
        in_hours: when teams commit.
        source_events: events by which sources are synced sooner.
        reports, datasets, samples, uploads, entities, history, activities, calendars, mappings, metrics, sources,
            schedules, webhooks, deliveries, rules, audit: what each part of the API answers from.
        settings: of the process.
        accounts: users, keys, sessions, logins.
        mode: how it is known who asks.
        waiters: requests that wait until a job has ended.
        replica: what this process runs beside HTTP.
        readiness: whether requests may be sent here.
        hashing: where routes compare passwords.
        store_threads: where routes wait for S3.
        inspections: where routes wait for files that are looked at as a whole.
        downloads: files that go through this process.
        draws_forms: what pages with a form look like.
        installation: metrics of the whole installation, asked of Postgres when they are scraped.
    """

    reports: ReportService
    datasets: DatasetService
    samples: SampleService
    uploads: UploadService
    entities: EntityService
    history: HistoryService
    activities: ActivityService
    in_hours: InHoursService
    calendars: CalendarService
    mappings: MappingService
    metrics: MetricService
    sources: SourceService
    source_events: EventService
    schedules: ScheduleService
    webhooks: WebhookService
    deliveries: DeliveryService
    rules: RuleService
    settings: Settings
    accounts: Accounts
    mode: Mode
    audit: AuditLog
    waiters: Waiters
    replica: Replica
    readiness: Readiness
    hashing: HashingThreads
    store_threads: StoreThreads
    inspections: InspectionThreads
    downloads: Downloads
    draws_forms: DrawsForms
    installation: CollectorRegistry

    @property
    def has_founding_apis(self) -> bool:
        """Whether the routes for clients of the founding systems are enabled."""
        enabled = self.settings.founding_logins
        return enabled == "on" or (enabled is None and self.mode is Mode.LOCAL)
