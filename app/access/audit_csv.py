"""The audit as CSV, for spreadsheets: nothing in it is run as a formula."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC
from typing import Final

from app.access.audit_log import Entry
from app.files.csv_output import escape_formula

#: The columns of the file.
COLUMNS: Final = tuple(field.name for field in fields(Entry))


def lines(blocks: Iterable[list[Entry]]) -> Iterator[bytes]:
    """The file in pieces, one for each block; the first one has the header."""
    header = [COLUMNS]
    for block in blocks:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*header, *map(_cells, block)])
        header = []
        yield text.getvalue().encode(errors="replace")


def _cells(entry: Entry) -> list[str]:
    instant = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    detail = json.dumps(entry.detail, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    texts = (getattr(entry, name) for name in COLUMNS[2:-1])
    return [str(entry.id), instant, *("" if text is None else escape_formula(text) for text in texts), detail]
