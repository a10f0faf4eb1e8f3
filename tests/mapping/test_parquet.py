"""Parquet files: nested columns by dotted names, values as texts, and each mistake with its place."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.errors import RejectedFile
from app.ingest.inspection.layout import layout_of
from app.mapping import parquet
from app.mapping.document import read_mapping
from tests.ingest.checking import check

NESTED = pa.struct([("installer", pa.struct([("name", pa.string())])), ("ci", pa.bool_())])


def written(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def texts(data: bytes, *places: str) -> list[tuple[str, ...]]:
    found = list(parquet.records_of(io.BytesIO(data), "file.parquet", places))
    return [row for one in found for row in zip(*(one.texts[place].to_pylist() for place in places), strict=True)]


def said(data: bytes, *places: str) -> tuple[str, int | None, str]:
    with pytest.raises(RejectedFile) as caught:
        texts(data, *places)
    return caught.value.details["reason"], caught.value.details.get("line"), caught.value.message


def test_values_in_structures_have_dotted_names_and_are_empty_where_a_structure_is_null() -> None:
    details = pa.array([{"installer": {"name": "pip"}, "ci": True}, {"installer": None, "ci": False}, None], NESTED)
    data = written({"id": [1, 2, 3], "details": details})
    assert texts(data, "details.ci", "details.installer.name", "id") == [
        ("true", "pip", "1"),
        ("false", "", "2"),
        ("", "", "3"),
    ]


def test_values_are_the_texts_that_a_csv_has() -> None:
    data = written(
        {
            "at": pa.array([datetime(2024, 3, 1, 12, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "day": pa.array([date(2024, 3, 1)]),
            "count": pa.array([12], pa.int64()),
            "word": pa.array(["é"]).dictionary_encode(),
            "bytes": pa.array([b"abc"]),
            "nothing": pa.array([None], pa.string()),
        }
    )
    assert texts(data, "at", "day", "count", "word", "bytes", "nothing") == [
        ("2024-03-01 12:00:00.000000Z", "2024-03-01", "12", "é", "abc", "")
    ]


def test_a_column_whose_own_name_has_dots_is_found_by_it() -> None:
    assert texts(written({"a.b": ["x"], "c": ["y"]}), "a.b") == [("x",)]


def test_lines_are_rows_over_row_groups_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 3)
    data = written({"id": list(range(1, 11))}, row_group_size=4)
    found = list(parquet.records_of(io.BytesIO(data), "file.parquet", ["id"]))
    assert [line for one in found for line in one.lines.tolist()] == list(range(1, 11))
    assert [text for one in found for text in one.texts["id"].to_pylist()] == [str(one) for one in range(1, 11)]
    assert max(len(one.lines) for one in found) <= 3


def test_a_file_that_is_cut_off_is_refused() -> None:
    reason, _, message = said(written({"id": [1]})[:-9], "id")
    assert (reason, "without a readable end" in message) == ("bad_parquet", True)


def test_what_is_no_parquet_file_is_refused() -> None:
    assert said(b"id\n1\n", "id") == (
        "wrong_format",
        None,
        "file.parquet is not a Parquet file; set the mapping's format to what it is.",
    )


def test_a_column_that_is_not_there_is_named_with_the_nearest_one() -> None:
    reason, _, message = said(written({"project": ["a"], "count": [1]}), "projet")
    assert reason == "wrong_mapping"
    assert message == (
        "file.parquet: the mapping names a column 'projet' that is not there (did you mean 'project'?); "
        "the file has project, count."
    )


def test_a_column_of_lists_is_refused() -> None:
    reason, _, message = said(written({"tags": [["a"], ["b"]]}), "tags")
    assert (reason, "the column 'tags' holds list" in message) == ("wrong_mapping", True)


def test_bytes_that_are_not_text_are_refused_with_row_and_column() -> None:
    assert said(written({"id": pa.array([b"a", b"\xff"])}), "id") == (
        "not_utf8",
        2,
        "file.parquet, row 2, column 'id': the value is not text in UTF-8.",
    )


def test_a_row_group_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MOST_GROUP_BYTES", 100)
    data = written({"id": [f"{one:>40}" for one in range(50)]})
    assert (said(data, "id")[0], "row group 1 has" in said(data, "id")[2]) == ("too_large", True)


def test_a_number_is_no_place_in_parquet() -> None:
    with pytest.raises(Exception, match="1 is a number; in parquet a place is a name"):
        read_mapping({"kind": "polls", "format": "parquet", "columns": {"store_id": {"from": 1}}})


def test_a_mapping_loads_a_parquet_file_and_rejects_with_its_row() -> None:
    mapping = read_mapping(
        {
            "kind": "timezones",
            "format": "parquet",
            "columns": {"store_id": {"from": "shop.id"}, "timezone_str": {"from": "zone"}},
        }
    )
    shops = pa.array([{"id": "a"}, {"id": "b"}], pa.struct([("id", pa.string())]))
    found = check(written({"shop": shops, "zone": ["Europe/Berlin", "Moon"]}), "timezones", mapping=mapping)
    assert [row[:1] for row in found.rows] == [("a",)]
    assert [one.line for one in found.rejections] == [2]


def test_inspection_shows_the_columns_that_can_be_read() -> None:
    details = pa.array([{"installer": {"name": "pip"}, "ci": None}], NESTED)
    layout = layout_of(written({"id": [7], "details": details, "tags": [["x"]]}), "file.parquet")
    assert layout.document == {"format": "parquet"}
    assert list(layout.names) == ["id", "details.installer.name", "details.ci"]
    assert [list(row) for row in layout.rows] == [["7", "pip", ""]]
