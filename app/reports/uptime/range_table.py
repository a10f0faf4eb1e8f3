"""uptime.csv of a range: a row for each store and period (docs/uptime-rules.md, "Ranges")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.files.artifact import Artifact
from app.files.csv_output import escape_formulas, iso_instant_each, write_csv_blocks
from app.files.decimals import decimals, ratio
from app.files.sorted_rows import SortedRows
from app.reports.exact_uptime import gap_hundredths
from app.reports.window_columns import label_columns, labelled
from app.series.details import Labels
from app.timeline import HOUR, Micros
from app.timeline.period_figures import OutageFigures, Times
from app.timeline.periods import Periods

#: Decimals of hours (a millionth is 3.6 ms), of percentages, and of minutes.
HOURS: Final = 6
PERCENT: Final = 4
MINUTES: Final = 2

_MINUTE: Final = HOUR // 60
_INSTANT: Final = pa.timestamp("us")

#: What is kept of a row until it is written: texts, instants, and whole numbers (microseconds, or how many).
_HEAD: Final = [
    *((name, pa.string()) for name in ("order", "store_id", "name", "group", "period")),
    *((name, _INSTANT) for name in ("period_start", "period_end")),
    ("complete", pa.bool_()),
]
TIMES: Final = ("up", "down", "unknown")
_BEFORE: Final = ("before_up", "before_known")
_EXACT: Final = ("outages", "longest", "ended", "ended_time")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some stores, arrays [stores, periods].

    Attributes:
        periods: of each store.
        times: open time by status.
        polls: int64, polls in the period, also those outside open hours.
        outages: None in hourly accounting.
        gaps: how long a poll of each store holds, int64[stores], microseconds; None in hourly accounting.
        before: open time of the period before each; None where nothing is compared.
    """

    periods: Periods
    times: Times
    polls: npt.NDArray[np.int64]
    outages: OutageFigures | None
    gaps: Micros | None
    before: Times | None


def schema_of(*, is_exact: bool, compares: bool) -> pa.Schema:
    """Of the rows until they are written."""
    names = [*TIMES, *(_EXACT if is_exact else ("carried",)), "polls", *(["gap"] if is_exact else [])]
    names += _BEFORE if compares else []
    return pa.schema([*_HEAD, *((name, pa.int64()) for name in names)])


def rows_of(keys: Sequence[str], labels: Labels, figures: Figures) -> pa.Table:
    """The rows of some stores: of each, the periods that exist."""
    periods = figures.periods
    store, period = np.nonzero(periods.exist)
    cell = store, period
    key = pa.array(keys, pa.string()).take(pa.array(store))
    number = pc.utf8_lpad(pa.array(period).cast(pa.string()), 8, "0")
    columns = [
        pc.binary_join_element_wise(key, number, "\0"),
        key,
        *(said.take(pa.array(store)) for said in label_columns(labels)),
        pa.array(periods.labels, pa.string()).take(pa.array(period)),
        *(pa.array(edge[cell]).cast(_INSTANT) for edge in (periods.edges[:, :-1], periods.edges[:, 1:])),
        pa.array(periods.complete[cell]),
        *(pa.array(getattr(figures.times, name)[cell]) for name in TIMES),
    ]
    if figures.outages is not None and figures.gaps is not None:
        of = figures.outages
        columns += [pa.array(one[cell]) for one in (of.count, of.longest, of.ended, of.ended_time)]
        columns += [pa.array(figures.polls[cell]), pa.array(figures.gaps[store])]
    elif figures.times.carried is not None:
        columns += [pa.array(figures.times.carried[cell]), pa.array(figures.polls[cell])]
    if figures.before is not None:
        before = figures.before.up, figures.before.up + figures.before.down
        columns += [pa.array(one[cell]) for one in before]
    schema = schema_of(is_exact=figures.outages is not None, compares=figures.before is not None)
    return pa.table(columns, schema=schema)


