"""The uptime report on the three windows that end at its instant (docs/uptime-rules.md, "The report")."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.sorted_rows import SortedRows
from app.jobs.kind import JobContext, OnProgress
from app.reports.exact_uptime import (
    EXACT_FIGURES,
    EXACT_TABLE,
    CollectedPolls,
    Exactly,
    OutagesFile,
    Written,
    gap_hundredths,
    outages_within,
    stores_held,
)
from app.reports.store_ranges import GATHERED, READING, Reading, Sums, Tables
from app.reports.uptime.hourly_file import HourlyFile
from app.reports.uptime.week_charts import WeekOfStores, draw
from app.reports.uptime_summary import Tally, add_windows
from app.reports.window_columns import (
    COLUMNS,
    HOURLY_FIGURES,
    HOURLY_TABLE,
    HUNDREDTHS,
    in_windows,
    label_columns,
    write_table,
)
from app.series.details import Labels
from app.timeline import Micros
from app.timeline.entities import Entities
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.hourly import UNKNOWN, HourlyVotes

#: Progress once the table is written.
_WRITTEN: Final = 0.9

#: Entities x hours counted at a time; each takes 8 bytes, and what does not fit is done range by range: some 59,000
#: entities with the usual lookback, with whose hours and intermediate arrays a report takes half a gigabyte.
GRID_CELLS: Final = 16_000_000

#: Entities whose hours are evaluated at a time: each intermediate array takes some megabyte. With fewer of them, two
#: threads wait for each other between their short steps, and with many more the processor's own memory is too small.
CHUNK: Final = 1024

#: Chunks that are evaluated, or wait for that or for being used: while one is used others are computed.
AHEAD: Final = 3

#: Chunks evaluated at the same time; numpy does most of it without Python's global lock.
THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of hourly accounting.

    Attributes:
        max_fill_hours: how many hours without polls have the status of the last hour with some; None: all of them.
        as_known_at: hours and zones count as they were known then; None: as they are known.
        target_percent: availability that each store should have, for the charts.
    """

    max_fill_hours: int | None
    as_known_at: datetime | None = None
    target_percent: float | None = None


@dataclass(frozen=True, slots=True)
class HourlyWindows:
    """Hourly accounting; see store_ranges.Accounting.

    Attributes:
        wanted: what is asked of it.
        horizon: the instants.
        tally: its sums.
        week: what charts show; None: none are drawn.
        hourly_file: takes the hours; None: they are not wanted.
    """

    wanted: Wanted
    horizon: Horizon
    tally: Tally
    week: WeekOfStores | None = None
    hourly_file: HourlyFile | None = None

    @property
    def reading(self) -> Reading[HourlyVotes]:
        horizon = self.horizon
        return Reading(
            lambda schedule, _: HourlyVotes(schedule.calendar(horizon.first, horizon.last)),
            horizon.earliest,
            horizon.as_of,
            lambda *_: GRID_CELLS // horizon.hours,
            self.wanted.as_known_at,
        )

    @property
    def sums(self) -> Sequence[Sums]:
        return [self.tally] if self.week is None else [self.tally, self.week]

    def figures(self, entities: Entities, labels: Labels, votes: HourlyVotes, progress: OnProgress) -> Tables:
        parts: list[npt.NDArray[np.int64]] = []
        for chunk, open_time, status, times, table in evaluate(votes, self.horizon, self.wanted.max_fill_hours):
            parts.append(table)
            keys = entities.keys[chunk]
            add_windows(self.tally, keys, times)
            if self.hourly_file is not None:
                self.hourly_file.write(keys, open_time, status, votes.polls[chunk], votes.active[chunk])
            if self.week is not None:
                self.week.add(keys, open_time, status, votes.carried(chunk, status))
            progress("computing", READING + (1 - READING) * chunk.stop / len(entities))
        figures = np.concatenate(parts).T.astype(np.int32)
        columns = [pa.array(entities.keys, pa.string()), *label_columns(labels), *map(pa.array, figures)]
        return Tables(pa.table(columns, schema=HOURLY_FIGURES))


