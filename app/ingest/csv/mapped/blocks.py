"""The bytes of a file to blocks of mapped rows, by the format that its mapping names."""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa

from app.ingest.csv.blocks import Blocks
from app.ingest.csv.mapped.table import Table, table_blocks
from app.ingest.csv.unpack import unpacked
from app.ingest.policy import Limits
from app.ingest.refusal import refusal
from app.ingest.rejects import RejectedRow
from app.ingest.source import RecordSource, Source, opened
from app.mapping import json_records, parquet, workbook
from app.mapping.document import Mapping
from app.mapping.records import MappedRows, Records, mapped


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """Rows, and the rejections of records that are none."""

    rows: MappedRows
    misshapen: Sequence[RejectedRow] = ()


def mapped_blocks(source: Source, mapping: Mapping, limits: Limits) -> Iterator[MappedBlock]:
    """The rows of a file, a block at a time.

    Raises:
        RejectedFile: it is not what the mapping says.
    """
    if isinstance(source, RecordSource):
        for records in source.records(mapping.places):
            yield MappedBlock(mapped(mapping, records))
        return
    with opened(source) as stream:
        for records, misshapen in _records(stream, source.name, mapping, limits):
            yield MappedBlock(mapped(mapping, records), misshapen)


def _records(
    stream: object, name: str, mapping: Mapping, limits: Limits
) -> Iterator[tuple[Records, Sequence[RejectedRow]]]:
    match mapping.format:
        case "csv":
            pieces = _utf8(unpacked(stream, name, limits, is_utf8=mapping.encoding == "utf-8"), name, mapping.encoding)
            yield from table_blocks(Blocks(pieces, name, limits), mapping, name, limits)
        case "jsonl":
            lines = _lines(Blocks(unpacked(stream, name, limits), name, limits))
            yield from ((records, ()) for records in json_records.line_records(mapping, lines, name))
        case "json":
            data = _whole(unpacked(stream, name, limits), name, json_records.MOST_BYTES)
            yield from ((records, ()) for records in json_records.array_records(mapping, _text(data, name), name))
        case "xlsx":
            data = _whole(unpacked(stream, name, limits, is_utf8=False), name, workbook.MOST_BYTES)
            yield from _sheet_records(data, mapping, name)
        case "parquet":
            yield from ((records, ()) for records in _parquet_records(stream, name, mapping, limits))


class _Counted:
    """A stream that knows how many bytes were read of it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.read_bytes = 0

    def read(self, size: int) -> bytes:
        piece: bytes = self._stream.read(size)
        self.read_bytes += len(piece)
        return piece


def _parquet_records(stream: object, name: str, mapping: Mapping, limits: Limits) -> Iterator[Records]:
    """The records of a Parquet file, which says in a few bytes that millions of rows have the same value."""
    counted, text_bytes = _Counted(stream), 0
    with TemporaryFile() as file:
        for piece in unpacked(counted, name, limits, is_utf8=False):
            file.write(piece)
        for records in parquet.records_of(file, name, mapping.places):
            text_bytes += sum(column.nbytes for column in records.texts.values())
            limits.require_modest(
                name,
                read_bytes=counted.read_bytes,
                unpacked_bytes=text_bytes,
                advice="Leave out repeated content",
            )
            yield records


def _utf8(pieces: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """The text in UTF-8, as everything behind reads it."""
    if encoding == "utf-8":
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise refusal(
            "wrong_encoding", f"{name} is not text in {encoding}: {error.reason}; name another encoding."
        ) from error


def _lines(blocks: Blocks) -> Iterator[tuple[int, bytes]]:
    for block in blocks:
        yield from enumerate(block.data.splitlines(), block.first_line)


def _whole(pieces: Iterator[bytes], name: str, most_bytes: int) -> bytes:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > most_bytes:
            raise refusal(
                "too_large",
                f"{name} is larger than {most_bytes:,} bytes, the limit for this format; send it as CSV, or as JSON "
                f"with one value per line (jsonl).",
            )
    return bytes(found)


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(
            "not_utf8", f"{name}, line {line}: the text is not UTF-8; save the file as UTF-8.", line=line
        ) from error


def _sheet_records(data: bytes, mapping: Mapping, name: str) -> Iterator[tuple[Records, Sequence[RejectedRow]]]:
    rows = list(workbook.rows_of(data, name, sheet=mapping.sheet, skip_lines=mapping.skip_lines))
    if not rows:
        raise refusal("empty_file", f"{name} has no rows.")
    table = Table.of(mapping, rows[0][1], name, rows[0][0])
    body = rows[1:] if mapping.header else rows
    texts = {place: pa.array([row[at] for _, row in body], pa.string()) for place, at in table.places.items()}
    yield Records(texts, np.array([number for number, _ in body], np.int64)), ()
