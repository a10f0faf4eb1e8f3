"""The files of reports and datasets, through the service."""

from functools import partial
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.files.artifact import MediaType
from app.routers.answers import CONFLICT, NOT_FOUND, UNAVAILABLE, UNPROCESSABLE, Problem
from app.routers.dependencies import Datasets, Downloading, Reports, bind_dataset, bind_report
from app.routers.malformed import require_known_query
from app.routers.needs import needs

#: A file has the media type that it was made with. The first one stands for all: generated clients take it, and bytes.
_BYTES: Final = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type in ("application/octet-stream", *get_args(MediaType))
}

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file; its ETag is its SHA-256", "content": _BYTES},
    304: {"description": "The file still has this ETag"},
}
_PART: Final[dict[int | str, dict[str, Any]]] = {
    206: {"description": "The part that `Range` requested", "content": _BYTES},
    416: {"model": Problem, "description": "`Range` lies outside the file"},
}

router = APIRouter(
    responses=UNAVAILABLE | UNPROCESSABLE | NOT_FOUND | _FILE,
    dependencies=[Depends(bind_report), Depends(bind_dataset), Depends(require_known_query)],
)

_ReportId = Annotated[str, Path(description="Report id: 32 hexadecimal digits.")]
_DatasetId = Annotated[str, Path(description="Dataset id: 32 hexadecimal digits.")]
_Name = Annotated[
    str, Path(description="Name of the file, as the status of the report lists it.", examples=["uptime.csv"])
]

_REPORT: Final = "/reports/{report_id}/files/{name}"
_DATASET: Final = "/datasets/{dataset_id}/files/{name}"


@router.get(_REPORT, response_class=Response, responses=CONFLICT | _PART, tags=["reports"])
@needs(Scope.REPORTS_READ)
async def get_report_file(
    request: Request, reports: Reports, downloads: Downloading, report_id: _ReportId, name: _Name
) -> Response:
    """A file of a complete report; supports `Range`, `If-Range` and `If-None-Match`."""
    file = await run_in_threadpool(reports.file, report_id, name)
    return await downloads.answer(request, file, partial(reports.read, file))


@router.head(_REPORT, response_class=Response, responses=CONFLICT, tags=["reports"])
@needs(Scope.REPORTS_READ)
async def look_at_report_file(
    request: Request, reports: Reports, downloads: Downloading, report_id: _ReportId, name: _Name
) -> Response:
    """Size, type and ETag of a file of a complete report."""
    return await get_report_file(request, reports, downloads, report_id, name)


@router.get(_DATASET, response_class=Response, responses=_PART, tags=["datasets"])
@needs(Scope.DATA_READ)
async def get_dataset_file(
    request: Request, datasets: Datasets, downloads: Downloading, dataset_id: _DatasetId, name: _Name
) -> Response:
    """A file of a dataset, such as its `rejects.csv`; supports `Range` and conditional requests."""
    file = await run_in_threadpool(datasets.file, dataset_id, name)
    return await downloads.answer(request, file, partial(datasets.read, file))


@router.head(_DATASET, response_class=Response, tags=["datasets"])
@needs(Scope.DATA_READ)
async def look_at_dataset_file(
    request: Request, datasets: Datasets, downloads: Downloading, dataset_id: _DatasetId, name: _Name
) -> Response:
    """Size, type and ETag of a file of a dataset."""
    return await get_dataset_file(request, datasets, downloads, dataset_id, name)
