"""Exact accounting in the uptime report: the polls of a range of stores, and outages.csv (docs/uptime-rules.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from app.files.artifact import Artifact
from app.files.csv_output import escape_formulas, iso_instant_each, write_csv_blocks
from app.files.sorted_rows import SortedRows
from app.reports.window_columns import DECIMAL, FIGURES, TABLE
from app.series import polls
from app.series.details import NO_GAP
from app.timeline import HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.exact import FOR_EVER, Outages, Polls, Stretches, suggested_gaps
from app.timeline.hourly import Status

MINUTE: Final = HOUR // 60

#: Later than any poll.
_NEVER: Final = int(np.iinfo(np.int64).max)

_INSTANT: Final = pa.timestamp("us")

#: Columns of outages.csv.
OUTAGES: Final = pa.schema(
    [
        ("store_id", pa.string()),
        *((name, pa.string()) for name in ("began_at", "ended_at")),
        ("ongoing", pa.bool_()),
        ("open_minutes", DECIMAL),
        *((name, pa.string()) for name in ("first_poll_at", "last_poll_at")),
    ]
)

#: The same before they are written; the first column sorts them by store, then by their beginning.
_ROWS: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("order", "store_id")),
        *((name, _INSTANT) for name in ("began_at", "ended_at")),
        ("open_hundredths", pa.int64()),
        *((name, _INSTANT) for name in ("first_poll_at", "last_poll_at")),
    ]
)


#: With exact accounting: outages in the week, and how long a poll holds.
EXACT_TABLE: Final = pa.schema([*TABLE, ("outages_last_week", pa.int32()), ("max_gap_minutes", DECIMAL)])
EXACT_FIGURES: Final = pa.schema([*FIGURES, ("outages_last_week", pa.int32()), ("max_gap_minutes", pa.int32())])

#: Outages that a page lists, the longest ones.
MOST_OUTAGES: Final = 20

#: Polls of exact accounting that are held at a time, about as many; each takes some 50 bytes while it is sorted.
POLLS_HELD: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Exactly:
    """What is asked of exact accounting.

    Attributes:
        max_gap: how long a poll holds, microseconds; None: what the polls of each store suggest.
        ignore_under: outages of less open time count as up, microseconds.
        as_known_at: hours and zones count as they were known then; None: as they are known.
    """

    max_gap: int | None
    ignore_under: int
    as_known_at: datetime | None = None


def gaps_of(polls: Polls, entities: int, own: Micros | None, max_gap: int | None) -> Micros:
    """How long a poll of each store holds, microseconds, int64[entities]: by its own detail, else as asked for.

    Args:
        polls: of the stores.
        entities: how many stores.
        own: by their own details, minutes, int64[entities], see own_gaps(); None: no store has one.
        max_gap: as asked for, microseconds; None: what the polls suggest.
    """
    gaps = suggested_gaps(polls, entities) if max_gap is None else np.full(entities, max_gap, np.int64)
    # FOR_EVER is 0 in any unit.
    return gaps if own is None else np.where(own == NO_GAP, gaps, own * MINUTE)


class CollectedPolls:
    """The polls of some stores, in blocks as they are read; several threads may add at the same time."""

    def __init__(self, calendar: Calendar, own: Micros | None = None) -> None:
        """``own``: how long a poll of each store holds by its own detail, minutes, int64[stores], see own_gaps()."""
        self.calendar = calendar
        self._own = own
        self._lock = Lock()
        self._blocks: list[tuple[npt.NDArray[np.int32], Micros, Status]] = []
        self._first = np.full(calendar.entities, _NEVER)

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        """Keep a block of polls, as HourlyVotes.add() counts one."""
        with self._lock:
            self._blocks.append((entity.astype(np.int32), instant, status))

    def stretches(
        self,
        *,
        max_gap: int | None,
        ignore_under: int,
        until: Micros | None = None,
    ) -> tuple[Stretches, Micros]:
        """What the polls say, and how long each store's hold, microseconds; this forgets the blocks.

        Args:
            max_gap: how long a poll of a store without a gap of its own holds, microseconds; None: what its polls
                suggest.
            ignore_under, until: see Stretches.
        """
        blocks, self._blocks = self._blocks, []
        entity, instant, status = (
            (np.concatenate(column) for column in zip(*blocks, strict=True))
            if blocks
            else (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int8))
        )
        del blocks
        polls = Polls.of(entity, instant, status)
        entities = self.calendar.entities
        gaps = gaps_of(polls, entities, self._own, max_gap)
        begins = np.flatnonzero(np.diff(polls.entity, prepend=-1))
        self._first[polls.entity[begins]] = polls.instant[begins]
        return Stretches(self.calendar, polls, gaps, ignore_under=ignore_under, until=until), gaps

    def begin_late(self, gaps: Micros, begin: Micros | int, unknown: Micros) -> npt.NDArray[np.bool_]:
        """Which stores hold until they change, but are unknown at first: a change before the lookback is not seen.

        Args:
            gaps: as stretches() gave them, which is called first.
            begin: when the time of the report begins, of all or int64[stores].
            unknown: unknown time, int64[stores].
        """
        late: npt.NDArray[np.bool_] = (gaps == FOR_EVER) & (self._first > begin) & (unknown > 0)
        return late


def gap_hundredths(gaps: Micros) -> npt.NDArray[np.int64]:
    """How long polls hold in hundredths of minutes, as max_gap_minutes has it: rounded half up."""
    rounded: npt.NDArray[np.int64] = (gaps * 100 + MINUTE // 2) // MINUTE
    return rounded


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage, as a page lists it.

    Attributes:
        store_id: whose.
        began_at, ended_at: UTC, without a zone; None for the end of one that goes on.
        open_minutes: its open time in the range, to the hundredth.
    """

    store_id: str
    began_at: datetime
    ended_at: datetime | None
    open_minutes: float


