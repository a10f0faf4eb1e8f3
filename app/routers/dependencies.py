"""The dependencies of routes, by annotation."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from app.access.accounts import Accounts as AccountServices
from app.access.audit_log import AuditLog
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
from app.reports.service import ReportService
from app.routers.downloads import Downloads
from app.routers.inspection_threads import InspectionThreads
from app.routers.services import Services
from app.routers.store_threads import StoreThreads
from app.schedules.service import ScheduleService
from app.sources.events import EventService
from app.sources.service import SourceService
from app.telemetry.logs import bind
from app.uploads.service import UploadService


def services_of(app: FastAPI) -> Services:
    """The services of an application that create_app() made."""
    services: Services = app.state.services
    return services


# Coroutines, here and below: FastAPI would call functions in threads. None depends on another: FastAPI solves what a
# dependency depends on at each request, even if it has the answer already.
async def _services(request: Request) -> Services:
    return services_of(request.app)


AllServices = Annotated[Services, Depends(_services)]


async def _reports(request: Request) -> ReportService:
    return services_of(request.app).reports


async def _waiters(request: Request) -> Waiters:
    return services_of(request.app).waiters


async def _datasets(request: Request) -> DatasetService:
    return services_of(request.app).datasets


async def _samples(request: Request) -> SampleService:
    return services_of(request.app).samples


async def _uploads(request: Request) -> UploadService:
    return services_of(request.app).uploads


async def _webhooks(request: Request) -> WebhookService:
    return services_of(request.app).webhooks


async def _deliveries(request: Request) -> DeliveryService:
    return services_of(request.app).deliveries


async def _rules(request: Request) -> RuleService:
    return services_of(request.app).rules


async def _in_hours(request: Request) -> InHoursService:
    return services_of(request.app).in_hours


async def _entities(request: Request) -> EntityService:
    return services_of(request.app).entities


async def _history(request: Request) -> HistoryService:
    return services_of(request.app).history


async def _activities(request: Request) -> ActivityService:
    return services_of(request.app).activities


async def _calendars(request: Request) -> CalendarService:
    return services_of(request.app).calendars


async def _mappings(request: Request) -> MappingService:
    return services_of(request.app).mappings


async def _metrics(request: Request) -> MetricService:
    return services_of(request.app).metrics


async def _source_events(request: Request) -> EventService:
    return services_of(request.app).source_events


async def _sources(request: Request) -> SourceService:
    return services_of(request.app).sources


async def _schedules(request: Request) -> ScheduleService:
    return services_of(request.app).schedules


async def _audit(request: Request) -> AuditLog:
    return services_of(request.app).audit


async def _store_threads(request: Request) -> StoreThreads:
    return services_of(request.app).store_threads


async def _inspections(request: Request) -> InspectionThreads:
    return services_of(request.app).inspections


async def _downloads(request: Request) -> Downloads:
    return services_of(request.app).downloads


async def _accounts(request: Request) -> AccountServices:
    return services_of(request.app).accounts


Reports = Annotated[ReportService, Depends(_reports)]
JobWaiters = Annotated[Waiters, Depends(_waiters)]
Datasets = Annotated[DatasetService, Depends(_datasets)]
Samples = Annotated[SampleService, Depends(_samples)]
Uploads = Annotated[UploadService, Depends(_uploads)]
Entities = Annotated[EntityService, Depends(_entities)]
InHours = Annotated[InHoursService, Depends(_in_hours)]
History = Annotated[HistoryService, Depends(_history)]
Activities = Annotated[ActivityService, Depends(_activities)]
Calendars = Annotated[CalendarService, Depends(_calendars)]
SourceEvents = Annotated[EventService, Depends(_source_events)]
Sources = Annotated[SourceService, Depends(_sources)]
Mappings = Annotated[MappingService, Depends(_mappings)]
Metrics = Annotated[MetricService, Depends(_metrics)]
Webhooks = Annotated[WebhookService, Depends(_webhooks)]
Deliveries = Annotated[DeliveryService, Depends(_deliveries)]
Rules = Annotated[RuleService, Depends(_rules)]
Schedules = Annotated[ScheduleService, Depends(_schedules)]
Accounts = Annotated[AccountServices, Depends(_accounts)]
Audit = Annotated[AuditLog, Depends(_audit)]
Inspections = Annotated[InspectionThreads, Depends(_inspections)]
Downloading = Annotated[Downloads, Depends(_downloads)]
AskingStore = Annotated[StoreThreads, Depends(_store_threads)]


async def bind_report(request: Request) -> None:
    """Add the report in the address of a request to everything that is logged about the request.

    A coroutine, so that it runs in the task of the request: errors are logged in the context of that task, which ends
    with the request. Values that a thread binds are visible only to that thread.
    """
    report_id = request.path_params.get("report_id") or request.query_params.get("report_id")
    if report_id is not None:
        bind(report_id=report_id)


async def bind_dataset(request: Request) -> None:
    """Like bind_report, for datasets."""
    dataset_id = request.path_params.get("dataset_id")
    if dataset_id is not None:
        bind(dataset_id=dataset_id)
