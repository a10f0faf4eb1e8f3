"""The summary of an uptime report: summary.json, and the table that the command line prints of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from heapq import nsmallest
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from app.reports.doubts import UnknownTime
from app.reports.kind import Measured, Outline
from app.timeline import HOUR, Micros
from app.timeline.horizon import WINDOWS

#: Stores of lowest availability that a summary names.
WORST: Final = 10

#: Stores that a tally keeps, for the page: those of lowest availability, then those without one.
LISTED: Final = 100

#: Ranks stores without an availability behind all others.
_NONE: Final = 2.0

#: Stores whose error budget a summary has, those with the least left; each takes some 150 bytes.
MOST_BUDGETS: Final = 1000

#: Periods whose totals a summary has; each takes some 300 bytes.
MOST_PERIODS: Final = 1000

#: The unit of a target: seven decimals of a percent. The square of it still fits into 64 bits.
_WHOLE: Final = 10**9

Counts = tuple[int, int, int]


class Totals(BaseModel):
    """Open time by status, hours; percentages are null where there is nothing to divide by."""

    open_hours: float
    uptime_hours: float
    downtime_hours: float
    unknown_hours: float
    availability_percent: float | None = Field(description="up / (up + down).")
    availability_low_percent: float | None = Field(description="up / open: unknown time counted as down.")
    availability_high_percent: float | None = Field(description="(up + unknown) / open: unknown time counted as up.")
    coverage_percent: float | None = Field(description="(up + down) / open: the share that is known.")


class StoreTotals(Totals):
    """The figures of one store."""

    store_id: str
    name: str | None = Field(None, description="Group, from a file of kind entities.")


class SummaryWarning(BaseModel):
    """Something that is probably not meant."""

    code: str
    message: str
    count: int
    examples: list[str]


class ErrorBudget(BaseModel):
    """What the target lets one store be down, hours."""

    store_id: str
    allowed_hours: float = Field(description="Open time that the target allows to be down.")
    used_hours: float = Field(description="Downtime.")
    left_hours: float = Field(description="Negative if more was used than allowed.")


class Comparison(BaseModel):
    """The availability of all stores in the period before; null where there is none."""

    availability_before_percent: float | None
    availability_change_points: float | None = Field(description="Change, percentage points; positive if higher now.")


class UptimeSummary(BaseModel):
    """Totals of all stores, and the worst of them."""

    accounting: Literal["hourly", "exact"]
    as_of: datetime
    as_known_at: datetime | None = Field(description="Hours, holidays and time zones as known at this instant.")
    begin: datetime | date | None = Field(description="Start of the range; null for the three windows.")
    end: datetime | date | None = Field(description="End of the range; null for the windows, and up to `as_of`.")
    period: str | None = Field(description="The range in one word, if it was given that way.")
    by: str | None
    zone: str | None
    stores: int = Field(description="Stores that have a row.")
    totals: Totals = Field(description="Figures of the range, or of the last week.")
    periods: dict[str, Totals] = Field(
        description="Figures of each period, or of the last hour, day and week; none for a range with more than 1,000 "
        "periods."
    )
    comparison: dict[str, Comparison] | None = Field(
        default=None, description="Comparison of each of `periods` with the previous one; null without `compare_to`."
    )
    target_percent: float | None
    stores_below_target: int | None = Field(description="Stores below the target; null without a target.")
    worst: list[StoreTotals] = Field(description="The ten stores with the lowest availability, worst first.")
    error_budgets: list[ErrorBudget] | None = Field(
        description="Error budgets of the 1,000 stores with the least left, least first; null without a target."
    )
    notes: list[str] = Field(description="Remarks for the reader.")
    warnings: list[SummaryWarning] = Field(default_factory=list, description="Warnings about probable mistakes.")


class Tally:
    """Sums over ranges of stores; memory does not grow with their number."""

    def __init__(self, target_percent: float | None) -> None:
        self.target = None if target_percent is None else round(target_percent * _WHOLE / 100)
        self.stores = self.below = 0
        self.unknown_time = UnknownTime()
        self.whole: Micros = np.zeros(3, np.int64)
        self.periods: dict[str, Micros] = {}
        self._before: dict[str, Micros] = {}
        self._are_windows = False
        self.worst: list[tuple[float, int, str, Counts]] = []
        self.budgets: list[tuple[int, str, int, int]] = []

    def add(
        self,
        keys: Sequence[str],
        labels: Sequence[str],
        times: Sequence[Micros],
        *,
        whole: Sequence[Micros] | None = None,
    ) -> None:
        """Add some stores.

        Args:
            keys: of the stores.
            labels: of the periods.
            times: up, down and unknown in each period, microseconds, int64[stores, periods] each.
            whole: the same in all of the time, int64[stores] each; None: the sum of the periods.
        """
        up, down, unknown = [time.sum(axis=1) for time in times] if whole is None else whole
        self.stores += len(keys)
        self.unknown_time.add(keys, up + down, unknown)
        self._are_windows = whole is not None
        self.whole += [one.sum() for one in (up, down, unknown)]
        for number, label in enumerate(labels):
            sums = np.array([time[:, number].sum() for time in times], np.int64)
            self.periods[label] = self.periods.get(label, np.zeros(3, np.int64)) + sums
        self._rank(keys, up, down, unknown)
        if self.target is not None:
            self.below += int(np.count_nonzero(_is_below(up, up + down, self.target)))
            self._spend(keys, up + down + unknown, down, self.target)

    def add_before(self, labels: Sequence[str], up: Micros, known: Micros, *, where: npt.NDArray[np.bool_]) -> None:
        """Add the time before the periods of some stores.

        Args:
            labels: of the periods.
            up, known: time before each period, microseconds, int64[stores, periods].
            where: bool[stores, periods], which periods there are.
        """
        for number, label in enumerate(labels):
            sums = np.array([time[where[:, number], number].sum() for time in (up, known)], np.int64)
            self._before[label] = self._before.get(label, np.zeros(2, np.int64)) + sums

    def as_json(self) -> dict[str, Any]:
        """All that was added, for merge()."""
        return {
            "stores": self.stores,
            "below": self.below,
            "unknown_time": self.unknown_time.as_json(),
            "whole": self.whole.tolist(),
            "periods": {label: sums.tolist() for label, sums in self.periods.items()},
            "before": {label: sums.tolist() for label, sums in self._before.items()},
            "are_windows": self._are_windows,
            "worst": self.worst,
            "budgets": self.budgets,
        }

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what another tally with the same target was told, as its as_json() gives it."""
        self.stores += told["stores"]
        self.below += told["below"]
        self.unknown_time.merge(told["unknown_time"])
        self.whole += np.array(told["whole"], np.int64)
        self._are_windows = told["are_windows"]
        for mine, theirs in ((self.periods, told["periods"]), (self._before, told["before"])):
            for label, sums in theirs.items():
                mine[label] = mine.get(label, 0) + np.array(sums, np.int64)
        worst = ((share, down, key, tuple(counts)) for share, down, key, counts in told["worst"])
        self.worst = nsmallest(LISTED, [*self.worst, *worst])
        self.budgets = nsmallest(MOST_BUDGETS, [*self.budgets, *map(tuple, told["budgets"])])

    def comparison(self) -> dict[str, Comparison]:
        """By period, as of_periods()."""
        found = {}
        for label, of in self.of_periods().items():
            before, now = _percent(*self._before[label].tolist()), of.availability_percent
            change = None if before is None or now is None else round(now - before, 4)
            found[label] = Comparison(availability_before_percent=before, availability_change_points=change)
        return found

    def _rank(self, keys: Sequence[str], up: Micros, down: Micros, unknown: Micros) -> None:
        known = up + down
        share = np.where(known > 0, up / np.maximum(known, 1), _NONE)
        limit = self.worst[-1][0] if len(self.worst) == LISTED else _NONE
        found = [
            (float(share[at]), -int(down[at]), keys[at], (int(up[at]), int(down[at]), int(unknown[at])))
            for at in np.flatnonzero(share <= limit).tolist()
        ]
        self.worst = nsmallest(LISTED, [*self.worst, *found])

    def _spend(self, keys: Sequence[str], open_time: Micros, down: Micros, target: int) -> None:
        whole, rest = np.divmod(open_time, _WHOLE)
        allowed = whole * (_WHOLE - target) + rest * (_WHOLE - target) // _WHOLE
        left = allowed - down
        # Of the same rest the keys decide, however the stores come in ranges.
        least = min(MOST_BUDGETS, len(left)) - 1
        limit = np.partition(left, least)[least] if len(left) else 0
        found = [
            (int(left[at]), keys[at], int(allowed[at]), int(down[at])) for at in np.flatnonzero(left <= limit).tolist()
        ]
        self.budgets = nsmallest(MOST_BUDGETS, [*self.budgets, *found])

    def error_budgets(self) -> list[ErrorBudget] | None:
        """Of the stores with the least left; None without a target."""
        if self.target is None:
            return None
        return [
            ErrorBudget(store_id=key, allowed_hours=_hours(may), used_hours=_hours(used), left_hours=_hours(left))
            for left, key, may, used in self.budgets
        ]

    def listed(self, names: Mapping[str, str]) -> list[StoreTotals]:
        """Stores worst first, then those without an availability; ``names`` of those that have one."""
        return [StoreTotals(store_id=key, name=names.get(key), **_figures(*counts)) for _, _, key, counts in self.worst]

    def of_periods(self) -> dict[str, Totals]:
        """Totals by period, in order of time; none when there are very many."""
        if len(self.periods) > MOST_PERIODS:
            return {}
        # Ranges of stores come in any order of their periods; names of windows do not sort by time.
        labels = self.periods if self._are_windows else sorted(self.periods)
        return {label: totals(self.periods[label]) for label in labels}

    def notes(self) -> list[str]:
        """Remarks."""
        up, down, unknown = self.whole.tolist()
        said = ["Availability is up / (up + down); its bounds count unknown time as down and as up."]
        if self.stores and not up + down + unknown:
            said.append("No store was open.")
        return said


