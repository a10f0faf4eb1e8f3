"""Tables of any columns: their shape is checked, and any range of them is read again as text with its lines."""

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import RejectedFile
from app.ingest.csv import blocks, unpack
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.table import reading, split
from app.ingest.table.reading import TableCheck, read_rows
from app.ingest.table.split import TableBlock
from app.series.table_files import TableFile
from tests.reference.csv_check import tokenize
from tests.strategies import examples

#: Limits that small files reach.
NARROW = Limits(max_row_bytes=60)


@dataclass(frozen=True)
class Bytes:
    """A table in memory."""

    content: bytes
    name: str = "plays.csv"

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.content)

    def span(self, first: int, end: int) -> IO[bytes]:
        return io.BytesIO(self.content[first:end])


@dataclass(frozen=True)
class Checked:
    file: TableFile
    rows: list[tuple[int, tuple[str, ...]]]
    rejects: Rejects


def rows_of(found: Sequence[TableBlock]) -> list[tuple[int, tuple[str, ...]]]:
    """Each row with its line."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    for block in found:
        texts = zip(*(array.to_pylist() for array in block.texts.values()), strict=True)
        rows += zip(block.lines.tolist(), texts, strict=True)
    return rows


def check(content: bytes, *, columns: Sequence[str] | None = None, limits: Limits = NARROW) -> Checked:
    """Check a table of this content; raises as the check does."""
    rejects = Rejects()
    first = TableCheck(Bytes(content), columns=columns, limits=limits, rejects=Rejects())
    counted = sum(len(block) for block in first.blocks())
    checking = TableCheck(Bytes(content), columns=columns, limits=limits, rejects=rejects)
    rows = rows_of(list(checking.blocks(wanted=first.columns)))
    assert counted == first.rows == checking.rows == len(rows)
    assert first.read == len(rows) + rejects.count
    assert first.starts == checking.starts
    file = TableFile(
        dataset_id="1" * 32,
        raw_key="",
        name="plays.csv",
        is_packed=checking.is_packed,
        bytes=len(content),
        sha256="",
        columns=checking.columns,
        starts=tuple(checking.starts),
        rows=checking.rows,
    )
    return Checked(file, rows, rejects)


def read_again(content: bytes, file: TableFile, wanted: Sequence[str]) -> tuple[list[Any], int]:
    """All ranges of a table, one after the other, and the rows that were left out."""
    rejects = Rejects()
    rows = [
        row
        for start, end in file.ranges()
        for row in rows_of(
            list(read_rows(Bytes(content), file, start, end, wanted=wanted, limits=NARROW, rejects=rejects))
        )
    ]
    return rows, rejects.count


PIECES = st.sampled_from(
    [
        "a",
        "é",
        "7",
        " ",
        "NULL",
        "",
        ",",
        ",",
        ",",
        '"',
        '"',
        '""',
        '"a,b"',
        '"x\ny"',
        '","',
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\ufeff",
    ]
)


@settings(max_examples=examples(4000), deadline=None)
@given(
    header=st.sampled_from(["a", "a,b", 'a,"b"', "a,b,c", '"x\ny",b', "\n\r\na,b"]),
    body=st.lists(PIECES, max_size=40).map("".join),
    mark=st.booleans(),
    packed=st.booleans(),
    block_bytes=st.integers(1, 60),
    part_bytes=st.integers(1, 30),
    start_bytes=st.integers(1, 30),
)
def test_a_table_is_parted_as_its_slow_twin_parts_it_whole_and_in_ranges(
    header: str, body: str, *, mark: bool, packed: bool, block_bytes: int, part_bytes: int, start_bytes: int
) -> None:
    plain = f"{header}\n{body}".encode()
    content = (b"\xef\xbb\xbf" if mark else b"") + plain
    content = gzip.compress(content) if packed else content
    records = list(tokenize(plain))
    width = len(records[0].fields or ())
    good = [
        (one.line, tuple(text.decode() for text in one.fields))
        for one in records[1:]
        if one.fields and len(one.fields) == width
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        patch.setattr(unpack, "PIECE_BYTES", block_bytes)
        patch.setattr(reading, "PIECE_BYTES", block_bytes)
        patch.setattr(split, "PART_BYTES", part_bytes)
        patch.setattr(reading, "START_BYTES", start_bytes)
        unclosed = {one.unclosed_on for one in records if one.unclosed_on}
        too_long = {one.line for one in records if len(one.raw) > NARROW.max_row_bytes}
        if unclosed or too_long:
            with pytest.raises(RejectedFile) as caught:
                check(content)
            told = (caught.value.details["reason"], caught.value.details["line"])
            assert told in {("unclosed_quote", line) for line in unclosed} | {
                ("row_too_long", line) for line in too_long
            }
            return
        checked = check(content)
        assert checked.rows == good
        assert checked.rejects.count == len(records) - 1 - len(good)
        wanted = checked.file.columns[::-1]
        again, left_out = read_again(content, checked.file, wanted)
    assert again == [(line, texts[::-1]) for line, texts in good]
    assert left_out == checked.rejects.count
    assert checked.file.is_packed is packed
    if not packed:
        begins = [start.offset for start in checked.file.starts]
        assert all(later - earlier >= start_bytes for earlier, later in pairwise(begins))
