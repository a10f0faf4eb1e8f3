"""Files that a mapping describes: what becomes of their records, and how each mistake is told."""

import io
import re
import zipfile
from datetime import datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidParameters, RejectedFile
from app.mapping.document import read_mapping
from tests.engine import micros
from tests.ingest.checking import Checked, check, small_blocks
from tests.strategies import examples

STATUS = {"from": "Zustand", "words": {"UP": "active", "DOWN": "inactive"}}
BERLIN = {"from": "Zeit", "date": "DD.MM.YYYY HH:mm:ss", "zone": "Europe/Berlin"}
GERMAN = {
    "kind": "polls",
    "delimiter": ";",
    "encoding": "cp1252",
    "skip_lines": 1,
    "columns": {"store_id": {"from": "Filiale"}, "status": STATUS, "timestamp_utc": BERLIN},
}
HOURS = {"store_id": {"from": "store_id"}, "day": {"from": "hours", "hours": "en"}}
PULLS = {"repo": {"value": "a/b"}, "number": {"from": "number"}, "created_at": {"from": "createdAt"}}
HOUR = 3_600_000_000


def at(iso: str) -> int:
    return micros(datetime.fromisoformat(iso))


def read(content: str | bytes, document: dict[str, Any]) -> Checked:
    return check(content, document["kind"], mapping=read_mapping(document))


def said(content: str | bytes, document: dict[str, Any]) -> str:
    with pytest.raises(RejectedFile) as caught:
        read(content, document)
    return f"{caught.value.details['reason']}: {caught.value.message}"


@pytest.mark.parametrize("block_bytes", [1, 40, 4 << 20])
def test_a_german_export_is_read_as_it_is(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, block_bytes)
    text = "Bericht;;\r\nZeit;Filiale;Zustand\r\n21.01.2017 21:11:39;Köln;UP\r\n;;\r\n29.10.2017 02:30:00;Köln;DOWN\r\n"
    found = read(text.encode("cp1252"), GERMAN)
    assert found.rows == [
        ("Köln", True, at("2017-01-21T20:11:39+00:00")),
        ("Köln", False, at("2017-10-29T00:30:00+00:00")),
    ]
    assert (found.read, found.rejected) == (2, 0)


def test_every_mistake_of_a_row_is_told_with_its_own_line() -> None:
    text = 'x\nZeit;Filiale;Zustand\n"26.03.2017 02:30:00";"";MAYBE\n\n1.1.2017;"7\n";UP\na;b\n'
    found = read(text, GERMAN)
    assert [(one.line, one.column, one.value, one.code) for one in found.rejections] == [
        (3, "store_id", "''", "empty"),
        (3, "status", "'MAYBE'", "not_mapped"),
        (3, "timestamp_utc", "'26.03.2017 02:30:00'", "no_such_time"),
        (5, "store_id", r"'7\n'", "invisible_characters"),
        (5, "timestamp_utc", "'1.1.2017'", "bad_timestamp"),
        (7, "row", "'a;b'", "wrong_width"),
    ]
    assert (found.read, found.rejected) == (3, 3)


def test_an_outage_becomes_a_poll_at_its_start_and_one_at_its_end() -> None:
    def poll(place: str, status: str) -> dict[str, Any]:
        columns = {"status": {"value": status}, "timestamp_utc": {"from": place, "date": "iso", "zone": "UTC"}}
        return {"columns": columns, "where": {place: {"not": [""]}}}

    outages = {"kind": "polls", "columns": {"store_id": {"value": "line"}}}
    outages |= {"rows": [poll("start", "inactive"), poll("end", "active")]}
    found = read("start,end\n2020-05-26 13:47:38,2020-05-26 13:48:10\n2020-05-26 14:00:00,\n", outages)
    assert found.rows == [
        ("line", False, at("2020-05-26T13:47:38+00:00")),
        ("line", True, at("2020-05-26T13:48:10+00:00")),
        ("line", False, at("2020-05-26T14:00:00+00:00")),
    ]