def _is_below(up: Micros, known: Micros, target: int) -> npt.NDArray[np.bool_]:
    """Whether ``up / known < target / _WHOLE``, exactly; no where nothing is known."""
    whole, rest = np.divmod(known, _WHOLE)
    # up * _WHOLE < known * target, without the part that both have and which would not fit
    more = np.clip(up - whole * target, -1, _WHOLE + 1)
    below: npt.NDArray[np.bool_] = more * _WHOLE < rest * target
    return below


def add_windows(tally: Tally, keys: Sequence[str], times: Sequence[Micros]) -> None:
    """Add some stores of a report on windows, whose last is the longest: all of the time.

    Args:
        tally: of the report.
        keys: of the stores.
        times: up, down and unknown in each of WINDOWS, microseconds, int64[stores, windows] each.
    """
    tally.add(keys, [f"last_{window}" for window in WINDOWS], times, whole=[time[:, -1] for time in times])


def worst_of(listed: Sequence[StoreTotals]) -> list[StoreTotals]:
    """The stores of lowest availability."""
    return [store for store in listed if store.availability_percent is not None][:WORST]


def called(keys: Sequence[str], names: Mapping[str, str | None]) -> list[str]:
    """What each store is called: its name, or its key where it has none or shares it with another of them."""
    found = [names.get(key) for key in keys]
    shared = Counter(found)
    return [key if name is None or shared[name] > 1 else name for key, name in zip(keys, found, strict=True)]


