"""The same table as CSV, JSON, JSON lines and a workbook gives the same polls: those of a slow twin."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mapping.document import read_mapping
from tests.ingest.checking import check, small_blocks
from tests.reference.mapped_polls import NULL, WORDS, polls_of
from tests.strategies import examples

NAMES = ("when", "note", "shop", "state")

DOCUMENT: dict[str, Any] = {
    "kind": "polls",
    "null": list(NULL),
    "columns": {
        "store_id": {"from": "shop"},
        "status": {"from": "state", "words": {"UP": "active", "Down ": "inactive", "7": "inactive", "": "unknown"}},
        "timestamp_utc": {"from": "when", "date": "DD.MM.YYYY HH:mm", "zone": "UTC"},
    },
}

#: What a workbook would take for a formula or an error is left out.
texts = st.text(alphabet="aZ7 .,;:\"'\\{}[]\n\t|éß漢😀", max_size=5)
times = st.datetimes(datetime(1970, 1, 1), datetime(2022, 12, 31)).map(lambda at: f"{at:%d.%m.%Y %H:%M}")  # noqa: DTZ001
rows = st.fixed_dictionaries(
    {
        "when": st.one_of(
            times, times, times, st.sampled_from([*NULL, "", "31.02.2020 10:00", "1.2.2020 10:00"]), texts
        ),
        "note": texts,
        "shop": st.one_of(st.sampled_from(["a", "Köln", "7", *NULL, ""]), texts),
        "state": st.one_of(st.sampled_from([*WORDS, *NULL]), texts),
    }
)

Row = Mapping[str, str]


def as_csv(table: Sequence[Row]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue().encode()


def as_json(table: Sequence[Row]) -> bytes:
    return json.dumps({"data": [_numbered(row) for row in table]}, ensure_ascii=False).encode()


def as_jsonl(table: Sequence[Row]) -> bytes:
    return "".join(f"{json.dumps(_numbered(row), ensure_ascii=len(row['note']) > 2)}\n" for row in table).encode()


def as_xlsx(table: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(NAMES)
    for row in table:
        sheet.append([_numbered(row).get(name) for name in NAMES])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _numbered(row: Row) -> dict[str, Any]:
    """As programs write it: numbers as numbers, and nothing, or null, for an empty text."""
    found: dict[str, Any] = {name: int(text) if text == "7" else text for name, text in row.items()}
    return {name: value for name, value in found.items() if value != "" or name == "shop"} | (
        {"state": None} if row["state"] == "" else {}
    )


WRITTEN: dict[str, tuple[Callable[[Sequence[Row]], bytes], dict[str, Any]]] = {
    "csv": (as_csv, {}),
    "json": (as_json, {"format": "json", "records": "data"}),
    "jsonl": (as_jsonl, {"format": "jsonl"}),
    "xlsx": (as_xlsx, {"format": "xlsx"}),
}


@pytest.mark.parametrize("form", WRITTEN)
@given(table=st.lists(rows, min_size=1, max_size=12), block_bytes=st.sampled_from([1, 50, 4 << 20]))
@settings(max_examples=examples(40))
def test_a_table_in_any_format_gives_the_polls_of_the_twin(form: str, table: list[Row], block_bytes: int) -> None:
    write, members = WRITTEN[form]
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, block_bytes)
        found = check(write(table), "polls", mapping=read_mapping(DOCUMENT | members))
    assert ([tuple(row) for row in found.rows], found.rejected) == polls_of(table)
