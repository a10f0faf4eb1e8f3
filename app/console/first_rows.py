"""The first rows of a CSV file, for a page."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from app.console.asking import Api

#: Rows that a page shows, at most.
ROWS: Final = 100

#: Bytes that are read of a file for them.
READ_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class FirstRows:
    """Of a file.

    Attributes:
        columns: their names.
        rows: texts, as many as columns each.
        is_number: of each column, whether all that is there are numbers.
        has_more: whether the file has more rows.
        sorted_by: the column that the rows are sorted by, if any.
        is_descending: whether the greatest come first.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_number: Sequence[bool]
    has_more: bool
    sorted_by: str | None = None
    is_descending: bool = False


async def first_rows(api: Api, path: str, *, sort: str = "", descending: bool = False) -> FirstRows:
    """Read the beginning of a file of the API, and sort these rows alone.

    Raises:
        Refused: it cannot be read.
    """
    answer = await api.ask("GET", path, headers={"range": f"bytes=0-{READ_BYTES - 1}"})
    text = answer.body.decode("utf-8-sig", "replace")
    total = int(answer.headers.get("content-range", "").rpartition("/")[2] or len(answer.body))
    if len(answer.body) < total:  # the last line may be cut
        text = text.rpartition("\n")[0]
    header, *rows = list(csv.reader(StringIO(text))) or [[]]
    has_more = len(rows) > ROWS or len(answer.body) < total
    rows = [row for row in rows[:ROWS] if len(row) == len(header)]
    is_number = [_are_numbers([row[at] for row in rows]) for at in range(len(header))]
    if sort in header:
        at = header.index(sort)
        rows.sort(key=lambda row: _key(row[at], is_number=is_number[at]), reverse=descending)
    return FirstRows(header, rows, is_number, has_more, sort if sort in header else None, descending)


def _are_numbers(texts: Sequence[str]) -> bool:
    return bool(texts) and all(_number(text) is not None for text in texts if text)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _key(text: str, *, is_number: bool) -> tuple[bool, float, str]:
    """Fields without a value come first; numbers are compared as such."""
    return bool(text), (_number(text) or 0.0) if is_number else 0.0, "" if is_number else text.casefold()
