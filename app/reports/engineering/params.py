"""The parameters of the engineering report."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from app.jobs.kind import Params
from app.metrics.division import Each
from app.metrics.metric import Pillar
from app.metrics.outcome import By
from app.reports.instants import Instant
from app.reports.shared_params import Html, Repos, Teams, TeamZone
from app.timeline.period_words import FORMS

#: Whole weeks before that of as_of, of which a report is if nothing else is said.
WEEKS: Final = 12

#: Days that a report is of, at most.
MOST_DAYS: Final = 3_660


class MetricParams(Params):
    """What a report on metrics is asked for."""

    by: Annotated[By, Field(description="Groups of the figures: each `team` or each `repo`, and all together.")] = (
        "team"
    )
    each: Annotated[
        Literal["week", "month", "none"],
        Field(description="Length of the periods that have figures of their own, in addition to the whole time."),
    ] = "week"
    metrics: Annotated[
        list[str] | None,
        Field(
            min_length=1,
            description="Names of metrics, as listed by `openhours metrics list`, optionally with a version: "
            "`ci_success@2`. Default: all.",
        ),
    ] = None
    pillars: Annotated[
        list[Pillar] | None, Field(min_length=1, description="Only metrics of these pillars. Default: all.")
    ] = None
    repos: Repos = None
    teams: Teams = None
    since: Annotated[
        date | None,
        Field(
            description=f"First local date. Default: the Monday {WEEKS} weeks before the week of `as_of`.",
            examples=["2024-10-07"],
        ),
    ] = None
    until: Annotated[
        date | None,
        Field(
            description="Local date at whose start the report ends. Default: the Monday of the week of `as_of`, "
            "or the day after it with `since`.",
            examples=["2024-12-30"],
        ),
    ] = None
    period: Annotated[
        str | None,
        Field(
            description=f"The dates in one word, instead of `since` and `until`: {FORMS}. Default: none.",
            examples=["2024-Q4"],
        ),
    ] = None
    zone: TeamZone = None
    as_of: Annotated[
        Instant | None,
        Field(description="Instant of the report; later events are left out. Default: the current time."),
    ] = None
    charts: Annotated[bool, Field(description="Also draw a chart of each pillar.")] = True
    html: Html = False

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        given = [name for name in ("since", "until") if getattr(self, name) is not None]
        if self.period is not None and given:
            raise ValueError(f"period cannot be combined with {' and '.join(given)}: it sets the dates, too")
        if self.until is not None and self.since is None:
            raise ValueError("until needs since, the start of the report")
        return self

    @property
    def periods(self) -> Each | None:
        """How the dates are divided; None: they are not."""
        return None if self.each == "none" else self.each


def default_dates(as_of: datetime) -> tuple[date, date]:
    """The whole weeks before that of an instant, by its own date."""
    monday = as_of.date() - timedelta(days=as_of.weekday())
    return monday - timedelta(weeks=WEEKS), monday
