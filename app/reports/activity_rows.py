"""The table of a report on activity: a row for each subject and period."""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.files.csv_output import escape_formulas
from app.flow.activity import MonthState
from app.flow.activity_table import ActivityTable, Periods
from app.flow.install_classes import CI_KEPT_FROM, INSTALLS, InstallClass
from app.reports.activity_summary import Metric
from app.series.activity import COMMITS


def schema_of(metric: Metric) -> pa.Schema:
    """The columns of the table."""
    texts = ["project", "source"] if metric == "installs" else ["repo"]
    counts = [("days_covered", pa.int64()), (metric, pa.int64())]
    more = [(one.value, pa.int64()) for one in InstallClass] + [("ci_share_at_least", pa.float64())]
    return pa.schema(
        [
            *((name, pa.string()) for name in (*texts, "period", "state")),
            *counts,
            *(more if metric == "installs" else []),
        ]
    )


def rows_of(of: ActivityTable, metric: Metric, names: list[str]) -> pa.Table:
    """A row for each subject and period; numbers are empty where nobody counted."""
    size, length = of.covered.shape
    states = of.states().ravel()
    is_unknown = np.isin(states, [MonthState.NO_DATA.value, MonthState.BEFORE_FIRST.value])
    columns: dict[str, Any] = {
        "project" if metric == "installs" else "repo": _repeated(
            escape_formulas(pa.array(of.keys, pa.string())), length
        ),
        "period": pa.array(np.tile(np.array(names, object), size), pa.string()),
        "state": pa.array(states, pa.string()),
        "days_covered": pa.array(of.covered.ravel()),
    }
    if metric == "installs":
        columns["source"] = _repeated(pa.array(of.sources, pa.string()), length)
        counts = {one.value: of.counts[one.value].ravel() for one in InstallClass}
        columns |= {name: pa.array(n, mask=is_unknown) for name, n in counts.items()}
        columns["installs"] = pa.array(sum(counts[one.value] for one in INSTALLS), mask=is_unknown)
        columns["ci_share_at_least"] = _shares(counts, of.periods, size, is_unknown)
    else:
        columns["commits"] = pa.array(of.counts[COMMITS].ravel(), mask=is_unknown)
    return pa.table({name: columns[name] for name in schema_of(metric).names}, schema=schema_of(metric))


def _shares(
    counts: dict[str, npt.NDArray[np.int64]], periods: Periods, size: int, is_unknown: npt.NDArray[np.bool_]
) -> pa.Array:
    """The share of CI of each row, as flow.figures has it."""
    ci = counts[InstallClass.CI.value]
    asked = ci + sum(counts[one.value] for one in INSTALLS)
    says_nothing = np.tile(periods.edges[1:] <= (CI_KEPT_FROM - date(1970, 1, 1)).days, size) & (ci == 0)
    shares = np.round(ci / np.maximum(asked, 1), 4)
    return pa.array(shares, mask=is_unknown | says_nothing | (asked == 0))


def _repeated(texts: pa.Array, times: int) -> pa.Array:
    return texts.take(pa.array(np.repeat(np.arange(len(texts)), times)))