def test_weekly_hours_and_ranges_of_weekdays_become_several_rows() -> None:
    found = read(
        'store_id,hours\na,"Mo-Tu 09:00-12:00,13:00-17:00; Tu off"\nb,soon\n', {"kind": "hours", "columns": HOURS}
    )
    assert found.rows == [("a", 0, 9 * HOUR, 12 * HOUR), ("a", 0, 13 * HOUR, 17 * HOUR)]
    assert [(one.line, one.column, one.value, one.code) for one in found.rejections] == [
        (3, "day", "'soon'", "bad_hours")
    ]
    german = {"store_id": {"from": 1}, "day": {"from": 2, "weekday": "de"}}
    german |= {"start_time_local": {"from": 3, "time": "12h"}, "end_time_local": {"from": 4, "time": "24h"}}
    found = read("a,Fr.-Montag,9 AM,26:30\n", {"kind": "hours", "header": False, "columns": german})
    assert found.rows == [("a", day, 9 * HOUR, 5 * HOUR // 2) for day in (4, 5, 6, 0)]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (
            {"format": "json"},
            '[\n{"number": 7, "createdAt": "2024-06-03T13:00:00Z"},\n{"number": "x", "createdAt": null}]',
        ),
        (
            {"format": "json", "records": "data.items"},
            '{"data": {"items": [\n{"number": 7, "createdAt": "2024-06-03T13:00:00Z"},\n{"number": "x"}]}}',
        ),
        ({"format": "jsonl"}, '{"number": 7, "createdAt": "2024-06-03T13:00:00Z"}\n\n{"number": "x"}\n'),
    ],
)
def test_json_is_read_with_the_lines_of_its_records(form: dict[str, str], text: str) -> None:
    found = read(text, {"kind": "pull_requests", **form, "columns": PULLS})
    assert found.rows == [("a/b", 7, at("2024-06-03T13:00:00+00:00"))]
    assert [(one.line, one.column, one.value) for one in found.rejections] == [
        (3, "number", "'x'"),
        (3, "created_at", "''"),
    ]


def workbook(*rows: list[Any], sheets: int = 1) -> bytes:
    book = openpyxl.Workbook()
    for number in range(sheets):
        sheet = book.active if number == 0 else book.create_sheet(f"More{number}")
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


EXCEL = {
    "kind": "polls",
    "format": "xlsx",
    "columns": {
        "store_id": {"from": "shop"},
        "status": {"from": "up", "words": {"1": "active", "0": "inactive"}},
        "timestamp_utc": {"from": "at", "date": "iso", "zone": "UTC"},
    },
}


def test_a_workbook_is_read_with_the_numbers_of_its_rows() -> None:
    one_o_clock = datetime(2024, 6, 3, 13)  # noqa: DTZ001 - cells have no zone
    found = read(workbook(["shop", "up", "at"], [7, 1, one_o_clock], [8, 2, "soon"]), EXCEL)
    assert found.rows == [("7", True, at("2024-06-03T13:00:00+00:00"))]
    assert [(one.line, one.column, one.code) for one in found.rejections] == [
        (3, "status", "not_mapped"),
        (3, "timestamp_utc", "bad_timestamp"),
    ]


