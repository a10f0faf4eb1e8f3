"""Counts of a project or a repository: by month, for the last 30 days, and in total."""

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import BaseModel, Field

from app.access.scopes import Scope
from app.entities.activity import Asked, Figure, Metric, MonthState, ShownActivity
from app.entities.badges import draw_badge
from app.reports.instants import Instant
from app.routers.answers import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import Activities
from app.routers.key_route import KeyRoute
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    route_class=KeyRoute,
    tags=["activity"],
    responses=UNAVAILABLE | NOT_FOUND | UNPROCESSABLE,
    dependencies=[Depends(require_known_query)],
)

#: Longest timeline.
MOST_MONTHS: Final = 120

ActivityKind = Annotated[str, Path(description="`project` or `repo`.", examples=["project"])]
ActivityKey = Annotated[
    str,
    Path(
        description="Name of a project in any spelling, or `owner/name` or address of a repository.",
        examples=["napari", "openhours/api"],
    ),
]
Months = Annotated[
    int,
    Query(
        ge=1, le=MOST_MONTHS, description="Number of whole months before the month of `as_of`; the latest comes last."
    ),
]
AsOf = Annotated[
    Instant | None,
    Query(
        description="Only days before the UTC day of this instant are included. Default: now.",
        examples=["2026-12-01T00:00:00Z"],
    ),
]
CountedBy = Annotated[
    str | None,
    Query(description="Source of the installs. Default: the one with the latest day; the answer names it."),
]
DayOfCommit = Annotated[
    Literal["authored_at", "committed_at"], Query(description="Which instant of a commit determines its day.")
]


class ActivityFigure(BaseModel):
    """A number that was counted."""

    value: int = Field(description="Installs of the classes `person` and `unknown_ci`, or commits.")
    classes: dict[str, int] | None = Field(description="Installs by class; null for commits.")
    ci_share_at_least: float | None = Field(
        description="Share of CI in CI and installs together, 0 to 1. A lower bound, because older installers do not "
        "report CI. Null for commits, without installs, and before the sources recorded it."
    )


class RecentActivity(ActivityFigure):
    """Of the 30 days up to the last one that was counted."""

    first: date = Field(serialization_alias="from", description="First of the 30 days.")
    last: date = Field(serialization_alias="to", description="Last of the 30 days: the last one that was counted.")
    days_covered: int = Field(description="How many of the 30 days were counted.")


class ActivityMonth(BaseModel):
    """A month of the timeline."""

    month: str = Field(description="Year and month.", examples=["2026-11"])
    state: MonthState = Field(
        description="`complete`: every day was counted; `partial`: some days were; `no_data`: no day was; "
        "`before_first`: no day of this or an earlier month was."
    )
    days: int = Field(description="Days of the month.")
    days_covered: int = Field(description="Days of the month that were counted.")
    value: int | None = Field(description="Count on these days; null if no day was counted.")
    classes: dict[str, int] | None = Field(description="Installs by class.")
    ci_share_at_least: float | None = Field(description="As in the total.")


class ActivityAnswer(BaseModel):
    """What was counted of a project or a repository. A 0 was counted; what nobody counted is null."""

    kind: str
    key: str = Field(description="Its current name, normalised.")
    earlier_keys: tuple[str, ...] = Field(description="Its earlier names; rows under them count, too.")
    metric: Metric
    as_of: datetime
    source: str | None = Field(description="Who counted the installs.")
    sources: tuple[str, ...] = Field(description="All sources that counted them; their counts are never added up.")
    first_day: date | None = Field(description="First day that was counted, in UTC.")
    last_day: date | None = Field(description="Last day that was counted, in UTC.")
    total: ActivityFigure | None = Field(description="Total of all counted days; null if no day was counted.")
    last_30_days: RecentActivity | None = Field(description="Null if no day was counted.")
    timeline: list[ActivityMonth]
    latest_commit_at: datetime | None = Field(description="Greatest `committed_at` up to `as_of`.")


# Before the route whose key would match "…/badge.svg".
@router.get(
    "/activity/{kind}/{key:path}/badge.svg",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {}}, "description": "The badge"},
        304: {"description": "As it was"},
    },
)
@needs(Scope.DATA_READ)
def get_badge(
    activities: Activities,
    kind: ActivityKind,
    key: ActivityKey,
    of: Annotated[Literal["last_30_days", "total"], Query(description="What it shows.")] = "last_30_days",
    as_of: AsOf = None,
    source: CountedBy = None,
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """A badge with the number of the last 30 days or the total; it says so if days were not counted."""
    drawn = draw_badge(activities.show(kind, key, Asked(months=1, as_of=as_of, source=source)), of)
    etag = f'"{hashlib.sha256(drawn).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type="image/svg+xml", headers=headers)


@router.get("/activity/{kind}/{key:path}")
@needs(Scope.DATA_READ)
def get_activity(
    activities: Activities,
    kind: ActivityKind,
    key: ActivityKey,
    months: Months = 12,
    as_of: AsOf = None,
    source: CountedBy = None,
    by: DayOfCommit = "authored_at",
) -> ActivityAnswer:
    """Counts of a project or a repository: by month, for the last 30 days, and in total."""
    return _answer(activities.show(kind, key, Asked(months=months, as_of=as_of, source=source, by=by)))


def _answer(shown: ShownActivity) -> ActivityAnswer:
    recent = shown.recent
    return ActivityAnswer(
        kind=shown.kind,
        key=shown.key,
        earlier_keys=shown.earlier,
        metric=shown.metric,
        as_of=shown.as_of.astimezone(UTC),
        source=shown.source,
        sources=shown.sources,
        first_day=shown.first,
        last_day=shown.last,
        total=None if shown.total is None else ActivityFigure(**_members(shown.total)),
        last_30_days=None
        if recent is None
        else RecentActivity(
            first=recent.first, last=recent.last, days_covered=recent.days_covered, **_members(recent.figure)
        ),
        timeline=[
            ActivityMonth(
                month=f"{one.first:%Y-%m}",
                state=one.state,
                days=one.days,
                days_covered=one.days_covered,
                **_members(one.figure),
            )
            for one in shown.months
        ],
        latest_commit_at=shown.latest_commit_at,
    )


def _members(figure: Figure | None) -> dict[str, Any]:
    if figure is None:
        return {"value": None, "classes": None, "ci_share_at_least": None}
    return {"value": figure.value, "classes": figure.classes, "ci_share_at_least": figure.ci_share_at_least}
