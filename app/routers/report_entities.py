"""What a report can say of one of its entities."""

from typing import Annotated, Any, Final, Union

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from app.reports.registry import REPORT_KINDS
from app.routers.answers import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import Reports, bind_report
from app.routers.malformed import require_known_query

router = APIRouter(
    tags=["reports"],
    responses=UNAVAILABLE | UNPROCESSABLE | NOT_FOUND,
    dependencies=[Depends(bind_report), Depends(require_known_query)],
)

_ReportId = Annotated[str, Path(description="Report id, as returned by the trigger: 32 hexadecimal digits.")]
_Key = Annotated[
    str,
    Path(description="Key of the entity, such as its store_id; may contain slashes.", examples=["1050565545391667097"]),
]

#: The answers of the kinds that can be asked.
_EXPLANATION: Final[Any] = Union[tuple(kind.drilldown.model for kind in REPORT_KINDS.values() if kind.drilldown)]  # noqa: UP007


@router.get("/reports/{report_id}/entities/{key:path}", response_model=_EXPLANATION)
def explain_entity(reports: Reports, report_id: _ReportId, key: _Key) -> BaseModel:
    """Why the figures of one entity are what they are.

    By the parameters of the report: when it is open, each stretch of one status, what decided it and what ended it,
    each outage with its polls. Polls that were loaded since the report count.
    """
    return reports.explain(report_id, key)