@pytest.mark.parametrize(
    ("content", "document", "message"),
    [
        (
            "Filialle;Zustand;Zeit\n",
            {**GERMAN, "skip_lines": 0},
            "wrong_mapping: file.csv, line 1: the mapping names a column 'Filiale' that is not there (did you mean 'Filialle'?); the header has 'Filialle', 'Zustand', 'Zeit'.",  # noqa: E501 - the words as they are
        ),
        (
            "Filiale;Zustand;Zeit;Zeit\n",
            {**GERMAN, "skip_lines": 0},
            "wrong_mapping: file.csv, line 1: 'Zeit' is the name of several columns, 3, 4; give the number of one.",
        ),
        (
            "a,b\n",
            {"kind": "timezones", "header": False, "columns": {"store_id": {"from": 1}, "timezone_str": {"from": 3}}},
            "wrong_mapping: file.csv, line 1: there is no column 3: the row has 2 fields.",
        ),
        (
            b"x\n\x81\n",
            GERMAN,
            "wrong_encoding: file.csv is not text in cp1252: character maps to <undefined>; name another encoding.",
        ),
        (
            '{"items": []}',
            {"kind": "pull_requests", "format": "json", "columns": PULLS},
            'wrong_mapping: file.csv is a JSON object; name the array in it with an expression: "records": "items".',
        ),
        (
            '{"items": 3}',
            {"kind": "pull_requests", "format": "json", "records": "item", "columns": PULLS},
            "wrong_mapping: file.csv: records: 'item' finds nothing; the file has items.",
        ),
        (
            '[{"number": 1},\n {"number" 2}]',
            {"kind": "pull_requests", "format": "json", "columns": PULLS},
            (
                "bad_json: file.csv, line 2, character 12: this is not JSON: a colon is missing after a name; the file "
                "must be a JSON array."
            ),
        ),
        (
            workbook(["shop", "up", "at"], [7, 1, "=NOW()"]),
            EXCEL,
            "formula: file.csv, sheet 'Sheet', cell C2 has a formula; copy the cells and paste them as values.",
        ),
        (
            workbook(["shop", "up", "at"], [7, 1, "x"], [], ["city"]),
            EXCEL,
            "two_tables: file.csv, sheet 'Sheet' has two tables: row 4 begins another below row 2; give each a sheet of its own.",  # noqa: E501 - the words as they are
        ),
        (
            workbook(["shop", "up", "at", None, "city"], [7, 1, "x", None, "y"]),
            EXCEL,
            "two_tables: file.csv, sheet 'Sheet' has two tables: column E begins another beside it; give each a sheet of its own.",  # noqa: E501 - the words as they are
        ),
        (
            workbook(["shop", "up", "at"], [7, 1, "x"], sheets=2),
            EXCEL,
            "wrong_mapping: file.csv has 2 sheets, 'Sheet', 'More1'; name one in the mapping: \"sheet\": \"Sheet\".",
        ),
        (
            b"shop",
            EXCEL,
            "wrong_format: file.csv is not an Excel workbook (xlsx); set the mapping's format to what it is.",
        ),
        ("\n", {**GERMAN, "skip_lines": 0}, "empty_file: file.csv has no rows."),
    ],
)
def test_a_file_that_is_not_what_its_mapping_says_is_refused_in_these_words(
    content: str | bytes, document: dict[str, Any], message: str
) -> None:
    assert said(content, document) == message


def test_a_mapping_of_other_columns_than_the_kind_has_is_refused() -> None:
    with pytest.raises(
        InvalidParameters, match=r"^mapping: columns\.statu is not a column of polls \(did you mean 'status'\?\)"
    ):
        check("x", "polls", mapping=read_mapping({"kind": "polls", "columns": {"statu": {"from": 1}}}))
    with pytest.raises(InvalidParameters, match=r"^mapping: columns: this lacks status, timestamp_utc; a polls file"):
        check("x", "polls", mapping=read_mapping({"kind": "polls", "columns": {"store_id": {"from": 1}}}))
    with pytest.raises(InvalidParameters, match=r"^mapping: it is of the kind polls; this file is of the kind hours"):
        check("x", "hours", mapping=read_mapping({"kind": "polls", "columns": {}}))


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"from": "a", "words": {"UP": "activ", "*": "unknown"}}, "words.UP: 'activ'"),
        ({"from": "a", "words": {"UP": "active", "*": "?"}}, r"words.\*: '\?'"),
        ({"from": "a", "words": {"UP": ""}}, "words.UP: ''"),
        ({"value": "activ"}, "value: 'activ'"),
    ],
)
def test_words_that_map_to_nothing_are_refused_before_any_row(rule: dict[str, Any], place: str) -> None:
    keys = {"store_id": {"value": "x"}, "timestamp_utc": {"from": "t"}}
    said = f"{place} is not one of active, inactive, unknown"
    with pytest.raises(InvalidParameters, match=rf"^mapping: columns\.status\.{said}\.$"):
        read("a,t\n", {"kind": "polls", "columns": {**keys, "status": rule}})
    with pytest.raises(InvalidParameters, match=rf"^mapping: rows\.0\.columns\.status\.{said}\.$"):
        read("a,t\n", {"kind": "polls", "columns": keys, "rows": [{"columns": {"status": rule}}]})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"value": "yesterday"}, "'yesterday' is not a timestamp"),
        ({"value": "01.02.2025", "date": "iso", "zone": "UTC"}, "'01.02.2025' "),
        ({"value": ""}, "'' "),
    ],
)
def test_a_constant_that_no_row_could_have_is_refused_before_any_row(rule: dict[str, Any], said: str) -> None:
    keys = {"store_id": {"from": "a"}, "status": {"value": "active"}}
    with pytest.raises(InvalidParameters, match=rf"^mapping: columns\.timestamp_utc\.value: {re.escape(said)}"):
        read("a\n1\n", {"kind": "polls", "columns": {**keys, "timestamp_utc": rule}})
    with pytest.raises(
        InvalidParameters, match=rf"^mapping: rows\.0\.columns\.timestamp_utc\.value: {re.escape(said)}"
    ):
        read("a\n1\n", {"kind": "polls", "columns": keys, "rows": [{"columns": {"timestamp_utc": rule}}]})


