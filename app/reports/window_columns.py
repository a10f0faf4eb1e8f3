"""The columns of uptime.csv: open time of each window by status, whatever the accounting."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.files.artifact import Artifact
from app.files.csv_output import escape_formulas, write_csv_blocks
from app.files.sorted_rows import SortedRows
from app.jobs.kind import JobContext
from app.series.details import Labels
from app.timeline import HOUR, Micros
from app.timeline.horizon import WINDOWS
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN

#: One hundredth of what a window is given in (minutes for the hour, hours for day and week), microseconds.
HUNDREDTHS: Final = {"hour": HOUR // 60 // 100, "day": HOUR // 100, "week": HOUR // 100}

#: Column prefix of each status, in the order of the columns.
COLUMNS: Final = {"uptime": ACTIVE, "downtime": INACTIVE, "unknown": UNKNOWN}

DECIMAL: Final = pa.decimal128(18, 2)

#: Figures below so many hundredths are written by looking their texts up; so many of these are made at a time.
_MOST_TEXTS: Final = 1 << 16
_TEXTS: Final = 1 << 12
_HUNDREDTHS_TEXTS: Final = pa.array([f"{rest:02}" for rest in range(100)])

#: What people call a store: columns behind store_id, if any store of the report has one.
LABELS: Final = [(name, pa.string()) for name in ("name", "group")]

_NAMES: Final = [f"{prefix}_last_{window}" for prefix in COLUMNS for window in WINDOWS]

#: Columns of uptime.csv, and the same in hundredths, with the labels that it has if any store has some.
TABLE: Final = pa.schema([("store_id", pa.string()), *((name, DECIMAL) for name in _NAMES)])
FIGURES: Final = pa.schema([("store_id", pa.string()), *LABELS, *((name, pa.int32()) for name in _NAMES)])

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


def label_columns(labels: Labels) -> list[pa.Array]:
    """Columns as of LABELS."""
    return [pa.array(said, pa.string()) for said in (labels.names, labels.groups)]


def labelled(rows: SortedRows) -> list[str]:
    """Which columns of LABELS the table of these rows has: both, or none."""
    names = [name for name, _ in LABELS]
    return names if any(map(rows.has, names)) else []


def write_table(context: JobContext, rows: SortedRows, schema: pa.Schema) -> Artifact:
    """uptime.csv with these columns and those of LABELS if there are any, sorted by store_id as text."""
    names = labelled(rows)
    header = pa.schema([schema.field(0), *(pair for pair in LABELS if pair[0] in names), *list(schema)[1:]])
    path = context.folder / "uptime.csv"
    count, decimals = 0, _Decimals()

    def blocks() -> Iterator[pa.Table]:
        nonlocal count
        count = 0
        for block in rows.blocks():
            count += len(block)
            whole = block.combine_chunks()
            texts = [escape_formulas(whole[name]) for name in ("store_id", *names)]
            columns = [
                decimals.of(whole[field.name].chunk(0)) if field.type == DECIMAL else whole[field.name]
                for field in list(schema)[1:]
            ]
            yield pa.table([*texts, *columns], names=header.names)

    write_csv_blocks(path, header, blocks)
    return Artifact(path, "text/csv", rows=count)


class _Decimals:
    """Writes figures that are kept as hundredths: most are those of other rows, too, so each text is made once."""

    def __init__(self) -> None:
        self._texts = _two_decimals(np.zeros(1, np.int64))

    def of(self, hundredths: pa.Array) -> pa.StringArray:
        """The texts of these figures, none of which is negative."""
        highest = pc.max(hundredths).as_py() or 0
        if highest >= _MOST_TEXTS:
            return _two_decimals(hundredths.to_numpy())
        if highest >= len(self._texts):
            self._texts = _two_decimals(np.arange((highest // _TEXTS + 1) * _TEXTS, dtype=np.int32))
        return self._texts.take(hundredths)


def _two_decimals(hundredths: npt.NDArray[np.integer]) -> pa.StringArray:
    whole = hundredths // 100
    rest = hundredths - whole * 100
    return pc.binary_join_element_wise(pa.array(whole).cast(pa.string()), _HUNDREDTHS_TEXTS.take(pa.array(rest)), ".")
