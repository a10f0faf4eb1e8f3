"""Parts rows and groups into portions, so that the groups of one surely fit into the memory of a job.

DuckDB spills, but what it takes beyond its own count grows with what it spills. So no query gets more than a portion.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import pyarrow as pa

from app.rollup.database import BESIDES_MB, PLENTY_MB
from app.rollup.plan import Keys
from app.rollup.spans import Place, first_from, keys_of, read_span
from app.storage.object_store import ObjectStore

#: Of the memory of a job, less what is beside DuckDB, the share that the blocks of a portion may have: their groups
#: take several times as much. From PLENTY_MB on it is more: with fewer portions, fewer groups are sorted and copied.
SHARE: Final = 1 / 16
SHARE_OF_PLENTY: Final = 1 / 8

#: Rows of a span that are taken for equally large, when its keys are looked at.
STEP_ROWS: Final = 1024


def portion_bytes(memory_mb: int) -> int:
    """Most bytes of Arrow blocks that are grouped at a time by a job that may take so much memory, MiB."""
    return int(((memory_mb - BESIDES_MB) << 20) * (SHARE if memory_mb < PLENTY_MB else SHARE_OF_PLENTY))


def in_portions(blocks: Iterator[pa.RecordBatch], *, most_bytes: int) -> Iterator[Iterator[pa.RecordBatch]]:
    """Blocks that follow each other, in portions; each must be read to its end before the next is asked for."""
    for first in blocks:
        yield chain([first], _until(blocks, most_bytes - first.nbytes))


def by_keys(
    store: ObjectStore, places: Sequence[Place], *, keys: int, size: int, most_bytes: int
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The groups of spans in portions: all groups of one have smaller keys than those of the next.

    Args:
        store: has the spans.
        places: where they are.
        keys: number of columns of a key.
        size: of all groups, bytes of Arrow blocks.
        most_bytes: of a portion; one with many groups of the same key may be larger.

    Raises:
        ObjectStoreUnavailable: they cannot be read.
    """
    if size <= most_bytes or not keys:
        yield chain.from_iterable(read_span(store, place) for place in places)
        return
    steps, ends = [], []
    for place in places:
        found = list(_steps(read_span(store, place), keys))
        steps += found[:-1]
        ends.append((found[0][0], found[-1][0]))
    low: Keys | None = None
    for high in [*_borders(sorted(steps), most_bytes), None]:
        chosen = [
            place
            for place, (first, last) in zip(places, ends, strict=True)
            if (low is None or last >= low) and (high is None or first < high)
        ]
        yield (part for place in chosen for batch in read_span(store, place) if len(part := _between(batch, low, high)))
        low = high


def _until(blocks: Iterator[pa.RecordBatch], most_bytes: int) -> Iterator[pa.RecordBatch]:
    while most_bytes > 0 and (block := next(blocks, None)) is not None:
        most_bytes -= block.nbytes
        yield block


def _steps(batches: Iterator[pa.RecordBatch], keys: int) -> Iterator[tuple[Keys, int]]:
    """Keys of a span here and there with the bytes from there to the next ones, and its last ones."""
    for batch in batches:
        for at in range(0, len(batch), STEP_ROWS):
            yield keys_of(batch, keys, at), batch.slice(at, STEP_ROWS).nbytes
    yield keys_of(batch, keys, len(batch) - 1), 0


def _borders(steps: Sequence[tuple[Keys, int]], most_bytes: int) -> list[Keys]:
    """Keys that part portions of about that size, none of which is empty."""
    borders: list[Keys] = []
    first, taken = steps[0][0], 0
    for keys, size in steps:
        if taken + size > most_bytes and keys != first:
            borders.append(keys)
            first, taken = keys, 0
        taken += size
    return borders


def _between(batch: pa.RecordBatch, low: Keys | None, high: Keys | None) -> pa.RecordBatch:
    first = 0 if low is None else first_from(batch, low, 0)
    end = len(batch) if high is None else first_from(batch, high, first)
    return batch.slice(first, end - first)
