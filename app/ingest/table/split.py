"""Blocks of a table to the text of its columns; rows that cannot be parted into them are rejected.

Arrow splits what has a layout (see layout.py), with all type inference switched off: ``007``, ``NULL`` and outer spaces
stay text. Records splits the parts of a block that have none.
"""

import csv
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.ingest.csv.blocks import Block, Blocks, last_line_end, line_ends
from app.ingest.csv.misshapen import is_misshapen, misshapen_row
from app.ingest.csv.records import BadQuoting, Records
from app.ingest.csv.unpack import BOM
from app.ingest.policy import MOST_REJECTED, Limits
from app.ingest.rejects import RejectedRow, Rejects
from app.ingest.table.layout import Layout, layout_of
from app.series.table_files import Start

#: Of a block that has no layout, parts of this size are tried, bytes.
PART_BYTES: Final = 16 << 10

#: Rows of Records at a time: they are Python objects.
BATCH_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Some rows of a table.

    Attributes:
        texts: by column, the fields as they stand in the file, unquoted; no field is null.
        lines: of the file on which the rows begin.
        start: where the bytes of the block begin, at a row or at a blank line.
    """

    texts: Mapping[str, pa.StringArray]
    lines: npt.NDArray[np.int64]
    start: Start

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class _Split:
    """What a part of a block came to, with the bytes that were taken of it and the line after them."""

    texts: Mapping[str, pa.StringArray]
    lines: npt.NDArray[np.int64]
    taken: int
    line: int


class Splitter:
    """Splits the blocks of one table.

    Args:
        columns: all names of the header, in order.
        wanted: those whose text is wanted; the others are only counted.
        name: of the file, for messages.
        limits: of a row.
        rejects: takes the rows that have another number of fields, or none that can be told.
    """

    def __init__(
        self, columns: Sequence[str], *, wanted: Sequence[str], name: str, limits: Limits, rejects: Rejects
    ) -> None:
        self._columns = list(columns)
        self._wanted = list(wanted) or self._columns[:1]
        self._name = name
        self._limits = limits
        self._rejects = rejects
        self._converted = arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in self._wanted},
            include_columns=self._wanted,
            strings_can_be_null=False,
            check_utf8=False,  # checked with the block
        )

    def rows(self, blocks: Blocks, begun: Iterable[Block], offset: int) -> Generator[TableBlock, None, None]:
        """The rows of ``begun`` blocks and those that follow; the first one begins with a row, at that offset.

        Ends early once too many rows were rejected.

        Raises:
            RejectedFile: a row is too long, a quotation mark is never closed, or see Blocks.
        """
        for several in (begun, blocks):
            for block in several:
                taken, line = 0, block.first_line
                for split in self._block(block):
                    if split.texts:
                        yield TableBlock(split.texts, split.lines, Start(offset + taken, line))
                    taken, line = taken + split.taken, split.line
                offset += taken
                if self._rejects.count > MOST_REJECTED:
                    return
                if taken < len(block.data):
                    blocks.push_back(block.data[taken:], line)

    def _block(self, block: Block) -> Generator[_Split, None, None]:
        """What a block comes to, as a whole or in parts; what is left of it continues in the next one."""
        at, line, size, is_whole = 0, block.first_line, len(block.data), True
        while at < len(block.data) and self._rejects.count <= MOST_REJECTED:
            part = _part(block, at, line, size)
            split = self._at_once(part)
            if split is None and is_whole:
                size, is_whole = PART_BYTES, False
                continue
            before = at
            for one in self._by_records(part) if split is None else (split,):
                yield one
                at, line = at + one.taken, one.line
            if at == before and at + len(part.data) == len(block.data):
                return
            size = 2 * size if at == before else PART_BYTES

    def _at_once(self, block: Block) -> _Split | None:
        if block.data.startswith(BOM):  # Arrow would treat it as the beginning of a file and drop it
            return None
        if b'"' not in block.data:
            return self._plain(block)
        layout = self._layout(block)
        return self._parted(block, layout) if layout is not None and layout.end else None

    def _plain(self, block: Block) -> _Split:
        """A block whose every line is a row, or blank."""
        every = line_ends(block.data)
        after = block.first_line + every
        lines = np.arange(block.first_line, after + (not block.data.endswith((b"\n", b"\r"))))
        return self._parted(block, Layout(lines, len(block.data), after))

    def _parted(self, block: Block, layout: Layout) -> _Split:
        """Whole rows by column, without those of another width."""
        wrong: list[tuple[int, str]] = []
        table = self._table(block.data[: layout.end], wrong)
        if table is None or table.num_rows + len(wrong) < len(layout.lines):
            layout = self._layout(block) or layout  # some of the lines are blank
        lines = layout.lines
        self._reject(misshapen_row(int(lines[row]), _fields(text), len(self._columns)) for row, text in wrong)
        if table is None or not table.num_rows:
            return _Split({}, lines[:0], layout.end, layout.end_line)
        texts = {name: table.column(name).combine_chunks() for name in self._wanted}
        kept = np.delete(lines, [row for row, _ in wrong]) if wrong else lines
        return _Split(texts, kept, layout.end, layout.end_line)

    def _table(self, data: bytes, wrong: list[tuple[int, str]]) -> pa.Table | None:
        """The rows of the right width; the others are added, by their number; None if those are too many."""

        def leave_out(row: arrow_csv.InvalidRow) -> str:
            wrong.append((row.number - 1, row.text))
            return "skip" if len(wrong) <= MOST_REJECTED else "error"

        has_quotes = b'"' in data
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(data),
                read_options=arrow_csv.ReadOptions(
                    column_names=self._columns, block_size=len(data) + 1, use_threads=False
                ),
                parse_options=arrow_csv.ParseOptions(
                    quote_char='"' if has_quotes else False,
                    newlines_in_values=has_quotes,
                    invalid_row_handler=leave_out,
                ),
                convert_options=self._converted,
            )
        except pa.ArrowInvalid:
            if len(wrong) <= MOST_REJECTED:
                raise
            return None

    def _layout(self, block: Block) -> Layout | None:
        return layout_of(block, max_row_bytes=self._limits.max_row_bytes)

    def _by_records(self, block: Block) -> Generator[_Split, None, None]:
        records = Records(block, self._name, self._limits)
        split, taken = iter(records), 0
        while (batch := list(islice(split, BATCH_ROWS))) or taken < records.taken:
            yield self._batch(batch, records.taken - taken, records.line)
            taken = records.taken

    def _batch(self, batch: Sequence[tuple[int, list[str] | BadQuoting]], taken: int, line: int) -> _Split:
        width = len(self._columns)
        self._reject(misshapen_row(at, row, width) for at, row in batch if is_misshapen(row, width))
        rows = [(at, row) for at, row in batch if not is_misshapen(row, width)]
        places = [(name, self._columns.index(name)) for name in self._wanted]
        texts = {name: pa.array([row[place] for _, row in rows], pa.string()) for name, place in places}
        return _Split(texts if rows else {}, np.array([at for at, _ in rows], np.int64), taken, line)

    def _reject(self, rows: Iterable[RejectedRow]) -> None:
        self._rejects.add([row] for row in rows)


def _part(block: Block, at: int, line: int, size: int) -> Block:
    """Whole lines of at most that size from a row on that begins there; more of them if the first one is longer."""
    while at + size < len(block.data):
        if end := last_line_end(block.data[at : at + size]):
            return Block(block.data[at : at + end], line, last=False)
        size *= 2
    return Block(block.data[at:], line, block.last)


def _fields(text: str) -> list[str]:
    """The fields of a row whose quotation marks are proper."""
    return next(csv.reader([text], strict=True))
