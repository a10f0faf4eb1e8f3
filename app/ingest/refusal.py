"""Why a file, or a row of it, is not loaded: stable codes for programs, and the meaning of each."""

from typing import Final

from app.errors import RejectedFile

#: The reason of a file whose rows are each in order, but not beside each other.
CONTRADICTION: Final = "contradiction"

#: Reasons that no mapping would help: a file's size, or what it is packed in, or rows that were read well.
NOT_OF_COLUMNS: Final = frozenset(
    {CONTRADICTION, "unreadable", "bad_gzip", "bad_parquet", "empty_file", "too_large", "unpacks_too_far"}
)

#: Every reason, as ``reason`` in the details of RejectedFile, and its meaning.
REFUSALS: Final = {
    "unreadable": "the file cannot be opened",
    "wrong_format": "the file is not a CSV but a zip file, a workbook, a Parquet file or similar",
    "wrong_encoding": "the file is UTF-16 or UTF-32, or is not in the encoding that its mapping names",
    "bad_gzip": "the file is gzip, but truncated, damaged, followed by other data or compressed twice",
    "too_large": "the unpacked file is larger than `OPENHOURS_MAX_UNPACKED_BYTES`",
    "unpacks_too_far": "the gzip or Parquet file unpacks to more than `OPENHOURS_MAX_UNPACK_RATIO` times its size",
    "empty_file": "the file has no line, or only blank ones",
    "wrong_mapping": "the file lacks a column, sheet or array that its mapping names",
    "formula": "a workbook has a cell with a formula",
    "two_tables": "a sheet of a workbook has two tables",
    "bad_json": "the file is not JSON of the form that its mapping describes",
    "bad_parquet": "a Parquet file is cut off, damaged or encrypted",
    "wrong_header": "the header is missing, lacks a column, repeats one or has an unknown one",
    "wrong_separator": "the columns are separated by semicolons, tabs or vertical bars",
    "nul_byte": "the file contains a NUL byte",
    "not_utf8": "the file contains bytes that are not UTF-8",
    "row_too_long": "a line, or a quoted row of several lines, is longer than `OPENHOURS_MAX_ROW_BYTES`",
    "unclosed_quote": "a quotation mark is never closed",
    CONTRADICTION: "rows of the file contradict each other, or a row itself",
    "rejected_rows": "more rows were rejected than the policy allows",
}


#: Every code of a rejected row, and its meaning.
REJECTIONS: Final = {
    "wrong_width": "the row has more or fewer fields than the header",
    "bad_quoting": "text follows a closing quotation mark; the row ends with that line",
    "field_too_long": "the field is longer than 64 KiB",
    "empty": "a key, a text or a measure of a roll-up is empty",
    "too_long": "a key or a short text is longer than 255 characters",
    "invisible_characters": "a key contains control, bidirectional, zero-width or other invisible characters, or a "
    "text a NUL",
    "outer_space": "a key begins or ends with a space",
    "not_allowed": "the field is not one of the values that the column allows",
    "not_mapped": "the field is not among the words of its mapping",
    "bad_hours": "the field is not weekly opening hours",
    "bad_timestamp": "the field is not a timestamp",
    "no_such_time": "the local time does not exist, because the zone's clocks skip it",
    "no_zone": "a timestamp has neither UTC, Z nor an offset",
    "out_of_range": "a timestamp or a date is not between 1970 and 2100, or a duration is longer than 100 years, or a "
    "pull request ended or was reviewed before 2005, but was created later",
    "in_future": "an instant of an observation or a pull request is more than a day after the file arrived",
    "bad_minutes": "the field is not a whole number of minutes from 0 to 525,600",
    "bad_number": "the field is not a whole number of 1 or more, or of 0 or more where that is allowed, or not a "
    "number in the format that its mapping or a roll-up requires",
    "bad_names": "the field is not a list of names",
    "too_precise": "a measure of a roll-up has more digits, or more decimal places, than allowed",
    "bad_duration": "the field is not a number of seconds",
    "negative": "a duration is negative",
    "bad_date": "the field is not a date",
    "bad_weekday": "the field is not a weekday",
    "bad_time": "the field is not a time of day",
    "unknown_zone": "the IANA time zone database does not have the zone",
}


def refusal(reason: str, message: str, *, line: int | None = None) -> RejectedFile:
    """The error to raise; ``line`` is added to the details if there is one."""
    where = {} if line is None else {"line": line}
    return RejectedFile(message, reason=reason, **where)
