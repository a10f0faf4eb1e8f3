"""Upload a file, view its dataset, reload it, remove it, list datasets and dataset kinds."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.catalogue.options import LoadOptions, load_options
from app.catalogue.records import Action, DatasetRecord, DatasetStatus
from app.catalogue.service import WORKING, DatasetState, Removal
from app.errors import UnknownDataset, UnknownUpload
from app.ingest.inspection.inspect import inspect_as
from app.ingest.inspection.layout import is_read_whole
from app.ingest.kind import Column, Covers
from app.ingest.policy import OnError
from app.jobs.records import JobStatus
from app.mapping.document import read_mapping, written
from app.routers.answers import (
    CONFLICT,
    CUT,
    ENCODED,
    NOT_FOUND,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    UNPROCESSABLE,
    AnyCase,
    Cursor,
    NextCursor,
)
from app.routers.dependencies import AskingStore, Datasets, Inspections, JobWaiters, Uploads, bind_dataset
from app.routers.inspections import InspectionAnswer, inspection_answer
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.reports import POLL_AFTER_SECONDS, ReportError, ReportFile, Wait
from app.routers.uploads import UNLIMITED, address_of, body_of, require_plain_content
from app.routers.warned import Warned
from app.telemetry.logs import bind
from app.uploads.form import file_in
from app.uploads.incoming import Block
from app.uploads.metadata import file_name
from app.uploads.one_line import FORM_ENCODED, with_line_breaks

#: Content type of a form.
FORM: Final = "multipart/form-data"

#: Description of a streamed body for the OpenAPI document.
_BODY: Final = {
    "requestBody": {
        "required": False,  # an empty body is an empty file
        "content": {
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}

#: The first bytes of a file.
_RAW: Final = {
    "requestBody": {
        "required": False,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

#: OpenAPI links from the id in a response.
_LINKS: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "links": {
            operation: {"operationId": operation, "parameters": {"dataset_id": "$response.body#/dataset_id"}}
            for operation in ("get_dataset", "reload_dataset", "delete_dataset")
        }
    }
}

router = APIRouter(
    tags=["datasets"],
    responses=UNAVAILABLE | UNPROCESSABLE,
    dependencies=[Depends(bind_dataset), Depends(require_known_query)],
)

_DatasetId = Annotated[str, Field(description="Dataset id: 32 hexadecimal digits.")]


def _described(name: str, *, ge: int | None = None) -> Any:
    return Query(description=LoadOptions.model_fields[name].description, ge=ge)


async def _options(
    *,
    on_error: Annotated[OnError | None, _described("on_error")] = None,
    max_errors: Annotated[int | None, _described("max_errors", ge=0)] = None,
    columns: Annotated[str | None, _described("columns")] = None,
    mapping: Annotated[str | None, _described("mapping")] = None,
    set: Annotated[str | None, _described("set")] = None,  # noqa: A002 - its name in requests
    assume_zone: Annotated[str | None, _described("assume_zone")] = None,
    valid_from: Annotated[str | None, _described("valid_from")] = None,
    source: Annotated[str | None, _described("source")] = None,
    covers: Annotated[Covers | None, _described("covers")] = None,
    covers_from: Annotated[str | None, _described("covers_from")] = None,
    covers_to: Annotated[str | None, _described("covers_to")] = None,
    snapshot: Annotated[bool | None, _described("snapshot")] = None,
    notify: Annotated[str | None, _described("notify")] = None,
    force: Annotated[bool | None, _described("force")] = None,
) -> dict[str, Any]:
    given = locals()
    return {name: given[name] for name in LoadOptions.model_fields if given[name] is not None}


#: The options that the request has.
Options = Annotated[dict[str, Any], Depends(_options)]


class Rejection(BaseModel):
    """A rejected row and the reason."""

    line: int = Field(description="Line of the file on which the row begins, counted from 1.")
    column: str = Field(description="Name of the column, or `row` if the reason concerns the whole row.")
    value: str = Field(description="Value received, with invisible characters escaped.")
    code: str = Field(description="Stable code, for programs.")
    reason: str = Field(description="For people: reads as a continuation of the value.")


class DatasetAnswer(BaseModel):
    """An uploaded file. Always: accepted + rejected + duplicate = read."""

    dataset_id: _DatasetId
    kind: str
    filename: str | None = Field(description="File name, as the client sent it.")
    status: DatasetStatus
    progress: float = Field(ge=0, le=1, description="Share of checking and loading that is done.")
    bytes: int | None
    sha256: str | None = Field(
        description="SHA-256 of the bytes received, not the one announced; null until they are read."
    )
    rows_read: int | None
    rows_loaded: bool = Field(description="Whether its rows are loaded: those of the last run that was not rejected.")
    rows_accepted: int | None = Field(description="Rows that passed every check; a rejected run loads none of them.")
    rows_rejected: int | None
    rows_duplicate: int | None = Field(
        description="Rows that repeat a row of the file, or that a later row of the file replaces."
    )
    rows_contradicting: int | None = Field(
        description="Duplicate rows that contradict the row that counts; polls only."
    )
    first_at: datetime | None = Field(description="Earliest instant of the accepted rows.")
    last_at: datetime | None = Field(description="Latest instant of the accepted rows.")
    rejections: list[Rejection] = Field(description="The first rejected rows.")
    warnings: list[Warned] = Field(description="Warnings about probable mistakes; the rows are loaded nevertheless.")
    rejects: ReportFile | None = Field(description="All rejected rows, as a file.")
    proposal: dict[str, Any] | None = Field(
        description="A mapping that would read the rejected file; check it before you use it."
    )
    error: ReportError | None = Field(description="Why the dataset was rejected, or why its rows could not be removed.")
    duplicate_of: str | None = Field(description="Dataset with the same bytes, whose rows are loaded.")
    options: dict[str, Any] = Field(description="Options for checking and loading it.")
    created_at: datetime
    uploaded_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


class DatasetList(BaseModel):
    """Datasets, newest first."""

    datasets: list[DatasetAnswer]
    next_cursor: NextCursor


class DatasetRemoved(BaseModel):
    """The outcome of the removal."""

    status: Removal


class ColumnDescription(BaseModel):
    """A column of a file."""

    name: str
    aliases: list[str]
    type: str
    allowed: list[str] = Field(description="Values that the column allows; empty if they are not a fixed list.")
    required: bool
    may_be_empty: bool = Field(description="The column is required, but its fields may be empty.")
    instead_of: str | None = Field(description="Column that this one replaces; a file has exactly one of the two.")
    example: str


class DatasetKindDescription(BaseModel):
    """A dataset kind and the columns of its files."""

    name: str
    summary: str
    columns: list[ColumnDescription]


#: The answer to a removal that takes a job.
_REMOVING: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": DatasetRemoved, "description": "A job removes the rows first; then the dataset is gone"}
}


@router.post(
    "/datasets",
    status_code=202,
    responses=NOT_FOUND | CONFLICT | TOO_LARGE | TOO_MANY | ENCODED | CUT | _LINKS,
    dependencies=[Depends(require_plain_content)],
    openapi_extra=_BODY,
    max_body_size=UNLIMITED,
)
@needs(Scope.DATA_WRITE)
async def bring_dataset(
    request: Request,
    uploads: Uploads,
    datasets: Datasets,
    waiters: JobWaiters,
    response: Response,
    kind: Annotated[str, Query(description="Dataset kind; see /datasets/kinds.", examples=["polls"])],
    options: Options,
    filename: Annotated[str | None, Query(description="File name to show; a form sends its own.")] = None,
    wait: Wait = 0,
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> DatasetAnswer:
    """Upload a file, as the body or as the only part of a form; a job then checks and loads it.

    For large files and unreliable connections, use /uploads, which can resume.
    """
    datasets.kind(kind)
    blocks: AsyncIterator[Block] = body_of(request)
    request_bytes = content_length
    content_type = request.headers.get("content-type", "")
    sent_as = content_type.partition(";")[0].strip().lower()
    if sent_as == FORM_ENCODED and not {"columns", "mapping"} & options.keys():
        blocks = with_line_breaks(blocks)
    if sent_as == FORM:
        file = await file_in(content_type, blocks)
        filename, blocks, content_length = file.filename, file.stream, None
    received = await uploads.receive(
        kind,
        blocks,
        filename=file_name(filename),
        options=load_options(**options).model_dump(mode="json"),
        length_bytes=content_length,
        request_bytes=request_bytes,
        client=address_of(request),
    )
    response.headers["Location"] = f"/datasets/{received.id}"
    bind(dataset_id=received.id)
    return await get_dataset(datasets, waiters, response, received.id, wait)


@router.get("/datasets", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def list_datasets(
    datasets: Datasets,
    kind: Annotated[str | None, Query(description="List only this kind.")] = None,
    status: Annotated[
        DatasetStatus | None,
        AnyCase,
        Query(description="List only this status; `checking` and `loading` count as one."),
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Datasets per page.")] = 50,
) -> DatasetList:
    """Datasets, newest first."""
    page = datasets.page(kind=kind, status=status, cursor=cursor, limit=limit)
    return DatasetList(datasets=[_answer(state) for state in page.items], next_cursor=page.next_cursor)


@router.get("/datasets/kinds")
@needs(Scope.DATA_READ)
def list_dataset_kinds(datasets: Datasets) -> list[DatasetKindDescription]:
    """The dataset kinds with the columns of their files."""
    return [
        DatasetKindDescription(
            name=kind.name, summary=kind.summary, columns=[_column(column) for column in kind.columns]
        )
        for kind in datasets.kinds()
    ]


@router.post("/datasets/inspect", responses=NOT_FOUND | TOO_LARGE, openapi_extra=_RAW)
@needs(Scope.DATA_WRITE)
async def inspect_file(
    request: Request,
    datasets: Datasets,
    inspections: Inspections,
    kind: Annotated[str | None, Query(description="Dataset kind. Default: the one that fits best.")] = None,
    filename: Annotated[str | None, Query(description="Name of the file.")] = None,
    mapping: Annotated[str | None, Query(description="Mapping to try, as JSON, instead of a proposed one.")] = None,
) -> InspectionAnswer:
    """Guess the kind of a file from its first 64 KiB and propose a mapping; loads nothing."""
    kinds = datasets.kinds() if kind is None else [datasets.kind(kind)]
    tried = None if mapping is None else written(read_mapping(mapping))
    data = await request.body()
    name = file_name(filename) or "file"
    asked = data, name, [one.name for one in kinds], datetime.now(UTC), tried
    if is_read_whole(data):
        return inspection_answer(await inspections.look(inspect_as, *asked, name=name))
    return inspection_answer(await run_in_threadpool(inspect_as, *asked))


@router.get("/datasets/{dataset_id}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
async def get_dataset(
    datasets: Datasets, waiters: JobWaiters, response: Response, dataset_id: _DatasetId, wait: Wait = 0
) -> DatasetAnswer:
    """The status of a dataset: uploading, checking, loading, ready, rejected or removing."""
    state = await run_in_threadpool(datasets.get, dataset_id)
    if wait and state.status in WORKING and state.record.job is not None:
        has_ended = await waiters.wait(state.record.job.id, seconds=wait)
        state = await run_in_threadpool(datasets.get, dataset_id, has_ended=has_ended)
    if state.status in WORKING:
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    return _answer(state)


@router.post("/datasets/{dataset_id}/reload", status_code=202, responses=NOT_FOUND | CONFLICT | TOO_MANY)
@needs(Scope.DATA_WRITE)
async def reload_dataset(
    datasets: Datasets,
    waiters: JobWaiters,
    response: Response,
    dataset_id: _DatasetId,
    options: Options,
    wait: Wait = 0,
) -> DatasetAnswer:
    """Check and load a dataset again from its raw object, as before or with the options given here.

    An empty `columns`, `mapping` or `set` drops what was given before.
    """
    await run_in_threadpool(datasets.reload, dataset_id, options=options)
    response.headers["Location"] = f"/datasets/{dataset_id}"
    return await get_dataset(datasets, waiters, response, dataset_id, wait)


@router.delete("/datasets/{dataset_id}", responses=NOT_FOUND | CONFLICT | _REMOVING)
@needs(Scope.DATA_WRITE)
async def delete_dataset(
    datasets: Datasets,
    uploads: Uploads,
    threads: AskingStore,
    response: Response,
    dataset_id: _DatasetId,
    *,
    rows: Annotated[bool, Query(description="Also remove its rows from the series.")] = False,
) -> DatasetRemoved:
    """Remove a dataset and its raw object. Its rows stay; with `rows=true`, a job removes them first."""
    state = await run_in_threadpool(datasets.get, dataset_id)
    try:
        if state.status is DatasetStatus.UPLOADING:
            await uploads.terminate(dataset_id)
        removal = await threads.run(partial(datasets.delete, dataset_id, rows=rows))
    except (UnknownDataset, UnknownUpload):  # it was removed with its upload
        removal = Removal.REMOVED
    if removal is Removal.REMOVING:
        response.status_code = 202
    return DatasetRemoved(status=removal)


def _answer(state: DatasetState) -> DatasetAnswer:
    record, job = state.record, state.record.job
    rejects = state.rejects
    return DatasetAnswer(
        dataset_id=record.id,
        kind=record.kind,
        filename=record.filename,
        status=state.status,
        progress=round(state.progress, 4),
        bytes=record.bytes,
        sha256=record.sha256,
        rows_loaded=record.merged_by is not None,
        rows_read=record.rows_read,
        rows_accepted=record.rows_accepted,
        rows_rejected=record.rows_rejected,
        rows_duplicate=record.rows_duplicate,
        rows_contradicting=record.rows_contradicting,
        first_at=record.first_at,
        last_at=record.last_at,
        rejections=_rejections(record.rejections or ()),
        warnings=Warned.all_of(record.warnings),
        rejects=rejects and ReportFile.of(rejects),
        error=_error(record, state.status),
        proposal=None if record.proposal is None else dict(record.proposal),
        duplicate_of=record.duplicate_of,
        options=dict(record.options),
        created_at=record.created_at,
        uploaded_at=record.uploaded_at,
        started_at=job and job.started_at,
        finished_at=job and job.finished_at,
    )


def _rejections(rows: Sequence[Mapping[str, Any]]) -> list[Rejection]:
    return [Rejection.model_validate(row) for row in rows]


#: Error of a dataset whose job was cancelled without removing the dataset.
_CANCELLED: Final = ReportError(code="cancelled", message="The job was cancelled.")


def _error(record: DatasetRecord, status: DatasetStatus) -> ReportError | None:
    """Why it was rejected, and whether earlier rows of it are still loaded; or why it could not be removed."""
    if status is DatasetStatus.READY and record.job is not None and record.job.action is Action.UNLOAD:
        return _reason(record)
    if status is not DatasetStatus.REJECTED:
        return None
    error = _reason(record)
    if record.merged_by is None:
        return error
    first, line_end, others = error.message.partition("\n")
    return ReportError(
        code=error.code, message=f"{first} The rows of the earlier run are still loaded.{line_end}{others}"
    )


def _reason(record: DatasetRecord) -> ReportError:
    """The result of the check, or else how its job ended."""
    if record.error_code is not None:
        return ReportError(code=record.error_code, message=record.error_message or "")
    job = record.job
    if job is None or job.status is JobStatus.CANCELLED or job.error_code is None:
        return _CANCELLED
    return ReportError(code=job.error_code, message=job.error_message or "")


def _column(column: Column) -> ColumnDescription:
    return ColumnDescription(
        name=column.name,
        aliases=list(column.aliases),
        type=column.type.name,
        allowed=list(column.type.allowed),
        required=column.required,
        may_be_empty=column.may_be_empty,
        instead_of=column.instead_of,
        example=column.example,
    )
