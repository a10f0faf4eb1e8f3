"""Days of which sources of installs told nothing."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.routers.answers import UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import Activities
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    tags=["activity"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)


class ActivityGap(BaseModel):
    """Days in a row without a count."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    project: str | None = Field(
        description="Project or repository whose days are missing; null: all projects that the source counts."
    )
    first: date
    last: date
    days: int


class ActivityGaps(BaseModel):
    """By source, project and day."""

    gaps: list[ActivityGap]
    is_cut: bool = Field(description="True if there are more than `limit`.")


@router.get("/activity/gaps")
@needs(Scope.DATA_READ)
def list_activity_gaps(
    activities: Activities,
    *,
    source: Annotated[str | None, Query(description="Only of this source. Default: of all.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Gaps to list.")] = 1000,
) -> ActivityGaps:
    """Days without counts from a source of installs, between days with counts."""
    found = activities.gaps(source=source, limit=limit + 1)
    return ActivityGaps(gaps=[ActivityGap.model_validate(one) for one in found[:limit]], is_cut=len(found) > limit)
