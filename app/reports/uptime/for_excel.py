"""uptime_excel.csv: uptime.csv for who opens it by a double click in Excel, which guesses, and guesses ids wrong."""

import csv
import re
from typing import Final, Literal

from app.files.artifact import Artifact

#: Separator and decimal sign, by what they are asked for with: as Excel expects them there.
STYLES: Final = {"en": (",", "."), "de": (";", ",")}

#: Columns of numbers with decimals; all others are written as they are.
_DECIMALS: Final = re.compile(r"(_hours|_percent|_minutes|_points|_last_(hour|day|week))$")

#: Longest text that a formula may hold, characters; a longer one is none that Excel takes for a number.
_LONGEST: Final = 255


def write_for_excel(table: Artifact, style: Literal["en", "de"]) -> Artifact:
    """The same rows with a byte order mark, which tells Excel that it is UTF-8, and ids as formulas of their text.

    An id of 19 digits would be rounded to 15 otherwise, and ``007`` be seven.
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
        is_decimal = [_DECIMALS.search(name) is not None for name in header]
        for key, *cells in rows:
            figures = (
                cell.replace(".", decimal_sign) if decimal else cell
                for cell, decimal in zip(cells, is_decimal[1:], strict=True)
            )
            written.writerow([_as_text(key), *figures])
    return Artifact(path, "text/csv", rows=table.rows)


def _as_text(key: str) -> str:
    if len(key) > _LONGEST:
        return key
    quoted = key.replace('"', '""')
    return f'="{quoted}"'
