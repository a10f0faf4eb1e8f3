"""Report kind ``activity``: installs of projects or commits of repositories, by month or day (docs/activity.md)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

import pyarrow as pa
from pydantic import Field
from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.files.csv_output import write_csv_blocks
from app.flow.activity import whole_months
from app.flow.activity_table import Periods, days_between
from app.flow.spellings import project_key, repository_key
from app.jobs.kind import JobContext, Params
from app.reports.activity_rows import rows_of, schema_of
from app.reports.activity_summary import ActivitySummary, Metric, Sums, outline
from app.reports.instants import Instant
from app.reports.kind import SUMMARY, ReportKind
from app.reports.refusals import refused, require_past
from app.reports.shared_params import Html
from app.series import activity
from app.series.activity import Subject, UncountedDays, uncounted_days
from app.series.activity_table import read_table, subjects
from app.series.entities import PROJECT, REPOSITORY
from app.series.lookup import comparison
from app.storage.postgres import database_errors, database_now
from app.wording.unknown_names import SHOWN, unknown_names

_KINDS: Final = {"project": PROJECT, "repo": REPOSITORY}

#: Numbers that are held at a time, of each metric.
_CELLS: Final = 500_000


class ActivityParams(Params):
    """Parameters of the report."""

    of: Annotated[
        Literal["project", "repo"],
        Field(description="Installs of projects (`project`), or commits of repositories (`repo`)."),
    ] = "project"
    names: Annotated[
        list[str] | None,
        Field(min_length=1, description="Projects or repositories, in any spelling. Default: all."),
    ] = None
    by: Annotated[Literal["month", "day"], Field(description="What a row is about.")] = "month"
    months: Annotated[
        int,
        Field(
            ge=1,
            le=120,
            description="Number of whole months before the month of `as_of`.",
            json_schema_extra={"unit": "months"},
        ),
    ] = 12
    as_of: Annotated[
        Instant | None,
        Field(
            description="Instant of the report; only days before its UTC day are included. Default: the current time."
        ),
    ] = None
    source: Annotated[
        str | None,
        Field(description="Source of the installs. Default: for each project, the source with the latest day."),
    ] = None
    dated_by: Annotated[
        Literal["authored_at", "committed_at"], Field(description="Which instant of a commit determines its day.")
    ] = "authored_at"
    charts: Annotated[bool, Field(description="Also draw the timeline and the share of CI.")] = True
    html: Html = False


def resolve(connection: Connection, params: ActivityParams) -> tuple[ActivityParams, datetime]:
    """The names as they are now, and the instant of the request."""
    now = database_now(connection)
    require_past(params.as_of, now=now)
    as_of = params.as_of or now
    if params.of == "repo" and params.source is not None:
        raise refused("source", params.source, "does not apply to commits, which have no source to choose")
    names = None if params.names is None else [one.key for one in _named(connection, params.of, params.names)]
    return params.model_copy(update={"as_of": as_of, "names": names}), as_of


def _named(connection: Connection, of: str, names: Sequence[str]) -> list[Subject]:
    kind = _KINDS[of]
    found: dict[str, Subject] = {}
    unknown: list[str] = []
    for name in dict.fromkeys(names):
        spelt = repository_key(name) if kind == REPOSITORY else project_key(name) or name
        subject = None if "\x00" in spelt else activity.find(connection, kind, spelt)
        if subject is None:
            unknown.append(name)
        else:
            found[subject.key] = subject
    if unknown:
        compared = comparison(connection, kind, unknown[:SHOWN])
        raise unknown_names("names", kind, compared.nearest, count=len(unknown))
    return [found[key] for key in sorted(found)]


def produce(context: JobContext, params: ActivityParams) -> Sequence[Artifact]:
    """Read, write the table, the summary and the charts."""
    as_of = params.as_of or datetime.now(UTC)
    months = whole_months(as_of.astimezone(UTC).date(), params.months)
    end = as_of.astimezone(UTC).date().replace(day=1)
    periods = Periods(months if params.by == "month" else days_between(months[0], end), end)
    context.progress("loading", 0.0)
    metric: Metric = "installs" if params.of == "project" else "commits"
    names = [f"{day:%Y-%m}" if params.by == "month" else day.isoformat() for day in periods.first]
    sums = Sums(metric, periods, names)
    path = context.folder / "activity.csv"
    with database_errors(), context.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        kind = _KINDS[params.of]
        wanted = subjects(connection, kind) if params.names is None else _named(connection, params.of, params.names)
        step = max(1, _CELLS // len(periods))

        def blocks() -> Iterator[pa.Table]:
            sums.begin()
            for first in range(0, len(wanted), step):
                of = read_table(
                    connection,
                    wanted[first : first + step],
                    periods,
                    as_of=as_of,
                    source=params.source,
                    by=params.dated_by,
                )
                sums.add(of)
                context.progress("computing", min(1.0, (first + step) / len(wanted)))
                yield rows_of(of, metric, names)

        write_csv_blocks(path, schema_of(metric), blocks)
        gaps = _gaps(connection, params, sums.days, wanted) if params.html else []
    summary = sums.summary(as_of, subjects=len(wanted))
    about = context.folder / SUMMARY
    about.write_text(summary.model_dump_json(indent=2), encoding="utf-8")
    made = [Artifact(path, "text/csv", rows=len(wanted) * len(periods)), Artifact(about, "application/json", rows=1)]
    made += _draw(context, summary) if params.charts and wanted else ()
    return [*made, _write_page(context, params, summary, gaps, made)] if params.html else made


def _gaps(
    connection: Connection, params: ActivityParams, days: tuple[date, date], of: Sequence[Subject]
) -> list[UncountedDays]:
    """Those that a page lists, and one more if there are others; commits have no source that could tell of none."""
    from app.reports.activity_page import MOST_GAPS  # noqa: PLC0415 - jinja2 is for the page alone

    if params.of == "repo":
        return []
    keys = None if params.names is None else [key for one in of for key in (one.key, *one.earlier)]
    return uncounted_days(connection, source=params.source, keys=keys, within=days, limit=MOST_GAPS + 1)


def _write_page(
    context: JobContext,
    params: ActivityParams,
    summary: ActivitySummary,
    gaps: Sequence[UncountedDays],
    files: Sequence[Artifact],
) -> Artifact:
    from app.reports.activity_page import Facts, write_page  # noqa: PLC0415 - as above

    pictures = [file.path for file in files if file.media_type == "image/png"]
    return write_page(context.folder, summary, Facts(params.model_dump(mode="json"), gaps, pictures))


def _draw(context: JobContext, summary: ActivitySummary) -> Sequence[Artifact]:
    from app.charts.files import write_charts  # noqa: PLC0415 - only who draws loads it
    from app.reports.activity_charts import charts_of  # noqa: PLC0415

    return write_charts(charts_of(summary), context.folder)


ACTIVITY = ReportKind(
    name="activity",
    summary="installs of projects, or commits to repositories, by month or day",
    params=ActivityParams,
    resolve=resolve,
    produce=produce,
    findings=ActivitySummary,
    outline=outline,
    documentation="""
        How often projects were installed, or how much was committed to repositories, by month or day, in UTC. A 0 is a
        counted zero; if nobody counted, the number is empty and `state` gives the reason: `partial`, `no_data` or
        `before_first`. [activity.md](activity.md) explains what the numbers can mean.

        `activity.csv` has a row for each project or repository and each period: `days_covered`, `installs` (the classes
        `person` and `unknown_ci` together) with each class and `ci_share_at_least`, or `commits`. `summary.json` has
        the sums by period and the most active ones. Unless `charts` is false, there are the charts `timeline` and
        `ci_share`, which set off partial and missing periods and mark changes in the sources. Counts of different
        sources are never added up; `source` names the one that was used.

        With `html` there is `report.html`, one page with the sums by period, of more than 120 days by month, the most
        active ones, the gaps of the sources of installs, the rules, and the charts if they are drawn.
    """,
    example={"of": "repo", "months": 3, "charts": False},
    wrong={"months": 0},
)
