"""The aggregation of large CSVs: a file of plays is sent, and its sums by song and date are asked for.

A file is a dataset of kind ``table`` that is followed by a roll-up; its id is the uuid of the task.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.catalogue.options import FollowedOptions, FollowUp
from app.catalogue.records import DatasetStatus
from app.catalogue.service import DatasetService, DatasetState
from app.errors import DuplicateDataset, InvalidUpload, NotFound, UnknownDataset
from app.ingest.table.header import WITHOUT_HEADER
from app.jobs.records import JobStatus
from app.reports.service import Ended, ReportService
from app.rollup.mistakes import ADVICE
from app.routers.answers import CUT, ENCODED, TOO_LARGE, TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.compat.enabled import require_enabled
from app.routers.dependencies import AllServices, AskingStore, Datasets, Reports, Uploads
from app.routers.needs import needs
from app.routers.uploads import UNLIMITED, address_of, body_of, require_plain_content
from app.settings import Settings
from app.uploads.form import FormFile, file_in
from app.uploads.incoming import Block

router = APIRouter(
    prefix="/api",
    tags=["compatibility"],
    responses=UNAVAILABLE | UNPROCESSABLE | UNAUTHORISED,
    dependencies=[Depends(require_enabled)],
)

#: Dataset kind of a file.
_KIND: Final = "table"

#: What the founding system computes of a file.
_KEYS: Final = ("Song", "Date")
_MEASURE: Final = "Number of Plays"
_NAMES: Final = (*_KEYS, "Total Number of Plays for Date")

#: What these clients can do about a wrong row: they choose no parameters.
_ADVICE: Final = "Correct it, and send the file again."

#: The parameter of each column that is missing, before its name.
_PARAMETER: Final = re.compile(r"\b(?:by|sum): (?='[^']*' is not a column of )")

#: The field of the form.
_FIELD: Final = "file"

_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {_FIELD: {"type": "string", "format": "binary"}},
                    "required": [_FIELD],
                }
            }
        },
    }
}


class Task(BaseModel):
    """A file that was taken."""

    uuid: str = Field(description="Id of the task: 32 hexadecimal digits.")


class Told(BaseModel):
    """Why there is no result."""

    message: str
    type: str = Field(examples=["TooEarlyException"])


class Conflict(Told):
    """The file is there already."""

    uuid: str = Field(description="Id of the task of the first upload.")


class Failure(BaseModel):
    """What went wrong."""

    error: str


class NotAcceptable(Told):
    """The task has failed."""

    extra: Failure


class OutputFile(BaseModel):
    """A part of the result."""

    uuid: str
    output_file: str = Field(description="Link to the file.")


class TaskResult(BaseModel):
    """The whole result; put together, the files are ordered by song and date."""

    uuid: str
    input_file: str = Field(description="Link to the uploaded file.")
    output_files: list[OutputFile]
    initial_input_file_name: str | None


@router.post(
    "/process_file",
    status_code=201,
    response_model=Task,
    responses={409: {"model": Conflict, "description": "Sent before"}} | TOO_LARGE | TOO_MANY | ENCODED | CUT,
    dependencies=[Depends(require_plain_content)],
    openapi_extra=_FORM,
    max_body_size=UNLIMITED,
)
@needs(Scope.DATA_WRITE)
async def process_file(
    request: Request,
    services: AllServices,
    uploads: Uploads,
    datasets: Datasets,
    threads: AskingStore,
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> Any:
    """Upload a CSV of plays as the only part of a form; its sums by song and date follow."""
    file = await _file_of(request)
    follow_up = _follow_up(services.settings)
    try:
        received = await uploads.receive(
            _KIND,
            file.stream,
            filename=file.filename,
            options=FollowedOptions(then=follow_up).model_dump(mode="json"),
            request_bytes=content_length,
            client=address_of(request),
        )
    except DuplicateDataset as error:
        first = str(error.details["dataset_id"])
        if await run_in_threadpool(datasets.follow, first, follow_up) is not None:
            return Task(uuid=first)
        return _conflict(first)
    if (earlier := await threads.run(partial(datasets.drop_second, received.id))) is not None:
        return _conflict(earlier)
    return Task(uuid=received.id)


@router.get(
    "/csv_task_result/{uuid}",
    response_model=TaskResult,
    responses={
        404: {"model": Told, "description": "No such task"},
        406: {"model": NotAcceptable, "description": "It has failed"},
        425: {"model": Told, "description": "It is still running"},
    },
)
@needs(Scope.REPORTS_READ)
def get_csv_task_result(
    datasets: Datasets,
    reports: Reports,
    uuid: Annotated[str, Path(description="Of the task.")],
) -> Any:
    """Links to the output files of a task, once all of them are complete."""
    state = _task(datasets, uuid)
    match None if state is None else _outcome(state, reports):
        case None:
            return _told(404, f"There is no task {uuid!r}, or its result is no longer kept.", "NotFoundException")
        case "running":
            return _told(425, f"Task {uuid} is still running; ask again later.", "TooEarlyException")
        case _Failed(error):
            body = NotAcceptable(
                message=f"Task {uuid} has failed.", type="NotAcceptableException", extra=Failure(error=error)
            )
            return JSONResponse(body.model_dump(), status_code=406)
        case Ended(_, files):
            assert state is not None  # noqa: S101 - as matched above; this tells the type checker
            parts = [one for one in files if one.artifact.media_type == "text/csv"]
            return TaskResult(
                uuid=uuid,
                input_file=datasets.raw_file(state.record.id).url,
                output_files=[
                    OutputFile(uuid=_uuid_of(state, one.artifact.name), output_file=one.url) for one in parts
                ],
                initial_input_file_name=state.record.filename,
            )


@dataclass(frozen=True, slots=True)
class _Failed:
    error: str


def _task(datasets: DatasetService, uuid: str) -> DatasetState | None:
    """The dataset of a task; of bytes that were sent twice at the same time the first one."""
    try:
        state = datasets.get(uuid)
        if state.record.duplicate_of is not None:
            state = datasets.get(state.record.duplicate_of)
    except UnknownDataset:
        return None
    is_followed = "then" in state.record.options or state.record.followed_by is not None
    is_task = state.record.kind == _KIND and is_followed
    return state if is_task and state.status is not DatasetStatus.REMOVING else None


def _outcome(state: DatasetState, reports: ReportService) -> Literal["running"] | _Failed | Ended | None:
    """How a task stands; None if its result is no longer kept."""
    record = state.record
    if state.status is DatasetStatus.REJECTED:
        told = record.error_message or (None if record.job is None else record.job.error_message)
        return _Failed("The file could not be checked." if told is None else told.replace(WITHOUT_HEADER, ""))
    if state.status is not DatasetStatus.READY:
        return "running"
    try:
        report = reports.poll(record.followed_by or "")
    except NotFound:
        return None
    if not isinstance(report, Ended):
        return "running"
    if report.record.status is JobStatus.COMPLETE:
        return report
    told = report.record.error_message or f"The roll-up was {report.record.status}."
    told = _PARAMETER.sub("", told.replace(ADVICE, _ADVICE)).replace(
        "than decimals=0 allows", "than a whole number has"
    )
    return _Failed(told.replace("max_part_bytes", "OPENHOURS_MAX_SINGLE_FILE_BYTES"))


async def _file_of(request: Request) -> FormFile:
    stream: AsyncIterator[Block] = body_of(request)
    file = await file_in(request.headers.get("content-type", ""), stream)
    if file.name != _FIELD:
        raise InvalidUpload(f"The file is in the field {file.name!r} of the form; send it in the field {_FIELD!r}.")
    if file.filename is None:
        raise InvalidUpload("file: it has no name; send a file whose name ends in .csv.")
    if not file.filename.lower().endswith(".csv"):
        raise InvalidUpload(f"file: its name is {file.filename!r}; send a file whose name ends in .csv.")
    return file


def _follow_up(settings: Settings) -> FollowUp:
    params: Mapping[str, Any] = {
        "by": _KEYS,
        "sum": [_MEASURE],
        "names": _NAMES,
        "max_part_bytes": settings.max_single_file_bytes,
    }
    return FollowUp(report="rollup", params=dict(params))


def _conflict(first: str) -> JSONResponse:
    message = f"The same file was sent before, as task {first}; ask for the result of that one."
    return JSONResponse(Conflict(uuid=first, message=message, type="ConflictException").model_dump(), status_code=409)


def _told(status: int, message: str, kind: str) -> JSONResponse:
    return JSONResponse(Told(message=message, type=kind).model_dump(), status_code=status)


def _uuid_of(state: DatasetState, name: str) -> str:
    """The same for the same file whenever it is asked for."""
    return hashlib.sha256(f"{state.record.followed_by} {name}".encode()).hexdigest()[:32]
