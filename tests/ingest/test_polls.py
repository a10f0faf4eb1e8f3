"""The fast parser of a whole block of instants never disagrees with the one that explains each."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.ingest import values
from app.ingest.column_types import INSTANT, all_instants
from app.ingest.kinds.polls import POLLS
from tests.strategies import examples

VALID = st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
    st.sampled_from([1971, 2023, 2024, 2099]),
    st.integers(1, 12),
    st.integers(1, 28),
    st.sampled_from([" ", "T"]),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".5", ".38", ".388884", ".000001", ".999999"]),
    st.sampled_from([" UTC", "Z", "+00:00", "-00:00", "+01:00", "-0930", "+05:45", "-12"]),
)

#: What a valid text may have in its place at one point.
ODD_PIECES = st.sampled_from(
    [
        "",
        " ",
        "0",
        "9",
        "Z",
        "UTC",
        " UTC",
        "+01:00",
        "+24:00",
        "-00:60",
        ":",
        ".",
        ",",
        "T",
        "x",
        "60",
        "\n",
        "\0",
        "\uff12",
    ]
)

ODD = st.text(st.sampled_from("0123456789-:+.TZUC /W"), max_size=32)

EDGES = st.sampled_from(
    [
        "1970-01-01 00:00:00 UTC",
        "1969-12-31T23:59:59.999999Z",
        "1969-12-31T23:30:00-01:00",
        "1970-01-01T00:30:00+01:00",
        "2100-01-01T00:00:00Z",
        "2100-01-01T00:30:00+01:00",
        "2099-12-31T23:30:00-01:00",
        "2024-02-29 00:00:00 UTC",
        "2023-02-29 00:00:00 UTC",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2023-01-22T12:00:00.1234567Z",
        "2023-01-22T12:00:00.1234560Z",
        "2023-01-22 12:00Z",
        "2023-01-22 12Z",
        "2023-01-22 12:00:00",
        "2023-01-22",
        "",
    ]
)


@st.composite
def near_valid(draw: st.DrawFn) -> str:
    text = draw(VALID)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(ODD_PIECES) + text[at + draw(st.integers(0, 3)) :]


def agree(texts: list[str]) -> bool:
    """Whether the fast parser took the block; it may refuse any, but what it takes has to be right."""
    fast = all_instants(pa.array(texts, pa.string()))
    if fast is None:
        return False
    assert fast.tolist() == [values.instant(text) for text in texts]
    return True


@given(texts=st.lists(VALID | EDGES, max_size=4) | st.lists(near_valid() | ODD, min_size=1, max_size=1))
@settings(max_examples=examples(2000))
@example(texts=["2100-01-01T00:30:00+01:00"])
@example(texts=["1970-01-01T00:30:00+01:00"])
@example(texts=["2023-01-22 UTC12:00:00"])
@example(texts=["2023-01-22 12:00:00 UTC+01:00"])
def test_the_fast_parser_never_disagrees(texts: list[str]) -> None:
    agree(texts)


@given(texts=st.lists(VALID, min_size=1, max_size=20))
def test_the_fast_parser_takes_what_files_usually_hold(texts: list[str]) -> None:
    assert agree(texts)


def test_one_doubtful_instant_leaves_the_block_to_the_parser_that_explains() -> None:
    (column,) = [column for column in POLLS.columns if column.type.parse_all]
    assert column.type is INSTANT
    assert INSTANT.parse is values.instant
    good, doubtful = "2023-01-22 12:00:00 UTC", "2023-01-22T12:00:00.1234567Z"
    assert agree([good, good])
    assert not agree([good, doubtful])
    assert values.instant(doubtful) - values.instant(good) == 123_456


@pytest.mark.parametrize("text", [column.example for column in POLLS.columns if column.type.parse_all])
def test_the_example_of_the_help_is_taken(text: str) -> None:
    assert agree([text])
