"""One range of stores after the other, as much as fits into memory, all as one snapshot shows them.

account() is what is done with a range, whoever reads it: this process, or a worker of a cluster (spread.py).
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.files.memory import keep_what_is_freed
from app.jobs.kind import JobContext, OnProgress, OnRead
from app.reports.doubts import SeenPolls, StoreDoubts
from app.series.details import Labels, own_gaps, read_labels
from app.series.entities import STORE, count_entities, read_entities
from app.series.poll_reading import Consume, PollSource, Scope, read
from app.series.schedules import read_schedule
from app.series.snapshots import Snapshot, joined_snapshot, take_snapshot
from app.series.versions import settle_changes
from app.storage.object_store import opened_when_asked
from app.storage.postgres import database_errors
from app.timeline import Micros
from app.timeline.calendar import Calendar
from app.timeline.entities import Entities
from app.timeline.hourly import Status
from app.timeline.schedule import Schedule

#: Share of the progress of a range of stores that is reading.
READING: Final = 0.7

#: Polls that are kept until the calendar is there that they are counted by, some 17 bytes each; who reads more waits.
EARLY_POLLS: Final = 2_000_000

#: Progress once all ranges are computed.
GATHERED: Final = 0.8


class Collects(Protocol):
    """What takes polls in blocks, on the calendar of their stores."""

    @property
    def calendar(self) -> Calendar: ...

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status, /) -> None: ...


T = TypeVar("T", bound=Collects)

#: The share of all stores that is done, of the share of a range that is.
OnShare = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What is read, and what is made of the polls of a range of stores.

    Attributes:
        collect: makes what takes them, of the schedule of the stores and of how long their polls hold, see own_gaps().
        first, last: instants of the polls to read, microseconds, both included.
        most: how many stores a range may have: of (connection, number of stores).
        as_known_at: hours and zones count as they were known then; None: as they are known.
    """

    collect: Callable[[Schedule, Micros], T]
    first: int
    last: int
    most: Callable[[Connection, int], int]
    as_known_at: datetime | None = None


class Sums(Protocol):
    """What is added up over all stores; memory does not grow with their number."""

    def as_json(self) -> Any:
        """All of it."""

    def merge(self, told: Any) -> None:
        """Add what the as_json() of another one told, of stores that come after those of this one."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The figures of a range of stores.

    Attributes:
        rows: as the table of the report keeps them until it is written.
        outages: as outages.csv keeps them; None: none are listed.
    """

    rows: pa.Table
    outages: pa.Table | None = None


class Accounting(Protocol[T]):
    """A way of accounting for the time of stores, and what it adds up on the way."""

    @property
    def reading(self) -> Reading[T]: ...

    @property
    def sums(self) -> Sequence[Sums]: ...

    def figures(self, entities: Entities, labels: Labels, collected: T, progress: OnProgress, /) -> Tables:
        """Account for a range of stores whose polls are collected; progress is that of the range."""


@dataclass(frozen=True, slots=True)
class Known:
    """When the stores of a range are open, and how long their polls hold, see own_gaps()."""

    schedule: Schedule
    own: Micros