@dataclass(frozen=True, slots=True)
class Written:
    """The tables of an uptime report, and what of them its page lists.

    Attributes:
        files: uptime.csv is the first.
        outages: the longest ones; None in hourly accounting, which has none.
        groups: open time of each group, up, down and unknown, int64[3], microseconds; only of a range.
    """

    files: list[Artifact]
    outages: Sequence[Outage] | None = None
    groups: Mapping[str, Micros] = field(default_factory=dict)


class OutagesFile:
    """outages.csv: a row for each outage with open time in the range, by store, then by beginning."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "outages.csv"
        self._rows = SortedRows(folder / "outages.arrow", _ROWS)
        self._longest = _ROWS.empty_table()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.__exit__(kind, error, trace)

    def add(self, rows: pa.Table) -> None:
        """Add those of some stores, as of outages_within()."""
        self._rows.add(rows)
        longest = [("open_hundredths", "descending"), ("order", "ascending")]
        both = pa.concat_tables([self._longest, rows])
        self._longest = both.take(pc.select_k_unstable(both, MOST_OUTAGES, longest))

    def longest(self) -> list[Outage]:
        """Those with the most open time, longest first, at most MOST_OUTAGES; of equal ones, in order of the file."""
        return [
            Outage(row["store_id"], row["began_at"], row["ended_at"], row["open_hundredths"] / 100)
            for row in self._longest.to_pylist()
        ]

    def close(self) -> Artifact:
        """Write the file."""
        count = 0

        def blocks() -> Iterator[pa.Table]:
            nonlocal count
            count = 0
            for block in self._rows.blocks():
                count += len(block)
                yield _written(block.combine_chunks())

        write_csv_blocks(self._path, OUTAGES, blocks)
        return Artifact(self._path, "text/csv", rows=count)


def outages_within(
    keys: Sequence[str], stretches: Stretches, first: Micros, last: Micros
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The outages of some stores with open time in ``[first, last)``, int64[stores] each.

    Returns:
        Rows for OutagesFile, and how many each store has, int64[stores].
    """
    found = stretches.outages
    edges = (np.clip(edge, first[found.entity], last[found.entity]) for edge in (found.began, found.ended))
    open_time = stretches.down_between(found.entity, *edges)
    inside = open_time > 0
    counts = np.bincount(found.entity[inside], minlength=len(keys)).astype(np.int64)
    return _rows(keys, found.of_rows(inside), open_time[inside]), counts


def stores_held(connection: Connection, stores: int, *, first: int, last: int) -> int:
    """Of how many stores the polls in ``[first, last]`` are held at a time, about."""
    polls_of_all = polls.about_so_many(connection, first=first, last=last)
    return POLLS_HELD * stores // max(polls_of_all, stores)


def _rows(keys: Sequence[str], found: Outages, open_time: Micros) -> pa.Table:
    store = pa.array(keys, pa.string()).take(pa.array(found.entity))
    began = pc.utf8_lpad(pa.array(found.began).cast(pa.string()), 16, "0")
    hundredth = MINUTE // 100
    columns = [
        pc.binary_join_element_wise(store, began, "\0"),
        store,
        pa.array(found.began).cast(_INSTANT),
        pa.array(found.ended, mask=found.ongoing).cast(_INSTANT),
        pa.array((open_time + hundredth // 2) // hundredth),
        pa.array(found.first_poll).cast(_INSTANT),
        pa.array(found.last_poll).cast(_INSTANT),
    ]
    return pa.table(columns, schema=_ROWS)


def _written(rows: pa.Table) -> pa.Table:
    columns = {name: rows[name].combine_chunks() for name in rows.schema.names}
    instants = {
        name: iso_instant_each(columns[name]) for name in ("began_at", "ended_at", "first_poll_at", "last_poll_at")
    }
    return pa.table(
        [
            escape_formulas(columns["store_id"]),
            instants["began_at"],
            instants["ended_at"],
            columns["ended_at"].is_null(),
            pc.divide(columns["open_hundredths"].cast(pa.float64()), 100.0).cast(DECIMAL),
            instants["first_poll_at"],
            instants["last_poll_at"],
        ],
        schema=OUTAGES,
    )
