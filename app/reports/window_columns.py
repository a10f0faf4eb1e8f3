"""The columns of uptime.csv: open time of each window by status, whatever the accounting."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.files.artifact import Artifact
from app.files.csv_output import escape_formulas, write_csv_blocks
from app.files.sorted_rows import SortedRows
from app.jobs.kind import JobContext
from app.reports.doubts import UnknownTime
from app.timeline import HOUR, Micros
from app.timeline.horizon import WINDOWS
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN

#: One hundredth of what a window is given in (minutes for the hour, hours for day and week), microseconds.
HUNDREDTHS: Final = {"hour": HOUR // 60 // 100, "day": HOUR // 100, "week": HOUR // 100}

#: Column prefix of each status, in the order of the columns.
COLUMNS: Final = {"uptime": ACTIVE, "downtime": INACTIVE, "unknown": UNKNOWN}

DECIMAL: Final = pa.decimal128(18, 2)

_NAMES: Final = [f"{prefix}_last_{window}" for prefix in COLUMNS for window in WINDOWS]

#: Columns of uptime.csv, and the same in hundredths.
TABLE: Final = pa.schema([("store_id", pa.string()), *((name, DECIMAL) for name in _NAMES)])
FIGURES: Final = pa.schema([("store_id", pa.string()), *((name, pa.int32()) for name in _NAMES)])

_CARRIED: Final = [f"carried_last_{window}" for window in WINDOWS]

#: With hourly accounting: the part of uptime and downtime whose status an earlier hour gave.
HOURLY_TABLE: Final = pa.schema([*TABLE, *((name, DECIMAL) for name in _CARRIED)])
HOURLY_FIGURES: Final = pa.schema([*FIGURES, *((name, pa.int32()) for name in _CARRIED)])


def in_windows(time: Micros, firsts: Mapping[str, int]) -> list[Micros]:
    """Time in each window, int64[stores] each: hundredths of its unit, rounded half up, in the order of HUNDREDTHS.

    Args:
        time: microseconds, int64[stores, pieces]; every window ends with the last piece.
        firsts: the first piece of each window.
    """
    return [(time[:, firsts[window] :].sum(axis=1) + unit // 2) // unit for window, unit in HUNDREDTHS.items()]


def add_week(unknown: UnknownTime, keys: Sequence[str], figures: npt.NDArray[np.integer]) -> None:
    """Add the known and unknown time of the week of stores: int[columns, stores], in the order of TABLE."""
    week = {name: figures[place] for place, name in enumerate(_NAMES)}
    unknown.add(keys, week["uptime_last_week"] + week["downtime_last_week"], week["unknown_last_week"])


def write_table(context: JobContext, rows: SortedRows, schema: pa.Schema) -> Artifact:
    """uptime.csv with these columns, sorted by store_id as text."""
    path = context.folder / "uptime.csv"
    count = 0

    def blocks() -> Iterator[pa.Table]:
        nonlocal count
        count = 0
        for block in rows.blocks():
            count += len(block)
            key, *figures = block.combine_chunks().columns
            columns = [_written(of, field) for of, field in zip(figures, list(schema)[1:], strict=True)]
            yield pa.table([escape_formulas(key), *columns], schema=schema)

    write_csv_blocks(path, schema, blocks)
    return Artifact(path, "text/csv", rows=count)


def _written(figures: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    return _two_decimals(figures) if field.type == DECIMAL else figures


def _two_decimals(hundredths: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.divide(hundredths.cast(pa.float64()), 100.0).cast(DECIMAL)
