"""The dependencies of routes, by annotation."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from app.access.accounts import Accounts as AccountServices
from app.access.audit_log import AuditLog
from app.catalogue.mappings import MappingService
from app.catalogue.service import DatasetService
from app.entities.calendars import CalendarService
from app.entities.history import HistoryService
from app.entities.service import EntityService
from app.jobs.waiters import Waiters
from app.reports.service import ReportService
from app.routers.downloads import Downloads
from app.routers.hashing_threads import HashingThreads
from app.routers.services import Services
from app.routers.store_threads import StoreThreads
from app.telemetry.logs import bind
from app.uploads.service import UploadService


def services_of(app: FastAPI) -> Services:
    """The services of an application that create_app() made."""
    services: Services = app.state.services
    return services


# Coroutines, here and below: FastAPI would call functions in threads.
async def _services(request: Request) -> Services:
    return services_of(request.app)


AllServices = Annotated[Services, Depends(_services)]


async def _reports(services: AllServices) -> ReportService:
    return services.reports


async def _waiters(services: AllServices) -> Waiters:
    return services.waiters


async def _datasets(services: AllServices) -> DatasetService:
    return services.datasets


async def _uploads(services: AllServices) -> UploadService:
    return services.uploads


async def _entities(services: AllServices) -> EntityService:
    return services.entities


async def _history(services: AllServices) -> HistoryService:
    return services.history


async def _calendars(services: AllServices) -> CalendarService:
    return services.calendars


async def _mappings(services: AllServices) -> MappingService:
    return services.mappings


async def _audit(services: AllServices) -> AuditLog:
    return services.audit


async def _store_threads(services: AllServices) -> StoreThreads:
    return services.store_threads


async def _downloads(services: AllServices) -> Downloads:
    return services.downloads


async def _accounts(services: AllServices) -> AccountServices:
    return services.accounts


async def _hashing(services: AllServices) -> HashingThreads:
    return services.hashing


Reports = Annotated[ReportService, Depends(_reports)]
JobWaiters = Annotated[Waiters, Depends(_waiters)]
Datasets = Annotated[DatasetService, Depends(_datasets)]
Uploads = Annotated[UploadService, Depends(_uploads)]
Entities = Annotated[EntityService, Depends(_entities)]
History = Annotated[HistoryService, Depends(_history)]
Calendars = Annotated[CalendarService, Depends(_calendars)]
Mappings = Annotated[MappingService, Depends(_mappings)]
Accounts = Annotated[AccountServices, Depends(_accounts)]
Hashing = Annotated[HashingThreads, Depends(_hashing)]
Audit = Annotated[AuditLog, Depends(_audit)]
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
