"""Rows that cannot be parted into columns."""

from app.ingest.csv.header import separator_of
from app.ingest.csv.records import BadQuoting
from app.ingest.rejects import RejectedRow, shown


def is_misshapen(row: list[str] | BadQuoting, width: int) -> bool:
    """Whether a row has another number of fields, or none that can be told."""
    return isinstance(row, BadQuoting) or len(row) != width


def misshapen_row(line: int, row: list[str] | BadQuoting, width: int, *, delimiter: str = ",") -> RejectedRow:
    """Why such a row is rejected."""
    if isinstance(row, BadQuoting):
        return RejectedRow(line, "row", shown(row), "bad_quoting", "has text after a closing quotation mark")
    reason = f"has {len(row)} field{'' if len(row) == 1 else 's'} instead of {width}"
    if delimiter == "," and len(row) == 1 and (word := separator_of(row[0], width)):
        reason += f"; separate them with commas, not {word}"
    return RejectedRow(line, "row", shown(delimiter.join(row)), "wrong_width", reason)
