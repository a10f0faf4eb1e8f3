"""Report kind ``pull_requests``: how long pull requests waited, in working hours (docs/pull-request-rules.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

import pyarrow.csv as arrow_csv
from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.files.csv_output import write_csv
from app.flow import events, samples
from app.flow.clocks import Clock
from app.flow.course import Course
from app.flow.groups import Groups
from app.flow.hourly import HOURLY_SCHEMA, hourly
from app.flow.observations import Observations
from app.flow.statistics import Statistics, each_of, per_team
from app.flow.summary import TEAMS_FILE, FlowSummary, as_json, summarise, teams_table
from app.ids import is_id
from app.jobs.kind import JobContext
from app.reports.kind import SUMMARY, ReportKind
from app.reports.not_read import tell_not_read
from app.reports.outline import outline
from app.reports.pulls.charts import Waiting, waiting_charts
from app.reports.pulls.doubts import warn_of_defaults
from app.reports.pulls.params import EVENTS, FlowParams, default_dated_by
from app.reports.pulls.reading import ids_of, names_of, read_found
from app.reports.pulls.telling import tell
from app.reports.range_params import ENTITY, earliest, fixed_period, require_zone, today_in
from app.reports.refusals import refused, require_known, require_known_time, require_past
from app.series import pull_requests, review_times
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.series.versions import settle_changes
from app.storage.postgres import database_errors, database_now
from app.timeline import to_micros
from app.wording.suggestions import suggestions_for_each
from app.wording.unknown_names import SHOWN, unknown_names
from app.wording.values import iso

#: Name of the file with the hourly series.
_HOURLY: Final = "hourly.csv"

#: What a sample has no answer to: its rows have no repository, no author, no instants.
_OF_EVENTS: Final = (
    *("repos", "merged_since", "merged_until", "period", "dated_by", "zone", "state", "labels", "exclude_authors"),
    *("include_bots", "compare_to", "as_of", "hourly", "html"),
)


class PullRequestParams(FlowParams):
    """Parameters of the pull-request report."""


def resolve(connection: Connection, params: PullRequestParams) -> tuple[PullRequestParams, datetime]:
    """Fix as_of, as_known_at and words; refuse unknown names, and parameters that do not go together."""
    _require_order(params, "since", "until")
    _require_order(params, "merged_since", "merged_until")
    now = database_now(connection)
    fix: dict[str, Any] = {"as_known_at": params.as_known_at or now}
    if params.source == EVENTS:
        require_known(connection, "repos", REPOSITORY, params.repos)
        require_known(connection, "teams", TEAM, params.teams)
        zone = params.zone or ENTITY
        require_zone(zone)
        if params.period is not None:
            fix["period"] = fixed_period(params.period, today_in(zone, params.as_of or now))
        fix |= {"zone": zone, "dated_by": params.dated_by or default_dated_by(params)}
        as_of = _as_of_events(connection, params.as_of)
    else:
        _require_sample(connection, params.source)
        _require_fit_for_sample(connection, params)
        as_of = review_times.as_of(connection, params.source)
    require_known_time(params.as_known_at, now=now)
    return params.model_copy(update={**fix, "as_of": as_of}), as_of


def produce(context: JobContext, params: PullRequestParams) -> Sequence[Artifact]:
    """Read, compute and write the report: the table, what else there is of pull requests, the summary, the charts."""
    context.progress("loading", 0.0)
    as_of = _fixed(params.as_of)
    if params.as_known_at is not None:
        settle_changes(context.engine)
    found, about = (_events if params.source == EVENTS else _sample)(context, params, as_of)
    context.progress("computing", 0.4)
    main = context.folder / "pull_requests.csv"
    write_csv(main, found.table)
    clock = params.clock if params.source == EVENTS else None
    made = [Artifact(main, "text/csv", rows=len(found)), *about.hourly]
    summary, summaries = _summarise(context, found, about, source=params.source, clock=clock, as_of=as_of)
    made += [*summaries, *about.files]
    charts: list[Artifact] = []
    if params.charts and len(found):
        context.progress("computing", 0.6)
        charts = _draw(context, params, found, about.waiting)
    if params.html and about.waiting is not None:
        made.append(_write_page(context, params, summary, about.waiting, charts))
    return [*made, *charts]


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of the rows beside them: files, fields of the summary, and figures that are computed already."""

    hourly: Sequence[Artifact] = ()
    files: Sequence[Artifact] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    teams: Mapping[str, Statistics] | None = None
    stats: Statistics | None = None
    waiting: Waiting | None = None


