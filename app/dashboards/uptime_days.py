"""Uptime by day: the uptime report of each week, from Monday to Monday by local dates, in both accountings.

A report of one week depends on the polls of that week and of the lookback before it, so that a late load changes the
weeks that it touches, and no others.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from app.jobs.kind import JobContext
from app.reports.range_params import ENTITY, edge_of
from app.reports.store_figures import figures
from app.reports.uptime.range_table import figure_columns, gap_column
from app.reports.uptime.ranges import Asked, Exactness, ExactRange, HourlyRange
from app.reports.uptime_summary import Tally
from app.timeline import HOUR, to_micros
from app.timeline.periods import Range

#: As the report has it by default, hours.
LOOKBACK_HOURS: Final = 96

Accounting = Literal["hourly", "exact"]


def rows_of_week(context: JobContext, week: date, *, as_of: datetime, first_poll: datetime) -> pa.Table:
    """The rows of ``uptime_day`` of the week that begins on this Monday.

    Days that were over before the earliest poll have none: nobody had begun to look.
    """
    accountings: tuple[Accounting, ...] = ("hourly", "exact")
    # Reports warn of stores without hours and the like; of each week again, that would fill the record of the job.
    quiet = replace(context, warn=lambda _: None, progress=lambda *_: None)
    parts = [
        part
        for accounting in accountings
        for part in _computed(quiet, week, accounting=accounting, as_of=as_of, first_poll=first_poll)
    ]
    return pa.concat_tables(parts, promote_options="default")


def _computed(
    context: JobContext, week: date, *, accounting: Accounting, as_of: datetime, first_poll: datetime
) -> Iterator[pa.Table]:
    time = Range(edge_of(week), edge_of(week + timedelta(days=7)), "day", to_micros(as_of))
    asked = Asked(time, ENTITY, LOOKBACK_HOURS * HOUR, None)
    tally = Tally(None)
    of = HourlyRange(asked, None, tally) if accounting == "hourly" else ExactRange(asked, Exactness(None, 0), tally)
    with closing(figures(context, of, stores=None, piece=None)) as computed:
        for tables in computed:
            begun = pc.greater_equal(tables.rows["period_end"], pa.scalar(to_micros(first_poll), pa.timestamp("us")))
            yield _stored(tables.rows.filter(begun).combine_chunks(), accounting, week)


def _stored(rows: pa.Table, accounting: Accounting, week: date) -> pa.Table:
    columns = {
        "accounting": pa.repeat(accounting, len(rows)),
        "store_id": rows["store_id"],
        "day": rows["period"],
        "week": pa.repeat(pa.scalar(week), len(rows)),
        "name": rows["name"],
        "group_name": rows["group"],
        "day_start": rows["period_start"],
        "day_end": rows["period_end"],
        "complete": rows["complete"],
    }
    return pa.table(columns | figure_columns(rows) | gap_column(rows))
