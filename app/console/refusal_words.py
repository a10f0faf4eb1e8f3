"""What to do about a file that was refused, by the code of the reason, and what is wrong in rows, by theirs."""

from typing import Final

from app.console.marked import marked

_ROWS: Final = marked("Correct these rows in the file and upload it again, or load the file below without them.")
_LOST: Final = marked("Upload the file again.")
_SMALLER: Final = marked("Split the file into smaller ones, or ask an administrator to allow more.")
_FORMAT: Final = marked("Save it as CSV, UTF-8, and upload it again; or choose a mapping that knows its format.")
_DAMAGED: Final = marked("The file is damaged. Export it again, and upload it again.")
_MAPPING: Final = marked(
    "Choose below a mapping that fits the file, or change the one that is proposed. If the file is of another kind, "
    "upload it again and choose that kind."
)

#: By code.
ADVICE: Final = {
    "rejected_rows": _ROWS,
    "rejected_file": _ROWS,
    "contradiction": marked("Decide which of the rows is right, correct the file and upload it again."),
    "unreadable": _LOST,
    "wrong_format": _FORMAT,
    "wrong_encoding": _FORMAT,
    "not_utf8": marked(
        "Save it as CSV, UTF-8, and upload it again. Where files are uploaded, a mapping is proposed that reads other "
        "encodings."
    ),
    "nul_byte": _DAMAGED,
    "bad_gzip": _DAMAGED,
    "bad_parquet": _DAMAGED,
    "bad_json": _DAMAGED,
    "unclosed_quote": marked("Close the quotation mark on this line, and upload the file again."),
    "too_large": _SMALLER,
    "unpacks_too_far": _SMALLER,
    "row_too_long": marked(
        "Look at this line: a quotation mark may be missing. Correct it, and upload the file again."
    ),
    "empty_file": marked("The file has no rows. Choose another one."),
    "wrong_mapping": _MAPPING,
    "wrong_header": _MAPPING,
    "wrong_separator": _MAPPING,
    "formula": marked("Save the cells as values, not as formulas, and upload the workbook again."),
    "two_tables": marked("Put each table on a sheet of its own, or save it as CSV, and upload it again."),
    "duplicate_dataset": marked("These bytes are loaded already; nothing needs to be done."),
    "upload_lost": _LOST,
    "upload_expired": _LOST,
    "cancelled": marked("Load it again when you want it."),
    "series_busy": marked("Load it again later."),
    "database_full": marked("The database is full. Tell an administrator."),
    "object_store_full": marked("The store of files is full. Tell an administrator."),
    "time_limit_exceeded": marked("Split the file into smaller ones; an administrator can allow more time."),
    "memory_limit_exceeded": marked("Split the file into smaller ones; an administrator can allow more memory."),
}

#: What else may help.
OTHERWISE: Final = marked(
    "Load it again; if that fails again, tell an administrator the code and the address of this page."
)

#: Causes of rejected rows, by code.
CAUSES: Final = {
    "wrong_width": marked("more or fewer fields than the header"),
    "bad_quoting": marked("text after a closing quotation mark"),
    "field_too_long": marked("too long"),
    "empty": marked("empty"),
    "too_long": marked("longer than 255 characters"),
    "invisible_characters": marked("invisible characters"),
    "outer_space": marked("a space at the beginning or the end"),
    "not_allowed": marked("none of the allowed values"),
    "not_mapped": marked("not among the words of the mapping"),
    "bad_hours": marked("no weekly opening hours"),
    "bad_timestamp": marked("no timestamp"),
    "no_such_time": marked("a time that the clocks skip"),
    "no_zone": marked("a timestamp without a time zone"),
    "out_of_range": marked("outside the range that is allowed"),
    "in_future": marked("in the future"),
    "bad_minutes": marked("no whole number of minutes"),
    "bad_number": marked("no such number"),
    "bad_names": marked("no list of names"),
    "too_precise": marked("more digits than allowed"),
    "bad_duration": marked("no number of seconds"),
    "negative": marked("negative"),
    "bad_date": marked("no date"),
    "bad_weekday": marked("no weekday"),
    "bad_time": marked("no time of day"),
    "unknown_zone": marked("an unknown time zone"),
}
