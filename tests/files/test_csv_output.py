"""Texts that a spreadsheet would run are marked as text in the CSV that we write; numbers are left alone."""

import io
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.csv_output import escape_formula, escape_formulas, iso_instants, unescape_formula, write_csv_blocks

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


#: Few characters, so that many texts need quotation marks; a lone surrogate cannot be written by anybody.
_texts = st.none() | st.text(st.sampled_from('ab,"\r\n;é東 \t'), max_size=4)
_figures = st.none() | st.decimals(-(10**6), 10**6, places=2)
_rows = st.tuples(_texts, _texts, _figures, st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.booleans())


@given(
    rows=st.lists(_rows, max_size=20),
    names=st.lists(st.text('ab,"é', max_size=4), min_size=5, max_size=5),
    cuts=st.lists(st.integers(0, 20), max_size=3),
)
def test_files_have_the_bytes_of_arrows_own_writer(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], names: list[str], cuts: list[int]
) -> None:
    """With quotation marks around all texts if one of them needs some, as Arrow has it."""
    types = [pa.string(), pa.string(), pa.decimal128(18, 2), pa.int64(), pa.bool_()]
    columns = zip(*rows, strict=True) if rows else [[]] * len(types)
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, types, strict=True)]
    schema = pa.schema(list(zip(names, types, strict=True)))
    whole = pa.table(arrays, schema=schema)
    places = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    blocks = [whole.slice(begin, end - begin) for begin, end in pairwise(places)]
    path, expected = tmp_path_factory.mktemp("csv") / "ours.csv", io.BytesIO()
    write_csv_blocks(path, schema, lambda: blocks)
    needs_quotes = any(set(',"\r\n') & set(text) for row in rows for text in row[:2] if isinstance(text, str))
    with arrow_csv.CSVWriter(
        expected, schema, write_options=arrow_csv.WriteOptions(quoting_style="needed" if needs_quotes else "none")
    ) as writer:
        for block in blocks:
            writer.write_table(block)
    assert path.read_bytes() == expected.getvalue()


def test_figures_may_come_as_the_texts_that_are_to_stand_there(tmp_path: Path) -> None:
    schema = pa.schema([("name", pa.string()), ("hours", pa.decimal128(18, 2))])
    block = pa.table([pa.array(["a,b", None]), pa.array(["1.50", None])], names=schema.names)
    write_csv_blocks(tmp_path / "one.csv", schema, lambda: [block])
    assert (tmp_path / "one.csv").read_bytes() == b'"name","hours"\n"a,b",1.50\n,\n'
