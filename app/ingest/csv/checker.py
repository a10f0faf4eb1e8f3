"""Reads a CSV block by block and checks every value; one checker for all dataset kinds.

Arrow splits blocks without significant quotation marks, with all type inference switched off (no types, no nulls:
``007`` and ``NULL`` stay text). Python's csv module splits all other blocks, and parts that contain an error, and
gives the line of each row. Both lead to the same check, which parses each distinct text of a column once.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.ingest.column_types import INSTANT
from app.ingest.csv.blocks import Block, Blocks, line_ends, parts
from app.ingest.csv.column_check import ColumnCheck
from app.ingest.csv.header import named_columns, read_header, separator_of
from app.ingest.csv.memory import Memory
from app.ingest.csv.quotes import without_quotes
from app.ingest.csv.records import BadQuoting, Records, line_records
from app.ingest.csv.unpack import BOM, unpacked
from app.ingest.kind import Column, DatasetKind, Rows, Values
from app.ingest.policy import MOST_REJECTED, Limits, Policy
from app.ingest.rejects import RejectedRow, Rejects, shown
from app.ingest.source import Source, opened
from app.ingest.values import Wrong
from app.timeline import from_micros, to_micros

#: Rows with lines that are checked at a time: they are Python objects, a hundred times as large as text.
BATCH_ROWS: Final = 20_000

#: Size of the cache of parsed texts, for all columns together, bytes.
REMEMBERED_BYTES: Final = 16 << 20

#: Lines checked at a time, about a block of polls: each distinct value becomes a Python object.
BLOCK_LINES: Final = 80_000

#: In a block that contains an error, Arrow still splits the valid parts of this size, bytes.
PART_BYTES: Final = 32 << 10

#: How far another clock may be ahead of ours, or a day begin earlier elsewhere.
FUTURE: Final = timedelta(days=1)

_Batch = Sequence[tuple[int, list[str] | BadQuoting]]


class Checker:
    """The check of one file, in one pass: iterate ``rows()``.

    Args:
        kind: what the file holds.
        source: the file.
        policy: whether it has a header.
        limits: limits of the file.
        now: observations more than a day later are in the future.
        rejects: takes the rejected rows.
    """

    def __init__(
        self, kind: DatasetKind, source: Source, *, policy: Policy, limits: Limits, now: datetime, rejects: Rejects
    ) -> None:
        self.kind = kind
        self.read = 0
        self.rejects = rejects
        self._source = source
        self._policy = policy
        self._limits = limits
        self._latest = to_micros(now + FUTURE) if kind.observed else None
        self._span: tuple[int, int] | None = None

    @property
    def passed(self) -> int:
        """Rows so far that passed every check."""
        return self.read - self.rejects.count

    @property
    def span(self) -> tuple[datetime, datetime] | tuple[None, None]:
        """First and last instant of the accepted rows, if the kind has instants."""
        return (None, None) if self._span is None else (from_micros(self._span[0]), from_micros(self._span[1]))

    def rows(self) -> Generator[Rows, None, None]:
        """The accepted rows, a block at a time.

        Ends early once too many rows were rejected.

        Raises:
            RejectedFile: the file cannot be read as a CSV of this kind at all.
        """
        with opened(self._source) as stream:
            blocks = Blocks(unpacked(stream, self._source.name, self._limits), self._source.name, self._limits)
            if self._policy.columns is not None:
                yield from self._follow(blocks, named_columns(self.kind, self._policy.columns), None)
            else:
                columns, rest = read_header(self.kind, blocks, self._source.name, self._limits)
                yield from self._follow(blocks, columns, rest)

    def _follow(self, blocks: Blocks, columns: tuple[Column, ...], first: Block | None) -> Iterator[Rows]:
        memory = Memory(REMEMBERED_BYTES)
        checks = {column.name: self._column_check(column, memory) for column in columns}
        for block in blocks if first is None else chain([first], blocks):
            yield from self._block(blocks, checks, block)
            if self.rejects.count > MOST_REJECTED:
                return

    def _column_check(self, column: Column, memory: Memory) -> ColumnCheck:
        latest = self._latest if column.type is INSTANT else None
        return ColumnCheck(column, limits=self._limits, latest=latest, memory=memory)

    def _block(self, blocks: Blocks, checks: Mapping[str, ColumnCheck], block: Block) -> Iterator[Rows]:
        if not block.data.strip(b"\r\n"):
            return
        plain = without_quotes(block.data)
        if plain is None:
            yield from self._with_lines(blocks, checks, block)
        elif (lines := line_ends(block.data)) > BLOCK_LINES:
            for part in parts(block, len(block.data) * BLOCK_LINES // lines):
                yield from self._plain(checks, part, without_quotes(part.data) or b"")
        else:
            yield from self._plain(checks, block, plain)

    def _plain(self, checks: Mapping[str, ColumnCheck], block: Block, plain: bytes) -> Iterator[Rows]:
        """Rows of a block whose every line is a row."""
        if values := _checked_at_once(plain, checks):
            yield self._passed(values, len(next(iter(values.values()))))
        else:
            yield from self._in_parts(checks, block)

    def _in_parts(self, checks: Mapping[str, ColumnCheck], block: Block) -> Iterator[Rows]:
        """Rows of a block whose every line is a row, some of them invalid."""
        for part in parts(block, PART_BYTES):
            if self.rejects.count > MOST_REJECTED:
                return
            if values := _checked_at_once(without_quotes(part.data) or b"", checks):
                yield self._passed(values, len(next(iter(values.values()))))
            elif batch := line_records(part):
                yield self._batch(checks, batch)

    def _with_lines(self, blocks: Blocks, checks: Mapping[str, ColumnCheck], block: Block) -> Iterator[Rows]:
        records = Records(block, self._source.name, self._limits)
        split = iter(records)
        while (batch := list(islice(split, BATCH_ROWS))) and self.rejects.count <= MOST_REJECTED:
            yield self._batch(checks, batch)
        if records.rest:
            blocks.push_back(records.rest, records.line)

    def _batch(self, checks: Mapping[str, ColumnCheck], batch: _Batch) -> Rows:
        rejected = {line: _misshapen(line, row, len(checks)) for line, row in batch if _is_misshapen(row, len(checks))}
        rows = [(line, row) for line, row in batch if line not in rejected]
        texts = dict(zip(checks, zip(*(row for _, row in rows), strict=True), strict=True)) if rows else {}
        found = {name: check.values(pa.array(texts.get(name, ()), pa.string())) for name, check in checks.items()}
        accepted = np.ones(len(rows), bool)
        for column in self.kind.columns:
            if column.name in found:
                values, wrong = found[column.name]
                for row in _rows_of(values, wrong, accepted):
                    line, reason = rows[row][0], wrong[int(values.codes[row])]
                    value = shown(texts[column.name][row])
                    rejected[line] = RejectedRow(line, column.name, value, reason.code, str(reason))
                    accepted[row] = False
        self.rejects.add(rejected[line] for line in sorted(rejected))
        return self._passed({name: values.where(accepted) for name, (values, _) in found.items()}, len(batch))

    def _passed(self, values: Mapping[str, Values], read: int) -> Rows:
        first_row, self.read = self.read, self.read + read
        instants = values.get(self.kind.instant or "")
        if instants is not None and len(instants):
            at = instants.array()
            self._widen(
                at if at.dtype != object else np.array([one for one in at.tolist() if one is not None], np.int64)
            )
        return Rows(values, first_row, self.read)

    def _widen(self, at: npt.NDArray[Any]) -> None:
        if len(at):
            first, last = self._span or (int(at[0]), int(at[0]))
            self._span = min(first, int(at.min())), max(last, int(at.max()))


def _checked_at_once(data: bytes, checks: Mapping[str, ColumnCheck]) -> dict[str, Values] | None:
    """The values of lines without quotation marks; None if any of them is invalid."""
    values: dict[str, Values] = {}
    if data.startswith(BOM):  # Arrow would treat it as the beginning of a file and drop it
        return None
    with suppress(pa.ArrowInvalid):
        table = _split(data, list(checks))
        for name, check in checks.items():
            values[name], wrong = check.values(table.column(name).combine_chunks(), hurried=True)
            if wrong:
                return None
        return values
    return None


def _split(data: bytes, names: list[str]) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        parse_options=arrow_csv.ParseOptions(quote_char=False),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=False,
            check_utf8=False,  # checked with the block
        ),
    )


def _is_misshapen(row: list[str] | BadQuoting, width: int) -> bool:
    return isinstance(row, BadQuoting) or len(row) != width


def _misshapen(line: int, row: list[str] | BadQuoting, width: int) -> RejectedRow:
    if isinstance(row, BadQuoting):
        return RejectedRow(line, "row", shown(row), "bad_quoting", "has text after a closing quotation mark")
    reason = f"has {len(row)} field{'' if len(row) == 1 else 's'} instead of {width}"
    if len(row) == 1 and (word := separator_of(row[0], width)):
        reason += f"; separate them with commas, not {word}"
    return RejectedRow(line, "row", shown(",".join(row)), "wrong_width", reason)


def _rows_of(values: Values, wrong: Mapping[int, Wrong], among: npt.NDArray[np.bool_]) -> list[Any]:
    """Rows ``among`` these whose value is invalid."""
    return np.flatnonzero(among & np.isin(values.codes, list(wrong))).tolist() if wrong else []
