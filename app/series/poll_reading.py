"""Reading the polls of a window once, in parallel, from one snapshot, in blocks whose size has a bound.

The snapshot says of each week where its polls are: in its partition, or in the files of a sealed week. The files that
it shows stay in the bucket until no job can read them any more, also if a load unseals the week meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any, Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, select, text

from app.series.polls import POLL_COLUMNS, partition_of
from app.series.sealed.reading import SealedFile, Span, read_span, spans
from app.series.snapshots import Snapshot, joined_snapshot
from app.series.tables import poll_week, sealed_object
from app.storage.binary_copy import Arrays, read_columns
from app.storage.object_store import ObjectStore, OpenStore
from app.timeline import Micros, from_micros
from app.timeline.entities import Entities
from app.timeline.hourly import Status

#: A partition is read in slices of this many pages of 8 KiB: about 80,000 polls, enough to make a query's own cost
#: vanish and few enough that parallel connections end together.
SLICE_PAGES: Final = 512

#: Polls of a range of entities that are read at a time, about as many.
SLICE_POLLS: Final = 80_000

#: Polls of a block that is given on, at most: arrays of so many stay in the processor's own memory, and what is made of
#: them needs little memory anew from the kernel. In blocks of 95,000 the same took an eighth more of the processor.
BLOCK_POLLS: Final = 32_768

#: Parts of a range of entities for each connection, so that connections end together.
PARTS: Final = 2

#: Number of listed entities whose polls are looked up at a time, and of weeks in which they are.
SLICE_ENTITIES: Final = 256
SLICE_WEEKS: Final = 64

#: Before any poll.
_NEVER: Final = (-1, -1)

Scope = Literal["all", "range", "listed"]
Consume = Callable[[npt.NDArray[np.integer], Micros, Status], None]


@dataclass(frozen=True, slots=True)
class PollSource:
    """Where the polls are: in Postgres, and those of sealed weeks in a bucket, which is opened when it is needed."""

    engine: Engine
    open_store: OpenStore


@dataclass(frozen=True, slots=True)
class _Slice:
    """Rows to read: what follows FROM, and its parameters; ``along_key`` are read in order of the key, bit by bit."""

    source: str
    params: Mapping[str, Any]
    along_key: bool = False


#: The table of a week, and a condition for its polls.
_Partition = tuple[str, str]

#: What one thread reads at a time.
_Part = _Slice | Span

P = TypeVar("P")


def read(
    source: PollSource,
    snapshot: Snapshot,
    entities: Entities,
    *,
    first: int,
    last: int,
    scope: Scope,
    connections: int,
    consume: Consume,
    progress: Callable[[float], None],
) -> None:
    """Read the polls of ``entities`` in ``[first, last]``, in blocks in any order, from one snapshot.

    If they are of all entities, every partition of the window is read once, in the order in which it lies, by several
    connections in slices of pages. Whoever reads one range of ids after the other goes along the primary key instead,
    so that all ranges together read every poll once. A short list of entities is looked up by key. Of the files of
    sealed weeks, the row groups are read that may have one of the entities.

    Args:
        source: where they are; at most ``connections`` of its connections to Postgres are used.
        snapshot: what the connections share.
        entities: whose polls to read; others are dropped.
        first, last: instants, microseconds, both included.
        scope: the entities are "all" that have polls, a "range" of ids, or "listed" one by one.
        connections: number of slices read at the same time.
        consume: called with (number of the entity, instant, status), from several threads.
        progress: called with the fraction done, 0 … 1.

    Raises:
        SealedWeekDamaged: an object of a sealed week is missing, or has other bytes than were written.
    """
    if not len(entities):
        return
    parts: list[_Part] = [
        *_in_postgres(snapshot[0], entities, first, last, scope, parts=PARTS * connections),
        *_in_bucket(source, snapshot[0], entities, first, last),
    ]
    reader = partial(_reader, source, snapshot, first, last)
    _read_parts(parts, reader, entities, connections=connections, consume=consume, progress=progress)


def read_files(
    store: ObjectStore,
    files: Sequence[SealedFile],
    entities: Entities,
    *,
    first: int,
    last: int,
    connections: int,
    consume: Consume,
    progress: Callable[[float], None],
) -> None:
    """Read the polls of ``entities`` in ``[first, last]`` out of files alone; otherwise as read()."""
    parts = [span for file in files for span in spans(file, entities.ids, entities.ids)]

    def blocks_of(part: Span) -> Iterator[Arrays]:
        return (_within(block, first, last) for block in read_span(store, part))

    _read_parts(
        parts, lambda: nullcontext(blocks_of), entities, connections=connections, consume=consume, progress=progress
    )


#: Gives what one thread reads parts with, into blocks.
_Reader = Callable[[], AbstractContextManager[Callable[[P], Iterator[Arrays]]]]


def _read_parts(
    parts: Sequence[P],
    reader: _Reader[P],
    entities: Entities,
    *,
    connections: int,
    consume: Consume,
    progress: Callable[[float], None],
) -> None:
    queue: SimpleQueue[P | None] = SimpleQueue()
    done, lock, failed = 0, Lock(), Event()
    numbering = entities.numbering()

    def work() -> None:
        nonlocal done
        with reader() as blocks_of, _set_on_error(failed):
            while (part := queue.get()) is not None:
                for block in _cut(blocks_of(part)):
                    if failed.is_set():
                        return
                    number, at, status = numbering(block["entity_id"]), block["at"], block["active"]
                    if len(number) and number.min() < 0:
                        ours = number >= 0
                        number, at, status = number[ours], at[ours], status[ours]
                    consume(number, at, status)
                with lock:
                    done += 1
                    progress(done / len(parts))

    with ThreadPoolExecutor(connections, thread_name_prefix="read") as pool:
        for part in (*parts, *[None] * connections):
            queue.put(part)
        for future in [pool.submit(work) for _ in range(min(connections, len(parts)))]:
            future.result()


def ask_for_nobody(connection: Connection) -> None:
    """Ask what read() does before it reads, of a time without polls: the statements are put together once."""
    nobody = Entities(np.zeros(1, np.int64), [""])
    list(_partitions(connection, *_NEVER))
    sealed_files(connection, nobody, *_NEVER)


def unsealed(connection: Connection, entities: Entities, first: int, last: int) -> Iterator[Iterator[Arrays]]:
    """The polls of entities in ``[first, last]`` that no file has: week by week, sorted by entity and instant.

    The polls of all entities between the first and the last of these are read, and dropped.
    """
    for part in _by_range(_partitions(connection, first, last), entities, _instants(first, last), parts=1):
        yield (_of(entities, block) for block in _blocks(connection, part))


def _of(entities: Entities, block: Arrays) -> Arrays:
    ours = entities.numbers(block["entity_id"]) >= 0
    return block if ours.all() else {name: column[ours] for name, column in block.items()}


@contextmanager
def _set_on_error(event: Event) -> Iterator[None]:
    try:
        yield
    except BaseException:
        event.set()
        raise


@contextmanager
def _reader(
    source: PollSource, snapshot: Snapshot, first: int, last: int
) -> Iterator[Callable[[_Part], Iterator[Arrays]]]:
    """What one thread reads parts with; it connects to Postgres for the first one that is there."""
    with ExitStack() as stack:
        joined: list[Connection] = []

        def blocks_of(part: _Part) -> Iterator[Arrays]:
            if isinstance(part, Span):
                return (_within(block, first, last) for block in read_span(source.open_store(), part))
            if not joined:
                joined.append(stack.enter_context(joined_snapshot(source.engine, snapshot[1])))
            return _blocks(joined[0], part)

        yield blocks_of


def _blocks(connection: Connection, part: _Slice) -> Iterator[Arrays]:
    """The rows of a slice; of one along the key at most SLICE_POLLS at a time, whoever has how many."""
    if not part.along_key:
        yield read_columns(connection, POLL_COLUMNS, part.source, part.params)
        return
    # To sort all that follows for each block would take the square of the time; the index has the order.
    connection.execute(text("SET LOCAL enable_sort = off"))
    after = {"id": part.params["low"] - 1, "at": part.params["first"]}
    while True:
        source = (
            f"(SELECT at, entity_id, active FROM {part.source} AND (entity_id, at) > (%(id)s, %(at)s) "
            f"ORDER BY entity_id, at LIMIT {SLICE_POLLS}) AS slice"
        )
        block = read_columns(connection, POLL_COLUMNS, source, {**part.params, **after})
        yield block
        if len(block["at"]) < SLICE_POLLS:
            return
        after = {"id": int(block["entity_id"][-1]), "at": from_micros(int(block["at"][-1]))}


def _cut(blocks: Iterator[Arrays]) -> Iterator[Arrays]:
    """The same rows in blocks of at most BLOCK_POLLS."""
    for block in blocks:
        for start in range(0, len(block["at"]), BLOCK_POLLS):
            yield {name: column[start : start + BLOCK_POLLS] for name, column in block.items()}


def _within(block: Arrays, first: int, last: int) -> Arrays:
    """The rows of a sealed week that are in the window; those of most weeks all are."""
    at = block["at"]
    if not len(at) or (at.min() >= first and at.max() <= last):
        return block
    inside = (at >= first) & (at <= last)
    return {name: column[inside] for name, column in block.items()}


def _instants(first: int, last: int) -> dict[str, Any]:
    return {"first": from_micros(first), "last": from_micros(last)}


def _in_postgres(
    connection: Connection, entities: Entities, first: int, last: int, scope: Scope, *, parts: int
) -> Iterator[_Slice]:
    """The slices of the weeks that are not sealed."""
    partitions = list(_partitions(connection, first, last))
    if scope == "all":
        return _by_page(connection, partitions, _instants(first, last))
    if scope == "range":
        return _by_range(partitions, entities, _instants(first, last), parts=parts)
    return _by_entity(partitions, entities, _instants(first, last))


def _in_bucket(source: PollSource, connection: Connection, entities: Entities, first: int, last: int) -> Iterator[Span]:
    """The spans of the sealed weeks."""
    if files := sealed_files(connection, entities, first, last):
        source.open_store()  # before several threads ask for it
        for file in files:
            yield from spans(file, entities.ids, entities.ids)


def _by_entity(partitions: Sequence[_Partition], entities: Entities, instants: Mapping[str, Any]) -> Iterator[_Slice]:
    for week in range(0, len(partitions), SLICE_WEEKS):
        of_weeks = " UNION ALL ".join(
            f"SELECT at, entity_id, active FROM {partition} WHERE entity_id = ANY(%(ids)s){condition}"
            for partition, condition in partitions[week : week + SLICE_WEEKS]
        )
        for start in range(0, len(entities), SLICE_ENTITIES):
            ids = entities.ids[start : start + SLICE_ENTITIES].tolist()
            yield _Slice(f"({of_weeks}) AS slice", {**instants, "ids": ids})


def _by_page(connection: Connection, partitions: Iterable[_Partition], instants: Mapping[str, Any]) -> Iterator[_Slice]:
    for partition, condition in partitions:
        source = f"{partition} WHERE ctid >= %(from)s::tid AND ctid < %(to)s::tid{condition}"
        pages = connection.scalar(text(f"SELECT pg_relation_size('{partition}') / 8192")) or 0
        for page in range(0, pages, SLICE_PAGES):
            yield _Slice(source, {**instants, "from": f"({page},0)", "to": f"({page + SLICE_PAGES},0)"})


def _by_range(
    partitions: Iterable[_Partition], entities: Entities, instants: Mapping[str, Any], *, parts: int
) -> Iterator[_Slice]:
    starts = np.unique(np.linspace(0, len(entities), parts, endpoint=False, dtype=np.int64)).tolist()
    for partition, condition in partitions:
        source = f"{partition} WHERE entity_id BETWEEN %(low)s AND %(high)s{condition}"
        for start, stop in pairwise([*starts, len(entities)]):
            bounds = {"low": int(entities.ids[start]), "high": int(entities.ids[stop - 1])}
            yield _Slice(source, {**instants, **bounds}, along_key=True)


def _partitions(connection: Connection, first: int, last: int) -> Iterator[_Partition]:
    """The tables of the weeks that have polls in the window, and a condition for those that also have others.

    Polls are read from these by name, never through the table that they are partitions of. What a session knows of its
    partitions is no part of a snapshot: a load can be seen a moment before its new weeks are known to be there, and all
    of it but these would be read. Of a week by name a session knows, or waits for the load to tell everyone.
    """
    bounds = _instants(first, last)
    weeks = connection.execute(
        select(poll_week.c.week, poll_week.c.first_at, poll_week.c.last_at)
        .where(
            poll_week.c.first_at <= bounds["last"],
            poll_week.c.last_at >= bounds["first"],
            poll_week.c.sealed_at.is_(None),
        )
        .order_by(poll_week.c.week)
    ).all()
    for week, first_at, last_at in weeks:
        partial = first_at < bounds["first"] or last_at > bounds["last"]
        yield partition_of(week), " AND at BETWEEN %(first)s AND %(last)s" if partial else ""


def sealed_files(connection: Connection, entities: Entities, first: int, last: int) -> list[SealedFile]:
    """The files that may have polls of these entities in the window, week by week."""
    bounds = _instants(first, last)
    found = connection.execute(
        select(*(sealed_object.c[name] for name in SealedFile.__dataclass_fields__))
        .join(poll_week, poll_week.c.week == sealed_object.c.week)
        .where(
            poll_week.c.first_at <= bounds["last"],
            poll_week.c.last_at >= bounds["first"],
            sealed_object.c.first_id <= int(entities.ids[-1]),
            sealed_object.c.last_id >= int(entities.ids[0]),
        )
        .order_by(sealed_object.c.week, sealed_object.c.first_id)
    )
    return [SealedFile(*row) for row in found]
