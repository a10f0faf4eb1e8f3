"""Columns of dates and times of day on their way into staging tables, and the refusal of contradictions."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.ingest import values
from app.ingest.kind import ColumnType, Rows
from app.ingest.refusal import CONTRADICTION, refusal

#: The dates of what has no limit, as Postgres writes them.
FIRST: Final = "-infinity"
LAST: Final = "infinity"

#: A name for people.
LABEL: Final = ColumnType("key", values.key)


def optional(rows: Rows, name: str, kind: pa.DataType) -> pa.Array:
    """The values of a column, null where a file or a field has none."""
    if name not in rows.columns:
        return pa.nulls(len(rows), kind)
    return pa.array(rows.columns[name].array().tolist(), kind)


def line_numbers(rows: Rows) -> pa.Array:
    """The line of each row, null where it is not known."""
    return pa.nulls(len(rows), pa.int64()) if rows.lines is None else pa.array(rows.lines)


def optional_dates(rows: Rows, name: str, *, without: str | None = None) -> pa.Array:
    """Dates as Postgres reads them, ``without`` where there is none."""
    days: list[int | None] = optional(rows, name, pa.int64()).to_pylist()
    texts = [without if day is None else str(np.datetime64(day, "D")) for day in days]
    return pa.array(texts, pa.string())


def days_or(rows: Rows, name: str, without: int) -> npt.NDArray[np.int64]:
    """Days since 1970-01-01, ``without`` where there is none."""
    if name not in rows.columns:
        return np.full(len(rows), without)
    return np.array([without if day is None else day for day in rows.columns[name].array().tolist()], np.int64)


def optional_times(rows: Rows, name: str) -> pa.Array:
    """Times of day as Postgres reads them, from microseconds after midnight; null where there is none."""
    micros: list[int | None] = optional(rows, name, pa.int64()).to_pylist()
    return pa.array([None if at is None else time_text(at) for at in micros], pa.string())


def time_text(micros: int) -> str:
    """A time of day, 24:00 included, as Postgres reads it."""
    seconds, fraction = divmod(micros, 1_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"


def refuse(kind: str, contradictions: Sequence[Any]) -> None:
    """Refuse a file whose rows contradict each other.

    Raises:
        RejectedFile: there are such.
    """
    if contradictions:
        raise refusal(CONTRADICTION, "\n".join([f"The file of {kind} contradicts itself:", *contradictions]))
