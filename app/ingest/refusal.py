"""Why a file, or a row of it, is not loaded: stable words for programs, and what each means."""

from typing import Final

from app.errors import RejectedFile

#: Every reason, as ``reason`` in the details of RejectedFile, and what it means.
REFUSALS: Final = {
    "unreadable": "the file cannot be opened",
    "wrong_format": "it is no CSV but a zip file, a workbook, a Parquet file or the like",
    "wrong_encoding": "it is UTF-16 or UTF-32",
    "bad_gzip": "it is a gzip file that is cut off, damaged, followed by something else or packed twice",
    "too_large": "unpacked it is larger than `OPENHOURS_MAX_UNPACKED_BYTES`",
    "empty_file": "it has no line that is not blank",
    "wrong_header": "its header lacks a column, names one twice or an unknown one, or there is none",
    "wrong_separator": "its columns are separated by semicolons, tabs or bars",
    "nul_byte": "it has a NUL byte",
    "not_utf8": "it has bytes that are not UTF-8",
    "row_too_long": "it has a line, or a quoted row of several, longer than `OPENHOURS_MAX_ROW_BYTES`",
    "unclosed_quote": "a quotation mark opens in it that never closes",
    "rejected_rows": "more of its rows were rejected than its policy allows",
}


#: Every code of a rejected row, and what it means.
REJECTIONS: Final = {
    "wrong_width": "the row has more or fewer fields than the header",
    "bad_quoting": "text follows a closing quotation mark; the row ends with that line",
    "field_too_long": "the field is longer than 64 KiB",
    "empty": "a key is empty",
    "too_long": "a key is longer than 255 characters",
    "invisible_characters": "a key has control, direction, zero-width or other characters that cannot be seen",
    "outer_space": "a key begins or ends with a space",
    "not_allowed": "the field is none of the words that the column allows",
    "bad_timestamp": "the field is no timestamp",
    "no_zone": "a timestamp has neither UTC, Z nor an offset",
    "out_of_range": "a timestamp or a date is not between 1970 and 2100, or a duration is longer than 100 years",
    "in_future": "an instant of an observation or a pull request is more than a day later than the file came",
    "bad_number": "the field is no whole number from 1 on",
    "bad_duration": "the field is no number of seconds",
    "negative": "a duration is negative",
    "bad_date": "the field is no date",
    "bad_weekday": "the field is no weekday",
    "bad_time": "the field is no time of day",
    "unknown_zone": "the IANA time zone database does not have the zone",
}


def refusal(reason: str, message: str, *, line: int | None = None) -> RejectedFile:
    """The error to raise; ``line`` is added to the details where there is one."""
    where = {} if line is None else {"line": line}
    return RejectedFile(message, reason=reason, **where)
