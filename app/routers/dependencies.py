"""What routes are given, by annotation."""

from typing import Annotated

from fastapi import Depends, Request

from app.jobs.endings import Endings
from app.jobs.service import ReportService
from app.logs import bind


async def _reports(request: Request) -> ReportService:
    service: ReportService = request.app.state.reports
    return service


Reports = Annotated[ReportService, Depends(_reports)]


async def _endings(request: Request) -> Endings:
    endings: Endings = request.app.state.endings
    return endings


ReportEndings = Annotated[Endings, Depends(_endings)]


async def bind_report(request: Request) -> None:
    """Have all that is logged about a request name the report in its address.

    A coroutine, because it then runs in the task of the request, whose context its errors are logged in and which ends
    with it; what a thread binds only that thread sees.
    """
    report_id = request.path_params.get("report_id") or request.query_params.get("report_id")
    if report_id is not None:
        bind(report_id=report_id)
