"""The activity of a plugin in the founding system's shapes, with numbers that were counted alone.

Its clients take what has no number for 0. So a month that nobody counted is left out rather than shown as 0, and so is
a member without a number.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.convertors import Convertor, register_url_convertor

from app.access.scopes import Scope
from app.entities.activity import KINDS, Asked, MonthFigure, MonthState, ShownActivity
from app.routers.activity import MOST_MONTHS, AsOf
from app.routers.answers import NOT_FOUND, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.compat.enabled import require_enabled
from app.routers.dependencies import Activities
from app.routers.malformed import require_known_query
from app.routers.needs import needs


class _PluginName(Convertor[str]):
    """Any part of an address but the words for kinds, so that /activity/project/stats is the project ``stats``."""

    regex = f"(?!(?:{'|'.join(KINDS)})/)[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("plugin", _PluginName())

router = APIRouter(
    tags=["compatibility"],
    responses=UNAVAILABLE | NOT_FOUND | UNPROCESSABLE | UNAUTHORISED,
    dependencies=[Depends(require_enabled), Depends(require_known_query)],
)

Limit = Annotated[int, Query(ge=1, le=MOST_MONTHS, description="Whole months; the latest comes last.")]
Repo = Annotated[
    str | None,
    Query(
        description="Repository of the plugin, as `owner/name` or address. Default: none, so no commits are returned."
    ),
]


class InstallsOfMonth(BaseModel):
    """A month that was counted."""

    timestamp: int = Field(description="Start of the month in UTC, milliseconds since 1970.")
    installs: int
    state: MonthState


class InstallStats(BaseModel):
    """Members without a number are left out."""

    total_installs: int | None = None
    installs_in_last_30_days: int | None = None


class Usage(BaseModel):
    """Installs."""

    timeline: list[InstallsOfMonth]
    stats: InstallStats


class CommitsOfMonth(BaseModel):
    """A month that was counted."""

    timestamp: int = Field(description="Start of the month in UTC, milliseconds since 1970.")
    commits: int
    state: MonthState


class CommitStats(BaseModel):
    """Members without a number are left out."""

    total_commits: int | None = None
    latest_commit_timestamp: int | None = Field(None, description="Milliseconds since 1970.")


class Maintenance(BaseModel):
    """Commits."""

    timeline: list[CommitsOfMonth]
    stats: CommitStats


class PluginMetrics(BaseModel):
    """Installs and commits of a plugin."""

    usage: Usage
    maintenance: Maintenance


class PluginPoint(BaseModel):
    """A month that was counted."""

    x: int = Field(description="Start of the month in UTC, milliseconds since 1970.")
    y: int = Field(description="Installs.")
    state: MonthState


class PluginTotals(BaseModel):
    """Of all months; members without a number are left out."""

    total_installs: int | None = Field(None, serialization_alias="totalInstalls")
    total_months: int | None = Field(
        None, serialization_alias="totalMonths", description="From the first month that was counted to the last."
    )


class PluginRecent(BaseModel):
    """Of the last 30 days that were counted; left out where none was."""

    installs: int | None = Field(None, serialization_alias="installsInLast30days")


@router.get("/metrics/{plugin}", response_model_exclude_none=True)
@needs(Scope.DATA_READ)
def get_plugin_metrics(
    activities: Activities, plugin: str, limit: Limit = 12, repo: Repo = None, as_of: AsOf = None
) -> PluginMetrics:
    """Installs of a plugin and commits of its repository: by month, for the last 30 days, and in total."""
    asked = Asked(months=limit, as_of=as_of)
    installs = activities.show("project", plugin, asked)
    commits = None if repo is None else activities.show("repo", repo, asked)
    return PluginMetrics(usage=_usage(installs), maintenance=_maintenance(commits))


@router.get("/activity/{plugin}")
@needs(Scope.DATA_READ)
def get_plugin_activity(
    activities: Activities, plugin: str, limit: Limit = 12, as_of: AsOf = None
) -> list[PluginPoint]:
    """Installs of a plugin by month."""
    found = activities.show("project", plugin, Asked(months=limit, as_of=as_of))
    return [PluginPoint(x=_millis(one.first), y=value, state=one.state) for one, value in _counted(found)]


@router.get("/activity/{plugin:plugin}/stats", response_model_exclude_none=True)
@needs(Scope.DATA_READ)
def get_plugin_totals(activities: Activities, plugin: str, as_of: AsOf = None) -> PluginTotals:
    """Installs of a plugin in total, and the number of months."""
    found = activities.show("project", plugin, Asked(as_of=as_of))
    if found.total is None:
        return PluginTotals()
    if found.first is None or found.last is None:
        return PluginTotals(total_installs=found.total.value)
    months = 12 * (found.last.year - found.first.year) + found.last.month - found.first.month + 1
    return PluginTotals(total_installs=found.total.value, total_months=months)


@router.get("/activity/{plugin:plugin}/recent_stats", response_model_exclude_none=True)
@needs(Scope.DATA_READ)
def get_plugin_recent(activities: Activities, plugin: str, as_of: AsOf = None) -> PluginRecent:
    """Installs of a plugin in the last 30 counted days."""
    recent = activities.show("project", plugin, Asked(as_of=as_of)).recent
    return PluginRecent(installs=None if recent is None else recent.figure.value)


def _usage(found: ShownActivity) -> Usage:
    return Usage(
        timeline=[
            InstallsOfMonth(timestamp=_millis(one.first), installs=value, state=one.state)
            for one, value in _counted(found)
        ],
        stats=InstallStats(
            total_installs=None if found.total is None else found.total.value,
            installs_in_last_30_days=None if found.recent is None else found.recent.figure.value,
        ),
    )


def _maintenance(found: ShownActivity | None) -> Maintenance:
    if found is None:
        return Maintenance(timeline=[], stats=CommitStats())
    latest = found.latest_commit_at
    return Maintenance(
        timeline=[
            CommitsOfMonth(timestamp=_millis(one.first), commits=value, state=one.state)
            for one, value in _counted(found)
        ],
        stats=CommitStats(
            total_commits=None if found.total is None else found.total.value,
            latest_commit_timestamp=None if latest is None else round(latest.timestamp() * 1000),
        ),
    )


def _counted(found: ShownActivity) -> list[tuple[MonthFigure, int]]:
    return [(one, one.figure.value) for one in found.months if one.figure is not None]


def _millis(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
