"""Reads a CSV block by block and checks every value; one checker for all dataset kinds.

Arrow splits blocks without significant quotation marks, with all type inference switched off (no types, no nulls:
``007`` and ``NULL`` stay text). Python's csv module splits all other blocks, and parts that contain an error, and
gives the line of each row. Both lead to the same check, which parses each distinct text of a column once.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.ingest.column_types import INSTANT
from app.ingest.csv.blocks import Block, Blocks, line_ends, lines_of, parts
from app.ingest.csv.column_check import ColumnCheck
from app.ingest.csv.given import given_values, in_every_row, require_without
from app.ingest.csv.header import is_left_out, named_columns, read_header
from app.ingest.csv.mapped.blocks import mapped_blocks
from app.ingest.csv.mapped.columns import in_zone, mapped_columns
from app.ingest.csv.memory import Memory
from app.ingest.csv.misshapen import is_misshapen, misshapen_row
from app.ingest.csv.quotes import without_quotes
from app.ingest.csv.records import BadQuoting, Records, line_records
from app.ingest.csv.unpack import BOM, unpacked
from app.ingest.csv.valid_from import VALID_FROM, require_no_dates
from app.ingest.kind import Column, DatasetKind, RowRule, Rows, Values
from app.ingest.policy import MOST_REJECTED, Limits, Policy
from app.ingest.rejects import RejectedRow, Rejects, shown
from app.ingest.source import Source, opened
from app.ingest.values import Wrong
from app.mapping.document import Mapping as FileMapping
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


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines without significant quotation marks, and their columns; None if they are not split so easily."""

    block: Block
    table: pa.Table | None


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
        self._given: dict[str, Any] = {}

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
        if self._policy.mapping is not None:
            yield from self._mapped(self._policy.mapping)
            return
        self._given = given_values(self.kind, self._policy.values)
        with opened(self._source) as stream:
            blocks = Blocks(unpacked(stream, self._source.name, self._limits), self._source.name, self._limits)
            if self._policy.columns is not None:
                columns = named_columns(self.kind, self._policy.columns, given=self._given)
                yield from self._follow(blocks, columns, None)
            else:
                columns, rest = read_header(self.kind, blocks, self._source.name, self._limits, given=self._given)
                yield from self._follow(blocks, columns, rest)

    def _mapped(self, mapping: FileMapping) -> Iterator[Rows]:
        """Rows as a mapping gives them; its translations are part of each column's type."""
        memory = Memory(REMEMBERED_BYTES)
        columns = mapped_columns(self.kind, mapping)
        self._require_fit(columns)
        checks = {column.name: self._column_check(column, memory) for column in columns}
        may_lack = {column.name for column in columns if not column.required and column.instead_of is None}
        for block in mapped_blocks(self._source, mapping, self._limits):
            lacks = block.rows.absent & may_lack
            here = {name: check for name, check in checks.items() if name not in lacks}
            yield self._judged(here, block.rows.texts, block.rows.lines, block.misshapen)
            if self.rejects.count > MOST_REJECTED:
                return

    def _follow(self, blocks: Blocks, columns: tuple[Column, ...], first: Block | None) -> Iterator[Rows]:
        self._require_fit(columns)
        require_without(columns, self._given, self._source.name)
        memory = Memory(REMEMBERED_BYTES)
        checks = {column.name: self._column_check(column, memory) for column in columns}
        with closing(_split_ahead(blocks if first is None else chain([first], blocks), list(checks))) as ahead:
            for block, parts_of_it in ahead:
                if parts_of_it is None:
                    yield from self._with_lines(blocks, checks, block)
                for part in parts_of_it or ():
                    yield from self._plain(checks, part)
                if self.rejects.count > MOST_REJECTED:
                    return

    def _require_fit(self, columns: Sequence[Column]) -> None:
        if self._policy.valid_from is not None:
            require_no_dates(self.kind, columns, self._source.name)

    def _column_check(self, column: Column, memory: Memory) -> ColumnCheck:
        latest = self._latest if column.type.name == INSTANT.name else None
        if self._policy.assume_zone is not None and column.type is INSTANT:
            column = in_zone(column, self._policy.assume_zone)
        return ColumnCheck(column, limits=self._limits, latest=latest, memory=memory)

    def _plain(self, checks: Mapping[str, ColumnCheck], part: _Part) -> Iterator[Rows]:
        """Rows of a block whose every line is a row."""
        if part.table is not None and (values := self._checked_at_once(part.table, checks)):
            yield self._whole(values, part.block)
        else:
            yield from self._in_parts(checks, part.block)

    def _in_parts(self, checks: Mapping[str, ColumnCheck], block: Block) -> Iterator[Rows]:
        """Rows of a block whose every line is a row, some of them invalid."""
        for part in parts(block, PART_BYTES):
            if self.rejects.count > MOST_REJECTED:
                return
            table = _split(without_quotes(part.data) or b"", list(checks))
            if table is not None and (values := self._checked_at_once(table, checks)):
                yield self._whole(values, part)
            elif batch := line_records(part):
                yield self._batch(checks, batch)

    def _with_lines(self, blocks: Blocks, checks: Mapping[str, ColumnCheck], block: Block) -> Iterator[Rows]:
        records = Records(block, self._source.name, self._limits)
        split = iter(records)
        while (batch := list(islice(split, BATCH_ROWS))) and self.rejects.count <= MOST_REJECTED:
            yield self._batch(checks, batch)
        if records.rest:
            blocks.push_back(records.rest, records.line)

    def _checked_at_once(self, table: pa.Table, checks: Mapping[str, ColumnCheck]) -> dict[str, Values] | None:
        """The values of split lines; None if any of them is invalid, or breaks a rule about its row."""
        values: dict[str, Values] = {}
        with suppress(pa.ArrowInvalid):
            for name, check in checks.items():
                values[name], wrong = check.values(table.column(name).combine_chunks(), hurried=True)
                if wrong:
                    return None
            columns = values | self._in_every_row(table.num_rows)
            return None if any(rule.broken(columns).any() for rule in self.kind.row_rules) else values
        return None

    def _batch(self, checks: Mapping[str, ColumnCheck], batch: _Batch) -> Rows:
        misshapen = [misshapen_row(line, row, len(checks)) for line, row in batch if is_misshapen(row, len(checks))]
        rows = [(line, row) for line, row in batch if not is_misshapen(row, len(checks))]
        texts = dict(zip(checks, zip(*(row for _, row in rows), strict=True), strict=True)) if rows else {}
        columns = {name: pa.array(texts.get(name, ()), pa.string()) for name in checks}
        return self._judged(checks, columns, np.array([line for line, _ in rows], np.int64), misshapen)

    def _judged(
        self,
        checks: Mapping[str, ColumnCheck],
        texts: Mapping[str, pa.StringArray],
        lines: npt.NDArray[np.int64],
        misshapen: Sequence[RejectedRow],
    ) -> Rows:
        """The rows whose every column is valid; the others, and those that are no rows at all, are rejected."""
        found = {name: check.values(texts[name]) for name, check in checks.items()}
        accepted = np.ones(len(lines), bool)
        rejected: dict[tuple[int, int], list[RejectedRow]] = {(row.line, -1): [row] for row in misshapen}
        for column in self.kind.columns:
            if column.name in found:
                values, wrong = found[column.name]
                for row in _rows_of(values, wrong):
                    line, reason = int(lines[row]), wrong[int(values.codes[row])]
                    value = shown(texts[column.name][row].as_py())
                    mistake = RejectedRow(line, column.name, value, reason.code, str(reason))
                    rejected.setdefault((line, row), []).append(mistake)
                    accepted[row] = False
        columns = {name: values for name, (values, _) in found.items()} | self._in_every_row(len(lines))
        for rule, row in self._broken(columns, accepted.copy()):
            value = shown(texts[rule.column][row].as_py() if rule.column in texts else self._policy.values[rule.column])
            mistake = RejectedRow(int(lines[row]), rule.column, value, rule.code, rule.reason)
            rejected.setdefault((int(lines[row]), row), []).append(mistake)
            accepted[row] = False
        self.rejects.add(rejected[place] for place in sorted(rejected))
        read = len(lines) + len(misshapen)
        if accepted.all():
            return self._passed({name: values for name, (values, _) in found.items()}, read, lines)
        passed = {name: values.where(accepted) for name, (values, _) in found.items()}
        return self._passed(passed, read, lines[accepted])

    def _broken(self, columns: Mapping[str, Values], valid: npt.NDArray[np.bool_]) -> Iterator[tuple[RowRule, int]]:
        """The rules that some of these valid rows break, and the rows."""
        for rule in self.kind.row_rules if valid.any() else ():
            yield from ((rule, row) for row in np.flatnonzero(rule.broken(columns) & valid).tolist())

    def _whole(self, values: Mapping[str, Values], block: Block) -> Rows:
        """All rows of a block, of which each is a line."""
        rows = len(next(iter(values.values())))
        return self._passed(values, rows, lines_of(block) if self.kind.names_lines else None)

    def _passed(self, values: Mapping[str, Values], read: int, lines: npt.NDArray[np.int64] | None) -> Rows:
        rows = len(next(iter(values.values())))
        values = {name: one for name, one in values.items() if not is_left_out(name)}
        values |= self._in_every_row(rows)
        if self._policy.valid_from is not None:
            since = Values(np.zeros(rows, np.int64), np.array([self._policy.valid_from]))
            values = {**values, VALID_FROM: since}
        first_row, self.read = self.read, self.read + read
        instants = values.get(self.kind.instant or "")
        if instants is not None and len(instants):
            at = instants.array()
            self._widen(
                at if at.dtype != object else np.array([one for one in at.tolist() if one is not None], np.int64)
            )
        is_known = self.kind.names_lines and lines is not None and len(lines) == len(next(iter(values.values())))
        return Rows(values, first_row, self.read, lines if is_known else None)

    def _in_every_row(self, rows: int) -> dict[str, Values]:
        """The columns that are given for this file."""
        return {name: in_every_row(value, rows) for name, value in self._given.items()}

    def _widen(self, at: npt.NDArray[Any]) -> None:
        if len(at):
            first, last = self._span or (int(at[0]), int(at[0]))
            self._span = min(first, int(at.min())), max(last, int(at.max()))