FIELDS = st.text(st.sampled_from('a7,;"\n\r é'), max_size=4)


@settings(max_examples=examples(150))
@given(
    rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    block_bytes=st.sampled_from([1, 16, 4 << 20]),
)
def test_rows_of_any_text_are_those_that_were_written(
    rows: list[list[str]], delimiter: str, end: str, block_bytes: int
) -> None:
    """What is written by hand, every field quoted, comes back; blank rows and rows with keys that are none do not."""
    text = end.join(
        delimiter.join('"' + field.replace('"', '""') + '"' for field in row) for row in [["a", "b", "c"], *rows]
    )
    document = {"kind": "timezones", "delimiter": delimiter}
    document["columns"] = {"store_id": {"from": "c", "trim": True}, "timezone_str": {"value": "UTC"}}
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, block_bytes)
        found = read(text, document)
    keys = [row[2].strip() for row in rows if row[2]]
    plain = [key for key in keys if key and not set(key) & set("\r\n")]
    assert found.keys == plain
    assert found.rejected == len(keys) - len(plain)


def test_times_past_midnight_stay_times_where_a_workbook_has_them_as_days() -> None:
    day_one = datetime(1900, 1, 1)  # noqa: DTZ001 - cells have no zone
    hours = {
        "kind": "hours",
        "format": "xlsx",
        "columns": {
            "store_id": {"from": "shop"},
            "day": {"from": "day", "weekday": "en"},
            "start_time_local": {"from": "opens", "time": "24h"},
            "end_time_local": {"from": "closes", "time": "24h"},
        },
    }
    rows = (
        ["A", "Mon", time(18), time(23)],
        ["A", "Sat", time(18), day_one],
        ["A", "Fri", time(18), day_one + timedelta(hours=1)],
    )
    found = read(workbook(["shop", "day", "opens", "closes"], *rows), hours)
    assert [row[3] // 3_600_000_000 for row in found.rows] == [23, 24, 1]


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_json_that_is_nested_too_deeply_is_refused_as_such(form: str, text: str) -> None:
    document = {"kind": "pull_requests", "format": form, "columns": PULLS}
    assert (
        said(text, document) == "bad_json: file.csv is JSON that is nested too deeply; 200 levels are read for certain."
    )
    fine = '{"number": 7, "createdAt": "2024-06-03T13:00:00Z", "more": ' + "[" * 190 + "]" * 190 + "}"
    assert read(f"[{fine}]" if form == "json" else fine, document).read == 1


def test_a_mapping_with_a_name_twice_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidParameters, match=r"'columns\.store_id\.from' is given more than once"):
        read_mapping('{"kind": "polls", "columns": {"store_id": {"from": "a", "from": "b"}}}')


def test_a_zip_file_that_is_no_workbook_is_refused_in_our_words() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "x")
    told = said(content.getvalue(), {"kind": "polls", "format": "xlsx", "columns": GERMAN["columns"]})
    assert told.startswith(
        "wrong_format: file.csv is cut off or damaged, or a zip file of something else than an Excel"
    )
