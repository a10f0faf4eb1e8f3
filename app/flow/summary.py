"""What a report about pull requests comes to: summary.json."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from app.flow.clocks import Clock
from app.flow.observations import Observations
from app.flow.statistics import Statistics, per_team, statistics

#: What the summary says of a report without rows.
NOTHING_LEFT: Final = "Nothing was left after filtering: the tables are empty, and there are no charts."


class DateInterval(BaseModel):
    """First and last date, ISO 8601; null without any."""

    begin: str | None
    end: str | None


class FlowSummary(BaseModel):
    """Statistics of pull requests or of a sample of review times; durations are seconds at full precision."""

    source: str = Field(description="`pull_requests`, or the id of the dataset of review times.")
    clock: Clock | None = Field(description="Whose seconds the statistics count; null for a sample, which has its own.")
    as_of: datetime
    total_num_observations: int
    teams: list[str]
    date_interval: DateInterval
    stats: Statistics
    per_team: dict[str, Statistics] = Field(description="Rows without a team are in `stats` alone.")
    num_prs_without_review: int
    num_prs_without_ci: int
    num_missing_values: dict[str, int] = Field(description="Rows without a value by column.")
    num_inconsistent: dict[str, int] = Field(description="Rows whose phase ends before it begins, by phase.")
    notes: list[str] = Field(description="What a reader should know.")


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
