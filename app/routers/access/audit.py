"""Who did what, as pages or as CSV."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.access import audit_csv
from app.access.audit import Outcome
from app.access.audit_log import Filter
from app.access.scopes import Scope
from app.reports.instants import Instant
from app.routers.answers import UNAVAILABLE, UNPROCESSABLE, Cursor, NextCursor
from app.routers.dependencies import Audit
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.streamed import Streamed

router = APIRouter(tags=["access"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_CSV: Final = "text/csv"

_OK: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A page of entries, or all matching entries as CSV",
        "content": {_CSV: {"schema": {"type": "string"}}},
    }
}


class AuditEntry(BaseModel):
    """Something that was done, or that was refused or failed."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: AwareDatetime
    via: str = Field(description="How the actor authenticated.", examples=["key"])
    actor_id: str | None = Field(description="Id of the user; null if the actor is not a user.")
    actor_name: str = Field(description="Name of the actor at that time.")
    token_id: str | None = Field(description="First characters of the credential, as lists show it.")
    action: str = Field(description="Object and verb.", examples=["hours.set"])
    object_kind: str | None = Field(description="Object of the action.", examples=["store"])
    object_id: str | None = Field(examples=["17"])
    outcome: Outcome
    ip: str | None = Field(description="Address that the request came from.")
    request_id: str | None = Field(description="Id of the request, as in its response and in the log.")
    detail: dict[str, Any] = Field(description="Further details, which depend on the action.")


class AuditPage(BaseModel):
    """Rows of the audit, newest first."""

    entries: list[AuditEntry]
    next_cursor: NextCursor


@router.get("/audit", response_model=AuditPage, responses=_OK)
@needs(Scope.AUDIT_READ)
def list_audit(
    audit: Audit,
    actor: Annotated[str | None, Query(description="Only actions of the user with this name.")] = None,
    action: Annotated[str | None, Query(description="Only this action.", examples=["hours.set"])] = None,
    object_kind: Annotated[
        str | None, Query(description="Only actions on objects of this type.", examples=["store"])
    ] = None,
    object_id: Annotated[
        str | None, Query(description="Only actions on the object with this id.", examples=["17"])
    ] = None,
    outcome: Annotated[Outcome | None, Query(description="Only actions with this outcome.")] = None,
    since: Annotated[
        Instant | None,
        Query(alias="from", description="Only at or after this instant, with Z or an offset."),
    ] = None,
    before: Annotated[
        Instant | None,
        Query(alias="to", description="Only before this instant, with Z or an offset.", examples=["2027-01-01T00:00Z"]),
    ] = None,
    output: Annotated[
        Literal["json", "csv"] | None,
        Query(
            alias="format", description="`csv` returns all rows at once. Default: as `Accept` asks, otherwise `json`."
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows per page.")] = 50,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Any:
    """Who did what, newest first. As CSV, all matching entries, regardless of `cursor` and `limit`."""
    wanted = Filter(
        actor=actor,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        outcome=outcome,
        since=since,
        before=before,
    )
    if output == "csv" or (output is None and _prefers_csv(accept)):
        return _file(audit_csv.lines(audit.blocks(wanted)))
    page = audit.page(wanted, cursor=cursor, limit=limit)
    return AuditPage(entries=[AuditEntry.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


def _prefers_csv(accept: str) -> bool:
    """Whether the first type of the header that we have is CSV."""
    types = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((one for one in types if one in {_CSV, "application/json", "*/*"}), None) == _CSV


def _file(lines: Iterator[bytes]) -> Response:
    first = next(lines)  # read before the answer begins, so that a failure has a status of its own
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    return Streamed(chain([first], lines), media_type=f"{_CSV}; charset=utf-8", headers=headers)