def _events(context: JobContext, params: PullRequestParams, as_of: datetime) -> tuple[Observations, _About]:
    """The pull requests of the report, and what is known of them."""
    warned: list[Mapping[str, Any]] = []

    def warn(one: Mapping[str, Any]) -> None:
        warned.append(one)
        context.warn(one)

    watched = replace(context, warn=warn)
    with database_errors(), context.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        found = read_found(connection, context, params, as_of)
        tell_not_read(watched, connection, EVENTS, repositories=params.repos)
    course = found.course.where(found.chosen)
    if len(course.team):
        warn_of_defaults(watched, course, context.settings)
    hourly_file = [_write_hourly(context, course, as_of=as_of)] if params.hourly else []
    context.progress("computing", 0.3)
    told = tell(found, course, params, context.folder)
    rows = events.observe(course, found.repos, clock=params.clock)
    teams = {str(name): of for name, of in _statistics(told.teams, params.clock).items() if name in set(rows.teams)}
    stats = _statistics(told.whole, params.clock)["all"]
    fields = {**told.fields, "warnings": warned}
    return rows, _About(hourly_file, told.files, fields, teams, stats, Waiting(found, course, told))


def _statistics(groups: Groups, clock: Clock) -> dict[str, Statistics]:
    return each_of(groups.phases[clock], groups.count, [name or "" for name in groups.names])


def _sample(context: JobContext, params: PullRequestParams, _: datetime) -> tuple[Observations, _About]:
    with database_errors(), context.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        _require_sample(connection, params.source)  # it may have been removed in the meantime
        teams = names_of(read_entities(connection, TEAM))
        sample = review_times.read(
            connection,
            params.source,
            since=_first_date(params.since),
            until=_first_date(params.until),
            team_ids=ids_of(teams, params.teams),
        )
    return samples.observe(sample, teams), _About()


def _write_hourly(context: JobContext, course: Course, *, as_of: datetime) -> Artifact:
    path = context.folder / _HOURLY
    rows = 0
    with arrow_csv.CSVWriter(path, HOURLY_SCHEMA) as writer:
        for table in hourly(course.at, course.teams, course.team, as_of=to_micros(as_of)):
            writer.write_table(table)
            rows += len(table)
    return Artifact(path, "text/csv", rows=rows)


def _summarise(
    context: JobContext, found: Observations, about: _About, *, source: str, clock: Clock | None, as_of: datetime
) -> tuple[FlowSummary, list[Artifact]]:
    """The summary and its file, and one with all teams if it does not have them all."""
    teams = about.teams
    if teams is None:
        teams = per_team(
            found.durations,
            found.team,
            found.teams,
            progress=lambda done: context.progress("computing", 0.4 + 0.2 * done),
        )
    findings = summarise(
        found, source=source, clock=clock, as_of=as_of, teams=teams, stats=about.stats, fields=about.fields
    )
    path = context.folder / SUMMARY
    path.write_text(as_json(findings), encoding="utf-8")
    made = [Artifact(path, "application/json", rows=len(found))]
    if findings.other_teams is not None:
        path = context.folder / TEAMS_FILE
        write_csv(path, teams_table(teams))
        made.append(Artifact(path, "text/csv", rows=len(teams)))
    return findings, made


