"""metrics.csv: every figure of the engineering report, a row each."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.observations import named
from app.metrics.computing import WHOLE
from app.metrics.outcome import STATES, By, Outcome, Told
from app.reports.engineering.summary import part_name

_FIGURES: Final = ("value", "p75", "p90")


def schema(by: By) -> pa.Schema:
    """Its columns."""
    texts = ("pillar", "metric", "of", by, "period", "part")
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in texts),
            *(pa.field(name, pa.float64()) for name in _FIGURES),
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
    cells, metric, figures = told.cells, told.cells.metric, told.cells.figures
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
        "value": _known(figures.value[order]),
        "p75": pa.nulls(rows, pa.float64()) if figures.p75 is None else _known(figures.p75[order]),
        "p90": pa.nulls(rows, pa.float64()) if figures.p90 is None else _known(figures.p90[order]),
        "unit": pa.repeat(metric.unit, rows),
        "n": pa.array(figures.n[order]),
        "state": named([one.value for one in STATES], told.state[order]),
        "note": named(["few values", "too few people"], notes),
        "version": pa.repeat(metric.version, rows),
    }
    return pa.table(columns).cast(schema(by))


def _known(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values, from_pandas=True)
