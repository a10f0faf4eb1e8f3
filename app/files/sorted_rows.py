"""Sorting more rows than fit into memory: sorted runs in one file, merged when they are read."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
from pyarrow import ipc

#: Rows of a batch; of each run one batch is in memory at a time.
BATCH_ROWS: Final = 4096


class SortedRows:
    """Rows sorted by their first column, a text, by code points.

    Runs of any size are added; the memory for reading them grows by BATCH_ROWS rows a run.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._path = path
        self._writer = ipc.new_file(str(path), schema)
        self._runs: list[range] = []
        self._has: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, rows: pa.Table) -> None:
        """Add some rows, in any order."""
        batches = rows.sort_by(self.schema.names[0]).combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
        for batch in batches:
            self._writer.write_batch(batch)
        self._has |= {name for name in self.schema.names if rows[name].null_count < len(rows)}
        begin = self._runs[-1].stop if self._runs else 0
        self._runs.append(range(begin, begin + len(batches)))

    def has(self, column: str) -> bool:
        """Whether any row has a value there."""
        return column in self._has

    def blocks(self) -> Iterator[pa.Table]:
        """All rows in their order, some at a time; may be read again, but not added to any more."""
        self._writer.close()
        with pa.OSFile(str(self._path)) as file, ipc.open_file(file) as reader:
            yield from _merged([map(reader.get_batch, run) for run in self._runs])


def _merged(runs: Sequence[Iterator[pa.RecordBatch]]) -> Iterator[pa.Table]:
    """The rows of sorted runs, sorted: each time all up to the smallest of the last keys that were read of the runs."""
    heads = {number: batch for number, run in enumerate(runs) if (batch := next(run, None)) is not None}
    while heads:
        until = min(head.column(0)[-1].as_py() for head in heads.values())
        ready = []
        for number, head in list(heads.items()):
            stop = _up_to(until, head.column(0))
            ready.append(head.slice(0, stop))
            if (rest := head.slice(stop) if stop < len(head) else next(runs[number], None)) is None:
                del heads[number]
            else:
                heads[number] = rest
        rows = pa.Table.from_batches(ready)
        yield rows.sort_by(rows.schema.names[0])


def _up_to(key: str, keys: pa.Array) -> int:
    """How many of the sorted keys are not larger."""
    return bisect_right(range(len(keys)), key, key=lambda at: str(keys[at]))
