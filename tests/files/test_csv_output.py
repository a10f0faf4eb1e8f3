"""Texts that a spreadsheet would run are marked as text in the CSV that we write; numbers are left alone."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.csv_output import escape_formula, escape_formulas, iso_instants, unescape_formula

FORMULAS = [
    "=cmd|'/C calc'!A0",
    "=1+1",
    ";=1+1",
    ",=1+1",
    "|;-1",
    "=",
    "+cmd",
    "+1+1",
    "-",
    "-1+1",
    "-2-",
    "-5\n",
    "- 5",
    "@SUM(A1:A9)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\r\n=1",
    "\x00=1",
    "＝1+1",  # noqa: RUF001 - meant
    "＋1",  # noqa: RUF001 - meant
    "－1",  # noqa: RUF001 - meant
    "＠x",  # noqa: RUF001 - meant
    "-٥",  # noqa: RUF001 - meant
    "-1,5",
    "-1e5",
]

NOT_FORMULAS = [
    "",
    "0",
    "007",
    "-5",
    "+1",
    "-1",
    "-0.25",
    "1e400",
    "8419537941919820732",
    "store 5",
    "'=1",
    "a=b",
    ";a=b",
    ";",
    "x\n=1",
    " =1",
    '"=1"',
    "東京",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_a_formula_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", NOT_FORMULAS)
def test_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert escape_formula(text) == text


def test_a_column_is_escaped_value_by_value_and_null_stays_null() -> None:
    column = pa.array([*FORMULAS, None, *NOT_FORMULAS])
    assert escape_formulas(column).to_pylist() == [*("'" + text for text in FORMULAS), None, *NOT_FORMULAS]


@pytest.mark.parametrize("texts", [[], ["a", "5"], [None]])
def test_a_column_without_formulas_is_handed_back(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    assert escape_formulas(column).equals(column)


@given(st.lists(st.text(st.sampled_from("=+-@\t\r\n\x0005.x ＝'"), max_size=6)))  # noqa: RUF001 - meant
def test_columns_and_single_texts_are_escaped_alike(texts: list[str]) -> None:
    assert escape_formulas(pa.array(texts, pa.string())).to_pylist() == [escape_formula(text) for text in texts]


def test_escaping_twice_changes_nothing_more() -> None:
    assert [escape_formula(escape_formula(text)) for text in FORMULAS] == ["'" + text for text in FORMULAS]


def test_a_marked_text_gets_back_to_what_it_was_and_others_stay() -> None:
    assert [unescape_formula("'" + text) for text in FORMULAS] == FORMULAS
    unmarked = [*FORMULAS, *(text for text in NOT_FORMULAS if text != "'=1"), "'tis", "'-5"]
    assert [unescape_formula(text) for text in unmarked] == unmarked


@pytest.mark.parametrize(
    ("instants", "texts"),
    [
        ([], []),
        ([None, None], [None, None]),
        ([0, None, 1_730_595_600_000_000], ["1970-01-01T00:00:00Z", None, "2024-11-03T01:00:00Z"]),
        ([0, 1], ["1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000001Z"]),
        ([-1, None], ["1969-12-31T23:59:59.999999Z", None]),
        ([4_102_444_800_000_000], ["2100-01-01T00:00:00Z"]),
    ],
)
def test_instants_are_written_in_iso_8601(instants: list[int | None], texts: list[str | None]) -> None:
    assert iso_instants(pa.array(instants, pa.timestamp("us"))).to_pylist() == texts
