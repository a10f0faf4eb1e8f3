"""Bytes to blocks of whole lines, however they come, and back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RejectedFile
from app.ingest.csv.blocks import Block, Blocks, line_ends, parts
from app.ingest.policy import Limits


def lines_of(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", data)


def reader(data: bytes, piece_bytes: int, max_row_bytes: int = 1000, *, block_bytes: int | None = None) -> Blocks:
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    return Blocks(iter(pieces), "file.csv", Limits(max_row_bytes=max_row_bytes), block_bytes=block_bytes)


TEXT = st.text(st.sampled_from("\r\n,aé"), max_size=60).map(str.encode)


@given(data=TEXT, piece_bytes=st.integers(1, 20), block_bytes=st.integers(1, 20))
def test_blocks_are_whole_lines_and_know_their_numbers(data: bytes, piece_bytes: int, block_bytes: int) -> None:
    found = list(reader(data, piece_bytes, block_bytes=block_bytes))
    assert b"".join(block.data for block in found) == data
    line = 1
    for block in found:
        assert block.first_line == line
        line += len(lines_of(block.data))
    assert [block.last for block in found[:-1]] == [False] * (len(found) - 1)
    assert [one for block in found for one in lines_of(block.data)] == lines_of(data)


@given(data=TEXT, size=st.integers(1, 20))
def test_parts_are_whole_lines_too(data: bytes, size: int) -> None:
    found = list(parts(Block(data, 7, last=True), size))
    assert b"".join(part.data for part in found) == data
    assert [one for part in found for one in lines_of(part.data)] == lines_of(data)
    line = 7
    for part in found:
        assert part.first_line == line
        line += len(lines_of(part.data))


def test_lines_end_in_three_ways() -> None:
    assert line_ends(b"") == line_ends(b"a") == 0
    assert line_ends(b"a\nb\r\nc\rd") == 3
    assert line_ends(b"\r\r\n\n\r") == 4


def test_what_is_given_back_comes_again() -> None:
    some = reader(b"1\n2\n3\n4\n5", 4, block_bytes=4)
    assert next(some) == Block(b"1\n2\n", 1, last=False)
    some.push_back(b"2\n", 2)
    assert next(some) == Block(b"2\n3\n4\n", 2, last=False)
    some.push_back(b"4\n", 4)
    assert next(some) == Block(b"4\n5", 4, last=True)
    assert list(some) == []


@pytest.mark.parametrize("block_bytes", [1, 9, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b""])
def test_the_longest_line_is_just_as_long_as_allowed(block_bytes: int, end: bytes) -> None:
    found = reader(b"a\n" + b"x" * 10 + end, 3, 10, block_bytes=block_bytes)
    assert b"".join(block.data for block in found) == b"a\n" + b"x" * 10 + end
    with pytest.raises(RejectedFile, match=r"^file\.csv, line 2 is longer than 10 bytes\.$"):
        list(reader(b"a\n" + b"x" * 11 + end, 3, 10, block_bytes=block_bytes))
