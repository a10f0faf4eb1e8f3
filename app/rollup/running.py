"""Runs a query of DuckDB over blocks of Arrow: rows go in and groups come out as streams, in bounded memory."""

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa

from app.rollup.database import opened

#: Groups of a block that comes out: 8 of DuckDB's own; long texts make larger blocks.
BATCH_ROWS: Final = 16_384


def run(
    query: str, name: str, schema: pa.Schema, blocks: Iterator[pa.RecordBatch], *, folder: Path, memory_mb: int
) -> Generator[pa.RecordBatch, None, None]:
    """What a query makes of blocks, which it sees as the table ``name``.

    DuckDB's relation is read as a stream: ``execute()`` would hold its whole result, outside of the limit.

    Args:
        query: SQL over the table.
        name: of the table.
        schema: of the blocks.
        blocks: each is asked for when DuckDB has room for it.
        folder: takes what does not fit into memory.
        memory_mb: of the job, MiB.

    Raises:
        MemoryLimitExceeded, DiskFull: see database.opened.
        Exception: whatever ``blocks`` raised.
    """
    source = _Source(blocks)
    with opened(folder, memory_mb=memory_mb) as database:
        database.register(name, pa.RecordBatchReader.from_batches(schema, iter(source)))
        try:
            with closing(database.sql(query).to_arrow_reader(BATCH_ROWS)) as batches:
                yield from batches
        except Exception as error:
            if source.failure is not None:
                raise source.failure from error
            raise


class _Source:
    """Blocks that remember what went wrong with them: DuckDB only passes its words on."""

    def __init__(self, blocks: Iterator[pa.RecordBatch]) -> None:
        self.failure: Exception | None = None
        self._blocks = blocks

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._blocks
        except Exception as error:
            self.failure = error
            raise
