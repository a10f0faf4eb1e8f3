"""Trigger a report, poll it, wait for it, cancel or remove it, list reports and kinds."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Final, Literal, Union

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.access.scopes import Scope
from app.deliveries.notify import read_notify
from app.jobs.links import LinkedArtifact
from app.jobs.records import JobRecord, JobStatus
from app.reports.asked_params import asked_params
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.reports.service import Deletion, Ended, ReportService, Running
from app.routers.answers import (
    CONFLICT,
    NOT_FOUND,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    UNPROCESSABLE,
    AnyCase,
    Cursor,
    NextCursor,
)
from app.routers.bodies import checked, described_as
from app.routers.byte_range import is_known
from app.routers.dependencies import AllServices, AskingStore, Reports, bind_report
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.streamed import Streamed
from app.routers.triggers import AnyTrigger, Trigger
from app.routers.warned import Warned
from app.telemetry.logs import bind

#: When a client should ask again, seconds.
POLL_AFTER_SECONDS: Final = 1


async def _bind_and_check(request: Request) -> None:
    """Both in one, because FastAPI takes a while for each dependency, and clients poll often."""
    await bind_report(request)
    await require_known_query(request)


router = APIRouter(
    tags=["reports"],
    responses=UNAVAILABLE | UNPROCESSABLE,
    dependencies=[Depends(_bind_and_check)],
)

#: Longest that a request may wait for the end of its report, seconds: less than the timeouts of proxies.
LONGEST_WAIT_SECONDS: Final = 30

_ReportId = Annotated[str, Field(description="Report id, as returned by the trigger: 32 hexadecimal digits.")]

Wait = Annotated[
    float,
    Query(
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Wait up to this many seconds for the report to end.",
    ),
]

_IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Repeating a request with the same key within 24 hours returns the same report.",
    ),
]


Stage = Literal["queued", "loading", "computing", "uploading"]


class Triggered(BaseModel):
    """The report is accepted and will end, whatever happens to this replica."""

    report_id: _ReportId


class Poll(BaseModel):
    """Which report to poll."""

    model_config = ConfigDict(extra="forbid")

    report_id: _ReportId


class _Answer(BaseModel):
    """An answer that clients tell from others by its ``status``, which is therefore documented as always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class RunningAnswer(_Answer):
    """The report has not ended; ask again after Retry-After seconds."""

    status: Literal["Running"] = "Running"
    stage: Stage
    progress: float = Field(ge=0, le=1, description="Share of the work done, from 0 to 1.")


class ReportFile(BaseModel):
    """A file of a complete report."""

    name: str
    url: str = Field(
        description="Link. A presigned link expires: poll again for a new one. With OPENHOURS_DOWNLOADS=through it "
        "points to the file at this service."
    )
    bytes: int
    rows: int
    sha256: str

    @classmethod
    def of(cls, file: LinkedArtifact) -> "ReportFile":
        """A file with its link."""
        artifact = file.artifact
        return cls(name=artifact.name, url=file.url, bytes=artifact.bytes, rows=artifact.rows, sha256=artifact.sha256)


class CompleteAnswer(_Answer):
    """The report is complete."""

    status: Literal["Complete"] = "Complete"
    url: str = Field(description="Link to the main file.")
    files: list[ReportFile]
    as_of: datetime | None = Field(description="The instant for which the report was computed.")
    warnings: list[Warned] = Field(description="Warnings about probable mistakes.", default_factory=list)


class ReportError(BaseModel):
    """Why a report failed."""

    code: str
    message: str


class FailedAnswer(_Answer):
    """The report ended without a result."""

    status: Literal["Failed"] = "Failed"
    error: ReportError


class CancelledAnswer(_Answer):
    """The report was cancelled."""

    status: Literal["Cancelled"] = "Cancelled"


PollAnswer = Annotated[RunningAnswer | CompleteAnswer | FailedAnswer | CancelledAnswer, Field(discriminator="status")]


class TriggeredRunning(Triggered, RunningAnswer):
    """The wait is over and the report is still running."""


class TriggeredComplete(Triggered, CompleteAnswer):
    """The report completed within the wait."""


class TriggeredFailed(Triggered, FailedAnswer):
    """The report failed within the wait."""


class TriggeredCancelled(Triggered, CancelledAnswer):
    """The report was cancelled within the wait."""


#: The answer to a trigger whose report has ended within ``wait``.
TriggeredEnded = Annotated[TriggeredComplete | TriggeredFailed | TriggeredCancelled, Field(discriminator="status")]

#: The response to a trigger with ``wait``, by the status of the report.
_WAITED: Final[dict[str, type[Triggered]]] = {
    "Running": TriggeredRunning,
    "Complete": TriggeredComplete,
    "Failed": TriggeredFailed,
    "Cancelled": TriggeredCancelled,
}


class Deleted(BaseModel):
    """The outcome of the request."""

    status: Deletion


