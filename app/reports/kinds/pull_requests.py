"""Report kind ``pull_requests``: how long pull requests waited, in working hours (docs/pull-request-rules.md)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import pyarrow.csv as arrow_csv
from pydantic import Field
from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.files.csv_output import write_csv
from app.flow import events, samples
from app.flow.clocks import Clock
from app.flow.hourly import HOURLY_SCHEMA, hourly
from app.flow.observations import Observations, numbered
from app.flow.pull_requests import PullRequests
from app.flow.statistics import per_team
from app.flow.summary import TEAMS_FILE, FlowSummary, as_json, summarise, teams_table
from app.flow.teams import Teams
from app.ids import is_id
from app.jobs.kind import JobContext, Params
from app.reports.instants import AsKnownAt, Instant
from app.reports.kind import SUMMARY, ReportKind
from app.reports.not_read import tell_not_read
from app.reports.outline import outline
from app.reports.refusals import SHOWN, refused, require_known, require_known_time, require_past, unknown_names
from app.series import pull_requests, review_times
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.series.schedules import read_schedule
from app.series.versions import settle_changes
from app.storage.postgres import database_errors, database_now
from app.timeline import MISSING, to_micros
from app.timeline.entities import Entities
from app.wording.suggestions import suggestions_for_each
from app.wording.values import iso

#: The source that is not a sample: pull requests.
EVENTS: Final = "pull_requests"


class PullRequestParams(Params):
    """Parameters of the pull-request report."""

    source: Annotated[
        str, Field(description="`pull_requests`, or the id of a dataset of review times, to report that sample.")
    ] = EVENTS
    repos: Annotated[
        list[str] | None, Field(min_length=1, description="Repositories to report. Default: all repositories.")
    ] = None
    teams: Annotated[list[str] | None, Field(min_length=1, description="Teams to report. Default: all teams.")] = None
    since: Annotated[
        Instant | None,
        Field(
            description="Only what was created at or after this instant (ISO 8601 with Z or an offset). Default: all.",
            examples=["2024-10-01T00:00:00Z"],
        ),
    ] = None
    until: Annotated[
        Instant | None,
        Field(
            description="Only what was created before this instant (ISO 8601 with Z or an offset). Default: all.",
            examples=["2024-11-01T00:00:00Z"],
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
    charts: Annotated[
        bool, Field(description="Also draw charts of the 12 teams with the most pull requests; takes a few seconds.")
    ] = True


def resolve(connection: Connection, params: PullRequestParams) -> tuple[PullRequestParams, datetime]:
    """Fix as_of and as_known_at; refuse unknown names, and parameters that do not go together."""
    if params.since is not None and params.until is not None and params.since >= params.until:
        allowed = f"an instant after {iso(params.since)}"
        raise refused("until", params.until, "must be later than since", allowed=allowed)
    if params.source == EVENTS:
        require_known(connection, "repos", REPOSITORY, params.repos)
        require_known(connection, "teams", TEAM, params.teams)
        as_of = _as_of_events(connection, params.as_of)
    else:
        _require_sample(connection, params.source)
        _require_fit_for_sample(connection, params)
        as_of = _as_of_sample(connection, params.source)
    now = database_now(connection)
    require_known_time(params.as_known_at, now=now)
    return params.model_copy(update={"as_of": as_of, "as_known_at": params.as_known_at or now}), as_of


def produce(context: JobContext, params: PullRequestParams) -> Sequence[Artifact]:
    """Read, compute and write the report: the table, hourly.csv if asked for, the summary, the charts."""
    context.progress("loading", 0.0)
    as_of = _fixed(params.as_of)
    made: list[Artifact] = []
    if params.as_known_at is not None:
        settle_changes(context.engine)
    with database_errors(), context.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        if params.source != EVENTS:
            found = _sample(connection, params)
        else:
            pulls, teams, team, repos = _events(connection, context, params, as_of)
            _tell_read(context, pulls)
            tell_not_read(context, connection, EVENTS, repositories=params.repos)
            context.progress("computing", 0.2)
            found = events.observe(pulls, teams, team, repos, clock=params.clock, as_of=to_micros(as_of))
            if params.hourly:
                made.append(_write_hourly(context, pulls, teams, team, as_of=as_of))
    context.progress("computing", 0.4)
    main = context.folder / "pull_requests.csv"
    write_csv(main, found.table)
    made.insert(0, Artifact(main, "text/csv", rows=len(found)))
    clock = params.clock if params.source == EVENTS else None
    made += _summarise(context, found, source=params.source, clock=clock, as_of=as_of)
    if params.charts and len(found):
        context.progress("computing", 0.6)
        made += _draw(context, found, clock)
    return made


def _tell_read(context: JobContext, pulls: PullRequests) -> None:
    latest = max((int(of.max(initial=MISSING)) for of in pulls.instants.values()), default=MISSING)
    context.has_read(len(pulls), None if latest == MISSING else latest)


def _events(
    connection: Connection, context: JobContext, params: PullRequestParams, as_of: datetime
) -> tuple[PullRequests, Teams, npt.NDArray[np.int64], dict[int, str]]:
    """Pull requests, their teams, the number of each one's team, and the names of repositories by id."""
    settings = context.settings
    every_team = read_entities(connection, TEAM)
    repos = _names(read_entities(connection, REPOSITORY))
    pulls = pull_requests.read(
        connection,
        as_of=as_of,
        since=params.since,
        until=params.until,
        repo_ids=_ids(repos, params.repos),
        team_ids=_ids(_names(every_team), params.teams),
    )
    names, team = numbered(pulls.team_id, _names(every_team))
    schedule = read_schedule(
        connection,
        every_team,
        default_zone=settings.default_timezone,
        default=settings.team_windows,
        as_known_at=params.as_known_at,
    )
    return pulls, Teams.of(names, every_team, schedule), team, repos


