"""Texts of a column become the same values whether all of them are parsed at once or each by itself."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ingest.column_types import INSTANT
from app.ingest.csv.column_check import ColumnCheck
from app.ingest.csv.memory import Memory
from app.ingest.kind import Column
from app.ingest.policy import Limits

NOON = 1_674_388_800_000_000  # 2023-01-22T12:00:00Z

#: Texts of instants, most of them right and some that only one of two parsers might take.
TEXTS = st.one_of(
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC"),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.sampled_from(
        [
            "",
            " ",
            "2023-01-22",
            "2023-01-22 UTC",
            "2023-01-22Z",
            "2023-01-22T12",
            "2023-01-22T12Z",
            "2023-01-22T12:00Z",
            "2023-01-22T12:00:00",
            "2023-01-22T24:00:00Z",
            "2023-01-22T12:00:60Z",
            "2023-02-29T12:00:00Z",
            "2023-01-22T12:00:00.1234567Z",
            "2023-01-22T12:00:00.123456789+01:00",
            "2023-01-22T12:00:00+0100",
            "2023-01-22T12:00:00+01",
            "2023-01-22T12:00:00-00:00",
            "2023-01-22T12:00:00 UTC UTC",
            "2023-01-22 UTC12:00:00Z",
            "2023-01-22T12:00:00UTC",
            "20230122T120000Z",
            "2023-W03-7T12:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00Z",
            "2100-01-01T00:00:00Z",
            "2100-01-01T00:00:00.000001Z",
            "0000-01-01T00:00:00Z",
            "12023-01-22T12:00:00Z",
            "nan",
            "null",
        ]
    ),
)


def outcome(column: Column, texts: list[str], *, latest: int | None) -> list[Any]:
    """The value of each text, or the code and the reason why it has none."""
    check = ColumnCheck(column, limits=Limits(), latest=latest, memory=Memory(1 << 20))
    checked, wrong = check.values(pa.array(texts, pa.string()))
    assert len(checked) == len(texts)
    return [
        (wrong[code].code, str(wrong[code])) if code in wrong else value
        for code, value in zip(checked.codes.tolist(), checked.array().tolist(), strict=True)
    ]


@pytest.mark.parametrize("optional", [{}, {"required": False}, {"may_be_empty": True}])
@given(texts=st.lists(TEXTS, max_size=12), latest=st.sampled_from([None, NOON]))
@example(texts=[], latest=None)
@example(texts=["", ""], latest=NOON)
@example(texts=["", "2023-01-22T12:00:00Z", ""], latest=NOON)
@example(texts=["", "2023-01-22T12:00:00.000001Z"], latest=NOON)
def test_the_fast_parser_agrees_with_the_slow_one(
    optional: dict[str, Any], texts: list[str], latest: int | None
) -> None:
    fast = Column("at", INSTANT, example="2023-01-22T12:00:00Z", **optional)
    slow = replace(fast, type=replace(INSTANT, parse_all=None))
    assert outcome(fast, texts, latest=latest) == outcome(slow, texts, latest=latest)


@given(texts=st.lists(TEXTS.filter(bool), min_size=1, max_size=12))
def test_every_text_alone_means_the_same_to_both(texts: list[str]) -> None:
    fast = Column("at", INSTANT, example="2023-01-22T12:00:00Z", required=False)
    slow = replace(fast, type=replace(INSTANT, parse_all=None))
    for text in texts:
        assert outcome(fast, ["", text], latest=None) == outcome(slow, ["", text], latest=None)


def test_empty_fields_of_an_optional_column_do_not_make_it_slow() -> None:
    parse = Mock(side_effect=AssertionError("not at once"))
    column = Column("at", replace(INSTANT, parse=parse), example="2023-01-22T12:00:00Z", required=False)
    texts = ["", "2023-01-22T12:00:00Z", "", "2023-01-22 12:00:00.000001 UTC"]
    assert outcome(column, texts, latest=None) == [None, NOON, None, NOON + 1]
    assert outcome(column, ["", ""], latest=None) == [None, None]
    parse.assert_not_called()


def test_an_empty_field_of_a_required_column_is_wrong() -> None:
    column = Column("at", INSTANT, example="2023-01-22T12:00:00Z")
    first, second = outcome(column, ["2023-01-22T12:00:00Z", ""], latest=None)
    assert first == NOON
    assert second[0] == "bad_timestamp"
