"""Columns that have one text in every row, which the sender of a file says in place of a column."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from app.errors import InvalidParameters
from app.ingest.csv.mapped.columns import require_own
from app.ingest.kind import Column, DatasetKind, Values
from app.ingest.refusal import refusal
from app.ingest.rejects import shown
from app.ingest.values import Wrong


def given_values(kind: DatasetKind, texts: Mapping[str, str]) -> dict[str, Any]:
    """The values of these columns.

    Raises:
        InvalidParameters: the kind has no such column, or the text is no value of it.
    """
    require_own(kind, texts, parameter="set")
    by_name = {column.name: column for column in kind.columns}
    return {name: _value(by_name[name], text) for name, text in texts.items()}


def _value(column: Column, text: str) -> Any:
    if not text and not column.required:
        return None
    try:
        return column.type.parse(text)
    except Wrong as error:
        raise InvalidParameters(f"set.{column.name}: {shown(text)} {error}.") from error


def require_without(columns: Collection[Column], given: Collection[str], name: str) -> None:
    """Raise RejectedFile if a file has a column that is given as well."""
    if both := [column.name for column in columns if column.name in given]:
        raise refusal(
            "wrong_header",
            f"{name} has a column {both[0]}, and the load also got set={both[0]}=…; leave one of them out, or use a "
            f"mapping, in which set takes precedence.",
        )


def in_every_row(value: Any, rows: int) -> Values:
    """A value as a column."""
    distinct = np.empty(1, object)
    distinct[0] = value
    return Values(np.zeros(rows, np.int64), distinct if value is None or isinstance(value, str) else np.array([value]))
