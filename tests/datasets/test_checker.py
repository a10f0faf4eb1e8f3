"""What a file may look like, and where exactly it is wrong when it is not accepted."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.datasets import checker
from app.datasets.checker import Checker
from app.datasets.registry import DATASET_KINDS
from app.errors import RejectedFile

HEADERS = {
    "polls": "store_id,status,timestamp_utc\n",
    "hours": "store_id,day,start_time_local,end_time_local\n",
    "timezones": "store_id,timezone_str\n",
}
POLL = "1,active,2023-01-22 12:00:00 UTC\n"
AT_NOON = 1_674_388_800_000_000

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(content: str | bytes) -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return run


def accepted(path: Path, kind: str) -> list[dict[str, Any]]:
    """The rows of a file as dictionaries."""
    check = Checker(DATASET_KINDS[kind], path)
    rows = [
        dict(zip(block.columns, row, strict=True))
        for block in check.rows()
        for row in zip(*(values.array().tolist() for values in block.columns.values()), strict=True)
    ]
    check.finish()
    assert check.read == len(rows)
    return rows


def rejected(path: Path, kind: str) -> RejectedFile:
    with pytest.raises(RejectedFile) as caught:
        accepted(path, kind)
    assert caught.value.message.startswith(str(path))
    return caught.value


def places(error: RejectedFile) -> list[tuple[int, str, str]]:
    return [(row["line"], row["column"], row["value"]) for row in error.details["rows"]]


@pytest.mark.parametrize(
    "header",
    [
        "store_id,status",
        "store_id,status,timestamp_utc,comment",
        "store_id,status,timestamp_utc,status",
        "store_id,status,when",
        "store_id, status, timestamp_utc",
        "Store_ID,status,timestamp_utc",
        "store_id;status;timestamp_utc",
        "1,active,2023-01-22 12:00:00 UTC",
        "PK\x03\x04",
    ],
)
def test_a_wrong_header_is_answered_with_the_right_one(write: Write, header: str) -> None:
    error = rejected(write(f"{header}\n{POLL}"), "polls")
    assert "file.csv, line 1: the header is " in error.message
    assert error.message.endswith(
        "; a polls file has exactly these columns, in any order: store_id, status, timestamp_utc."
    )
    assert "\x03" not in error.message


def test_one_column_under_both_its_names_is_a_wrong_header(write: Write) -> None:
    error = rejected(write("store_id,day,dayOfWeek,start_time_local,end_time_local\n1,0,0,09:00,17:00\n"), "hours")
    assert error.message.endswith("in any order: store_id, day or dayOfWeek, start_time_local, end_time_local.")


@pytest.mark.parametrize("content", ["", "\n\r\n\n", b"\xef\xbb\xbf", gzip.compress(b"")])
def test_an_empty_file_is_answered_with_the_header(write: Write, content: str | bytes) -> None:
    error = rejected(write(content), "timezones")
    assert error.message.endswith("is empty; a timezones file begins with the header store_id, timezone_str.")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_header_alone_is_a_file_without_rows(write: Write, end: str) -> None:
    assert accepted(write(HEADERS["polls"].strip() + end), "polls") == []


def test_columns_come_in_any_order_and_under_other_names(write: Write) -> None:
    path = write("end_time_local,dayOfWeek,store_id,start_time_local\n17:00,6,007,09:00\n")
    assert accepted(path, "hours") == [
        {"store_id": "007", "day": 6, "start_time_local": 9 * 3_600_000_000, "end_time_local": 17 * 3_600_000_000}
    ]


@pytest.mark.parametrize(
    "content",
    [
        HEADERS["polls"] + POLL,
        HEADERS["polls"] + POLL.strip(),
        (HEADERS["polls"] + POLL).replace("\n", "\r\n"),
        (HEADERS["polls"] + POLL).replace("\n", "\r"),
        "\n\n" + HEADERS["polls"] + "\n" + POLL + "\n\n",
        "\ufeff" + HEADERS["polls"] + POLL,
        '\ufeff"store_id","status","timestamp_utc"\n"1","active","2023-01-22 12:00:00 UTC"\n',
        gzip.compress((HEADERS["polls"] + POLL).encode()),
        gzip.compress(HEADERS["polls"].encode()) + gzip.compress(POLL.encode()),
    ],
)
def test_every_usual_spelling_of_a_csv_is_read(write: Write, content: str | bytes) -> None:
    assert accepted(write(content), "polls") == [{"store_id": "1", "status": True, "timestamp_utc": AT_NOON}]


def test_text_stays_text(write: Write) -> None:
    keys = ["007", "NULL", "NA", "N/A", "1e5", "nan", "null", "TRUE", "0x10", "1.0", "-0", "2023-01-22", "é", "a,b"]
    path = write(HEADERS["timezones"] + "".join(f'"{key}",UTC\n' if "," in key else f"{key},UTC\n" for key in keys))
    assert [row["store_id"] for row in accepted(path, "timezones")] == keys


@pytest.mark.parametrize(
    ("kind", "row", "column", "value", "reason"),
    [
        ("polls", ",active,2023-01-22 12:00:00 UTC", "store_id", "''", "is empty"),
        ("polls", "1,closed,2023-01-22 12:00:00 UTC", "status", "'closed'", "is not one of active, inactive"),
        ("polls", "1,active,noon", "timestamp_utc", "'noon'", "is not a timestamp such as "),
        ("polls", "1,active,2023-01-22 12:00:00", "timestamp_utc", "'2023-01-22 12:00:00'", "is ambiguous: "),
        ("polls", "1,bad,worse", "status", "'bad'", "is not one of active, inactive"),
        ("polls", "1\u200b,active,2023-01-22Z", "store_id", r"'1\u200b'", "has characters that cannot be seen"),
        ("polls", "\x1b[31m,active,2023-01-22Z", "store_id", r"'\x1b[31m'", "has characters that cannot be seen"),
        ("hours", "1,7,09:00,17:00", "day", "'7'", "is not a weekday from 0 (Monday) to 6 (Sunday)"),
        ("hours", "1,0,24:00,17:00", "start_time_local", "'24:00'", "is not a time of day such as "),
        ("hours", "1,0,09:00,24:01", "end_time_local", "'24:01'", "is not a time of day such as "),
        ("timezones", "1,america/denver", "timezone_str", "'america/denver'", "did you mean America/Denver?"),
        ("timezones", "1,../../etc/passwd", "timezone_str", "'../../etc/passwd'", "is not a zone of the IANA time"),
    ],
)
def test_a_wrong_value_is_told_with_line_column_value_and_reason(
    write: Write, kind: str, row: str, column: str, value: str, reason: str
) -> None:
    error = rejected(write(f"{HEADERS[kind]}{row}\n"), kind)
    assert places(error) == [(2, column, value)]
    assert reason in error.details["rows"][0]["reason"]
    first, line = error.message.splitlines()
    assert first.endswith("was not loaded: 1 of 1 rows cannot be accepted.")
    assert line == f"line 2, {column}: {value} {error.details['rows'][0]['reason']}"


def test_a_long_value_is_shown_in_part(write: Write) -> None:
    error = rejected(write(f"{HEADERS['timezones']}{'x' * 300},UTC\n"), "timezones")
    assert places(error) == [(2, "store_id", f"'{'x' * 80}'…")]


def test_twenty_rejected_rows_are_shown_in_the_order_of_the_file_and_the_rest_counted(write: Write) -> None:
    good, no_zone, short, no_key = "1,UTC\n", "1,Mars\n", "1\n", ",UTC\n"
    error = rejected(
        write(HEADERS["timezones"] + good + no_zone * 3 + short * 2 + good + no_key * 30 + short * 30), "timezones"
    )
    assert places(error) == [
        *((line, "timezone_str", "'Mars'") for line in (3, 4, 5)),
        *((line, "row", "'1'") for line in (6, 7)),
        *((line, "store_id", "''") for line in range(9, 24)),
    ]
    assert error.details["rejected"] == 65
    assert "65 of 67 rows cannot be accepted" in error.message
    assert error.message.splitlines()[-1] == "… and 45 more rejected rows"


def test_exactly_twenty_rejected_rows_leave_no_rest(write: Write) -> None:
    error = rejected(write(HEADERS["timezones"] + ",UTC\n" * 20), "timezones")
    assert len(places(error)) == 20
    assert "more" not in error.message


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"1,UTC\n\xff2,UTC\n", 3, 1),
        (b'"1\n2",UTC\r\n\r\n3,caf\xe9\r\n', 5, 6),
        (b"1,UTC\n2\xc3\n", 3, 2),
        (b"1,UTC\n2,UTC\xe2\x82", 3, 6),
        (b"1,UTC\n" * 20_000 + b"\xe9,UTC\n", 20_002, 1),
    ],
)
def test_bytes_that_are_no_utf8_are_told_with_line_and_byte(write: Write, content: bytes, line: int, byte: int) -> None:
    error = rejected(write(HEADERS["timezones"].encode() + content), "timezones")
    assert error.message.endswith(f"file.csv, line {line}: byte {byte} is not UTF-8; save the file as UTF-8.")


def test_damaged_gzip_files_are_refused_as_such(write: Write) -> None:
    rows = "".join(f"{number},UTC\n" for number in range(30_000))
    whole = gzip.compress((HEADERS["timezones"] + rows).encode())
    cut = [whole[:length] for length in (5, 15, 1000, len(whole) // 2, len(whole) - 9, len(whole) - 1)]
    changed = [bytearray(whole) for _ in range(3)]
    for damaged, at in zip(changed, (12, len(whole) // 2, len(whole) - 6), strict=True):
        damaged[at] ^= 0xFF
    for content in [*cut, *map(bytes, changed)]:
        assert "file.csv is a damaged gzip file: " in rejected(write(content), "timezones").message


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    missing = rejected(tmp_path / "none.csv", "polls")
    assert missing.message == f"{tmp_path}/none.csv cannot be read: No such file or directory."
    assert rejected(tmp_path, "polls").message == f"{tmp_path} cannot be read: Is a directory."


def test_a_quotation_mark_that_is_not_closed_is_found(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(HEADERS["timezones"] + '1,UTC\n"2,UTC\n' + "3,UTC\n" * 60)
    ((line, column, value),) = places(rejected(path, "timezones"))
    assert (line, column) == (3, "row")
    assert value.startswith(r"'2,UTC\n3,UTC\n")
    monkeypatch.setattr(checker, "BLOCK_BYTES", 100)
    assert (
        "has a row of more than 100 bytes; a quotation mark that is not closed" in rejected(path, "timezones").message
    )


def test_a_field_beyond_all_measure_is_told_with_its_line(write: Write) -> None:
    error = rejected(write(f"{HEADERS['timezones']}1,UTC\n{'x' * 200_000},UTC\n"), "timezones")
    assert "file.csv, line 3: field larger than field limit" in error.message
