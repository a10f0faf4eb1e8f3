"""Report kind ``uptime``: how long each store was up, down or unknown while it was open (docs/uptime-rules.md)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator
from sqlalchemy import Connection

from app.errors import NoPolls
from app.files.artifact import Artifact
from app.jobs.kind import JobContext
from app.pieces.piece import Piece, Place, piece_of
from app.reports.exact_uptime import MINUTE, Exactly, Written
from app.reports.instants import AsKnownAt, Instant
from app.reports.kind import SUMMARY, ReportKind
from app.reports.prepared import prepare
from app.reports.range_params import ENTITY, RangeParams, range_of, require_few_rows, resolved
from app.reports.range_piece import account_alone
from app.reports.refusals import require_known, require_known_time, require_past
from app.reports.shared_params import Html
from app.reports.spread import MakePiece
from app.reports.store_figures import figures
from app.reports.uptime.drilldown import DRILLDOWN
from app.reports.uptime.for_excel import write_for_excel
from app.reports.uptime.hourly_file import HourlyFile
from app.reports.uptime.range_charts import draw_range
from app.reports.uptime.ranges import Asked, Exactness, ExactRange, HourlyRange, write_range
from app.reports.uptime.week_charts import WeekOfStores
from app.reports.uptime.windows import ExactWindows, HourlyWindows, Wanted, exact_windows, hourly_windows
from app.reports.uptime_summary import (
    StoreTotals,
    SummaryWarning,
    Tally,
    UptimeSummary,
    measured,
    outline,
    totals,
    worst_of,
)
from app.series import polls
from app.series.details import names_of
from app.series.entities import STORE, count_entities
from app.storage.postgres import database_errors, database_now
from app.timeline import HOUR, from_micros
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.period_words import dates_of


class UptimeParams(RangeParams):
    """Parameters of the uptime report."""

    as_of: Annotated[
        Instant | None,
        Field(
            description="Instant of the report, at most a day from now (ISO 8601 with Z or an offset). Default: "
            "the latest poll.",
            examples=["2023-01-25T18:13:22Z"],
        ),
    ] = None
    as_known_at: AsKnownAt = None
    lookback_hours: Annotated[
        int,
        Field(
            ge=1,
            le=720,
            description="How far before the week to look for the last known status, hours.",
            json_schema_extra={"unit": "hours"},
        ),
    ] = 96
    stores: Annotated[
        list[str] | None,
        Field(min_length=1, description="Stores to report, by store_id. Default: all stores."),
    ] = None
    accounting: Annotated[
        Literal["hourly", "exact"],
        Field(
            description="`hourly`: the polls of each UTC hour decide its status by majority. `exact`: each poll is "
            "valid until the next one, to the microsecond, but no longer than `max_gap_minutes`; also makes "
            "outages.csv."
        ),
    ] = "hourly"
    max_gap_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=525_600,
            description="With exact accounting: how long a poll is valid if none follows, minutes; then the status is "
            "unknown. Default: three times the median interval between the store's polls, from 5 minutes to 25 "
            "hours.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = None
    min_outage_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=1440,
            validation_alias=AliasChoices("min_outage_minutes", "ignore_outages_under_minutes"),
            description="With exact accounting: outages with less open time than this count as up, minutes.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = 0
    max_fill_hours: Annotated[
        int | None,
        Field(
            ge=0,
            le=8760,
            description="With hourly accounting: how many hours without polls get the status of the last hour with "
            "polls; later hours are unknown. Default: all of them.",
            json_schema_extra={"unit": "hours"},
        ),
    ] = None
    hourly: Annotated[
        bool,
        Field(description="Also make hourly.parquet: status, open seconds, polls and active polls by store and hour."),
    ] = False
    charts: Annotated[
        bool,
        Field(
            description="Also draw charts, as PNG and as Vega-Lite: three of the week, or the trend of a range and its "
            "worst stores; takes about two seconds."
        ),
    ] = False
    html: Html = False
    excel: Annotated[
        Literal["en", "de"] | None,
        Field(
            description="Also make uptime_excel.csv, which Excel opens correctly, including ids: `en` with commas and "
            "decimal points, `de` with semicolons and decimal commas. Default: no such file."
        ),
    ] = None

    @field_validator("max_gap_minutes", mode="before")
    @classmethod
    def _is_no_log_of_changes(cls, value: object) -> object:
        if value == 0 and not isinstance(value, bool):
            raise ValueError(
                "(a poll is valid until the next one) is for single stores: load a file of kind entities that gives "
                "them max_gap_minutes 0; here write 1 to 525,600, or leave it out to derive it from the polls"
            )
        return value

    @model_validator(mode="after")
    def _fits_its_accounting(self) -> Self:
        exact_only = {
            "max_gap_minutes": self.max_gap_minutes,
            "min_outage_minutes": self.min_outage_minutes,
        }
        hourly_only = {
            "max_fill_hours": self.max_fill_hours is not None,
            "hourly": self.hourly,
            "charts": self.charts and not self.is_range,
        }
        of, wrong = ("hourly", exact_only) if self.accounting == "hourly" else ("exact", hourly_only)
        if named := [name for name, value in wrong.items() if value]:
            other = "exact" if of == "hourly" else "hourly"
            raise ValueError(
                f"{' and '.join(named)} cannot be combined with accounting={of}, only with accounting={other}"
            )
        if self.is_range and self.hourly:
            raise ValueError("hourly cannot be combined with a range, only with the three windows")
        return self

    def asked(self, as_of: datetime) -> Asked:
        """The range of parameters that are resolved()."""
        lookback = self.lookback_hours * HOUR
        return Asked(range_of(self, as_of), self.zone or ENTITY, lookback, self.as_known_at)


def resolve(connection: Connection, params: UptimeParams) -> tuple[UptimeParams, datetime]:
    """Fix as_of to the latest poll, as_known_at to now, and words to dates; refuse unknown stores and ranges."""
    require_known(connection, "stores", STORE, params.stores)
    now = database_now(connection)
    require_past(params.as_of, now=now)
    require_known_time(params.as_known_at, now=now)
    as_of = params.as_of or polls.latest(connection)
    if as_of is None:
        raise NoPolls("No polls are loaded: load some with `openhours load polls FILE`, or give as_of.")
    fixed = resolved(params, now=params.as_of or now, as_of=as_of)
    found = params.model_copy(update={**fixed, "as_of": as_of, "as_known_at": params.as_known_at or now})
    if found.is_range:
        require_few_rows(range_of(found, as_of), count_entities(connection, STORE, keys=found.stores))
    return found, as_of


def produce(context: JobContext, params: UptimeParams) -> Sequence[Artifact]:
    """Read, compute and write the report: uptime.csv and what else was asked for."""
    told: list[Mapping[str, Any]] = []

    def warn(one: Mapping[str, Any]) -> None:
        told.append(one)
        context.warn(one)

    accounting = accounting_of(params)
    tally, watched = accounting.tally, replace(context, warn=warn)
    written = _files(watched, params, accounting)
    artifacts = written.files
    tally.unknown_time.tell(watched)
    listed = tally.listed(_names(context, params, [key for _, _, key, _ in tally.worst]))
    summary = _summary(params, _as_of(params), tally, listed, told)
    if params.charts and params.is_range:
        artifacts += draw_range(context, summary, about=_time_of(params, summary))
    path = context.folder / SUMMARY
    path.write_text(summary.model_dump_json(indent=1), encoding="utf-8")
    artifacts.append(Artifact(path, "application/json", rows=0))
    artifacts += _for_people(context, params, summary, replace(written, files=[*artifacts]), listed)
    context.progress("computing", 1.0)
    return artifacts


def _names(context: JobContext, params: UptimeParams, keys: Sequence[str]) -> dict[str, str]:
    """Of the stores that are shown."""
    with database_errors(), context.engine.connect() as connection:
        return names_of(connection, STORE, keys, as_known_at=params.as_known_at)


def _as_of(params: UptimeParams) -> datetime:
    if params.as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    return params.as_of


#: What accounts for the time of stores.
Accounts = HourlyWindows | ExactWindows | HourlyRange | ExactRange


def accounting_of(params: UptimeParams) -> Accounts:
    """What accounts for the time of stores by parameters that are resolved(); nothing is added up yet."""
    as_of, tally = _as_of(params), Tally(params.target_percent)
    max_gap = None if params.max_gap_minutes is None else params.max_gap_minutes * MINUTE
    ignore_under = params.min_outage_minutes * MINUTE
    if params.is_range:
        asked = replace(params.asked(as_of), compares=params.compare_to is not None)
        if params.accounting == "hourly":
            return HourlyRange(asked, params.max_fill_hours, tally)
        return ExactRange(asked, Exactness(max_gap, ignore_under), tally)
    horizon = Horizon.before(as_of, lookback=timedelta(hours=params.lookback_hours))
    if params.accounting == "exact":
        return ExactWindows(Exactly(max_gap, ignore_under, params.as_known_at), horizon, tally)
    wanted = Wanted(params.max_fill_hours, params.as_known_at, params.target_percent)
    return HourlyWindows(wanted, horizon, tally, WeekOfStores(horizon) if params.charts else None)


def one_range(place: Place, told: Mapping[str, Any]) -> dict[str, str | None]:
    """A piece: account for a range of stores as a report with these parameters does."""
    accounting = accounting_of(UptimeParams.model_validate(told["params"]))
    return account_alone(place, accounting, range_key=told["range_key"], prefix=told["prefix"])


def _piece(params: UptimeParams, told: Mapping[str, str]) -> Piece:
    given = params.model_copy(update={"stores": None})  # which they are is told of each range
    return piece_of(one_range, {"params": given.model_dump(mode="json"), **told})


def _files(context: JobContext, params: UptimeParams, accounting: Accounts) -> Written:
    """uptime.csv, and what else the figures of all stores make."""
    piece: MakePiece | None = partial(_piece, params)
    if isinstance(accounting, HourlyWindows) and params.hourly:
        # Whose rows are in the order of the ranges, which are not those of a cluster.
        accounting, piece = replace(accounting, hourly_file=HourlyFile(context, accounting.horizon)), None
    with closing(figures(context, accounting, stores=params.stores, piece=piece)) as computed:
        match accounting:
            case HourlyWindows():
                return hourly_windows(context, accounting, computed)
            case ExactWindows():
                return exact_windows(context, computed)
            case _:
                return write_range(context, accounting, computed)


def _summary(
    params: UptimeParams,
    as_of: datetime,
    tally: Tally,
    listed: Sequence[StoreTotals],
    told: Sequence[Mapping[str, Any]],
) -> UptimeSummary:
    dates = None if params.period is None else dates_of(params.period)
    return UptimeSummary(
        accounting=params.accounting,
        as_of=as_of,
        as_known_at=params.as_known_at,
        begin=params.from_ if dates is None else dates.first,
        end=params.to if dates is None else dates.last,
        period=params.period,
        by=params.by,
        zone=params.zone,
        stores=tally.stores,
        totals=totals(tally.whole),
        periods=tally.of_periods(),
        comparison=None if params.compare_to is None else tally.comparison(),
        target_percent=params.target_percent,
        stores_below_target=None if params.target_percent is None else tally.below,
        worst=worst_of(listed),
        error_budgets=tally.error_budgets(),
        notes=tally.notes(),
        warnings=[SummaryWarning.model_validate(one) for one in told],
    )


def _for_people(
    context: JobContext,
    params: UptimeParams,
    summary: UptimeSummary,
    written: Written,
    listed: Sequence[StoreTotals],
) -> Iterator[Artifact]:
    """The same once more, as a page and for Excel."""
    if params.html:
        from app.reports.uptime.report_page import Facts, write_page  # noqa: PLC0415 - jinja2 is for this alone

        outages = written.outages or ()
        about = Facts(
            subtitle=_time_of(params, summary),
            parameters=params.model_dump(mode="json"),
            stores=listed,
            pictures=[file.path for file in written.files if file.media_type == "image/png"],
            outages=outages,
            outages_of_all=sum(file.rows for file in written.files if file.path.name == "outages.csv"),
            names=_names(context, params, [one.store_id for one in outages]),
            groups=written.groups,
        )
        yield write_page(context.folder, summary, about)
    if params.excel is not None:
        yield write_for_excel(written.files[0], params.excel)


def _time_of(params: UptimeParams, summary: UptimeSummary) -> str:
    """Which time the report is of, and how it is counted."""
    accounting = f"{params.accounting} accounting"
    if summary.begin is None:
        horizon = Horizon.before(summary.as_of, lookback=timedelta(hours=params.lookback_hours))
        first, last = (from_micros(at) for at in (horizon.as_of - max(WINDOWS.values()), horizon.as_of))
        return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, {accounting}"
    clock = "each store's own clock" if params.zone in (None, ENTITY) else f"the clock of {params.zone}"
    end = "" if summary.end is None else f" to before {summary.end}"
    as_of = f"{summary.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"From {summary.begin}{end} on {clock}, as of {as_of}, {accounting}"


UPTIME = ReportKind(
    name="uptime",
    summary="uptime, downtime and unknown time of each store while open, in the last hour, day and week",
    params=UptimeParams,
    resolve=resolve,
    produce=produce,
    findings=UptimeSummary,
    outline=outline,
    measured=measured,
    rules_version=2,
    prepare=prepare,
    documentation="""
        How long each store was up, down or unknown while it was open, in the last hour, the last 24 hours and the
        last 7 days before `as_of`; or in a range, such as `{"period": "2024-11", "by": "day"}`. Closed time does not
        count.

        `uptime.csv` has a row for each store, in a range one for each store and period. Without a range, `hourly` also
        makes `hourly.parquet`, a row for each store and hour of the week. `charts` draws charts. With `accounting`
        set to `exact` the time is counted from poll to poll, and `outages.csv` lists every outage.
    """,
    rules="uptime-rules.md",
    drilldown=DRILLDOWN,
    example={"lookback_hours": 96},
    wrong={"stores": ["no such store"]},
    words={"for": {"excel": {"excel": "en"}, "excel-de": {"excel": "de"}}},
)
