"""The summary of a report on pull requests: summary.json."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from app.flow.clocks import Clock
from app.flow.observations import Observations
from app.flow.statistics import Statistics, per_team, statistics

#: Note of the summary of a report without rows.
NOTHING_LEFT: Final = "No row matches the filters: the tables are empty, and there are no charts."


class DateInterval(BaseModel):
    """First and last date, ISO 8601; null without any."""

    begin: str | None
    end: str | None


class FlowSummary(BaseModel):
    """Statistics of pull requests or of a sample of review times; durations are seconds at full precision."""

    source: str = Field(description="`pull_requests`, or the id of the dataset of review times.")
    clock: Clock | None = Field(description="Clock of the durations: `working` or `wall`; null for a sample.")
    as_of: datetime
    total_num_observations: int
    teams: list[str]
    date_interval: DateInterval
    stats: Statistics
    per_team: dict[str, Statistics] = Field(
        description="Statistics per team; rows without a team count only in `stats`."
    )
    num_prs_without_review: int
    num_prs_without_ci: int
    num_missing_values: dict[str, int] = Field(description="Number of rows without a value, per column.")
    num_inconsistent: dict[str, int] = Field(description="Number of rows whose phase ends before it begins, per phase.")
    notes: list[str] = Field(description="Remarks, such as that no row matches the filters.")


def summarise(found: Observations, *, source: str, clock: Clock | None, as_of: datetime) -> FlowSummary:
    """The summary of some rows."""
    return FlowSummary(
        source=source,
        clock=clock,
        as_of=as_of,
        total_num_observations=len(found),
        teams=list(found.teams),
        date_interval=DateInterval(begin=found.begin, end=found.end),
        stats=statistics(found.durations, rows=len(found)),
        per_team=per_team(found.durations, found.team, found.teams),
        num_prs_without_review=found.without_review,
        num_prs_without_ci=found.without_ci,
        num_missing_values=dict(found.missing),
        num_inconsistent=dict(found.inconsistent),
        notes=[] if len(found) else [NOTHING_LEFT],
    )