class RangeTable:
    """The rows, collected in runs of stores, sorted by store and time when they are written."""

    def __init__(self, folder: Path, *, is_exact: bool, compares: bool) -> None:
        self._path = folder / "uptime.csv"
        self.rows = SortedRows(folder / "uptime.arrow", schema_of(is_exact=is_exact, compares=compares))

    def close(self) -> Artifact:
        """Write the file."""
        names, count = labelled(self.rows), 0

        def blocks() -> Iterator[pa.Table]:
            nonlocal count
            count = 0
            for block in self.rows.blocks():
                count += len(block)
                yield _written(block.combine_chunks(), names)

        write_csv_blocks(self._path, _written(self.rows.schema.empty_table(), names).schema, blocks)
        return Artifact(self._path, "text/csv", rows=count)


def _written(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    texts = {name: escape_formulas(rows[name].combine_chunks()) for name in ("store_id", *names)}
    columns = {**texts, **period_columns(rows), **figure_columns(rows)}
    return pa.table({**columns, **gap_column(rows)})


def gap_column(rows: pa.Table) -> dict[str, pa.Array]:
    """How long a poll of each row's store holds; nothing in hourly accounting."""
    if "gap" not in rows.schema.names:
        return {}
    return {"max_gap_minutes": decimals(gap_hundredths(rows["gap"].to_numpy()), MINUTES)}


def period_columns(rows: pa.Table) -> dict[str, pa.Array]:
    """Which period each row is of."""
    texts = {name: rows[name].combine_chunks() for name in ("period", "period_start", "period_end", "complete")}
    return {
        "period": texts["period"],
        "period_start": iso_instant_each(texts["period_start"]),
        "period_end": iso_instant_each(texts["period_end"]),
        "complete": texts["complete"],
    }


def figure_columns(rows: pa.Table) -> dict[str, pa.Array]:
    """What was counted in each row, and what it comes to."""
    numbers = {field.name: rows[field.name].to_numpy() for field in rows.schema if field.type == pa.int64()}
    columns = time_columns(*(numbers[name] for name in TIMES), carried=numbers.get("carried"))
    if "before_up" in numbers:
        columns |= _change(numbers["up"], numbers["up"] + numbers["down"], *(numbers[name] for name in _BEFORE))
    if "outages" in numbers:
        columns |= {
            "outages": pa.array(numbers["outages"]),
            "longest_outage_minutes": _minutes(numbers["longest"], numbers["outages"]),
            "mttr_minutes": _minutes(numbers["ended_time"], numbers["ended"], each=True),
        }
    return columns | {"polls": pa.array(numbers["polls"])}


def time_columns(up: Micros, down: Micros, unknown: Micros, *, carried: Micros | None) -> dict[str, pa.Array]:
    """Hours by status and what they come to in percent, empty where there is nothing to divide by; int64[n] each."""
    open_time, known = up + down + unknown, up + down
    hours = {"open": open_time, "uptime": up, "downtime": down, "unknown": unknown}
    hours |= {} if carried is None else {"carried": carried}
    unit = HOUR // 10**HOURS
    parts = {
        "availability": (up, known),
        "availability_low": (up, open_time),
        "availability_high": (up + unknown, open_time),
        "coverage": (known, open_time),
    }
    return {
        **{f"{name}_hours": decimals((time + unit // 2) // unit, HOURS) for name, time in hours.items()},
        **{f"{name}_percent": percent(part, whole) for name, (part, whole) in parts.items()},
    }


def percent(part: Micros, whole: Micros) -> pa.Array:
    """Percentages, empty where the whole is 0. Rounding keeps the order: low <= availability <= high."""
    return decimals(ratio(part, whole, digits=PERCENT + 2), PERCENT, empty=whole == 0)


def _change(part: Micros, whole: Micros, part_before: Micros, whole_before: Micros) -> dict[str, pa.Array]:
    """The percentage before, and the difference of both as they are written; int64[n] each."""
    now, before = (ratio(*of, digits=PERCENT + 2) for of in ((part, whole), (part_before, whole_before)))
    return {
        "availability_before_percent": decimals(before, PERCENT, empty=whole_before == 0),
        "availability_change_points": decimals(now - before, PERCENT, empty=(whole == 0) | (whole_before == 0)),
    }


def _minutes(time: Micros, count: npt.NDArray[np.int64], *, each: bool = False) -> pa.Array:
    """Minutes, or the mean of ``count``, rounded half up; empty where the count is 0."""
    unit = _MINUTE // 10**MINUTES * (np.maximum(count, 1) if each else 1)
    return decimals((time + unit // 2) // unit, MINUTES, empty=count == 0)
