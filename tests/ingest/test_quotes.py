"""Quotation marks are taken away only where that changes no row."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ingest.csv.quotes import without_quotes


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n", b"a,b\n"),
        (b'"a","b"\n', b"a,b\n"),
        (b'"a",b\r\nc,"d"', b"a,b\r\nc,d"),
        (b'"",""\n', b",\n"),
        (b'"a","","b"\r"c",,"d"\r', b"a,,b\rc,,d\r"),
    ],
)
def test_quotation_marks_around_plain_fields_are_taken_away(data: bytes, expected: bytes) -> None:
    assert without_quotes(data) == expected


@pytest.mark.parametrize(
    "data",
    [b'"a,b"\n', b'"a\nb"\n', b'"a""b"\n', b'a"b"\n', b'"a"b\n', b'"a\n', b'""\n', b'a\n""', b' "a"\n', b'"a" \n'],
)
def test_quotation_marks_that_mean_something_are_left_to_the_parser(data: bytes) -> None:
    assert without_quotes(data) is None


@given(text=st.text(st.sampled_from('",\n\ra'), max_size=30))
@example(text='"","\n","')
def test_what_is_taken_away_changes_no_row(text: str) -> None:
    plain = without_quotes(text.encode())
    if plain is None:
        return
    assert b'"' not in plain
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert list(csv.reader(io.StringIO(plain.decode(), newline=""), strict=True)) == rows
