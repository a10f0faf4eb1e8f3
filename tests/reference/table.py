"""The check of a file of the dataset kind ``table`` once more: every header is right that names its columns.

"Any header. Checked for width, quoting, UTF-8, NUL only." What a line, a row and a field are is said by csv_check.py.
"""

from dataclasses import dataclass, field

from tests.reference import csv_check
from tests.reference.csv_check import Record, Verdict

#: The longest row, bytes, of the tables that the tests make.
ROW_BYTES = 1 << 20


@dataclass
class Table:
    """What a file comes to: reasons why it is refused, or its columns, the rows of the right width, and the others."""

    refusals: set[str] = field(default_factory=set)
    columns: tuple[str, ...] = ()
    records: list[Record] = field(default_factory=list)
    rejections: list[tuple[int, str]] = field(default_factory=list)


def read(content: bytes, *, row_bytes: int = ROW_BYTES) -> Table:
    """The table in a file of this content, plain or gzip."""
    verdict = Verdict()
    plain = csv_check.unpack(content, verdict)
    if plain is None:
        return Table({reason for reason, _ in verdict.refusals})
    plain = plain.removeprefix(b"\xef\xbb\xbf")
    csv_check.look_at_bytes(plain, row_bytes, verdict)
    records = list(csv_check.tokenize(plain))
    refusals = {reason for reason, _ in verdict.refusals}
    refusals |= {"unclosed_quote" for record in records if record.unclosed_on}
    refusals |= {"row_too_long" for record in records if len(record.raw) > row_bytes}
    if not records:
        return Table(refusals | {"empty_file"})
    header, *rest = records
    # Open: names are taken as they stand, with outer spaces; none is blank, and each is there once
    names = [text.decode(errors="replace") for text in header.fields or []]
    if any(not name.strip() for name in names) or len(set(names)) != len(names) or not names:
        refusals.add("wrong_header")
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        refusals.add("wrong_separator")  # "the columns are separated by semicolons, tabs or vertical bars"
    table = Table(refusals, tuple(names))
    for record in rest:
        if record.fields is None:
            table.rejections.append((record.line, "bad_quoting"))
        elif len(record.fields) != len(names):
            table.rejections.append((record.line, "wrong_width"))
        else:
            table.records.append(record)
    return table
