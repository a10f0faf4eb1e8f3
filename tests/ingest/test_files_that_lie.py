"""Files that are not what they seem: each is taken as documented, or refused in exactly these words."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.ingest.policy import Limits
from app.ingest.refusal import REFUSALS, REJECTIONS
from app.ingest.registry import DATASET_KINDS
from tests.ingest.checking import HEADERS, Bytes, check, refused, small_blocks

POLLS, HOURS, ZONES = (HEADERS[kind] for kind in ("polls", "hours", "timezones"))
POLL = "1,active,2023-01-22 12:00:00 UTC\n"
COLUMNS = "a polls file has these columns, in any order: store_id, status, timestamp_utc."
SMALL = Limits(
    max_row_bytes=1000, max_field_bytes=100, max_unpacked_bytes=100_000, max_unpack_ratio=20, unpack_floor_bytes=50_000
)


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, POLLS + POLL)
    return file.getvalue()


def as_parquet() -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table({"store_id": ["1"]}), file)
    return file.getvalue()


def with_wrong_checksum(content: str) -> bytes:
    packed = bytearray(gzip.compress(content.encode()))
    packed[-8] ^= 1
    return bytes(packed)


DENSE_TEXT = POLLS.encode() + b"\n" * 90_000
DENSE = gzip.compress(DENSE_TEXT)
UNPACKS_TOO_FAR = (
    f"file.csv unpacks to more than 20 times its size: {len(DENSE):,} bytes of it are {len(DENSE_TEXT):,} already. "
    "Send it unpacked, or have OPENHOURS_MAX_UNPACK_RATIO raised."
)

BY_MAPPING = "load it by a mapping, which openhours inspect FILE proposes, or save it as CSV (UTF-8)."

REFUSED = {
    "UTF-16 with a byte order mark": (
        (POLLS + POLL).encode("utf-16"),
        "wrong_encoding",
        "file.csv is UTF-16 text; save the file as UTF-8.",
    ),
    "UTF-16 without one": (
        (POLLS + POLL).encode("utf-16-le"),
        "wrong_encoding",
        "file.csv is UTF-16 text; save the file as UTF-8.",
    ),
    "UTF-16, the other way round": (
        (POLLS + POLL).encode("utf-16-be"),
        "wrong_encoding",
        "file.csv is UTF-16 text; save the file as UTF-8.",
    ),
    "UTF-32": ((POLLS + POLL).encode("utf-32"), "wrong_encoding", "file.csv is UTF-32 text; save the file as UTF-8."),
    "a NUL byte": (
        POLLS + POLL + "1,act\0ive,2023-01-22 12:00:00 UTC\n",
        "nul_byte",
        "file.csv, line 3: byte 6 is a NUL byte; remove it.",
    ),
    "Latin-1": (
        POLLS.encode() + b"\r\n" + POLL.encode() + b"caf\xe9,active,2023-01-22 12:00:00 UTC\n",
        "not_utf8",
        "file.csv, line 4: byte 4 is not UTF-8; save the file as UTF-8.",
    ),
    "a surrogate": (
        POLLS.encode() + b"\xed\xa0\x80,active,2023-01-22 12:00:00 UTC\n",
        "not_utf8",
        "file.csv, line 2: byte 1 is not UTF-8; save the file as UTF-8.",
    ),
    "a character cut in two at the end": (
        POLLS.encode() + POLL.encode() + b"1,\xe2\x82",
        "not_utf8",
        "file.csv, line 3: byte 3 is not UTF-8; save the file as UTF-8.",
    ),
    "semicolons": (
        (POLLS + POLL).replace(",", ";"),
        "wrong_separator",
        "file.csv, line 1: the columns are separated by semicolons; separate them with commas.",
    ),
    "tabs and quotation marks": (
        '\n"store_id"\t"status"\t"timestamp_utc"\n"1"\t"active"\t"2023-01-22 12:00:00 UTC"\n',
        "wrong_separator",
        "file.csv, line 2: the columns are separated by tabs; separate them with commas.",
    ),
    "bars": (
        (POLLS + POLL).replace(",", " | "),
        "wrong_separator",
        "file.csv, line 1: the columns are separated by bars; separate them with commas.",
    ),
    "a column twice": (
        "store_id,status,timestamp_utc,status\n",
        "wrong_header",
        f"file.csv, line 1: the header repeats status; {COLUMNS}",
    ),
    "a column twice, once in capitals": (
        "store_id,status,timestamp_utc,STATUS\n",
        "wrong_header",
        f"file.csv, line 1: the header repeats status; {COLUMNS}",
    ),
    "a column too few": (
        "store_id,timestamp_utc\n",
        "wrong_header",
        f"file.csv, line 1: the header lacks status; {COLUMNS}",
    ),
    "a column too many": (
        "store_id,status,timestamp_utc,comment\n",
        "wrong_header",
        f"file.csv, line 1: the header has unknown column 'comment'; {COLUMNS}",
    ),
    "a column with another name": (
        "store_id,status,time\x1b[31m\n",
        "wrong_header",
        rf"file.csv, line 1: the header lacks timestamp_utc and has unknown column 'time\x1b[31m'; {COLUMNS}",
    ),
    "two byte order marks": (
        "\ufeff\ufeff" + POLLS,
        "wrong_header",
        rf"file.csv, line 1: the header lacks store_id and has unknown column '\ufeffstore_id'; {COLUMNS}",
    ),
    "10,000 columns": (
        POLLS.strip() + "".join(f",c{number}" for number in range(10_000)) + "\n",
        "wrong_header",
        f"file.csv, line 1: the header has unknown columns 'c0', 'c1', 'c2' and 9,997 more; {COLUMNS}",
    ),
    "no header": (
        POLL * 2,
        "wrong_header",
        (
            "file.csv, line 1: '1,active,2023-01-22 12:00:00 UTC' is not a header; start a polls file with the header "
            "store_id, status, timestamp_utc, or name its columns with columns=."
        ),
    ),
    "a header with text behind a quotation mark": (
        '"store_id"x,status,timestamp_utc\n',
        "wrong_header",
        (
            "file.csv, line 1: the header '\"store_id\"x,status,timestamp_utc' has text after a closing quotation "
            f"mark; {COLUMNS}"
        ),
    ),
    "nothing": (
        "",
        "empty_file",
        "file.csv is empty; a polls file must begin with the header store_id, status, timestamp_utc.",
    ),
    "a byte order mark alone": (
        "\ufeff",
        "empty_file",
        "file.csv is empty; a polls file must begin with the header store_id, status, timestamp_utc.",
    ),
    "blank lines alone": (
        "\n\r\n\r\r\n",
        "empty_file",
        "file.csv is empty; a polls file must begin with the header store_id, status, timestamp_utc.",
    ),
    "a packed nothing": (
        gzip.compress(b""),
        "empty_file",
        "file.csv is empty; a polls file must begin with the header store_id, status, timestamp_utc.",
    ),
    "an unclosed quotation mark": (
        POLLS + POLL + '1,"active,2023-01-22 12:00:00 UTC\n' + POLL,
        "unclosed_quote",
        "file.csv, line 3: a quotation mark opens a field here and is never closed.",
    ),
    "an unclosed quotation mark in a row of several lines": (
        POLLS + '"1\n\r\n2","a""b",a"b,,"c\n\n' + POLL,
        "unclosed_quote",
        "file.csv, line 4: a quotation mark opens a field here and is never closed.",
    ),
    "an unclosed quotation mark in the header": (
        'store_id,"status,timestamp_utc\n' + POLL,
        "unclosed_quote",
        "file.csv, line 1: a quotation mark opens a field here and is never closed.",
    ),
    "an unclosed quotation mark far from the end": (
        POLLS + POLL + '1,"active,2023-01-22 12:00:00 UTC\n' + POLL * 40,
        "row_too_long",
        (
            "file.csv, line 3: the row that begins here is longer than 1,000 bytes; "
            "look for a quotation mark that is not closed."
        ),
    ),
    "a quoted row of many lines": (
        POLLS + POLL + '1,"' + "active\n" * 143 + '",2023-01-22 12:00:00 UTC\n' + POLL,
        "row_too_long",
        (
            "file.csv, line 3: the row that begins here is longer than 1,000 bytes; "
            "look for a quotation mark that is not closed."
        ),
    ),
    "a long line": (POLLS + POLL + "1" * 1001, "row_too_long", "file.csv, line 3 is longer than 1,000 bytes."),
    "a long header": ("store_id," * 200, "row_too_long", "file.csv, line 1 is longer than 1,000 bytes."),
    "a long line of quotation marks": (
        POLLS + POLL + '"' * 1001 + "\n",
        "row_too_long",
        "file.csv, line 3 is longer than 1,000 bytes.",
    ),
    "a truncated gzip file": (
        gzip.compress((POLLS + POLL * 1000).encode())[:-9],
        "bad_gzip",
        "file.csv is a damaged gzip file: it ends too early; was all of it sent?",
    ),
    "two bytes of a gzip file": (
        b"\x1f\x8b",
        "bad_gzip",
        "file.csv is a damaged gzip file: it ends too early; was all of it sent?",
    ),
    "a second gzip member that is truncated": (
        gzip.compress(POLLS.encode()) + gzip.compress(POLL.encode())[:-1],
        "bad_gzip",
        "file.csv is a damaged gzip file: it ends too early; was all of it sent?",
    ),
    "a gzip file with a wrong checksum": (
        with_wrong_checksum(POLLS + POLL),
        "bad_gzip",
        "file.csv is a damaged gzip file: it cannot be unpacked to its end.",
    ),
    "a gzip file with something behind": (
        gzip.compress((POLLS + POLL).encode()) + POLL.encode(),
        "bad_gzip",
        "file.csv has bytes after its gzip data that are not gzip.",
    ),
    "gzip within gzip": (
        gzip.compress(gzip.compress((POLLS + POLL).encode())),
        "bad_gzip",
        "file.csv is a gzip file inside a gzip file; compress it once.",
    ),
    "a gzip bomb of blank lines": (
        gzip.compress(POLLS.encode() + b"\n" * 200_000),
        "too_large",
        "file.csv unpacks to more than 100,000 bytes.",
    ),
    "a gzip file of blank lines that repeats itself": (
        DENSE,
        "unpacks_too_far",
        UNPACKS_TOO_FAR,
    ),
    "a large file": (POLLS + POLL * 4000, "too_large", "file.csv is larger than 100,000 bytes."),
    "a zip file": (
        zipped("polls.csv"),
        "wrong_format",
        "file.csv is not a CSV but a zip file; unpack it and send the CSV in it.",
    ),
    "a zip file without a member": (
        zipped(),
        "wrong_format",
        "file.csv is not a CSV but a zip file; unpack it and send the CSV in it.",
    ),
    "a packed zip file": (
        gzip.compress(zipped("polls.csv")),
        "wrong_format",
        "file.csv is not a CSV but a zip file; unpack it and send the CSV in it.",
    ),
    "a workbook": (
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        "wrong_format",
        f"file.csv is not a CSV but an Excel workbook; {BY_MAPPING}",
    ),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        "wrong_format",
        "file.csv is not a CSV but an Excel workbook; save it as CSV (UTF-8).",
    ),
    "bzip2": (
        bz2.compress(POLLS.encode()),
        "wrong_format",
        "file.csv is not a CSV but a bzip2 file; unpack it, or compress it with gzip.",
    ),
    "xz": (
        lzma.compress(POLLS.encode()),
        "wrong_format",
        "file.csv is not a CSV but an xz file; unpack it, or compress it with gzip.",
    ),
    "zstd": (
        pa.compress(POLLS.encode(), codec="zstd", asbytes=True),
        "wrong_format",
        "file.csv is not a CSV but a zstd file; unpack it, or compress it with gzip.",
    ),
    "Parquet": (
        as_parquet(),
        "wrong_format",
        f"file.csv is not a CSV but a Parquet file; {BY_MAPPING}",
    ),
    "JSON": (
        '[{"store_id": "1", "status": "active"}]',
        "wrong_format",
        "file.csv, line 1: this is JSON, not a CSV; it needs a mapping, which openhours inspect FILE proposes.",
    ),
    "JSON without spaces": (
        '{"store_id":"1","status":"active"}\n',
        "wrong_format",
        "file.csv, line 1: this is JSON, not a CSV; it needs a mapping, which openhours inspect FILE proposes.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_these_words(name: str) -> None:
    content, reason, message = REFUSED[name]
    error = refused(
        content, limits=SMALL if len(content) < 60_000 and "10,000" not in name else Limits(max_unpacked_bytes=100_000)
    )
    assert error.message == message
    assert error.details["reason"] == reason
    if ", line " in message:
        assert f"line {error.details['line']}" in message


def test_every_reason_has_its_file_but_the_two_that_a_load_has() -> None:
    by_mapping = {"wrong_mapping", "bad_json", "bad_parquet", "formula", "two_tables"}  # tests/ingest/test_mapped.py
    between_rows = {"contradiction"}  # tests/ingest/test_dates.py
    told = {reason for _, reason, _ in REFUSED.values()}
    assert told == set(REFUSALS) - {"unreadable", "rejected_rows"} - by_mapping - between_rows


#: One wrong row each, after a right one: kind, the row, and line, column, value, code and reason of the rejection.
REJECTED = {
    "a short row": ("polls", "1,active", "row", "'1,active'", "wrong_width", "has 2 fields instead of 3"),
    "a long row": (
        *("polls", "1,active,2023-01-22 12:00:00 UTC,", "row", "'1,active,2023-01-22 12:00:00 UTC,'"),
        *("wrong_width", "has 4 fields instead of 3"),
    ),
    "spaces": ("polls", "  ", "row", "'  '", "wrong_width", "has 1 field instead of 3"),
    "10,000 columns": (
        *("timezones", "," * 9999, "row", f"'{',' * 80}'…", "wrong_width", "has 10000 fields instead of 2"),
    ),
    "text after a quotation mark": (
        *("polls", '"1"0,active,2023-01-22Z', "row", "'\"1\"0,active,2023-01-22Z'"),
        *("bad_quoting", "has text after a closing quotation mark"),
    ),
    "a field of 64 KiB and a byte": (
        *("timezones", f"1,{'U' * 65_537}", "timezone_str", f"'{'U' * 80}'…"),
        *("field_too_long", "is longer than 65,536 bytes"),
    ),
    "a field of 64 KiB in wide characters": (
        *("timezones", f"1,{'店' * 21_846}", "timezone_str", f"'{'店' * 80}'…"),
        *("field_too_long", "is longer than 65,536 bytes"),
    ),
    "a field of 64 KiB": (
        *("timezones", f"1,{'U' * 65_536}", "timezone_str", f"'{'U' * 80}'…", "unknown_zone"),
        "is not a zone of the IANA time zone database such as America/Chicago",
    ),
    "no key": ("timezones", ",UTC", "store_id", "''", "empty", "is empty"),
    "a key beyond all measure": (
        *("timezones", f"{'k' * 256},UTC", "store_id", f"'{'k' * 80}'…", "too_long", "is longer than 255 characters"),
    ),
    "a space before a key": (
        *("timezones", " 1,UTC", "store_id", "' 1'", "outer_space", "begins or ends with a space"),
    ),
    "a zero-width space": (
        *("timezones", "1\u200b,UTC", "store_id", r"'1\u200b'", "invisible_characters"),
        "has invisible characters",
    ),
    "a text that runs the other way": (
        *("timezones", "\u202e321,UTC", "store_id", r"'\u202e321'", "invisible_characters"),
        "has invisible characters",
    ),
    "isolated directions": (
        *("timezones", "1\u20662\u2069,UTC", "store_id", r"'1\u20662\u2069'", "invisible_characters"),
        "has invisible characters",
    ),
    "a line break in a key": (
        *("timezones", '"1\r\n2",UTC', "store_id", r"'1\r\n2'", "invisible_characters"),
        "has invisible characters",
    ),
    "a colour": (
        *("timezones", "\x1b[31m,UTC", "store_id", r"'\x1b[31m'", "invisible_characters"),
        "has invisible characters",
    ),
    "another word": (
        *(
            "polls",
            "1,up,2023-01-22 12:00:00 UTC",
            "status",
            "'up'",
            "not_allowed",
            "is not one of active, inactive, unknown",
        ),
    ),
    "a word in capitals": (
        *(
            "polls",
            "1,Active,2023-01-22 12:00:00 UTC",
            "status",
            "'Active'",
            "not_allowed",
            "is not one of active, inactive, unknown",
        ),
    ),
    "NA as a weekday": (
        *("hours", "1,NA,09:00,17:00", "day", "'NA'", "bad_weekday"),
        "is not a weekday from 0 (Monday) to 6 (Sunday)",
    ),
    "NaN as a weekday": (
        *("hours", "1,NaN,09:00,17:00", "day", "'NaN'", "bad_weekday"),
        "is not a weekday from 0 (Monday) to 6 (Sunday)",
    ),
    "007 as a weekday": (
        *("hours", "1,006,09:00,17:00", "day", "'006'", "bad_weekday"),
        "is not a weekday from 0 (Monday) to 6 (Sunday)",
    ),
    "nothing as a number": (
        *("pull_requests", "r,0,2023-01-22 12:00:00 UTC", "number", "'0'", "bad_number"),
        "is not a whole number from 1 to 2,147,483,647",
    ),
    "a word as a duration": (
        *("review_times", "asd,,,", "review_time", "'asd'", "bad_duration"),
        "is not a number of seconds such as 715 or 1.5",
    ),
    "infinity as a duration": (
        *("review_times", "1e400,,,", "review_time", "'1e400'", "out_of_range"),
        "is more than 100 years, 3,153,600,000 seconds",
    ),
    "less than nothing as a duration": (*("review_times", ",,,-1", "merge_time", "'-1'", "negative"), "is negative"),
    "a day that never was": (
        *("review_times", ",,2023-02-29,", "date", "'2023-02-29'", "bad_date"),
        "is not a date such as 2023-01-14",
    ),
    "an Arabic digit": (
        *("hours", "1,\u0663,09:00,17:00", "day", "'\u0663'", "bad_weekday"),
        "is not a weekday from 0 (Monday) to 6 (Sunday)",
    ),
    "Arabic digits in a time": (
        *("hours", "1,0,\u0660\u0669:00,17:00", "start_time_local", "'\u0660\u0669:00'", "bad_time"),
        "is not a time of day such as 09:00 or 09:00:00, from 00:00 to 23:59:59",
    ),
    "24:00 as a beginning": (
        *("hours", "1,0,24:00,17:00", "start_time_local", "'24:00'", "bad_time"),
        "is not a time of day such as 09:00 or 09:00:00, from 00:00 to 23:59:59",
    ),
    "24:01 as an end": (
        *("hours", "1,0,09:00,24:01", "end_time_local", "'24:01'", "bad_time"),
        "is not a time of day such as 17:00 or 17:00:00, from 00:00 to 24:00",
    ),
    "1e400 as an instant": (
        *("polls", "1,active,1e400", "timestamp_utc", "'1e400'", "bad_timestamp"),
        "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00",
    ),
    "null as an instant": (
        *("polls", "1,active,null", "timestamp_utc", "'null'", "bad_timestamp"),
        "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00",
    ),
    "Arabic digits in an instant": (
        *("polls", "1,active,\u0662\u0660\u0662\u0663-01-22T12:00:00Z", "timestamp_utc"),
        *("'\u0662\u0660\u0662\u0663-01-22T12:00:00Z'", "bad_timestamp"),
        "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00",
    ),
    "an instant without a zone": (
        *("polls", "1,active,2023-01-22 12:00:00", "timestamp_utc", "'2023-01-22 12:00:00'", "no_zone"),
        "is ambiguous: it has neither UTC, Z nor an offset such as +01:00",
    ),
    "the year 0001": (
        *("polls", "1,active,0001-01-01T00:00:00Z", "timestamp_utc", "'0001-01-01T00:00:00Z'", "out_of_range"),
        "is not between 1970 and 2100",
    ),
    "the year 0001 with an offset": (
        *("polls", "1,active,0001-01-01T00:00:00+23:59", "timestamp_utc", "'0001-01-01T00:00:00+23:59'"),
        *("out_of_range", "is not between 1970 and 2100"),
    ),
    "the year 9999": (
        *("polls", "1,active,9999-12-31T23:59:59-23:59", "timestamp_utc", "'9999-12-31T23:59:59-23:59'"),
        *("out_of_range", "is not between 1970 and 2100"),
    ),
    "an instant in the future": (
        *("polls", "1,active,2025-01-02T00:00:01Z", "timestamp_utc", "'2025-01-02T00:00:01Z'", "in_future"),
        "is in the future: later than 2025-01-02 00:00:00 UTC",
    ),
    "an unknown zone": (
        *("timezones", "1,Mars/Olympus", "timezone_str", "'Mars/Olympus'", "unknown_zone"),
        "is not a zone of the IANA time zone database such as America/Chicago",
    ),
    "a misspelt zone": (
        *("timezones", "1,America/Chigaco", "timezone_str", "'America/Chigaco'", "unknown_zone"),
        "is not a zone of the IANA time zone database such as America/Chicago; did you mean America/Chicago?",
    ),
    "a path as a zone": (
        *("timezones", "1,../../etc/passwd", "timezone_str", "'../../etc/passwd'", "unknown_zone"),
        "is not a zone of the IANA time zone database such as America/Chicago",
    ),
}


def test_every_code_has_its_row() -> None:
    by_mapping = {"not_mapped", "no_such_time", "bad_hours"}  # tests/ingest/test_mapped.py
    of_details = {DATASET_KINDS["entities"].wrong.code}  # tests/conformance/test_dataset_kinds.py
    of_rollups = {"too_precise"}  # tests/rollup/test_roll_up.py
    elsewhere = by_mapping | of_details | of_rollups | {"bad_names"}  # tests/ingest/test_values.py
    assert {expected[4] for expected in REJECTED.values()} == set(REJECTIONS) - elsewhere


GOOD = {
    "polls": "7,active,2023-01-22 12:00:00 UTC\n",
    "hours": "7,0,09:00,17:00\n",
    "timezones": "7,UTC\n",
    "pull_requests": "7,1,2023-01-22 12:00:00 UTC\n",
    "review_times": "7,,,\n",
}

#: Headers of only as many columns as those rows have.
SHORT_HEADERS = HEADERS | {"pull_requests": "repo,number,created_at\n"}


@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_row_is_rejected_in_these_words_and_no_other(name: str) -> None:
    kind, row, *expected = REJECTED[name]
    checked = check(SHORT_HEADERS[kind] + GOOD[kind] + row + "\n" + GOOD[kind], kind)
    assert [str(one[0]).removesuffix(".0") for one in checked.rows] == ["7", "7"]
    (one,) = checked.rejections
    assert [one.column, one.value, one.code, one.reason] == expected
    assert str(one) == f"line 3, {expected[0]}: {expected[1]} {expected[3]}"


def test_the_first_row_may_be_the_short_or_the_long_one() -> None:
    for row in ("1\n", "1,UTC,UTC\n"):
        checked = check(ZONES + row + "2,UTC\n", "timezones")
        assert checked.keys == ["2"]
        assert [(one.line, one.code) for one in checked.rejections] == [(2, "wrong_width")]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=x", "-", "=1+1"])
def test_a_formula_is_data_and_stays_as_it_is(text: str) -> None:
    assert check(f"{ZONES}{text},UTC\n", "timezones").keys == [text]


@pytest.mark.parametrize("text", ["\t1", "\r1", "1\t"])
def test_tabs_and_line_breaks_in_a_key_are_refused(text: str) -> None:
    (one,) = check(f'{ZONES}"{text}",UTC\n', "timezones").rejections
    assert (one.column, one.code, one.value) == ("store_id", "invisible_characters", repr(text))


def test_line_ends_may_be_mixed() -> None:
    checked = check(ZONES.strip() + "\r\n1,UTC\r2,UTC\n3,Mars\r\n\r\r\n4,UTC\r5,?\n", "timezones")
    assert checked.keys == ["1", "2", "4"]
    assert [one.line for one in checked.rejections] == [4, 8]


def test_instants_with_other_offsets_are_the_same_instants() -> None:
    times = ["12:00:00Z", "12:00:00 UTC", "13:00:00+01:00", "17:45:00+05:45", "02:30:00-0930", "00:00-12:00", "120000Z"]
    content = POLLS + "".join(
        f"1,active,{'20230122' if at == '120000Z' else '2023-01-22'}{' ' if 'UTC' in at else 'T'}{at}\n" for at in times
    )
    assert {row[2] for row in check(content).rows} == {1_674_388_800_000_000}


def test_a_local_time_that_never_happens_is_no_mistake_of_the_file() -> None:
    """It has a meaning (docs/uptime-rules.md), and on most dates it happens."""
    assert len(check(HOURS + "1,6,02:30:00,03:15:00\n", "hours").rows) == 1


@pytest.mark.parametrize("kind", ["plain", "gzip"])
@pytest.mark.parametrize("filler", [b"\0", b"a", b'"', b"\n", b"\r"])
def test_a_bomb_is_stopped_before_it_is_read(kind: str, filler: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 4096)
    content = POLLS.encode() + filler * (8 << 20)
    packed = zlib.compress(content, 9, wbits=31) if kind == "gzip" else content
    source = Bytes(packed)
    error = refused(source, limits=Limits(max_row_bytes=10_000, max_unpacked_bytes=1 << 20))
    assert error.details["reason"] in {"nul_byte", "row_too_long", "too_large"}
    assert source.stream.was_read < (1 << 20) + 8192


def test_what_looks_like_another_format_but_is_a_key_is_a_key() -> None:
    for key in ("PAR1", "BZh9", "PK", "7z", "%PDF"):
        assert check(f"{key},UTC\n", "timezones", columns=("store_id", "timezone_str")).keys == [key]


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_separator_of_rows_is_named_where_the_header_does_not_tell(separator: str, word: str) -> None:
    row = separator.join(("1", "active", "2023-01-22 12:00:00 UTC"))
    named = f"has 1 field instead of 3; separate them with commas, not {word}"
    below = check(f"store_id,status,timestamp_utc\n{row}\n2{separator}active\n")
    assert [one.reason for one in below.rejections] == [named, "has 1 field instead of 3"]
    (alone,) = check(row, columns=("store_id", "status", "timestamp_utc")).rejections
    assert (alone.code, alone.reason) == ("wrong_width", named)
    message = refused(row).message
    assert (
        f" is not a header, and its fields are separated by {word}, not by commas; start a polls file with" in message
    )
