"""metrics.csv: every figure of the engineering report, a row each."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from app.flow.observations import named
from app.metrics.columns import figure_columns
from app.metrics.computing import WHOLE
from app.metrics.outcome import By, Outcome, Told
from app.reports.engineering.summary import part_name


def schema(by: By) -> pa.Schema:
    """Its columns."""
    texts = ("pillar", "metric", "of", by, "period", "part")
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in texts),
            *(pa.field(name, pa.float64()) for name in ("value", "p75", "p90")),
            pa.field("unit", pa.string()),
            pa.field("n", pa.int64()),
            pa.field("state", pa.string()),
            pa.field("note", pa.string()),
            pa.field("version", pa.int64()),
        ]
    )


def blocks(outcome: Outcome, by: By) -> Iterator[pa.Table]:
    """A table for each metric, by group, part and period; those of all groups and of all the time in front."""
    for told in outcome.metrics:
        yield _block(told, outcome, by)


def _block(told: Told, outcome: Outcome, by: By) -> pa.Table:
    cells, metric = told.cells, told.cells.metric
    # Those of all groups first, those of none last.
    group = np.where(cells.group == WHOLE, -1, np.where(cells.group < 0, len(outcome.names), cells.group))
    order = np.lexsort((cells.period, cells.split, group))
    rows = len(order)
    period, of = cells.period[order], cells.group[order]
    parts = [part_name(one) or "" for one in cells.parts]
    notes = np.where(cells.withheld, 1, np.where(told.few, 0, -1))[order]
    columns = {
        "pillar": pa.repeat(metric.pillar, rows),
        "metric": pa.repeat(metric.name, rows),
        "of": named(["all", by], np.where(of == WHOLE, 0, 1)),
        by: named(outcome.names, np.where(of < 0, -1, of)),
        "period": named(outcome.division.labels, np.where(period < 0, -1, period)),
        "part": named(parts, cells.split[order]) if metric.splits else pa.nulls(rows, pa.string()),
        "unit": pa.repeat(metric.unit, rows),
        **figure_columns(told, order),
        "note": named(["few values", "too few people"], notes),
        "version": pa.repeat(metric.version, rows),
    }
    return pa.table(columns).select(schema(by).names).cast(schema(by))