def _sample(connection: Connection, params: PullRequestParams) -> Observations:
    _require_sample(connection, params.source)  # it may have been removed in the meantime
    teams = _names(read_entities(connection, TEAM))
    sample = review_times.read(
        connection,
        params.source,
        since=_first_date(params.since),
        until=_first_date(params.until),
        team_ids=_ids(teams, params.teams),
    )
    return samples.observe(sample, teams)


def _write_hourly(
    context: JobContext, pulls: PullRequests, teams: Teams, team: npt.NDArray[np.int64], *, as_of: datetime
) -> Artifact:
    path = context.folder / "hourly.csv"
    rows = 0
    with arrow_csv.CSVWriter(path, HOURLY_SCHEMA) as writer:
        for table in hourly(pulls.instants, teams, team, as_of=to_micros(as_of)):
            writer.write_table(table)
            rows += len(table)
    return Artifact(path, "text/csv", rows=rows)


def _summarise(
    context: JobContext, found: Observations, *, source: str, clock: Clock | None, as_of: datetime
) -> list[Artifact]:
    """The summary, and a file with all teams if it does not have them all."""
    teams = per_team(
        found.durations,
        found.team,
        found.teams,
        progress=lambda done: context.progress("computing", 0.4 + 0.2 * done),
    )
    findings = summarise(found, source=source, clock=clock, as_of=as_of, teams=teams)
    path = context.folder / SUMMARY
    path.write_text(as_json(findings), encoding="utf-8")
    made = [Artifact(path, "application/json", rows=len(found))]
    if findings.other_teams is not None:
        path = context.folder / TEAMS_FILE
        write_csv(path, teams_table(teams))
        made.append(Artifact(path, "text/csv", rows=len(teams)))
    return made


def _draw(context: JobContext, found: Observations, clock: Clock | None) -> list[Artifact]:
    """The charts, as pictures and as specifications."""
    from app.charts.durations import Durations, Measure, duration_charts  # noqa: PLC0415 - only who draws loads it
    from app.charts.files import write_charts  # noqa: PLC0415

    durations = Durations(found.teams, found.team, found.durations["review_time"], found.durations["merge_time"])
    measure = {"working": Measure.WORKING, "wall": Measure.ELAPSED, None: Measure.SAMPLE}[clock]
    charts = duration_charts(durations, ordinary=found.ordinary, measure=measure)
    return write_charts(charts, context.folder)


def _as_of_events(connection: Connection, as_of: datetime | None) -> datetime:
    """The requested instant, or that of the latest event; refuses one too far in the future."""
    now = database_now(connection)
    require_past(as_of, now=now)
    return as_of or pull_requests.latest(connection) or now


def _as_of_sample(connection: Connection, source: str) -> datetime:
    """The end of the last day of a sample; without dates, the instant of the request."""
    day = review_times.last_day(connection, source)
    return (
        database_now(connection)
        if day is None
        else datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    )


def _require_sample(connection: Connection, source: str) -> None:
    if not (is_id(source) and review_times.is_sample(connection, source)):
        allowed = f"{EVENTS}, or the id of a loaded dataset of review times"
        raise refused("source", source, "is not a loaded dataset of review times", allowed=allowed)


def _require_fit_for_sample(connection: Connection, params: PullRequestParams) -> None:
    """Refuse parameters that do not apply to a sample, and teams that it does not have."""
    for name in ("repos", "as_of", "hourly"):
        if value := getattr(params, name):
            raise refused(name, value, "does not apply to a sample of review times")
    known = review_times.team_names(connection, params.source)
    if unknown := [team for team in params.teams or () if team not in known]:
        nearest = partial(suggestions_for_each, unknown[:SHOWN], sorted(known))
        raise unknown_names("teams", TEAM, nearest, count=len(unknown))


def _first_date(instant: datetime | None) -> date | None:
    """The first date that begins, in UTC, at an instant or later."""
    return None if instant is None else (instant.astimezone(UTC) + timedelta(days=1, microseconds=-1)).date()


def _fixed(as_of: datetime | None) -> datetime:
    if as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    return as_of


def _names(entities: Entities) -> dict[int, str]:
    return dict(zip(entities.ids.tolist(), entities.keys, strict=True))


def _ids(names: dict[int, str], chosen: Sequence[str] | None) -> list[int] | None:
    if chosen is None:
        return None
    wanted = set(chosen)
    return [number for number, name in names.items() if name in wanted]


PULL_REQUESTS = ReportKind(
    name="pull_requests",
    summary="how long pull requests waited for review and merge, in their team's working hours and by the wall clock",
    params=PullRequestParams,
    resolve=resolve,
    produce=produce,
    findings=FlowSummary,
    outline=outline,
    documentation="""
        How long pull requests waited for review and merge, in the working hours of their team and in wall-clock time;
        or the same for a sample of review times.

        `pull_requests.csv` has a row for each pull request, `summary.json` the statistics of each team; of more than
        1,000 teams it has those with the most rows, and `teams.csv` has them all. With `hourly` there is also
        `hourly.csv`: how many pull requests waited in each working hour. Unless `charts` is false,
        there are up to eight charts.
    """,
    rules="pull-request-rules.md",
    example={"charts": False},
    wrong={"clock": "sundial"},
)
