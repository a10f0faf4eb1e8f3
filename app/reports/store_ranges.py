"""The polls of one range of stores after the other, as much as fits into memory, all as one snapshot shows them."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.jobs.kind import JobContext, OnProgress
from app.reports.doubts import SeenPolls, StoreDoubts
from app.series.details import Labels, own_gaps, read_labels
from app.series.entities import STORE, count_entities, read_entities
from app.series.poll_reading import PollSource, Scope, read
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

#: Progress once all ranges are computed.
GATHERED: Final = 0.8


class Collects(Protocol):
    """What takes polls in blocks, on the calendar of their stores."""

    @property
    def calendar(self) -> Calendar: ...

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status, /) -> None: ...


T = TypeVar("T", bound=Collects)


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


def load(
    context: JobContext, reading: Reading[T], *, stores: Sequence[str] | None, snapshot: Snapshot | None = None
) -> Generator[tuple[Entities, Labels, T, OnProgress]]:
    """Collect the polls for one range of stores after the other.

    Each comes with the names and groups of its stores, and a function of (stage, share of this range that is done).

    Args:
        context: of the job.
        reading: what to read.
        stores: their keys; None: all.
        snapshot: what is read; None: one is taken.
    """
    if reading.as_known_at is not None:
        settle_changes(context.engine)
    with (
        database_errors(),
        ThreadPoolExecutor(1, thread_name_prefix="prepare") as preparing,
        opened_when_asked(context.store) as open_store,
        take_snapshot(context.engine) if snapshot is None else nullcontext(snapshot) as shared,
    ):
        source = PollSource(context.engine, open_store)
        connection, _ = shared
        total = count_entities(connection, STORE, keys=stores)
        most = max(1, reading.most(connection, max(total, 1)))
        done, after = 0, 0
        doubts = StoreDoubts(context.settings.default_timezone)
        while done < total:
            entities = read_entities(connection, STORE, keys=stores, after=after, limit=most)
            labels = read_labels(connection, entities, as_known_at=reading.as_known_at)
            progress = partial(_tell, context.progress, done / total, len(entities) / total)
            scope: Scope = "listed" if stores is not None else "range" if len(entities) < total else "all"
            collected = partial(_collect, context, source, preparing, shared, entities, scope, reading, doubts)
            # Nothing here keeps what is collected: there is no room for that of two ranges.
            yield entities, labels, collected(progress), progress
            done, after = done + len(entities), int(entities.ids[-1])
        doubts.tell(context)


def _collect(
    context: JobContext,
    source: PollSource,
    preparing: ThreadPoolExecutor,
    snapshot: Snapshot,
    entities: Entities,
    scope: Scope,
    reading: Reading[T],
    doubts: StoreDoubts,
    progress: OnProgress,
) -> T:
    """Collect the polls of these stores. The first are on their way while the calendar is made."""
    ready = preparing.submit(_prepare, context, snapshot[1], entities, reading)
    seen = SeenPolls(len(entities))

    def consume(number: npt.NDArray[np.integer], instant: Micros, status: Status) -> None:
        context.has_read(len(instant), int(instant.max()) if len(instant) else None)
        collected, _ = ready.result()
        seen.add(collected.calendar, number, instant)
        collected.add(number, instant, status)

    read(
        source,
        snapshot,
        entities,
        first=reading.first,
        last=reading.last,
        scope=scope,
        connections=context.settings.read_connections,
        consume=consume,
        progress=lambda share: progress("loading", READING * share),
    )
    progress("computing", READING)
    collected, schedule = ready.result()
    doubts.add(entities.keys, seen, schedule)
    return collected


def _tell(tell: OnProgress, before: float, share: float, stage: str, done: float) -> None:
    """Tell the progress of a range that is ``share`` of all stores and comes after ``before`` of them."""
    tell(stage, GATHERED * (before + share * done))


def _prepare(context: JobContext, snapshot: str, entities: Entities, reading: Reading[T]) -> tuple[T, Schedule]:
    """Nothing collected yet, by the schedule of these stores, and that schedule."""
    with database_errors(), joined_snapshot(context.engine, snapshot) as connection:
        zone = context.settings.default_timezone
        schedule = read_schedule(connection, entities, default_zone=zone, as_known_at=reading.as_known_at)
        own = own_gaps(connection, entities, as_known_at=reading.as_known_at)
    return reading.collect(schedule, own), schedule