def _split_ahead(blocks: Iterator[Block], names: list[str]) -> Generator[tuple[Block, list[_Part] | None], None, None]:
    """Each block, in parts that Arrow has split; None if a quotation mark in it is significant.

    A thread reads and splits the next one while the current one is checked, unless that may push back its end.
    """

    def split() -> tuple[Block, list[_Part] | None] | None:
        block = next(blocks, None)
        return None if block is None else (block, _parts(block, names))

    with ThreadPoolExecutor(1, thread_name_prefix="split") as pool:
        upcoming = pool.submit(split)
        while (one := upcoming.result()) is not None:
            is_settled = one[1] is not None
            if is_settled:
                upcoming = pool.submit(split)
            yield one
            if not is_settled:
                upcoming = pool.submit(split)


def _parts(block: Block, names: list[str]) -> list[_Part] | None:
    """A block of at most so many lines that are checked at a time, or parts of it; none of an empty one."""
    if not block.data.strip(b"\r\n"):
        return []
    plain = without_quotes(block.data)
    if plain is None:
        return None
    if (lines := line_ends(block.data)) <= BLOCK_LINES:
        return [_Part(block, _split(plain, names))]
    each = parts(block, len(block.data) * BLOCK_LINES // lines)
    return [_Part(part, _split(without_quotes(part.data) or b"", names)) for part in each]


def _split(data: bytes, names: list[str]) -> pa.Table | None:
    """The columns of lines without quotation marks; None if one has more or fewer fields."""
    if data.startswith(BOM):  # Arrow would treat it as the beginning of a file and drop it
        return None
    with suppress(pa.ArrowInvalid):
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
    return None


def _rows_of(values: Values, wrong: Mapping[int, Wrong]) -> list[Any]:
    """Rows whose value is invalid."""
    return np.flatnonzero(np.isin(values.codes, list(wrong))).tolist() if wrong else []
