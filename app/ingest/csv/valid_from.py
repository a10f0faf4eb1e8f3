"""Files whose rows all hold from one date on, which the sender says in place of a column."""

from collections.abc import Sequence
from typing import Final

from app.errors import InvalidParameters
from app.ingest.kind import Column, DatasetKind
from app.ingest.refusal import refusal

#: The column that the date stands for.
VALID_FROM: Final = "valid_from"


def require_holds_from(kind: DatasetKind) -> None:
    """Raise InvalidParameters unless files of the kind may hold from a date on."""
    if not kind.holds_from:
        raise InvalidParameters(
            f"valid_from: files of kind {kind.name} do not apply from a date; allowed for hours and timezones. Leave "
            f"valid_from out."
        )


def require_no_dates(kind: DatasetKind, columns: Sequence[Column], name: str) -> None:
    """Refuse a file that says itself from when its rows hold.

    Raises:
        InvalidParameters: see require_holds_from().
        RejectedFile: the file has the column.
    """
    require_holds_from(kind)
    if VALID_FROM in {column.name for column in columns}:
        raise refusal(
            "wrong_header",
            f"{name} has a column {VALID_FROM}, and the load also got {VALID_FROM}; leave one of them out.",
        )