class ReportSummary(BaseModel):
    """A report in the list."""

    report_id: _ReportId
    report: str = Field(description="Report kind.")
    status: JobStatus
    as_of: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: ReportError | None
    asked: dict[str, Any] | None = Field(
        description="Parameters that differ from the defaults, without `as_of`; null in lists if they are long."
    )
    begun_by: str | None = Field(
        description="What started it automatically, such as `schedule` and its id; null: a request started it."
    )


class ReportDetails(ReportSummary):
    """A report: what the list says of it, its parameters, how far it is, and its files."""

    params: dict[str, Any] = Field(description="Parameters that it runs with, including defaults.")
    stage: Stage | None = Field(description="What it is doing; null once it has ended.")
    progress: float = Field(ge=0, le=1, description="Share of the work done, from 0 to 1.")
    files: list[ReportFile] = Field(description="The files of a complete report, with links.")
    warnings: list[Warned] = Field(description="What is probably not meant, of a complete report.")


class ReportList(BaseModel):
    """Reports, newest first."""

    reports: list[ReportSummary]
    next_cursor: NextCursor


class OutlineAnswer(BaseModel):
    """A summary as a table for people."""

    columns: list[str] = Field(description="Names of the columns; the first one names what the rows are about.")
    rows: list[list[str]] = Field(description="Texts, one for each column.")
    notes: list[str] = Field(description="Remarks for the reader, a sentence each.")


class KindDescription(BaseModel):
    """A report kind and its parameters."""

    name: str
    summary: str
    params: dict[str, Any] = Field(description="JSON Schema of the parameters.")
    findings: dict[str, Any] | None = Field(description="JSON Schema of its summary; null for a kind without one.")


#: The summaries of the kinds that make one, as the report wrote them.
_FINDINGS: Final[Any] = Union[tuple(kind.findings for kind in REPORT_KINDS.values() if kind.findings is not None)]  # noqa: UP007


