"""The shares of commits and merges that teams make inside their hours."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.reports.instants import Instant
from app.routers.answers import UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import InHours
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    tags=["activity"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)


class MonthInHoursAnswer(BaseModel):
    """A team in one month of its own clock."""

    model_config = ConfigDict(from_attributes=True)

    team: str
    month: str = Field(description="Such as `2026-10`.", examples=["2026-10"])
    people: int = Field(description="Number of known authors; bots are left out.")
    commits: int = Field(description="Commits with at most one parent.")
    merges: int = Field(description="Commits with two or more parents.")
    commits_in_hours: float | None = Field(description="Share of commits inside the hours, 0 to 1; null: see `reason`.")
    merges_in_hours: float | None = Field(
        description="Share of merges inside the hours; null: see `reason`, or there were no merges."
    )
    reason: str | None = Field(description="Why there is no share: it is given only for five or more people.")


class MonthsInHours(BaseModel):
    """By team and month."""

    as_of: datetime
    months: list[MonthInHoursAnswer]


@router.get("/activity/hours")
@needs(Scope.DATA_READ)
def get_activity_hours(
    in_hours: InHours,
    *,
    months: Annotated[int, Query(ge=1, le=120, description="Whole months before that of `as_of`.")] = 12,
    as_of: Annotated[Instant | None, Query(description="With Z or an offset. Default: now.")] = None,
) -> MonthsInHours:
    """The share of commits and merges inside the hours of each team, by month."""
    at = as_of or datetime.now(UTC)
    found = in_hours.months(as_of=at, months=months)
    return MonthsInHours(as_of=at, months=[MonthInHoursAnswer.model_validate(one) for one in found])
