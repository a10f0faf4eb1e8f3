"""groups.csv of a range: a row for each group of stores and period, with the sums over its stores."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.files.artifact import Artifact
from app.files.csv_output import escape_formulas, write_csv_blocks
from app.files.sorted_rows import SortedRows
from app.reports.uptime.range_table import TIMES, figure_columns, period_columns
from app.timeline import Micros

#: How the rows of the stores of a group make one; all other figures add up.
_OTHERWISE: Final = {"period_start": "min", "period_end": "max", "complete": "all", "longest": "max"}

#: Columns of a store's row that a group has none of: how long a poll holds is each store's own.
_OF_STORES: Final = ("order", "store_id", "name", "gap")


class GroupTable:
    """Sums, collected in runs of stores; stores without a group are in none."""

    def __init__(self, folder: Path, rows: pa.Schema) -> None:
        """``rows``: the schema of what add() gets, as RangeTable keeps it."""
        self._path = folder / "groups.csv"
        kept = [field for field in rows if field.name not in _OF_STORES]
        self._schema = pa.schema([("order", pa.string()), *kept, ("stores", pa.int64())])
        self.rows = SortedRows(folder / "groups.arrow", self._schema)
        self._totals: defaultdict[str, Micros] = defaultdict(lambda: np.zeros(len(TIMES), np.int64))

    def add(self, rows: pa.Table) -> None:
        """Add the rows of some stores."""
        rows = rows.filter(pc.is_valid(rows["group"]))
        if len(rows):
            order = pc.binary_join_element_wise(rows["group"], rows["period"], "\0")
            stores = pa.array(np.ones(len(rows), np.int64))
            self.rows.add(self._sums(rows.set_column(0, "order", order).append_column("stores", stores)))
            of_groups = rows.group_by("group").aggregate([(name, "sum") for name in TIMES])
            for group in of_groups.to_pylist():
                self._totals[group["group"]] += [group[f"{name}_sum"] for name in TIMES]

    def totals(self) -> Mapping[str, Micros]:
        """Open time of each group in all of the range: up, down and unknown, int64[3], microseconds."""
        return self._totals

    def close(self) -> list[Artifact]:
        """Write the file; none where no store has a group."""
        if not self.rows.has("group"):
            return []
        count = 0

        def blocks() -> Iterator[pa.Table]:
            nonlocal count
            count = 0
            for block in self.rows.blocks():  # of equal rows of different runs, all are in one block
                sums = self._sums(block).sort_by("order").combine_chunks()
                count += len(sums)
                yield _written(sums)

        write_csv_blocks(self._path, _written(self._schema.empty_table()).schema, blocks)
        return [Artifact(self._path, "text/csv", rows=count)]

    def _sums(self, rows: pa.Table) -> pa.Table:
        keys = ["order", "group", "period"]
        figures = [name for name in self._schema.names if name not in keys]
        made = rows.group_by(keys).aggregate([(name, _OTHERWISE.get(name, "sum")) for name in figures])
        named = {name: made[f"{name}_{_OTHERWISE.get(name, 'sum')}"] for name in figures}
        return pa.table({**{key: made[key] for key in keys}, **named}).select(self._schema.names).cast(self._schema)


def _written(rows: pa.Table) -> pa.Table:
    group = escape_formulas(rows["group"].combine_chunks())
    return pa.table({"group": group, **period_columns(rows), "stores": rows["stores"], **figure_columns(rows)})
