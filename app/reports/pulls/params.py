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

_DATE: Final = "a date, which is its local midnight, or an instant (ISO 8601 with Z or an offset)"


class FlowParams(Params):
    """What a report on pull requests is asked for."""

    source: Annotated[
        str, Field(description="`pull_requests`, or the id of a dataset of review times, to report that sample.")
    ] = EVENTS
    repos: Repos = None
    teams: Teams = None
    since: Annotated[
        Moment | None,
        Field(description=f"Only what was created then or later: {_DATE}. Default: all.", examples=["2024-10-01"]),
    ] = None
    until: Annotated[
        Moment | None,
        Field(description=f"Only what was created before: {_DATE}. Default: all.", examples=["2024-11-01"]),
    ] = None
    merged_since: Annotated[
        Moment | None,
        Field(description=f"Only what was merged then or later: {_DATE}. Default: all.", examples=["2024-10-01"]),
    ] = None
    merged_until: Annotated[
        Moment | None,
        Field(description=f"Only what was merged before: {_DATE}. Default: all.", examples=["2024-11-01"]),
    ] = None
    period: Annotated[
        str | None,
        Field(
            description=f"The dates in a word, instead of the four before: {FORMS}. Default: none.",
            examples=["2024-11"],
        ),
    ] = None
    dated_by: Annotated[
        Dated | None,
        Field(
            description="Whether a pull request counts in the `period`, week and month in which it was `created`, or "
            "in those in which it was `merged`. Default: merged with merged_since or merged_until, else created."
        ),
    ] = None
    zone: TeamZone = None
    state: Annotated[
        Literal["open", "merged", "closed"] | None,
        Field(description="Only those in this state; `closed` are those that were never merged. Default: all."),
    ] = None
    labels: Annotated[
        list[str] | None,
        Field(min_length=1, description="Only what has at least one of these labels. Default: whatever labels it has."),
    ] = None
    exclude_authors: Annotated[
        list[str] | None, Field(min_length=1, description="Leave out what these wrote. Default: nobody but bots.")
    ] = None
    include_bots: Annotated[
        bool,
        Field(description="Also count what bots wrote; else it is left out, and the summary says how many that were."),
    ] = False
    by: Annotated[
        GroupBy, Field(description="What the groups of groups.csv, the summary and the table have in common.")
    ] = "team"
    compare_to: Annotated[
        Literal["previous"] | None,
        Field(
            description="`previous`: also the medians of the time before, and the change: of each week or month those "
            "of the whole one before it, of a `period` those of the one of its kind before it, of other dates those of "
            "as much time. Default: no comparison."
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
            raise ValueError(f"period cannot be combined with {' and '.join(given)}: it says when, too")
        if self.compare_to is not None and self.by not in ("week", "month"):
            ranges = [name for name in ("since", "merged_since", "period") if getattr(self, name) is not None]
            if len(ranges) != 1:
                found = " and ".join(ranges) or "nothing"
                raise ValueError(
                    "compare_to needs one range that begins somewhere: period, since or merged_since, or by=week or "
                    f"by=month; there is {found}"
                )
        return self


def default_dated_by(params: FlowParams) -> Dated:
    """By merges where merges are selected."""
    return "created" if params.merged_since is None and params.merged_until is None else "merged"
