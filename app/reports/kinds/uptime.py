"""Report kind ``uptime``: how long each store was up, down or unknown while it was open (docs/uptime-rules.md)."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet
from pydantic import AliasChoices, Field, model_validator
from sqlalchemy import Connection, Engine

from app.errors import NoPolls, UnknownEntity
from app.files.artifact import Artifact
from app.files.sorted_rows import SortedRows
from app.jobs.kind import JobContext, Params
from app.reports import explained_uptime
from app.reports.day_band import day_band
from app.reports.exact_uptime import EXACT_FIGURES, EXACT_TABLE, MINUTE, Exactly, OutagesFile, gather_exactly
from app.reports.explained_uptime import Question
from app.reports.explanation import Explanation, explanation
from app.reports.instants import Instant
from app.reports.kind import Drilldown, ReportKind
from app.reports.refusals import require_known, require_past
from app.reports.store_ranges import GATHERED, READING, Reading, load
from app.reports.window_columns import COLUMNS, FIGURES, TABLE, in_windows, write_table
from app.series import polls
from app.series.entities import STORE
from app.settings import Settings
from app.storage.postgres import database_now
from app.timeline import HOUR, Micros
from app.timeline.availability import WeekOfEntities
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes

if TYPE_CHECKING:
    from app.charts.style import Chart

#: Progress once the table is written.
_WRITTEN: Final = 0.9

#: Entities x hours counted at a time; each takes 8 bytes, and what does not fit is done range by range: some 59,000
#: entities with the usual lookback, with whose hours and intermediate arrays a report takes half a gigabyte.
GRID_CELLS: Final = 16_000_000

#: Entities whose hours are evaluated at a time; some 10 MB of intermediate arrays.
CHUNK: Final = 2048

#: Chunks evaluated at the same time; numpy does most of it without Python's global lock.
THREADS: Final = 2


class UptimeParams(Params):
    """Parameters of the uptime report."""

    as_of: Annotated[
        Instant | None,
        Field(
            description="Instant of the report, at most a day from now (ISO 8601 with Z or an offset). Default: "
            "the latest poll.",
            examples=["2023-01-25T18:13:22Z"],
        ),
    ] = None
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
            description="`hourly`: the polls of each UTC hour vote on all of it. `exact`: each poll holds until the "
            "next one, to the microsecond, but no longer than `max_gap_minutes`; also makes outages.csv."
        ),
    ] = "hourly"
    max_gap_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=525_600,
            description="With exact accounting: how long a poll holds when none follows, minutes; then the status is "
            "unknown. Default: three times the median interval between the store's polls, from 5 minutes to 25 hours.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = None
    min_outage_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=1440,
            validation_alias=AliasChoices("min_outage_minutes", "ignore_outages_under_minutes"),
            description="With exact accounting: outages of less open time count as up, minutes.",
            json_schema_extra={"unit": "minutes"},
        ),
    ] = 0
    hourly: Annotated[
        bool, Field(description="Also make hourly.parquet: status, open seconds and polls of each store and hour.")
    ] = False
    charts: Annotated[
        bool,
        Field(description="Also draw three charts, as PNG and as Vega-Lite; takes about two seconds."),
    ] = False

    @model_validator(mode="after")
    def _fits_its_accounting(self) -> Self:
        exact_only = {
            "max_gap_minutes": self.max_gap_minutes,
            "min_outage_minutes": self.min_outage_minutes,
        }
        hourly_only = {"hourly": self.hourly, "charts": self.charts}
        of, wrong = ("hourly", exact_only) if self.accounting == "hourly" else ("exact", hourly_only)
        if named := [name for name, value in wrong.items() if value]:
            other = "exact" if of == "hourly" else "hourly"
            raise ValueError(
                f"{' and '.join(named)} cannot be combined with accounting={of}, only with accounting={other}"
            )
        return self


def resolve(connection: Connection, params: UptimeParams) -> tuple[UptimeParams, datetime]:
    """Fix as_of to the latest poll unless it is given; refuse unknown stores."""
    require_known(connection, "stores", STORE, params.stores)
    require_past(params.as_of, now=database_now(connection))
    as_of = params.as_of or polls.latest(connection)
    if as_of is None:
        raise NoPolls("No polls are loaded: load some with `openhours load polls FILE`, or give as_of.")
    return params.model_copy(update={"as_of": as_of}), as_of


def produce(context: JobContext, params: UptimeParams) -> Sequence[Artifact]:
    """Read, compute and write the report: uptime.csv and what else was asked for."""
    if params.as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    horizon = Horizon.before(params.as_of, lookback=timedelta(hours=params.lookback_hours))
    artifacts = _hourly(context, params, horizon) if params.accounting == "hourly" else _exact(context, params, horizon)
    context.progress("computing", 1.0)
    return artifacts


def _hourly(context: JobContext, params: UptimeParams, horizon: Horizon) -> list[Artifact]:
    hourly_file = HourlyFile(context, horizon) if params.hourly else None
    week = WeekOfStores(horizon) if params.charts else None
    with SortedRows(context.folder / "uptime.arrow", FIGURES) as rows:
        gather(context, params, horizon, rows, hourly_file, week)
        context.progress("computing", GATHERED)
        artifacts = [write_table(context, rows, TABLE)]
    if hourly_file is not None:
        artifacts.append(hourly_file.close())
    if week is not None:
        context.progress("computing", _WRITTEN)
        artifacts += draw(context, week)
    return artifacts


def _exact(context: JobContext, params: UptimeParams, horizon: Horizon) -> list[Artifact]:
    week = horizon.as_of - WINDOWS["week"]
    max_gap = None if params.max_gap_minutes is None else params.max_gap_minutes * MINUTE
    wanted = Exactly(max_gap, params.min_outage_minutes * MINUTE, params.stores)
    with (
        SortedRows(context.folder / "uptime.arrow", EXACT_FIGURES) as rows,
        OutagesFile(context.folder, first=week, last=horizon.as_of) as outages,
    ):
        gather_exactly(context, horizon, rows, outages, wanted)
        context.progress("computing", GATHERED)
        return [write_table(context, rows, EXACT_TABLE), outages.close()]


def gather(
    context: JobContext,
    params: UptimeParams,
    horizon: Horizon,
    rows: SortedRows,
    hourly_file: "HourlyFile | None",
    week: "WeekOfStores | None",
) -> None:
    """Compute one range of stores after the other; what is kept of a range goes into files or into sums."""
    reading = Reading(HourlyVotes, horizon.first, horizon.last, lambda *_: GRID_CELLS // horizon.hours)
    with closing(load(context, horizon, reading, stores=params.stores)) as ranges:
        for entities, votes, progress in ranges:
            parts: list[npt.NDArray[np.int64]] = []
            for chunk, open_time, status, table in evaluate(votes, horizon):
                parts.append(table)
                if hourly_file is not None:
                    hourly_file.write(entities.keys[chunk], open_time, status, votes.polls[chunk])
                if week is not None:
                    week.add(entities.keys[chunk], open_time, status)
                progress("computing", READING + (1 - READING) * chunk.stop / len(entities))
            columns = [pa.array(entities.keys, pa.string()), *map(pa.array, np.concatenate(parts).T.astype(np.int32))]
            rows.add(pa.table(columns, schema=FIGURES))
            del entities, votes, parts, columns  # before the next range is read: there is no room for two


def evaluate(
    votes: HourlyVotes, horizon: Horizon
) -> Iterator[tuple[slice, Micros, npt.NDArray[np.int8], npt.NDArray[np.int64]]]:
    """For some stores after the other: which, and their open time, status and columns as of compute()."""

    def one(start: int) -> tuple[slice, Micros, npt.NDArray[np.int8], npt.NDArray[np.int64]]:
        chunk = slice(start, min(start + CHUNK, votes.calendar.entities))
        open_time, status = votes.calendar.open_time(horizon.edges, chunk), votes.status(chunk)
        return chunk, open_time, status, compute(open_time, status, horizon)

    starts = range(0, votes.calendar.entities, CHUNK)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="compute") as pool:
        for first in range(0, len(starts), THREADS):  # no more at a time than are wanted next
            yield from pool.map(one, starts[first : first + THREADS])


def compute(open_time: Micros, status: npt.NDArray[np.int8], horizon: Horizon) -> npt.NDArray[np.int64]:
    """Open time of each window by status.

    Args:
        open_time: microseconds, int64[stores, pieces], as cut by ``horizon.edges``.
        status: int8[stores, hours], see timeline/hourly.py.
        horizon: the instants.

    Returns:
        int64[stores, 9], hundredths of a minute for the hour and of an hour for day and week, rounded half up;
        columns uptime, downtime, unknown, each for hour, day, week.
    """
    piece_status = status[:, horizon.hour]
    firsts = {window: horizon.pieces(window).start for window in WINDOWS}
    of_status = (open_time * (piece_status == code) for code in COLUMNS.values())
    return np.stack([column for time in of_status for column in in_windows(time, firsts)], axis=1)


class WeekOfStores:
    """What the charts show of the week; memory does not grow with the number of stores."""

    def __init__(self, horizon: Horizon) -> None:
        from app.charts.bins import bin_counts  # noqa: PLC0415 - only who draws imports charts

        self.entities = WeekOfEntities(horizon)
        self._bin_counts = bin_counts
        self.counts = bin_counts(np.zeros(0))
        self.left_out = 0

    def add(self, keys: Sequence[str], open_time: Micros, status: npt.NDArray[np.int8]) -> None:
        """Add some stores, as of WeekOfEntities.add()."""
        availability = self.entities.add(keys, open_time, status)
        unseen = np.isnan(availability)
        self.counts += self._bin_counts(availability[~unseen])
        self.left_out += int(np.count_nonzero(unseen))


def draw(context: JobContext, week: WeekOfStores) -> list[Artifact]:
    """The charts of the week, those that have something to show."""
    # Imported here: it takes half a second, as long as a usual report, which does not need it.
    from app.charts.availability import Week, availability_charts  # noqa: PLC0415
    from app.charts.files import write_charts  # noqa: PLC0415

    stores = week.entities
    charts = availability_charts(
        Week(
            first=stores.first,
            last=stores.last,
            counts=week.counts,
            left_out=week.left_out,
            days=stores.days,
            of_day=stores.of_day,
            worst=[one.key for one in stores.worst],
            worst_share=np.array([one.availability for one in stores.worst]),
            tied=stores.tied,
            states=np.array([one.states for one in stores.worst], np.int8),
        )
    )
    return write_charts(charts, context.folder)


class HourlyFile:
    """hourly.parquet: a row per store and UTC hour of the week, with the part of it that lies in the week."""

    SCHEMA: Final = pa.schema(
        [
            ("store_id", pa.dictionary(pa.int32(), pa.string())),
            ("hour_utc", pa.timestamp("us", "UTC")),
            ("status", pa.dictionary(pa.int8(), pa.string())),
            ("open_seconds", pa.float64()),
            ("polls", pa.int32()),
        ]
    )
    STATUS: Final = {INACTIVE: "inactive", ACTIVE: "active", UNKNOWN: "unknown"}

    def __init__(self, context: JobContext, horizon: Horizon) -> None:
        self._path = context.folder / "hourly.parquet"
        self._horizon = horizon
        self._writer = parquet.ParquetWriter(self._path, self.SCHEMA, compression="zstd")
        self._rows = 0

    def write(
        self, keys: Sequence[str], open_time: Micros, status: npt.NDArray[np.int8], poll_counts: npt.NDArray[np.int32]
    ) -> None:
        """Add some stores; arguments as of compute(), with the polls of each hour of the series."""
        hours, onset = np.unique(self._horizon.hour, return_index=True)
        open_seconds = np.add.reduceat(open_time, onset, axis=1) / 1_000_000
        stores, count = open_seconds.shape
        hour_utc = self._horizon.first + hours * HOUR
        columns = [
            pa.DictionaryArray.from_arrays(np.repeat(np.arange(stores, dtype=np.int32), count), pa.array(keys)),
            pa.array(np.tile(hour_utc, stores)).cast(pa.timestamp("us", "UTC")),
            pa.DictionaryArray.from_arrays(
                status[:, hours].reshape(-1), pa.array([self.STATUS[code] for code in range(len(self.STATUS))])
            ),
            pa.array(open_seconds.reshape(-1)),
            pa.array(poll_counts[:, hours].reshape(-1)),
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=self.SCHEMA))
        self._rows += stores * count

    def close(self) -> Artifact:
        """Finish the file."""
        self._writer.close()
        return Artifact(self._path, "application/vnd.apache.parquet", rows=self._rows)


def explain(engine: Engine, settings: Settings, params: UptimeParams, key: str) -> Explanation:
    """Why the time of one store counts as the report has it.

    Raises:
        UnknownEntity: the report has no row of it.
    """
    question = _question(params, key)
    return explanation(question, explained_uptime.explain(engine, settings, question, key))


def chart(engine: Engine, settings: Settings, params: UptimeParams, key: str, day: date | None) -> "Chart":
    """The same as a picture: the days of the store, or one of them.

    Raises:
        UnknownEntity: the report has no row of it.
        InvalidParameters: the report has nothing of that day.
    """
    question = _question(params, key)
    return day_band(question, explained_uptime.explain(engine, settings, question, key), day)


def _question(params: UptimeParams, key: str) -> Question:
    if params.stores is not None and key not in params.stores:
        raise UnknownEntity(f"The report has no row of {key!r}: it is only of the stores that it names.", received=key)
    if params.as_of is None:
        raise ValueError("resolve() fixes as_of before a report runs")
    horizon = Horizon.before(params.as_of, lookback=timedelta(hours=params.lookback_hours))
    max_gap = None if params.max_gap_minutes is None else params.max_gap_minutes * MINUTE
    return Question(horizon, params.accounting, max_gap, params.min_outage_minutes * MINUTE)


UPTIME = ReportKind(
    name="uptime",
    summary="open time of each store in the last hour, day and week: up, down, or unknown",
    params=UptimeParams,
    resolve=resolve,
    produce=produce,
    documentation="""
        How long each store was up, down or unknown while it was open, in the last hour, the last 24 hours and the
        last 7 days before `as_of`. Closed time does not count.

        `uptime.csv` has a row for each store. With `hourly` there is also `hourly.parquet`, a row for each store and
        hour of the week; with `charts` there are three charts. With `accounting` set to `exact` the time is counted
        from poll to poll, and `outages.csv` lists every outage.
    """,
    rules="uptime-rules.md",
    drilldown=Drilldown(Explanation, explain, chart),
    example={"lookback_hours": 96},
    wrong={"stores": ["no such store"]},
)
