"""What routes are given, by annotation."""

from typing import Annotated

from fastapi import Depends, Request

from app.jobs.endings import Endings
from app.jobs.service import ReportService


async def _reports(request: Request) -> ReportService:
    service: ReportService = request.app.state.reports
    return service


Reports = Annotated[ReportService, Depends(_reports)]


async def _endings(request: Request) -> Endings:
    endings: Endings = request.app.state.endings
    return endings


ReportEndings = Annotated[Endings, Depends(_endings)]
