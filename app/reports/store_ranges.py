"""The polls of one range of stores after the other, as much as fits into memory, all as one snapshot shows them."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from app.jobs.kind import JobContext, OnProgress
from app.series.entities import STORE, count_entities, read_entities
from app.series.poll_reading import Scope, Snapshot, joined_snapshot, read, take_snapshot
from app.series.schedules import read_schedule
from app.series.versions import settle_changes
from app.storage.postgres import database_errors
from app.timeline import Micros
from app.timeline.calendar import Calendar
from app.timeline.entities import Entities
from app.timeline.horizon import Horizon
from app.timeline.hourly import Status

#: Share of the progress of a range of stores that is reading.
READING: Final = 0.7

#: Progress once all ranges are computed.
GATHERED: Final = 0.8


class Collects(Protocol):
    """What takes polls in blocks."""

    def add(self, entity: npt.NDArray[np.integer], instant: Micros, status: Status, /) -> None: ...


T = TypeVar("T", bound=Collects)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What is made of the polls of a range of stores.

    Attributes:
        collect: makes what takes them, on the calendar of the stores.
        first, last: bounds of that calendar.
        most: how many stores a range may have: of (connection, number of stores, horizon).
        as_known_at: hours and zones count as they were known then; None: as they are known.
    """

    collect: Callable[[Calendar], T]
    first: int
    last: int
    most: Callable[[Connection, int, Horizon], int]
    as_known_at: datetime | None = None


def load(
    context: JobContext, horizon: Horizon, reading: Reading[T], *, stores: Sequence[str] | None
) -> Generator[tuple[Entities, T, OnProgress]]:
    """Collect the polls of the horizon for one range of stores after the other; ``stores`` None: of all.

    Each comes with a function of (stage, share of this range that is done).
    """
    if reading.as_known_at is not None:
        settle_changes(context.engine)
    with (
        database_errors(),
        ThreadPoolExecutor(1, thread_name_prefix="prepare") as preparing,
        take_snapshot(context.engine) as snapshot,
    ):
        connection, _ = snapshot
        total = count_entities(connection, STORE, keys=stores)
        most = max(1, reading.most(connection, max(total, 1), horizon))
        done, after = 0, 0
        while done < total:
            entities = read_entities(connection, STORE, keys=stores, after=after, limit=most)
            progress = partial(_tell, context.progress, done / total, len(entities) / total)
            scope: Scope = "listed" if stores is not None else "range" if len(entities) < total else "all"
            collected = partial(_collect, context, preparing, snapshot, entities, horizon, scope, reading)
            # Nothing here keeps what is collected: there is no room for that of two ranges.
            yield entities, collected(progress), progress
            done, after = done + len(entities), int(entities.ids[-1])


def _collect(
    context: JobContext,
    preparing: ThreadPoolExecutor,
    snapshot: Snapshot,
    entities: Entities,
    horizon: Horizon,
    scope: Scope,
    reading: Reading[T],
    progress: OnProgress,
) -> T:
    """Collect the polls of these stores. The first are on their way while the calendar is made."""
    ready = preparing.submit(_prepare, context, snapshot[1], entities, reading)
    read(
        context.engine,
        snapshot,
        entities,
        first=horizon.earliest,
        last=horizon.as_of,
        scope=scope,
        connections=context.settings.read_connections,
        consume=lambda *block: ready.result().add(*block),
        progress=lambda share: progress("loading", READING * share),
    )
    progress("computing", READING)
    return ready.result()


def _tell(tell: OnProgress, before: float, share: float, stage: str, done: float) -> None:
    """Tell the progress of a range that is ``share`` of all stores and comes after ``before`` of them."""
    tell(stage, GATHERED * (before + share * done))


def _prepare(context: JobContext, snapshot: str, entities: Entities, reading: Reading[T]) -> T:
    """Nothing collected yet, on the calendar of these stores."""
    with database_errors(), joined_snapshot(context.engine, snapshot) as connection:
        zone = context.settings.default_timezone
        schedule = read_schedule(connection, entities, default_zone=zone, as_known_at=reading.as_known_at)
    return reading.collect(schedule.calendar(reading.first, reading.last))
