"""The rows of a range of a table as Arrow blocks: keys as text, measures as whole numbers."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.ingest.policy import Limits
from app.ingest.rejects import RejectedRow, Rejects
from app.ingest.table.reading import Spans, read_rows
from app.ingest.table.split import TableBlock
from app.ingest.table.stored import StoredTable
from app.rollup.grouping import Grouping
from app.rollup.numbers import Measures, mistakes_of
from app.series.table_files import Start, TableFile
from app.settings import Settings
from app.storage.object_store import ObjectStore

#: Called with a table and the mistakes of each of some of its rows, which are put into words as they are asked for: in
#: a block every row may be wrong. Raises when there are too many.
OnMistakes = Callable[[TableFile, Iterator[Sequence[RejectedRow]]], None]

#: The column of a block that needs no other, so that its rows can be counted.
_NOTHING: Final = "x"


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a table, from the start of a row to the start of another.

    Attributes:
        end: offset, bytes; None is the end of a packed file.
    """

    table: TableFile
    start: Start
    end: int | None

    @property
    def bytes(self) -> int:
        """Those that are read of it in S3."""
        return self.table.bytes if self.end is None else self.end - self.start.offset

    def as_json(self) -> dict[str, Any]:
        """As a piece of a job carries it."""
        return {"table": asdict(replace(self.table, starts=())), "start": list(self.start), "end": self.end}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Range":
        """What ``as_json`` wrote, perhaps after it travelled."""
        table = TableFile(**{**told["table"], "columns": tuple(told["table"]["columns"]), "starts": ()})
        return cls(table, Start(*told["start"]), told["end"])


@dataclass(slots=True)
class Tally:
    """What was read so far.

    Attributes:
        rows: with the right number of fields.
        accepted: those whose measures are numbers.
    """

    rows: int = 0
    accepted: int = 0


def schema_of(grouping: Grouping) -> pa.Schema:
    """The columns of a block: see queries.py."""
    fields = [(f"k{place}", pa.string()) for place in range(len(grouping.by))]
    fields += [(f"m{place}", pa.int64()) for place in range(len(grouping.measures))]
    return pa.schema(fields or [(_NOTHING, pa.int8())])


def blocks(
    store: ObjectStore,
    ranges: Sequence[Range],
    grouping: Grouping,
    settings: Settings,
    *,
    tally: Tally,
    mistakes: OnMistakes,
    has_read: Callable[[int], None] = lambda _: None,
    block_bytes: int | None = None,
) -> Generator[pa.RecordBatch, None, None]:
    """The accepted rows of ranges, one after the other.

    Args:
        store: has the bytes.
        ranges: of tables.
        grouping: names the columns.
        settings: limits of files.
        tally: counts rows.
        mistakes: hears of the others.
        has_read: called with a number of bytes that were read.
        block_bytes: see read_rows.

    Raises:
        RejectedFile: the bytes are not those that were checked.
        ObjectStoreUnavailable, TableRemoved: they cannot be read now, or not any more.
    """
    limits = Limits(
        max_row_bytes=settings.max_row_bytes,
        max_unpacked_bytes=settings.max_unpacked_bytes,
        max_unpack_ratio=settings.max_unpack_ratio,
        unpack_floor_bytes=settings.unpack_floor_bytes,
    )
    measures = Measures(grouping.decimals, grouping.skips_empty)
    schema = schema_of(grouping)
    for one in ranges:
        source = _Counted(StoredTable(store, one.table), has_read)
        left_out = Rejects()  # rows that the dataset has listed when it was loaded
        for block in read_rows(
            source,
            one.table,
            one.start,
            one.end,
            wanted=grouping.columns,
            limits=limits,
            rejects=left_out,
            block_bytes=block_bytes,
        ):
            batch, wrong = _checked(block, grouping, measures, schema)
            tally.rows += len(block)
            tally.accepted += len(batch)
            if wrong is not None:
                mistakes(one.table, wrong)
            if len(batch):
                yield batch


def ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    """The same, of which the next one is made in another thread while one is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _checked(
    block: TableBlock, grouping: Grouping, measures: Measures, schema: pa.Schema
) -> tuple[pa.RecordBatch, Iterator[list[RejectedRow]] | None]:
    """The rows without mistakes, and the mistakes of the others, if there are any."""
    columns: list[Any] = [block.texts[name] for name in grouping.by]
    wrong: dict[str, set[int]] = {}
    for name in grouping.measures:
        values, places = measures.scaled(block.texts[name])
        columns.append(values)
        if len(places):
            wrong[name] = set(places.tolist())
    batch = pa.RecordBatch.from_arrays(columns or [pa.array(np.zeros(len(block), np.int8))], schema=schema)
    if not wrong:
        return batch, None
    kept: npt.NDArray[np.bool_] = np.ones(len(block), bool)
    kept[[place for places in wrong.values() for place in places]] = False
    return batch.filter(pa.array(kept)), mistakes_of(measures, block.texts, block.lines, wrong)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A source that tells how many bytes were read of it."""

    source: Spans
    told: Callable[[int], None]

    @property
    def name(self) -> str:
        return self.source.name

    def span(self, first: int, end: int) -> Any:
        return _CountedStream(self.source.span(first, end), self.told)


@dataclass(frozen=True, slots=True)
class _CountedStream:
    stream: IO[bytes]
    told: Callable[[int], None]

    def read(self, size: int) -> bytes:
        block = self.stream.read(size)
        self.told(len(block))
        return block

    def close(self) -> None:
        self.stream.close()
