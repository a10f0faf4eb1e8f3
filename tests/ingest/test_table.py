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
    assert counted == first.passed == checking.passed == len(rows)
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
        rows=checking.passed,
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


WIDE = ",".join(f"c{place}" for place in range(10_000))

#: Content of a file, the reason that it is refused for, and what is said of it.
BAD = {
    "nothing": (b"", "empty_file", "plays.csv is empty; a table begins with a header"),
    "blank lines": (b"\n\r\n", "empty_file", "plays.csv is empty; a table begins with a header"),
    "an unclosed quotation mark": (
        *(b'a,b\n1,2\n3,"4\n5,6\n', "unclosed_quote"),
        "plays.csv, line 3: a quotation mark opens a field here and is never closed",
    ),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "wrong_encoding", "plays.csv is UTF-16 text; save the file as UTF-8"),
    "Latin-1": ("a,b\n1,é\n".encode("latin-1"), "not_utf8", "plays.csv, line 2: byte 3 is not UTF-8"),
    "a NUL byte": (b"a,b\n1,2\n1,\0\n", "nul_byte", "plays.csv, line 3: byte 3 is a NUL byte"),
    "a zip file": (b"PK\x03\x04" + b"x" * 60, "wrong_format", "plays.csv is not a CSV but a zip file"),
    "JSON": (b'[\n{"a": 1}\n]\n', "wrong_format", "plays.csv, line 1: this is JSON, not a CSV"),
    "JSON on a line": (b'[{"a":1,"b":"x"}]\n', "wrong_format", "plays.csv, line 1: this is JSON, not a CSV"),
    "JSON without spaces": (b'{"a":"x","b":1}\n', "wrong_format", "plays.csv, line 1: this is JSON, not a CSV"),
    "a gzip file that ends too early": (
        *(gzip.compress(b"a,b\n1,2\n")[:-4], "bad_gzip"),
        "plays.csv is a damaged gzip file: it ends too early",
    ),
    "a gzip bomb": (
        *(gzip.compress(b"a,b\n" + b"1,2\n" * (17 << 20), 1), "unpacks_too_far"),
        "plays.csv unpacks to more than 100 times its size",
    ),
    "a field of 2 MB": (
        b"a,b\n1,2\n1," + b"x" * (2 << 20),
        "row_too_long",
        "plays.csv, line 3 is longer than 1,048,576",
    ),
    "a quoted field of 2 MB": (
        *(b'a,b\n1,"' + b"xxxxxxx\n" * (1 << 18) + b'"\n', "row_too_long"),
        "plays.csv, line 2: the row that begins here is longer than 1,048,576 bytes",
    ),
    "a name twice": (
        *(b"Song,Date,Song\n1,2,3\n", "wrong_header"),
        "plays.csv, line 1: columns 1 and 3 are both called 'Song'",
    ),
    "an empty name": (b"Song,,Plays\n1,2,3\n", "wrong_header", "plays.csv, line 1: column 2 has no name"),
    "text behind a quotation mark": (b'"Song"s,b\n1,2\n', "wrong_header", "text after a closing quotation mark"),
    "semicolons": (
        *(b"Song;Date\n1;2\n", "wrong_separator"),
        "plays.csv, line 1: the columns are separated by semicolons; separate them with commas",
    ),
    "tabs": (b"Song\tDate\n1\t2\n", "wrong_separator", "separated by tabs"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_refused_in_these_words(name: str) -> None:
    content, reason, told = BAD[name]
    with pytest.raises(RejectedFile) as caught:
        check(content, limits=Limits())
    assert caught.value.details["reason"] == reason
    assert told in caught.value.message


#: Content, the rows that pass, and the line, value, code and reason of each that does not.
ODD = {
    "one column": (b'a\n1\n\n""\nx\n', [(2, ("1",)), (4, ("",)), (5, ("x",))], []),
    "10,000 columns": (f"{WIDE}\n{WIDE}\n".encode(), [(2, tuple(WIDE.split(",")))], []),
    "lines that end in CR": (b'a,b\r1,2\r"x\ry",4\r5,6', [(2, ("1", "2")), (3, ("x\ry", "4")), (5, ("5", "6"))], []),
    "names with spaces": (b" a , b\n1,2\n", [(2, ("1", "2"))], []),
    "a row that is too short": (
        b"a,b\n1\n1,2\n",
        [(3, ("1", "2"))],
        [(2, "'1'", "wrong_width", "has 1 field instead of 2")],
    ),
    "a row that is too long": (
        b'a,b\n1,2\n1,"x\ny",3\n4,5\n',
        [(2, ("1", "2")), (5, ("4", "5"))],
        [(3, r"'1,x\ny,3'", "wrong_width", "has 3 fields instead of 2")],
    ),
    "quotation marks within a field": (
        b'a,b\n12" Mix,3\n"x, y",7" or 10" Edit\n5"""6,"a""b"\n',
        [(2, ('12" Mix', "3")), (3, ("x, y", '7" or 10" Edit')), (4, ('5"""6', 'a"b'))],
        [],
    ),
    "text behind a quotation mark": (
        b'a,b\n1,"2"x\n12" Mix,3\n',
        [(3, ('12" Mix', "3"))],
        [(2, "'1,\"2\"x'", "bad_quoting", "has text after a closing quotation mark")],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_are_read_as_they_are(name: str) -> None:
    content, rows, rejected = ODD[name]
    checked = check(content, limits=Limits())
    assert checked.rows == rows
    assert [(one.line, one.value, one.code, one.reason) for one in checked.rejects.shown] == rejected


def test_the_check_ends_when_too_many_rows_are_of_another_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MOST_REJECTED", 10)
    checked = check(b"a,b\n" + b"1,2\n\n3\n" * 100)
    assert 10 < checked.rejects.count < 20
    assert [one.line for one in checked.rejects.shown[:3]] == [4, 7, 10]