def worst_called(summary: UptimeSummary) -> list[str]:
    """What its worst stores are called."""
    return called([one.store_id for one in summary.worst], {one.store_id: one.name for one in summary.worst})


def totals(of: Micros) -> Totals:
    """Of up, down and unknown, microseconds."""
    return Totals(**_figures(*of.tolist()))


def _figures(up: int, down: int, unknown: int) -> dict[str, float | None]:
    known, open_time = up + down, up + down + unknown
    return {
        "open_hours": _hours(open_time),
        "uptime_hours": _hours(up),
        "downtime_hours": _hours(down),
        "unknown_hours": _hours(unknown),
        "availability_percent": _percent(up, known),
        "availability_low_percent": _percent(up, open_time),
        "availability_high_percent": _percent(up + unknown, open_time),
        "coverage_percent": _percent(known, open_time),
    }


def _hours(micros: int) -> float:
    return round(micros / HOUR, 6)


def _percent(part: int, whole: int) -> float | None:
    """Rounded half up to four decimals."""
    return (2_000_000 * part + whole) // (2 * whole) / 10_000 if whole else None


def outline(summary: UptimeSummary) -> Outline:
    """The worst stores and all of them, and how they stand to the target."""
    rows = [(name, *_cells(store)) for name, store in zip(worst_called(summary), summary.worst, strict=True)]
    if summary.begin is None:  # three windows, of which the stores' rows tell the last
        rows += [(f"(all, {label.replace('_', ' ')})", *_cells(of)) for label, of in summary.periods.items()]
    else:
        rows.append(("(all)", *_cells(summary.totals)))
    notes = list(summary.notes)
    if summary.stores > len(summary.worst):
        notes.insert(
            0, f"The {len(summary.worst)} stores with the lowest availability, and all {summary.stores:,} together."
        )
    if summary.target_percent is not None:
        notes.append(f"{summary.stores_below_target:,} stores are below the target of {summary.target_percent:g} %.")
    return Outline(
        columns=("store", "availability", "at least", "at most", "known", "open\nhours", "down\nhours"),
        rows=rows,
        notes=notes,
    )


def measured(summary: UptimeSummary) -> Measured:
    """The availability of all stores, unrounded, for the target."""
    of = summary.totals
    known = of.uptime_hours + of.downtime_hours
    worst = ", ".join(worst_called(summary)[:3])
    return Measured(
        what="The availability",
        percent=100 * of.uptime_hours / known if known else None,
        target=summary.target_percent,
        facts=[
            ("Known", "-" if of.coverage_percent is None else f"{of.coverage_percent:.2f} % of the open time"),
            ("Down", f"{of.downtime_hours:,.2f} open hours"),
            *([("Worst", worst)] if worst else []),
        ],
    )


def _cells(of: Totals) -> tuple[str, ...]:
    shares = (of.availability_percent, of.availability_low_percent, of.availability_high_percent, of.coverage_percent)
    percents = ("-" if share is None else f"{share:.2f} %" for share in shares)
    return (*percents, f"{of.open_hours:,.2f}", f"{of.downtime_hours:,.2f}")