@dataclass(frozen=True, slots=True)
class ExactWindows:
    """Exact accounting; see store_ranges.Accounting.

    Attributes:
        wanted: what is asked of it.
        horizon: the instants.
        tally: its sums.
    """

    wanted: Exactly
    horizon: Horizon
    tally: Tally

    @property
    def reading(self) -> Reading[CollectedPolls]:
        horizon = self.horizon
        return Reading(
            lambda schedule, own: CollectedPolls(schedule.calendar(horizon.earliest, horizon.as_of), own),
            horizon.earliest,
            horizon.as_of,
            partial(stores_held, first=horizon.earliest, last=horizon.as_of),
            self.wanted.as_known_at,
        )

    @property
    def sums(self) -> Sequence[Sums]:
        return [self.tally]

    def figures(self, entities: Entities, labels: Labels, collected: CollectedPolls, progress: OnProgress) -> Tables:
        begins = sorted(self.horizon.as_of - length for length in WINDOWS.values())
        edges = np.array([*begins, self.horizon.as_of], np.int64)
        firsts = {name: int(np.searchsorted(edges, self.horizon.as_of - length)) for name, length in WINDOWS.items()}
        stretches, gaps = collected.stretches(max_gap=self.wanted.max_gap, ignore_under=self.wanted.ignore_under)
        time = stretches.time(edges, slice(0, len(entities)))
        of_windows = [
            np.stack([time[code][:, first:].sum(axis=1) for first in firsts.values()], axis=1)
            for code in COLUMNS.values()
        ]
        add_windows(self.tally, entities.keys, of_windows)
        late = collected.begin_late(gaps, int(edges[0]), time[UNKNOWN].sum(axis=1))
        self.tally.unknown_time.add_late(entities.keys, late)
        figures = [in_windows(time[code], firsts) for code in COLUMNS.values()]
        week, as_of = np.full((2, len(entities)), edges[[0, -1], None])
        outages, counts = outages_within(entities.keys, stretches, week, as_of)
        columns = [
            pa.array(entities.keys, pa.string()),
            *label_columns(labels),
            *(pa.array(column.astype(np.int32)) for of_status in figures for column in of_status),
            pa.array(counts.astype(np.int32)),
            pa.array(gap_hundredths(gaps).astype(np.int32)),
        ]
        progress("computing", 1.0)
        return Tables(pa.table(columns, schema=EXACT_FIGURES), outages)


def hourly_windows(context: JobContext, accounting: HourlyWindows, computed: Iterator[Tables]) -> Written:
    """uptime.csv by hourly accounting, and what else is wanted; ``computed`` are the figures of all stores."""
    with SortedRows(context.folder / "uptime.arrow", HOURLY_FIGURES) as rows:
        for tables in computed:
            rows.add(tables.rows)
        context.progress("computing", GATHERED)
        artifacts = [write_table(context, rows, HOURLY_TABLE)]
    if accounting.hourly_file is not None:
        artifacts.append(accounting.hourly_file.close())
    if accounting.week is not None:
        context.progress("computing", _WRITTEN)
        wanted = accounting.wanted
        artifacts += draw(context, accounting.week, target=wanted.target_percent, as_known_at=wanted.as_known_at)
    return Written(artifacts)


def exact_windows(context: JobContext, computed: Iterator[Tables]) -> Written:
    """uptime.csv by exact accounting, and outages.csv; ``computed`` are the figures of all stores."""
    with (
        SortedRows(context.folder / "uptime.arrow", EXACT_FIGURES) as rows,
        OutagesFile(context.folder) as outages,
    ):
        for tables in computed:
            rows.add(tables.rows)
            outages.add(tables.outages)
        context.progress("computing", GATHERED)
        return Written([write_table(context, rows, EXACT_TABLE), outages.close()], outages.longest())


