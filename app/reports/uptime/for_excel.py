"""uptime_excel.csv: uptime.csv for who opens it by a double click in Excel, which guesses, and guesses ids wrong."""

import csv
import re
from collections.abc import Callable
from typing import Final, Literal

from app.files.artifact import Artifact
from app.files.csv_output import unescape_formula

#: Separator and decimal sign, by what they are asked for with: as Excel expects them there.
STYLES: Final = {"en": (",", "."), "de": (";", ",")}

#: Columns of numbers with decimals; all others are written as they are.
_DECIMALS: Final = re.compile(r"(_hours|_percent|_minutes|_points|_last_(hour|day|week))$")

#: Columns of texts that Excel would take for a number, a date or a formula: a store ``007``, a group ``1-2``, a month.
_TEXTS: Final = {"store_id", "name", "group", "period"}

#: Longest text that a formula may hold, characters; a longer one is none that Excel takes for a number.
_LONGEST: Final = 255


def write_for_excel(table: Artifact, style: Literal["en", "de"]) -> Artifact:
    """The same rows with a byte order mark, which tells Excel that it is UTF-8, and texts as formulas of themselves.

    An id of 19 digits would be rounded to 15 otherwise, ``007`` be seven, and the month ``2024-11`` its first day.
    """
    separator, decimal_sign = STYLES[style]
    path = table.path.with_name("uptime_excel.csv")
    with (
        table.path.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding="utf-8-sig", newline="") as target,
    ):
        rows = csv.reader(source)
        written = csv.writer(target, delimiter=separator, lineterminator="\r\n")
        header = next(rows)
        written.writerow(header)
        ways = [_way(name, decimal_sign) for name in header]
        for cells in rows:
            written.writerow([way(cell) for way, cell in zip(ways, cells, strict=True)])
    return Artifact(path, "text/csv", rows=table.rows)


def _way(column: str, decimal_sign: str) -> Callable[[str], str]:
    """How cells of a column are written."""
    if column in _TEXTS:
        return _as_text
    if _DECIMALS.search(column):
        return lambda cell: cell.replace(".", decimal_sign)
    return str


def _as_text(cell: str) -> str:
    """A formula of the text, which needs no apostrophe before an ``=`` of its own; nothing where there is nothing."""
    if not cell or len(cell) > _LONGEST:
        return cell
    quoted = unescape_formula(cell).replace('"', '""')
    return f'="{quoted}"'
