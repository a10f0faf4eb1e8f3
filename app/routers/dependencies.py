"""The dependencies of routes, by annotation."""

from typing import Annotated

from fastapi import Depends, Request

from app.catalogue.service import DatasetService
from app.entities.service import EntityService
from app.jobs.waiters import Waiters
from app.reports.service import ReportService
from app.telemetry.logs import bind
from app.uploads.service import UploadService


async def _reports(request: Request) -> ReportService:
    service: ReportService = request.app.state.reports
    return service


Reports = Annotated[ReportService, Depends(_reports)]


async def _endings(request: Request) -> Waiters:
    endings: Waiters = request.app.state.endings
    return endings


ReportEndings = Annotated[Waiters, Depends(_endings)]


async def _datasets(request: Request) -> DatasetService:
    service: DatasetService = request.app.state.datasets
    return service


Datasets = Annotated[DatasetService, Depends(_datasets)]


async def bind_dataset(request: Request) -> None:
    """Like bind_report, for datasets."""
    dataset_id = request.path_params.get("dataset_id")
    if dataset_id is not None:
        bind(dataset_id=dataset_id)


async def _uploads(request: Request) -> UploadService:
    service: UploadService = request.app.state.uploads
    return service


Uploads = Annotated[UploadService, Depends(_uploads)]


async def _entities(request: Request) -> EntityService:
    service: EntityService = request.app.state.entities
    return service


Entities = Annotated[EntityService, Depends(_entities)]


async def bind_report(request: Request) -> None:
    """Add the report in the address of a request to everything that is logged about the request.

    A coroutine, so that it runs in the task of the request: errors are logged in the context of that task, which ends
    with the request. Values that a thread binds are visible only to that thread.
    """
    report_id = request.path_params.get("report_id") or request.query_params.get("report_id")
    if report_id is not None:
        bind(report_id=report_id)
