"""CSV output that is safe to open in a spreadsheet: a text that would be run as a formula is marked as text.

The rule is that of OWASP's "CSV Injection": a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break
is prefixed with an apostrophe, which spreadsheets take for "text follows". A plain number is not a formula and is not
marked. Only files are escaped; stored values and JSON responses are not.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

#: What a formula can begin with, the wide forms of East Asian keyboards included. A spreadsheet that splits at another
#: separator than the comma, as in half of Europe, finds the formula behind a leading one.
_FORMULA: Final = r"^[;,|]*[=+\-@\t\r\n\x00＝＋－＠]"  # noqa: RUF001 - the wide forms are meant
_NUMBER: Final = r"^[+-]?[0-9]+(\.[0-9]+)?\z"

#: Python and RE2, which Arrow uses, spell "the very end" differently.
_PYTHON_NUMBER: Final = re.compile(_NUMBER.replace(r"\z", r"\Z"))
_PYTHON_FORMULA: Final = re.compile(_FORMULA)


def write_csv(path: Path, table: pa.Table) -> None:
    """Write a table with a header; only texts that need quotation marks get them."""
    write_csv_blocks(path, table.schema, lambda: [table])


def write_csv_blocks(path: Path, schema: pa.Schema, blocks: Callable[[], Iterable[pa.Table]]) -> None:
    """Write tables one below the other, as write_csv() does one; ``blocks`` may be called twice.

    Decimals may be given as the texts that are to stand there: Arrow takes three times as long to write decimals.
    """
    texts = [pa.string() if pa.types.is_decimal(kind) else kind for kind in schema.types]
    try:
        _write(path, pa.schema(list(zip(schema.names, texts, strict=True))), blocks(), quoting="none")
    except pa.ArrowInvalid:  # a text with a comma, a quote or the like: Arrow then quotes every text
        _write(path, schema, blocks(), quoting="needed")


def _write(path: Path, schema: pa.Schema, blocks: Iterable[pa.Table], *, quoting: Literal["none", "needed"]) -> None:
    with arrow_csv.CSVWriter(path, schema, write_options=arrow_csv.WriteOptions(quoting_style=quoting)) as writer:
        for block in blocks:
            writer.write_table(block.cast(schema))


def iso_instants(instants: pa.TimestampArray) -> pa.StringArray:
    """Instants in UTC as ISO 8601 with Z, without a fraction where none has one.

    Arrow writes instants that have a zone itself, but takes ten times as long.
    """
    whole = instants.cast(pa.timestamp("s"), safe=False)
    plain = whole if whole.cast(pa.timestamp("us")).equals(instants) else instants
    return pc.binary_join_element_wise(pc.replace_substring(plain.cast(pa.string()), " ", "T"), "Z", "")


def iso_instant_each(instants: pa.TimestampArray) -> pa.StringArray:
    """The same, each with a fraction only if it has one itself: whatever the others of the block are."""
    whole = instants.cast(pa.timestamp("s"), safe=False)
    is_whole = pc.equal(whole.cast(pa.timestamp("us")), instants)
    text = pc.if_else(is_whole, whole.cast(pa.string()), instants.cast(pa.string()))
    return pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")


def escape_formula(text: str) -> str:
    """A cell's text, prefixed with an apostrophe if a spreadsheet would take it for a formula."""
    if _PYTHON_FORMULA.match(text) is None or _PYTHON_NUMBER.match(text) is not None:
        return text
    return f"'{text}"


def unescape_formula(text: str) -> str:
    """The text that escape_formula() was given, for a cell that protects it in another way.

    A text that began with an apostrophe and a formula loses the apostrophe: nobody can tell it from a mark.
    """
    plain = text.removeprefix("'")
    return plain if plain != text == escape_formula(plain) else text


def escape_formulas(texts: pa.StringArray) -> pa.StringArray:
    """The same for a whole column; null stays null."""
    suspects = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(suspects).as_py():
        return texts
    formulas = pc.and_(suspects, pc.invert(pc.match_substring_regex(texts, _NUMBER)))
    return pc.if_else(formulas, pc.binary_join_element_wise("'", texts, ""), texts)
