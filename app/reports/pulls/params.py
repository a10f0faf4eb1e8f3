"""The parameters of the pull-request report."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from app.flow.clocks import Clock
from app.flow.grouping import GroupBy
from app.jobs.kind import Params
from app.reports.instants import AsKnownAt, Instant
from app.reports.range_params import Moment
from app.reports.shared_params import Html, Repos, Teams, TeamZone
from app.timeline.period_words import FORMS

#: The source that is not a sample: pull requests.
EVENTS: Final = "pull_requests"

Dated = Literal["created", "merged"]

_DATE: Final = "a date, meaning its local midnight, or an instant (ISO 8601 with Z or an offset)"


class FlowParams(Params):
    """What a report on pull requests is asked for."""

    source: Annotated[
        str, Field(description="`pull_requests`, or the id of a dataset of review times, to report that sample.")
    ] = EVENTS
    repos: Repos = None
    teams: Teams = None
    since: Annotated[
        Moment | None,
        Field(description=f"Only pull requests created then or later: {_DATE}. Default: all.", examples=["2024-10-01"]),
    ] = None
    until: Annotated[
        Moment | None,
        Field(description=f"Only pull requests created before: {_DATE}. Default: all.", examples=["2024-11-01"]),
    ] = None
    merged_since: Annotated[
        Moment | None,
        Field(description=f"Only pull requests merged then or later: {_DATE}. Default: all.", examples=["2024-10-01"]),
    ] = None
    merged_until: Annotated[
        Moment | None,
        Field(description=f"Only pull requests merged before: {_DATE}. Default: all.", examples=["2024-11-01"]),
    ] = None
    period: Annotated[
        str | None,
        Field(
            description=f"The dates in one word, instead of the four parameters above: {FORMS}. Default: none.",
            examples=["2024-11"],
        ),
    ] = None
    dated_by: Annotated[
        Dated | None,
        Field(
            description="Whether a pull request counts in the `period`, week and month in which it was `created` or "
            "`merged`. Default: merged with merged_since or merged_until, otherwise created."
        ),
    ] = None
    zone: TeamZone = None
    state: Annotated[
        Literal["open", "merged", "closed"] | None,
        Field(description="Only pull requests in this state; `closed` means closed without a merge. Default: all."),
    ] = None
    labels: Annotated[
        list[str] | None,
        Field(min_length=1, description="Only pull requests with at least one of these labels. Default: all."),
    ] = None
    exclude_authors: Annotated[
        list[str] | None, Field(min_length=1, description="Authors to leave out. Default: only bots.")
    ] = None
    include_bots: Annotated[
        bool,
        Field(
            description="Include pull requests by bots; otherwise they are left out, and the summary gives their "
            "number."
        ),
    ] = False
    by: Annotated[GroupBy, Field(description="What to group by in groups.csv, the summary and the table.")] = "team"
    compare_to: Annotated[
        Literal["previous"] | None,
        Field(
            description="`previous`: also the medians of the preceding time, and the change. The preceding time is "
            "the previous whole week or month for each week or month, the previous period of the same kind for "
            "`period`, and the same length of time for other dates. Default: no comparison."
        ),
    ] = None
    as_of: Annotated[
        Instant | None,
        Field(
            description="Instant of the report, at most a day from now; later events are left out. "
            "Default: the latest event."
        ),
    ] = None
    as_known_at: AsKnownAt = None
    clock: Annotated[
        Clock, Field(description="Durations in statistics and charts: `working` hours or `wall`-clock time.")
    ] = "working"
    hourly: Annotated[
        bool, Field(description="Also make hourly.csv: pull requests in each state by team and working hour.")
    ] = False
    html: Html = False
    charts: Annotated[
        bool, Field(description="Also draw charts of the 12 teams with the most pull requests; takes a few seconds.")
    ] = True

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        given = [name for name in ("since", "until", "merged_since", "merged_until") if getattr(self, name) is not None]
        if self.period is not None and given:
            raise ValueError(f"period cannot be combined with {' and '.join(given)}: it sets the dates, too")
        if self.compare_to is not None and self.by not in ("week", "month"):
            ranges = [name for name in ("since", "merged_since", "period") if getattr(self, name) is not None]
            if len(ranges) != 1:
                found = " and ".join(ranges) or "nothing"
                raise ValueError(
                    "compare_to needs one range with a start: period, since or merged_since, or by=week or "
                    f"by=month; there is {found}"
                )
        return self


def default_dated_by(params: FlowParams) -> Dated:
    """By merges where merges are selected."""
    return "created" if params.merged_since is None and params.merged_until is None else "merged"
