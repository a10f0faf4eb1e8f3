"""Report kind ``engineering``: the metrics of four pillars, each as its definition says (docs/metrics.md)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.files.csv_output import write_csv_blocks
from app.jobs.kind import JobContext
from app.metrics.convention import asked_of, has_convention
from app.metrics.division import Division
from app.metrics.metric import Metric
from app.metrics.outcome import Outcome, Question, answer
from app.metrics.store import DEFINITIONS, Definition, definitions, named, readable, unreadable
from app.reports.engineering.params import MOST_DAYS, MetricParams, default_dates
from app.reports.engineering.summary import EngineeringSummary, outline, summarise
from app.reports.engineering.table import blocks, schema
from app.reports.kind import SUMMARY, ReportKind
from app.reports.range_params import ENTITY, fixed_period, require_zone, today_in
from app.reports.refusals import refused, require_known, require_past
from app.series.entities import REPOSITORY, TEAM
from app.storage.postgres import database_errors, database_now
from app.timeline.period_words import dates_of
from app.wording.warnings import EXAMPLES, warning

#: Name of the file with all figures.
_METRICS_FILE: Final = "metrics.csv"


class EngineeringParams(MetricParams):
    """Parameters of the engineering report."""


def resolve(connection: Connection, params: EngineeringParams) -> tuple[EngineeringParams, datetime]:
    """Fix the metrics with their versions, the dates and the instant."""
    now = database_now(connection)
    require_past(params.as_of, now=now)
    as_of = params.as_of or now
    zone = params.zone or ENTITY
    require_zone(zone)
    require_known(connection, "repos", REPOSITORY, params.repos)
    require_known(connection, "teams", TEAM, params.teams)
    chosen, others = _chosen(connection, params)
    if not chosen:
        raise refused("pillars", params.pillars, "have none of the metrics that were named")
    if params.metrics is not None and (wrong := [one.name for one in chosen if params.by not in one.groups]):
        raise refused(
            "by", params.by, f"does not go with {', '.join(wrong)}", allowed="what its definition names in by"
        )
    wanted = [(one.name, one.version) for one in chosen if params.by in one.groups]
    fix: dict[str, Any] = {
        "metrics": [f"{name}@{version}" for name, version in (*wanted, *((one.name, one.version) for one in others))],
        "zone": zone,
        "as_of": as_of,
    }
    fix |= _dates(params, zone, as_of)
    return params.model_copy(update=fix), as_of


def _chosen(connection: Connection, params: EngineeringParams) -> tuple[list[Metric], list[Definition]]:
    """The metrics that are wanted; of all also those that cannot be read, of which the report warns."""
    others: list[Definition] = []
    if params.metrics is None:
        chosen, others = readable(DEFINITIONS.every(connection))
    else:
        chosen = named(connection, params.metrics)
    if params.pillars is not None:
        chosen = [one for one in chosen if one.pillar in params.pillars]
        others = [one for one in others if one.document.get("pillar") in params.pillars]
    return chosen, others


def _dates(params: EngineeringParams, zone: str, as_of: datetime) -> Mapping[str, Any]:
    today = today_in(zone, as_of)
    if params.period is not None:
        period = fixed_period(params.period, today)
        dates = dates_of(period)
        since, until, fix = dates.first, dates.last, {"period": period}
    elif params.since is not None:
        since, until, fix = params.since, params.until or today + timedelta(days=1), {}
    else:
        since, until = default_dates(datetime.combine(today, datetime.min.time()))
        fix = {}
    if since >= until:
        raise refused("until", until.isoformat(), "must be later than since", allowed=f"a date after {since}")
    if since > today:
        raise refused("since", since.isoformat(), "begins after as_of", allowed=f"a date up to {today}")
    if (until - since).days > MOST_DAYS:
        raise refused("since", since.isoformat(), f"is more than {MOST_DAYS:,} days before the end")
    return fix if params.period is not None else fix | {"since": since, "until": until}


def _range(params: EngineeringParams) -> tuple[date, date]:
    """The first date, and the one after the last."""
    if params.period is not None:
        dates = dates_of(params.period)
        return dates.first, dates.last
    if params.since is None or params.until is None:
        raise ValueError("resolve() fixes the dates before a report runs")
    return params.since, params.until


def produce(context: JobContext, params: EngineeringParams) -> Sequence[Artifact]:
    """Compute the metrics, and write the table, the summary, the charts and the page."""
    if params.as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    context.progress("loading", 0.0)
    settings, (first, end) = context.settings, _range(params)
    with database_errors(), context.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        chosen, others = readable(definitions(connection, params.metrics or []))
        metrics = [one for one in chosen if has_convention(one, settings)]
        question = Question(
            metrics,
            params.by,
            Division.of(first, end, params.periods),
            asked_of(settings, params.as_of),
            zone=None if params.zone in (None, ENTITY) else params.zone,
            repos=params.repos,
            teams=params.teams,
            default_zone=settings.default_timezone,
            default_hours=settings.team_windows,
        )
        outcome = answer(
            connection,
            question,
            progress=lambda done: context.progress("computing", 0.9 * done),
            has_read=lambda rows: context.has_read(rows, None),
        )
    if others:
        context.warn(unreadable(others).as_json())
    _warn(context, outcome, (first, end - timedelta(days=1)))
    summary = summarise(
        outcome,
        by=params.by,
        each=params.each,
        dates=(first, end - timedelta(days=1)),
        as_of=params.as_of,
        left_out=[one.name for one in chosen if one not in metrics],
    )
    made = _write(context, params, outcome, summary)
    charts = _draw(context, summary) if params.charts else []
    if params.html:
        made.append(_write_page(context, params, summary, charts))
    return [*made, *charts]


def _warn(context: JobContext, outcome: Outcome, dates: tuple[date, date]) -> None:
    first, last = dates
    rows = sum({told.cells.metric.facts: told.rows for told in outcome.metrics}.values())
    if rows and not any(told.cells.figures.n.any() for told in outcome.metrics):
        context.warn(warning("nothing_counts", rows, (), first=first.isoformat(), last=last.isoformat()).as_json())
    for stream, names in outcome.not_read.items():
        context.warn(warning("not_read_stream", len(names), names[:EXAMPLES], stream=stream).as_json())


def _write(
    context: JobContext, params: EngineeringParams, outcome: Outcome, summary: EngineeringSummary
) -> list[Artifact]:
    path = context.folder / _METRICS_FILE
    write_csv_blocks(path, schema(params.by), lambda: blocks(outcome, params.by))
    about = context.folder / SUMMARY
    about.write_text(summary.model_dump_json(indent=2), encoding="utf-8")
    rows = sum(len(told.state) for told in outcome.metrics)
    return [Artifact(path, "text/csv", rows=rows), Artifact(about, "application/json", rows=len(outcome.metrics))]


def _draw(context: JobContext, summary: EngineeringSummary) -> list[Artifact]:
    from app.charts.files import write_charts  # noqa: PLC0415 - only who draws loads it
    from app.reports.engineering.charts import charts_of  # noqa: PLC0415

    context.progress("computing", 0.9)
    return write_charts(charts_of(summary), context.folder)


def _write_page(
    context: JobContext, params: EngineeringParams, summary: EngineeringSummary, charts: Sequence[Artifact]
) -> Artifact:
    from app.reports.engineering.report_page import write_page  # noqa: PLC0415 - jinja2 is for this alone

    pictures = [one.path for one in charts if one.path.suffix == ".png"]
    return write_page(context.folder, summary, params.model_dump(mode="json"), pictures)


ENGINEERING = ReportKind(
    name="engineering",
    summary="metrics of version control, compatibility, infrastructure and team, each defined in JSON",
    params=EngineeringParams,
    resolve=resolve,
    produce=produce,
    findings=EngineeringSummary,
    outline=outline,
    documentation="""
        Metrics of four pillars: version control, compatibility, infrastructure and team, for each team or repository
        and for all of them together, by week or month. Each metric is a definition in JSON, and you can add your own:
        [metrics.md](metrics.md) defines the format and every term.

        `metrics.csv` has a row for each metric, group, part and period; a row without a period covers the whole time,
        and the group `all` covers all groups together. `n` is the number of values behind a figure, and `note` marks
        figures of few values. `state` is `partial` if a source is known not to have read everything: a number is then
        too low, and an empty value is not zero. `summary.json` has each metric with its caveat. Unless `charts` is
        false, there is a chart of each pillar, with gaps for what was not read. With `html` there is `report.html`, one
        page for people.

        Metrics of failures and incidents are shown only if `OPENHOURS_INCIDENT_LABELS` is set. No figure names a
        person.
    """,
    example={"charts": False, "each": "month"},
    wrong={"each": "fortnight"},
)