@cache
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model, which takes pydantic some milliseconds; nobody may change it."""
    return model.model_json_schema()


def _link(operation: str) -> dict[str, Any]:
    """OpenAPI links from the id in a response."""
    return {"operationId": operation, "parameters": {"report_id": "$response.body#/report_id"}}


_TRIGGER: Final[dict[str, Any]] = {
    "status_code": 202,
    "response_model": None,  # each status has its own
    "responses": {200: {"model": TriggeredEnded, "description": "The report ended within `wait`"}}
    | NOT_FOUND
    | TOO_MANY
    | {
        202: {
            "model": TriggeredRunning | Triggered,
            "links": {name: _link(name) for name in ("get_report", "get_summary", "delete_report")},
        }
    },
}


_Trigger = Annotated[Any, Body(), described_as(AnyTrigger)]
_Poll = Annotated[Any, Body(), described_as(Poll)]


@router.post("/trigger_report", **_TRIGGER | {"responses": _TRIGGER["responses"] | TOO_LARGE})
@needs(Scope.REPORTS_RUN)
async def trigger_report(
    services: AllServices,
    response: Response,
    trigger: _Trigger = None,
    wait: Wait = 0,
    idempotency_key: _IdempotencyKey = None,
) -> Triggered:
    """Trigger a report. An empty body triggers `uptime` with its defaults."""
    report_id = await run_in_threadpool(_accepted, services.reports, trigger, idempotency_key)
    response.headers["Location"] = f"/get_report?report_id={report_id}"
    response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    if not wait:
        return Triggered(report_id=report_id)
    answer = await get_report(services, response, report_id, wait)
    if not isinstance(answer, RunningAnswer):
        response.status_code = 200
        del response.headers["Retry-After"]
    return _WAITED[answer.status].model_validate({"report_id": report_id, **answer.model_dump()})


def _accepted(reports: ReportService, body: Any, idempotency_key: str | None) -> str:
    trigger = checked(Trigger, {} if body is None else body)
    notify = read_notify(trigger.notify)
    return reports.trigger(trigger.report, trigger.params, idempotency_key=idempotency_key, notify=notify)


@router.get("/trigger_report", **_TRIGGER)
@needs(Scope.REPORTS_RUN, changes=True)
async def trigger_default_report(
    services: AllServices,
    response: Response,
    wait: Wait = 0,
    idempotency_key: _IdempotencyKey = None,
) -> Triggered:
    """Trigger `uptime` with its defaults; for older clients."""
    return await trigger_report(services, response, None, wait, idempotency_key)


@router.get("/get_report", responses=NOT_FOUND)
@needs(Scope.REPORTS_READ)
async def get_report(
    services: AllServices,
    response: Response,
    report_id: Annotated[_ReportId, Query()],
    wait: Wait = 0,
) -> PollAnswer:
    """The status of a report. Always 200 for a known id; each poll signs new links."""
    state = await run_in_threadpool(services.reports.poll, report_id)
    if wait and isinstance(state, Running):
        has_ended = await services.waiters.wait(report_id, seconds=wait)
        state = await run_in_threadpool(services.reports.poll, report_id, has_ended=has_ended)
    if isinstance(state, Running):
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
        return RunningAnswer.model_validate({"stage": state.live.stage, "progress": round(state.live.progress, 4)})
    return _ended(state)


@router.post("/get_report", responses=NOT_FOUND | TOO_LARGE)
@needs(Scope.REPORTS_READ)
async def post_get_report(services: AllServices, response: Response, body: _Poll, wait: Wait = 0) -> PollAnswer:
    """The same, with the id in the body; for older clients."""
    poll = await run_in_threadpool(checked, Poll, body)
    bind(report_id=poll.report_id)
    return await get_report(services, response, poll.report_id, wait)


@router.get("/reports", responses=NOT_FOUND)
@needs(Scope.REPORTS_READ)
def list_reports(
    reports: Reports,
    kind: Annotated[str | None, Query(description="List only this kind.")] = None,
    status: Annotated[JobStatus | None, AnyCase, Query(description="List only this status.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Reports per page.")] = 50,
) -> ReportList:
    """Reports, newest first."""
    page = reports.page(kind=kind, status=status, cursor=cursor, limit=limit)
    shown = [_summary(one, one.params, reports.kind(one.kind)) for one in page.items]
    return ReportList(reports=shown, next_cursor=page.next_cursor)


@router.get("/reports/kinds")
@needs(Scope.REPORTS_READ)
def list_kinds(reports: Reports) -> list[KindDescription]:
    """The report kinds, with the JSON Schema of their parameters."""
    return [
        KindDescription(
            name=kind.name,
            summary=kind.summary,
            params=_schema_of(kind.params),
            findings=kind.findings and _schema_of(kind.findings),
        )
        for kind in reports.kinds()
    ]


@router.get("/reports/{report_id}", responses=NOT_FOUND)
@needs(Scope.REPORTS_READ)
def describe_report(reports: Reports, response: Response, report_id: _ReportId) -> ReportDetails:
    """A report as in the list, with its parameters, its progress and, once complete, its files."""
    record, params, state = reports.details(report_id)
    more = {"params": dict(params), "warnings": Warned.all_of(record.warnings)}
    shown = _summary(record, params, reports.kind(record.kind)).model_dump() | more
    if isinstance(state, Running):
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
        live = state.live
        return ReportDetails.model_validate(
            shown | {"stage": live.stage, "progress": round(live.progress, 4), "files": []}
        )
    files = [ReportFile.of(file) for file in state.files]
    return ReportDetails(**shown, stage=None, progress=float(record.status is JobStatus.COMPLETE), files=files)


@router.get(
    "/reports/{report_id}/summary",
    response_model=_FINDINGS,
    responses=NOT_FOUND | CONFLICT | {304: {"description": "The file still has this ETag"}},
)
@needs(Scope.REPORTS_READ)
async def get_summary(
    reports: Reports,
    threads: AskingStore,
    report_id: _ReportId,
    if_none_match: Annotated[str | None, Header(description="ETag of the answer that the client has.")] = None,
) -> Response:
    """The summary of a complete report: the content of its summary.json, for kinds that have one."""
    file = await run_in_threadpool(reports.summary, report_id)
    headers = {"ETag": f'"{file.sha256}"'}
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(file.bytes)
    blocks = await threads.blocks(await threads.run(partial(reports.read, file)))
    return Streamed(blocks, headers=headers, media_type="application/json")


@router.get("/reports/{report_id}/outline", responses=NOT_FOUND | CONFLICT)
@needs(Scope.REPORTS_READ)
async def get_outline(reports: Reports, threads: AskingStore, report_id: _ReportId) -> OutlineAnswer:
    """The summary of a complete report as a table for people, as the command line prints it."""
    found = await threads.run(partial(reports.outline, report_id))
    rows = [list(row) for row in found.rows]
    return OutlineAnswer(columns=list(found.columns), rows=rows, notes=list(found.notes))


# After /reports/kinds: a 405 lists the methods of the first route that matches.
@router.delete("/reports/{report_id}", responses=NOT_FOUND)
@needs(Scope.REPORTS_DELETE)
async def delete_report(reports: Reports, threads: AskingStore, report_id: _ReportId) -> Deleted:
    """Cancel a report that is queued or running; remove one that has ended, with its files."""
    return Deleted(status=await threads.run(partial(reports.delete, report_id)))


def _ended(state: Ended) -> PollAnswer:
    record = state.record
    match record.status:
        case JobStatus.COMPLETE:
            files = [ReportFile.of(file) for file in state.files]
            return CompleteAnswer(
                url=files[0].url, files=files, as_of=record.as_of, warnings=Warned.all_of(record.warnings)
            )
        case JobStatus.CANCELLED:
            return CancelledAnswer()
        case _:
            return FailedAnswer(error=_error(record) or ReportError(code="report_failed", message="It failed."))


def _summary(record: JobRecord, params: Mapping[str, Any] | None, kind: ReportKind) -> ReportSummary:
    return ReportSummary(
        report_id=record.id,
        report=record.kind,
        status=record.status,
        as_of=record.as_of,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        error=_error(record),
        asked=None if params is None else asked_params(kind.params, params),
        begun_by=record.begun_by,
    )


def _error(record: JobRecord) -> ReportError | None:
    if record.error_code is None:
        return None
    return ReportError(code=record.error_code, message=record.error_message or "")