class ReadsPolls(Protocol):
    """Reads polls of a range of stores in blocks; see poll_reading.read()."""

    def __call__(self, *, consume: Consume, progress: Callable[[float], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class StoreRange:
    """Some stores, and where what is accounted of them comes from.

    Attributes:
        entities, labels: of the stores.
        known: reads what is known of them; called in another thread, while polls are on their way.
        read: reads their polls.
    """

    entities: Entities
    labels: Labels
    known: Callable[[], Known]
    read: ReadsPolls


@contextmanager
def opened(context: JobContext, as_known_at: datetime | None) -> Iterator[tuple[PollSource, Snapshot]]:
    """Where polls are, and a snapshot of it that has what was known at that instant."""
    if as_known_at is not None:
        settle_changes(context.engine)
    with (
        database_errors(),
        opened_when_asked(context.store) as open_store,
        take_snapshot(context.engine) as snapshot,
    ):
        yield PollSource(context.engine, open_store), snapshot


def ranges(
    connection: Connection, stores: Sequence[str] | None, *, total: int, most: int, as_known_at: datetime | None
) -> Iterator[tuple[Entities, Labels, OnShare]]:
    """So many of the ``total`` stores after so many others, in the order of their ids, with what they are called.

    Each comes with a function of the share of it that is done: it gives the share of all stores.
    """
    done, after = 0, 0
    while done < total:
        entities = read_entities(connection, STORE, keys=stores, after=after, limit=most)
        labels = read_labels(connection, entities, as_known_at=as_known_at)
        yield entities, labels, partial(_share, done / total, len(entities) / total)
        done, after = done + len(entities), int(entities.ids[-1])


def _share(before: float, of_all: float, done: float) -> float:
    return before + of_all * done


def load(
    context: JobContext,
    accounting: Accounting[T],
    source: PollSource,
    snapshot: Snapshot,
    *,
    stores: Sequence[str] | None,
) -> Generator[Tables]:
    """Account for one range of stores after the other, in this process.

    Args:
        context: of the job.
        accounting: what is wanted.
        source, snapshot: see opened().
        stores: their keys; None: all.
    """
    keep_what_is_freed()
    reading, (connection, name) = accounting.reading, snapshot
    total = count_entities(connection, STORE, keys=stores)
    most = max(1, reading.most(connection, max(total, 1)))
    doubts = StoreDoubts()
    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as preparing:
        for entities, labels, share in ranges(
            connection, stores, total=total, most=most, as_known_at=reading.as_known_at
        ):
            scope: Scope = "listed" if stores is not None else "range" if len(entities) < total else "all"
            one = StoreRange(
                entities,
                labels,
                partial(known_of, context, name, entities, reading.as_known_at),
                partial(
                    read,
                    source,
                    snapshot,
                    entities,
                    first=reading.first,
                    last=reading.last,
                    scope=scope,
                    connections=context.settings.read_connections,
                ),
            )
            # Nothing here keeps what is collected: there is no room for that of two ranges.
            yield account(
                accounting, one, doubts, preparing, has_read=context.has_read, progress=partial(_tell, context, share)
            )
    doubts.tell(context)


def account(
    accounting: Accounting[T],
    one: StoreRange,
    doubts: StoreDoubts,
    preparing: Executor,
    *,
    has_read: OnRead,
    progress: OnProgress,
) -> Tables:
    """Read the polls of a range of stores and account for their time.

    Args:
        accounting: what is wanted; its sums grow.
        one: the range.
        doubts: grows, too.
        preparing: makes the calendar while the first polls are on their way.
        has_read: hears of the polls.
        progress: hears of the stage and the share of this range that is done.
    """
    ready = preparing.submit(_prepared, accounting.reading, one.known)
    seen = SeenPolls(len(one.entities))

    def collect(number: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        collected, _ = ready.result()
        seen.add(collected.calendar, number, instant)
        collected.add(number, instant, status)

    early = EarlyPolls(ready.done)
    passed_on = preparing.submit(early.pass_on, collect)  # as soon as the calendar is there

    def consume(number: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        has_read(len(instant), int(instant.max()) if len(instant) else None)
        if not early.keeps(number, instant, status):
            collect(number, instant, status)

    one.read(consume=consume, progress=lambda share: progress("loading", READING * share))
    progress("computing", READING)
    collected, schedule = ready.result()
    early.pass_on(collect)  # with the other thread, which may have begun
    passed_on.result()
    doubts.add(one.entities.keys, seen, schedule)
    return accounting.figures(one.entities, one.labels, collected, progress)


class EarlyPolls:
    """Polls that come before there is a calendar for them: kept, so that reading goes on meanwhile, up to a bound."""

    def __init__(self, is_too_late: Callable[[], bool]) -> None:
        self._is_too_late = is_too_late
        self._blocks: deque[tuple[npt.NDArray[np.integer], Micros, Status]] = deque()
        self._rows = 0

    def keeps(self, number: npt.NDArray[np.integer], instant: Micros, status: Status) -> bool:
        """Whether this block is kept; of several threads each may keep one beyond the bound."""
        if self._is_too_late() or self._rows >= EARLY_POLLS:
            return False
        self._rows += len(instant)
        self._blocks.append((number, instant, status))
        return True

    def pass_on(self, consume: Consume) -> None:
        """Have what is kept consumed, by all threads that call this together."""
        while self._blocks:
            try:
                block = self._blocks.popleft()
            except IndexError:  # another thread was faster
                return
            consume(*block)


def known_of(context: JobContext, snapshot: str, entities: Entities, as_known_at: datetime | None) -> Known:
    """What is known of these stores, by a connection of its own that joins the snapshot of that name."""
    with database_errors(), joined_snapshot(context.engine, snapshot) as connection:
        zone = context.settings.default_timezone
        schedule = read_schedule(connection, entities, default_zone=zone, as_known_at=as_known_at)
        return Known(schedule, own_gaps(connection, entities, as_known_at=as_known_at))


def _prepared(reading: Reading[T], known: Callable[[], Known]) -> tuple[T, Schedule]:
    """Nothing collected yet, by the schedule of these stores, and that schedule."""
    found = known()
    return reading.collect(found.schedule, found.own), found.schedule


def _tell(context: JobContext, share: OnShare, stage: str, done: float) -> None:
    """Tell the progress of a range."""
    context.progress(stage, GATHERED * share(done))