#: Some stores, their open time and status, their time in windows as of window_times(), and their columns.
Evaluated = tuple[slice, Micros, npt.NDArray[np.int8], list[Micros], npt.NDArray[np.int64]]


def evaluate(votes: HourlyVotes, horizon: Horizon, max_fill_hours: int | None) -> Iterator[Evaluated]:
    """For some stores after the other: which, and their open time, status, times and columns.

    The columns are those of in_columns(), then how much of the open time is carried from an earlier hour, for hour,
    day, week.
    """
    open_times = votes.calendar.open_times(horizon.edges)

    def one(start: int) -> Evaluated:
        chunk = slice(start, min(start + CHUNK, votes.calendar.entities))
        open_time = open_times(chunk)
        status = votes.status(chunk, max_fill_hours=max_fill_hours)
        *times, carried = window_times(open_time, status, horizon, votes.carried(chunk, status))
        figures = np.concatenate([in_columns(times), in_columns([carried])], axis=1)
        return chunk, open_time, status, times, figures

    starts = range(0, votes.calendar.entities, CHUNK)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="compute") as pool:
        begun: deque[Future[Evaluated]] = deque()
        for start in starts:
            begun.append(pool.submit(one, start))
            if len(begun) > AHEAD:  # no more than are wanted next
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def compute(open_time: Micros, status: npt.NDArray[np.int8], horizon: Horizon) -> npt.NDArray[np.int64]:
    """Open time of each window by status, as columns: in_columns() of window_times()."""
    *times, _ = window_times(open_time, status, horizon, np.zeros(status.shape, bool))
    return in_columns(times)


def window_times(
    open_time: Micros, status: npt.NDArray[np.int8], horizon: Horizon, carried: npt.NDArray[np.bool_]
) -> list[Micros]:
    """Open time of each window by status.

    Args:
        open_time: microseconds, int64[stores, pieces], as cut by ``horizon.edges``.
        status: int8[stores, hours], see timeline/hourly.py.
        horizon: the instants.
        carried: whether an hour has the status of an earlier one, bool[stores, hours].

    Returns:
        Microseconds up, down and unknown, and those of the first two that are carried, int64[stores, 3] each, of which
        the columns are hour, day, week.
    """
    stores, codes = len(status), len(COLUMNS)
    code = status + carried * np.int8(codes)
    place = (np.arange(stores)[:, None] * len(HUNDREDTHS) + _shortest_windows(horizon)) * (2 * codes)
    place += code[:, horizon.hour]
    # Sums of floats are exact here: none comes near 2 ** 53 microseconds, which are centuries.
    sums = np.bincount(place.reshape(-1), open_time.reshape(-1), minlength=stores * len(HUNDREDTHS) * 2 * codes)
    # What is in a window and in no shorter one, and so each piece once; a window has what the shorter ones have.
    known, carried_on = (
        np.moveaxis(sums.reshape(stores, len(HUNDREDTHS), 2, codes), 2, 0).cumsum(axis=2).astype(np.int64)
    )
    return [*((known + carried_on)[:, :, of_status] for of_status in COLUMNS.values()), carried_on.sum(axis=2)]


def _shortest_windows(horizon: Horizon) -> npt.NDArray[np.int64]:
    """The shortest window that each piece is in, by its place in HUNDREDTHS, from the shortest to the longest."""
    piece = np.arange(len(horizon.hour))
    places: npt.NDArray[np.int64] = np.sum([piece < horizon.pieces(window).start for window in HUNDREDTHS], axis=0)
    return places


def in_columns(times: Sequence[Micros]) -> npt.NDArray[np.int64]:
    """Time in windows as int64[stores, 3 of each], hundredths of a minute for the hour and of an hour for the others.

    They are rounded half up.
    """
    unit = np.array(list(HUNDREDTHS.values()), np.int64)
    return np.concatenate([(time + unit // 2) // unit for time in times], axis=1)