def _draw(
    context: JobContext, params: PullRequestParams, found: Observations, waiting: Waiting | None
) -> list[Artifact]:
    """The charts, as pictures and as specifications."""
    from app.charts.durations import Durations, Measure, duration_charts  # noqa: PLC0415 - only who draws loads it
    from app.charts.files import write_charts  # noqa: PLC0415

    durations = Durations(found.teams, found.team, found.durations["review_time"], found.durations["merge_time"])
    measure = Measure.SAMPLE
    if waiting is not None:
        measure = {"working": Measure.WORKING, "wall": Measure.ELAPSED}[params.clock]
    charts = duration_charts(durations, ordinary=found.ordinary, measure=measure)
    if waiting is not None:
        charts = waiting_charts(waiting, params, as_of=to_micros(_fixed(params.as_of))) | charts
    return write_charts(charts, context.folder)


def _write_page(
    context: JobContext, params: PullRequestParams, summary: FlowSummary, waiting: Waiting, charts: Sequence[Artifact]
) -> Artifact:
    from app.reports.pulls.report_page import Facts, write_page  # noqa: PLC0415 - jinja2 is for this alone

    pictures = [one.path for one in charts if one.path.suffix == ".png"]
    facts = Facts(params.model_dump(mode="json"), waiting.told.open, waiting.found.repos, pictures)
    return write_page(context.folder, summary, facts)


def _as_of_events(connection: Connection, as_of: datetime | None) -> datetime:
    """The requested instant, or that of the latest event; refuses one too far in the future."""
    now = database_now(connection)
    require_past(as_of, now=now)
    return as_of or pull_requests.latest(connection) or now


def _require_sample(connection: Connection, source: str) -> None:
    if not (is_id(source) and review_times.is_sample(connection, source)):
        allowed = f"{EVENTS}, or the id of a loaded dataset of review times"
        raise refused("source", source, "is not a loaded dataset of review times", allowed=allowed)


def _require_fit_for_sample(connection: Connection, params: PullRequestParams) -> None:
    """Refuse parameters that do not apply to a sample, and teams that it does not have."""
    for name in _OF_EVENTS:
        if value := getattr(params, name):
            raise refused(name, _shown(value), "does not apply to a sample of review times")
    if params.by != "team":
        raise refused("by", params.by, "does not apply to a sample of review times, which has only teams")
    known = review_times.team_names(connection, params.source)
    if unknown := [team for team in params.teams or () if team not in known]:
        nearest = partial(suggestions_for_each, unknown[:SHOWN], sorted(known))
        raise unknown_names("teams", TEAM, nearest, count=len(unknown))


def _require_order(params: PullRequestParams, first: str, last: str) -> None:
    """Refuse a span that ends before it begins."""
    since, until = getattr(params, first), getattr(params, last)
    if since is not None and until is not None and earliest(since) >= earliest(until):
        after = f"after {iso(since) if isinstance(since, datetime) else since.isoformat()}"
        both = isinstance(since, datetime) and isinstance(until, datetime)
        allowed = f"an instant {after}" if both else f"a date or an instant {after}"
        raise refused(last, _shown(until), f"must be later than {first}", allowed=allowed)


def _shown(value: Any) -> Any:
    """A value of a parameter as an error has it."""
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _first_date(moment: datetime | date | None) -> date | None:
    """The first date that begins, in UTC, at an instant or later; a date itself."""
    if isinstance(moment, datetime):
        return (moment.astimezone(UTC) + timedelta(days=1, microseconds=-1)).date()
    return moment


def _fixed(as_of: datetime | None) -> datetime:
    if as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    return as_of


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
        1,000 teams it has those with the most rows, and `teams.csv` has them all. `groups.csv` has the figures of each
        team, repository, author, size, week or month, by both clocks; `open.csv` lists what is open, how old it is and
        what it is waiting for. With `hourly` there is also `hourly.csv`: how many pull requests waited in each working
        hour. Unless `charts` is false, there are charts of how long they waited and when; with `html` there is
        `report.html`, one page for people. Pull requests of bots are left out, unless `include_bots` is true.
    """,
    rules="pull-request-rules.md",
    rules_version=2,
    example={"charts": False},
    wrong={"clock": "sundial"},
)
