"""Small files that say of themselves that they are huge: refused before they are, in words."""

import io
import zipfile
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.styles import Font

from app.errors import RejectedFile
from app.ingest.policy import Limits
from app.mapping import workbook
from app.mapping.document import read_mapping
from tests.ingest.checking import check, refused

NAMES = ["store_id", "status", "timestamp_utc"]
ROW = ["17", "active", "2023-01-16T00:00:00Z"]


def mapped(form: str) -> Any:
    columns = {"store_id": {"from": NAMES[0]}, "status": {"from": NAMES[1]}, "timestamp_utc": {"from": NAMES[2]}}
    return read_mapping({"kind": "polls", "format": form, "columns": columns})


def sheet(**more: Any) -> bytes:
    """A workbook of one row, and these cells."""
    book = openpyxl.Workbook()
    book.active.append(NAMES)
    book.active.append(ROW)
    for cell, value in more.items():
        book.active[cell] = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_part(data: bytes, name: str, change: Any) -> bytes:
    """The workbook with one of its parts changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return target.getvalue()


def words(content: bytes, form: str, **options: Any) -> str:
    error = refused(content, "polls", mapping=mapped(form), **options)
    return f"{error.details['reason']}: {error.message}"


@pytest.mark.parametrize("cell", ["XFD1048576", "XFD2000", "Q1048576"])
def test_a_cell_far_away_from_the_table_is_not_reached_for(cell: str) -> None:
    told = words(sheet(**{cell: "x"}), "xlsx")
    assert told.startswith("too_large: file.csv, sheet 'Sheet' reaches to row ")
    assert "more than 16,777,216 cells, empty ones included" in told


def test_a_cell_that_only_has_a_format_counts_for_nothing() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheet()))
    book.active["XFD1048576"].font = Font(bold=True)
    target = io.BytesIO()
    book.save(target)
    assert check(target.getvalue(), "polls", mapping=mapped("xlsx")).read == 1


def test_a_workbook_that_unpacks_too_far_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "FLOOR_BYTES", 1 << 20)
    data = sheet()
    swollen = with_part(
        data,
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"</sheetData>", b'<row r="3"/>' * 200_000 + b"</sheetData>"),
    )
    assert words(swollen, "xlsx").startswith("too_large: file.csv is a workbook of ")
    monkeypatch.setattr(workbook, "MOST_UNPACKED_TIMES", 1000)
    assert check(swollen, "polls", mapping=mapped("xlsx")).read == 1


def test_a_workbook_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(with_part(sheet(), "xl/worksheets/sheet1.xml", lambda text: text + b" " * 100_000))
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 70] != b"xl/worksheets/sheet1.xml":
        at = data.index(b"PK\x01\x02", at + 1)
    data[at + 24 : at + 28] = (500).to_bytes(4, "little")
    assert words(bytes(data), "xlsx").startswith("wrong_format: file.csv is cut off or damaged")


@pytest.mark.parametrize("sent", ["A0", "ZZZZ1", "A99999999", "1A", ""])
def test_a_cell_that_is_none_is_told(sent: str) -> None:
    data = with_part(sheet(), "xl/worksheets/sheet1.xml", lambda text: text.replace(b'r="A2"', f'r="{sent}"'.encode()))
    try:
        check(data, "polls", mapping=mapped("xlsx"))
    except RejectedFile as error:
        assert error.details["reason"] in {"wrong_format", "too_large", "two_tables"}  # noqa: PT017 - or it is read


def repeated(rows: int) -> bytes:
    """A Parquet file whose rows are all the same."""
    first = pa.array(np.zeros(rows, np.int32))
    columns = [pa.DictionaryArray.from_arrays(first, pa.array([value])) for value in ROW]
    target = io.BytesIO()
    pq.write_table(pa.table(dict(zip(NAMES, columns, strict=True))), target, row_group_size=rows)
    return target.getvalue()


def test_a_parquet_file_that_says_the_same_again_and_again_is_stopped() -> None:
    data, limits = repeated(200_000), Limits(unpack_floor_bytes=1 << 20)
    assert len(data) < 100_000
    told = words(data, "parquet", limits=limits)
    assert told.startswith("unpacks_too_far: file.csv unpacks to more than 100 times its size: ")
    assert told.endswith("Leave out repeated content, or have OPENHOURS_MAX_UNPACK_RATIO raised.")
    assert check(data, "polls", mapping=mapped("parquet")).read == 200_000, "below the floor it may"
