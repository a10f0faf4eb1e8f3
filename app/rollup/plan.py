"""Plans a roll-up: which ranges of the tables make a piece, and which ranges of keys are done together."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from app.rollup.grouping import Grouping
from app.rollup.rows import Range, Tally, blocks
from app.series.table_files import TableFile
from app.settings import Settings
from app.storage.object_store import ObjectStore

#: Most pieces that read, and most ranges of keys: each of the former leaves something for each of the latter.
MOST: Final = 1000

#: Groups that one piece puts together and orders, bytes as the others have written them (Arrow, compressed).
GROUPS_BYTES: Final = 32 << 20

#: What is read of each piece that reads to see what keys there are, bytes, and the keys that are looked at in it.
SAMPLE_BYTES: Final = 256 << 10
SAMPLE_ROWS: Final = 1000

#: The keys of a group.
Keys = tuple[str, ...]


def ranges_of(tables: Sequence[TableFile]) -> list[Range]:
    """All ranges of all tables, in order."""
    return [Range(table, start, end) for table in tables for start, end in table.ranges()]


def reading_pieces(ranges: Sequence[Range], *, most: int = MOST) -> list[list[Range]]:
    """Ranges that follow each other, in at most so many pieces of about the same size."""
    if len(ranges) <= most:
        return [[one] for one in ranges]
    total = sum(one.bytes for one in ranges)
    pieces: list[list[Range]] = [[] for _ in range(most)]
    before = 0
    for one in ranges:
        pieces[min(before * most // max(total, 1), most - 1)].append(one)
        before += one.bytes
    return [piece for piece in pieces if piece]


def splitters(
    store: ObjectStore, pieces: Sequence[Sequence[Range]], grouping: Grouping, settings: Settings
) -> list[Keys]:
    """Keys that part all keys into ranges of about the same size, by samples of each piece; each begins a range."""
    if not grouping.by:
        return []
    sample = sorted(key for piece in pieces for key in _sample(store, piece[0], grouping, settings))
    wanted = min(MOST, 2 * len(pieces))
    return sorted({sample[len(sample) * place // wanted] for place in range(1, wanted)}) if sample else []


def _sample(store: ObjectStore, of: Range, grouping: Grouping, settings: Settings) -> Iterator[Keys]:
    """Keys of some of the first rows of a range."""
    found = blocks(store, [of], grouping, settings, tally=Tally(), mistakes=lambda *_: None, block_bytes=SAMPLE_BYTES)
    with closing(found):
        for block in found:
            chosen = block.select(range(len(grouping.by))).take(_spread(len(block)))
            yield from zip(*(column.to_pylist() for column in chosen.columns), strict=True)
            return


def _spread(rows: int) -> list[int]:
    return list(range(0, rows, max(rows // SAMPLE_ROWS, 1)))


def together(sizes: Sequence[int], *, most_bytes: int) -> list[range]:
    """Ranges of keys that follow each other and are done in one piece, by the bytes of each."""
    found: list[range] = []
    first = taken = 0
    for place, size in enumerate(sizes):
        if taken and taken + size > most_bytes:
            found.append(range(first, place))
            first, taken = place, 0
        taken += size
    return [*found, range(first, len(sizes))]
