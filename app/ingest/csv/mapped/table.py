"""A CSV of any delimiter: the places that a mapping names, as texts with their lines.

As without a mapping, Arrow splits blocks without significant quotation marks, Python's csv module all others.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.ingest.csv.blocks import Block, Blocks
from app.ingest.csv.misshapen import is_misshapen, misshapen_row
from app.ingest.csv.quotes import without_quotes
from app.ingest.csv.records import BadQuoting
from app.ingest.csv.records import Records as Rows
from app.ingest.csv.unpack import BOM
from app.ingest.policy import Limits
from app.ingest.refusal import refusal
from app.ingest.rejects import RejectedRow, shown
from app.mapping.document import Mapping as FileMapping
from app.mapping.records import Place, Records
from app.wording.suggestions import did_you_mean, suggestions

#: Rows that become Python objects at a time.
BATCH_ROWS: Final = 20_000

#: Names of columns that a refusal lists.
_LISTED: Final = 20

_Found = tuple[Records, Sequence[RejectedRow]]


@dataclass(frozen=True, slots=True)
class Table:
    """Which field of a row each place is, from 0, and how many fields a row has."""

    places: Mapping[Place, int]
    width: int

    @classmethod
    def of(cls, mapping: FileMapping, first: Sequence[str], name: str, line: int) -> "Table":
        """The places of a table by its first row, which is its header if it has one.

        Raises:
            RejectedFile: a place is not there, or its name stands there twice.
        """
        names = [one.strip() for one in first] if mapping.header else []
        where = f"{name}, line {line}"
        places = {
            place: _field(place, names, len(first), where, is_target=place in mapping.targets)
            for place in mapping.places
        }
        return cls(places, len(first))


def table_blocks(blocks: Blocks, mapping: FileMapping, name: str, limits: Limits) -> Iterator[_Found]:
    """The records of a CSV, and the rejections of rows that cannot be parted into columns."""
    table, first = _begun(blocks, mapping, name, limits)
    for block in chain([first], blocks):
        if block.data.strip(b"\r\n"):
            if (found := _at_once(block, table, mapping.delimiter)) is not None:
                yield found, ()
            else:
                yield from _by_rows(blocks, block, table, mapping, name, limits)


def _begun(blocks: Blocks, mapping: FileMapping, name: str, limits: Limits) -> tuple[Table, Block]:
    """The table, by its first row after the lines that are skipped, and the first block of its rows."""
    for whole in blocks:
        block = _after_lines(whole, mapping.skip_lines)
        rows = Rows(block, name, limits, delimiter=mapping.delimiter)
        for line, fields in rows:
            if isinstance(fields, BadQuoting):
                message = f"{name}, line {line}: {shown(fields)} has text after a closing quotation mark."
                raise refusal("wrong_header", message, line=line)
            table = Table.of(mapping, fields, name, line)
            if not mapping.header:
                return table, block
            return table, replace(block, data=block.data[rows.taken :], first_line=rows.line)
        if rows.rest:
            blocks.push_back(rows.rest, rows.line)
    raise refusal(
        "empty_file", f"{name} has no rows" + (" after the lines that are skipped." if mapping.skip_lines else ".")
    )


def _after_lines(block: Block, count: int) -> Block:
    """A block without those of its lines that are among the first ones of the file."""
    skipped = max(0, count - block.first_line + 1)
    if not skipped:
        return block
    lines = block.data.splitlines(keepends=True)
    return replace(block, data=b"".join(lines[skipped:]), first_line=block.first_line + min(skipped, len(lines)))


def _field(place: Place, names: Sequence[str], width: int, where: str, *, is_target: bool) -> int:
    """The place of a field in its row; ``is_target``: it is called as a column of the kind is."""
    if names and isinstance(place, str) and place.strip() in names:
        if names.count(place.strip()) > 1:
            numbers = ", ".join(str(number) for number, name in enumerate(names, 1) if name == place.strip())
            raise _wrong(f"{where}: {place!r} is the name of several columns, {numbers}; give the number of one")
        return names.index(place.strip())
    if not isinstance(place, str) or (not names and place.isdecimal()):
        if 0 < int(place) <= width:
            return int(place) - 1
        raise _wrong(f"{where}: there is no column {place}: the row has {width} field{'' if width == 1 else 's'}")
    nearest = suggestions(place, names)[:1]
    meant = did_you_mean(nearest)
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    raise _wrong(
        f"{where}: the mapping names a column {place!r} that is not there{meant}; the header has "
        f"{', '.join(shown(name) for name in names[:_LISTED])}{more}"
        + (f"; if the file is of one {place}, set={place}=TEXT gives it to every row" if is_target else "")
    )


def _wrong(message: str) -> Exception:
    return refusal("wrong_mapping", f"{message}.")


def _at_once(block: Block, table: Table, delimiter: str) -> Records | None:
    """The records of a block whose every line is one, by Arrow; None if that cannot be told."""
    plain = without_quotes(block.data, delimiter=delimiter)
    if plain is None or plain.startswith(BOM) or _has_blank_line(plain):
        return None
    names = [str(number) for number in range(table.width)]
    used = [str(at) for at in dict.fromkeys(table.places.values())] or names[:1]
    with suppress(pa.ArrowInvalid):
        found = arrow_csv.read_csv(
            pa.BufferReader(plain),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(plain) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=used,
                column_types={name: pa.string() for name in used},
                strings_can_be_null=False,
                check_utf8=False,  # checked with the block
            ),
        )
        texts = {place: found.column(str(at)).combine_chunks() for place, at in table.places.items()}
        return Records(texts, np.arange(block.first_line, block.first_line + len(found)))
    return None


def _has_blank_line(data: bytes) -> bool:
    """Whether a line is empty: Arrow would leave it out, and the lines behind it had other numbers."""
    return data[:1] in {b"\n", b"\r"} or any(ends in data for ends in (b"\n\n", b"\r\r", b"\n\r"))


def _by_rows(
    blocks: Blocks, block: Block, table: Table, mapping: FileMapping, name: str, limits: Limits
) -> Iterator[_Found]:
    rows = Rows(block, name, limits, delimiter=mapping.delimiter)
    split = iter(rows)
    while batch := list(islice(split, BATCH_ROWS)):
        misshapen = [
            misshapen_row(line, row, table.width, delimiter=mapping.delimiter)
            for line, row in batch
            if is_misshapen(row, table.width)
        ]
        whole = [(line, row) for line, row in batch if not is_misshapen(row, table.width)]
        texts = {place: pa.array([row[at] for _, row in whole], pa.string()) for place, at in table.places.items()}
        yield Records(texts, np.array([line for line, _ in whole], np.int64)), misshapen
    if rows.rest:
        blocks.push_back(rows.rest, rows.line)
