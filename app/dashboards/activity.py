"""Activity by day: the reports on all projects and all repositories, up to yesterday in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from app.flow.activity import MonthState
from app.flow.activity_table import NEVER, ActivityTable, Periods, days_between
from app.reports.activity_rows import rows_of
from app.reports.activity_summary import Metric
from app.series.activity_table import read_table, subjects
from app.series.entities import PROJECT, REPOSITORY

#: Days that are kept, as many as a report can be of: ten years.
KEPT_DAYS: Final = 3_653

#: Numbers that are held at a time, of each metric.
_CELLS: Final = 500_000

_METRICS: Final[dict[str, Metric]] = {PROJECT: "installs", REPOSITORY: "commits"}


def rows_of_all(connection: Connection, *, now: datetime) -> pa.Table:
    """The rows of ``activity_day``: of each project and repository from its first day that was counted."""
    nothing = pa.table({name: pa.array([], pa.string()) for name in ("kind", "name", "day")})
    parts = [part for kind in _METRICS for part in _of_kind(connection, kind, now)]
    return pa.concat_tables([nothing, *parts], promote_options="default")


def _of_kind(connection: Connection, kind: str, now: datetime) -> Iterator[pa.Table]:
    today = now.astimezone(UTC).date()
    days = days_between(today - timedelta(days=KEPT_DAYS), today)
    names = [day.isoformat() for day in days]
    every = subjects(connection, kind)
    step = max(1, _CELLS // len(days))
    for first in range(0, len(every), step):
        found = read_table(connection, every[first : first + step], Periods(days, today), as_of=now)
        yield _stored(found, kind, names)


def _stored(found: ActivityTable, kind: str, names: list[str]) -> pa.Table:
    """What was counted, and the days between and after that nobody counted."""
    rows = rows_of(found, _METRICS[kind], names)
    keys = pa.array(found.keys, pa.string()).take(pa.array(np.repeat(np.arange(len(found.keys)), len(names))))
    kept = [name for name in rows.column_names if name not in ("project", "repo", "period", "days_covered")]
    columns = {"kind": pa.repeat(kind, len(rows)), "name": keys, "day": rows["period"]}
    table = pa.table(columns | {name: rows[name] for name in kept})
    state = np.asarray(rows["state"].to_pylist(), object)
    is_counted = np.isin(state, [MonthState.COMPLETE.value, MonthState.PARTIAL.value])
    has_begun = np.repeat(found.first != NEVER, len(names)) & (state == MonthState.NO_DATA.value)
    return table.filter(pa.array(is_counted | has_begun))
