"""Trigger a report, poll it, list reports and kinds."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.jobs.lifecycle import ReportRecord, ReportStatus
from app.jobs.service import Ended, Running
from app.logs import bind
from app.reports.registry import DEFAULT_KIND
from app.routers.dependencies import Reports, bind_report
from app.routers.problems import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE

#: When a client should ask again, seconds.
POLL_AFTER_SECONDS: Final = 1

router = APIRouter(tags=["reports"], responses=UNAVAILABLE, dependencies=[Depends(bind_report)])

#: For the ``responses`` of triggers: where the id that is answered leads.
_TRIGGERED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "links": {
            "poll": {"operationId": "get_report", "parameters": {"report_id": "$response.body#/report_id"}},
        }
    }
}

_ReportId = Annotated[str, Field(description="As answered by the trigger: 32 hexadecimal digits.")]


class Trigger(BaseModel):
    """Which report to start, and its parameters; see /reports/kinds."""

    model_config = ConfigDict(extra="forbid")

    report: str = Field(DEFAULT_KIND.name, description="Report kind.", examples=[DEFAULT_KIND.name])
    params: dict[str, Any] = Field(default_factory=dict, description="Parameters; each has a default.")


class Triggered(BaseModel):
    """The report is recorded and will end, whatever happens to this replica."""

    report_id: _ReportId


class Poll(BaseModel):
    """Which report to look at."""

    model_config = ConfigDict(extra="forbid")

    report_id: _ReportId


class RunningAnswer(BaseModel):
    """The report has not ended; ask again after Retry-After seconds."""

    status: Literal["Running"] = "Running"
    stage: Literal["queued", "loading", "computing", "uploading"]
    progress: float = Field(ge=0, le=1, description="Share of the work that is done.")


class ReportFile(BaseModel):
    """A file of a complete report."""

    name: str
    url: str = Field(description="Presigned, works for a while; poll again for a new one.")
    bytes: int
    rows: int
    sha256: str


class CompleteAnswer(BaseModel):
    """The report is there."""

    status: Literal["Complete"] = "Complete"
    url: str = Field(description="Presigned link to the main file.")
    files: list[ReportFile]
    as_of: datetime | None = Field(description="The instant the report speaks for.")


class ReportError(BaseModel):
    """Why a report failed."""

    code: str
    message: str


class FailedAnswer(BaseModel):
    """The report ended without a result."""

    status: Literal["Failed"] = "Failed"
    error: ReportError


class CancelledAnswer(BaseModel):
    """The report was called off."""

    status: Literal["Cancelled"] = "Cancelled"


PollAnswer = RunningAnswer | CompleteAnswer | FailedAnswer | CancelledAnswer


class ReportSummary(BaseModel):
    """A report in the list."""

    report_id: _ReportId
    report: str = Field(description="Report kind.")
    params: dict[str, Any]
    status: ReportStatus
    as_of: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: ReportError | None


class ReportList(BaseModel):
    """Reports, newest first."""

    reports: list[ReportSummary]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class KindDescription(BaseModel):
    """A report kind and what it may be asked."""

    name: str
    summary: str
    params: dict[str, Any] = Field(description="JSON Schema of the parameters.")


@router.post("/trigger_report", status_code=202, responses=_TRIGGERED | UNPROCESSABLE | NOT_FOUND | TOO_LARGE)
def trigger_report(reports: Reports, response: Response, trigger: Trigger | None = None) -> Triggered:
    """Start a report. An empty body starts `uptime` with its defaults."""
    trigger = trigger or Trigger.model_validate({})
    report_id = reports.trigger(trigger.report, trigger.params)
    response.headers["Location"] = f"/get_report?report_id={report_id}"
    response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    return Triggered(report_id=report_id)


@router.get("/trigger_report", status_code=202, responses=_TRIGGERED | UNPROCESSABLE)
def trigger_default_report(reports: Reports, response: Response) -> Triggered:
    """Start `uptime` with its defaults; for older clients."""
    return trigger_report(reports, response)


@router.get("/get_report", responses=NOT_FOUND | UNPROCESSABLE)
def get_report(reports: Reports, response: Response, report_id: Annotated[_ReportId, Query()]) -> PollAnswer:
    """How a report stands. Always 200 for a known id; links are made at each poll."""
    state = reports.poll(report_id)
    if isinstance(state, Running):
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
        return RunningAnswer.model_validate({"stage": state.live.stage, "progress": round(state.live.progress, 4)})
    return _ended(state)


async def _polled(poll: Poll) -> Poll:
    bind(report_id=poll.report_id)
    return poll


@router.post("/get_report", responses=NOT_FOUND | UNPROCESSABLE | TOO_LARGE)
def post_get_report(reports: Reports, response: Response, poll: Annotated[Poll, Depends(_polled)]) -> PollAnswer:
    """The same with the id in the body; for older clients."""
    return get_report(reports, response, poll.report_id)


@router.get("/reports", responses=NOT_FOUND | UNPROCESSABLE)
def list_reports(
    reports: Reports,
    kind: Annotated[str | None, Query(description="Only of this kind.")] = None,
    status: Annotated[ReportStatus | None, Query(description="Only with this status.")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Reports a page.")] = 50,
) -> ReportList:
    """Reports, newest first."""
    page = reports.page(kind=kind, status=status, cursor=cursor, limit=limit)
    return ReportList(reports=[_summary(record) for record in page.records], next_cursor=page.next_cursor)


@router.get("/reports/kinds")
def list_kinds(reports: Reports) -> list[KindDescription]:
    """The report kinds with the JSON Schema of their parameters."""
    return [
        KindDescription(name=kind.name, summary=kind.summary, params=kind.params.model_json_schema())
        for kind in reports.kinds()
    ]


def _ended(state: Ended) -> PollAnswer:
    record = state.record
    match record.status:
        case ReportStatus.COMPLETE:
            files = [
                ReportFile(
                    name=file.artifact.name,
                    url=file.url,
                    bytes=file.artifact.bytes,
                    rows=file.artifact.rows,
                    sha256=file.artifact.sha256,
                )
                for file in state.files
            ]
            return CompleteAnswer(url=files[0].url, files=files, as_of=record.as_of)
        case ReportStatus.CANCELLED:
            return CancelledAnswer()
        case _:
            return FailedAnswer(error=_error(record) or ReportError(code="report_failed", message="It failed."))


def _summary(record: ReportRecord) -> ReportSummary:
    return ReportSummary(
        report_id=record.id,
        report=record.kind,
        params=dict(record.params),
        status=record.status,
        as_of=record.as_of,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        error=_error(record),
    )


def _error(record: ReportRecord) -> ReportError | None:
    if record.error_code is None:
        return None
    return ReportError(code=record.error_code, message=record.error_message or "")
