"""The types of columns that dataset kinds declare."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest import values
from app.ingest.kind import ColumnType
from app.timeline import EARLIEST, LATEST, to_micros

_LOWEST: Final = to_micros(EARLIEST)
_HIGHEST: Final = to_micros(LATEST)


def all_instants(texts: pa.StringArray) -> npt.NDArray[np.int64] | None:
    """Instants of a whole block by Arrow's own parser; None if one of them is not clearly valid."""
    try:
        parsed = pc.replace_substring(texts, " UTC", "Z").cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return None
    at = np.asarray(parsed.cast(pa.int64()))
    return at if len(at) and at.min() >= _LOWEST and at.max() <= _HIGHEST else None


def choice(allowed: Mapping[str, Any]) -> ColumnType:
    """One of a fixed list of words, each with its value."""
    *others, last = allowed
    name = f"{', '.join(others)} or {last}" if others else last
    return ColumnType(name, values.choice(allowed), allowed=tuple(allowed))


KEY: Final = ColumnType("key", values.key)
PROJECT: Final = ColumnType("name of a project", values.project)
REPOSITORY: Final = ColumnType("repository", values.repository)
INSTANT: Final = ColumnType("timestamp", values.instant, parse_all=all_instants)
WEEKDAY: Final = ColumnType("weekday", values.weekday)
OPENING_TIME: Final = ColumnType("time of day", values.opening_time)
CLOSING_TIME: Final = ColumnType("time of day, 24:00 included", values.closing_time)
NUMBER: Final = ColumnType("number", values.number)
COUNT: Final = ColumnType("whole number", values.count)
TRUTH: Final = choice({"true": True, "false": False})
NAMES: Final = ColumnType("list of names", values.names)
DURATION: Final = ColumnType("seconds", values.duration)
MINUTES: Final = ColumnType("minutes", values.minutes)
DATE: Final = ColumnType("date", values.date_of)
ZONE: Final = ColumnType("IANA time zone", values.zone)
TEXT: Final = ColumnType("text", values.any_text)
SHORT_TEXT: Final = ColumnType("short text", values.short_text)
LONG_NUMBER: Final = ColumnType("long number", values.long_number)
