"""What a report can say of one of its entities."""

import json
from typing import Annotated, Any, Final, Union

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from app.access.scopes import Scope
from app.reports.registry import REPORT_KINDS
from app.routers.answers import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE
from app.routers.dates import LocalDate
from app.routers.dependencies import Reports, bind_report
from app.routers.key_route import KeyRoute
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    route_class=KeyRoute,
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


_Day = Annotated[
    LocalDate | None,
    Query(alias="date", description="Show only this local day. Default: all days of the report, at most the last 31."),
]

_SPECIFICATION: Final = "application/vnd.vegalite.v6+json"


# Before the route whose key would match "…/chart.png".
@router.get(
    "/reports/{report_id}/entities/{key:path}/chart.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "The chart, 1600 pixels wide"}},
)
@needs(Scope.REPORTS_READ)
def draw_entity(reports: Reports, report_id: _ReportId, key: _Key, day: _Day = None) -> Response:
    """A chart of the days of one entity in local time: its open hours, its status and its polls."""
    return Response(reports.entity_picture(report_id, key, day=day), media_type="image/png")


@router.get(
    "/reports/{report_id}/entities/{key:path}/chart.vl.json",
    response_class=Response,
    responses={200: {"content": {_SPECIFICATION: {}}, "description": "The specification, with its data"}},
)
@needs(Scope.REPORTS_READ)
def specify_entity(reports: Reports, report_id: _ReportId, key: _Key, day: _Day = None) -> Response:
    """The same chart as a Vega-Lite specification."""
    chart = reports.entity_chart(report_id, key, day=day)
    return Response(json.dumps(chart.spec, ensure_ascii=False, allow_nan=False), media_type=_SPECIFICATION)


@router.get("/reports/{report_id}/entities/{key:path}", response_model=_EXPLANATION)
@needs(Scope.REPORTS_READ)
def explain_entity(reports: Reports, report_id: _ReportId, key: _Key) -> BaseModel:
    """Explain the figures of one entity.

    With the parameters of the report: when it is open, each stretch of one status, what decided and what ended it,
    and each outage with its polls. Polls that were loaded after the report are included.
    """
    return reports.explain(report_id, key)
