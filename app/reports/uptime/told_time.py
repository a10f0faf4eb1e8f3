"""Which time of one store is explained: that of the report's windows, or of its range (docs/uptime-rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.reports.uptime.ranges import Asked
from app.timeline.horizon import WINDOWS, Horizon
from app.timeline.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Part:
    """The time of one figure of the report, instants."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StoreTime:
    """The time of one store in a report, instants in microseconds.

    Attributes:
        earliest: earlier polls count for nothing.
        first, last: where it begins and ends; later polls count for nothing.
        parts: those of the report's figures, each within it.
    """

    earliest: int
    first: int
    last: int
    parts: Sequence[Part]


def polled(time: Horizon | Asked) -> tuple[int, int]:
    """Between which instants the polls of any store count, both included."""
    return (time.earliest, time.as_of) if isinstance(time, Horizon) else (time.first, time.last)


def of_store(time: Horizon | Asked, schedule: Schedule) -> StoreTime:
    """The time of the one store of this schedule."""
    if isinstance(time, Horizon):
        end = time.as_of
        parts = [Part(f"last_{name}", end - length, end) for name, length in WINDOWS.items()]
        return StoreTime(time.earliest, end - max(WINDOWS.values()), end, parts)
    periods = time.periods(schedule)
    edges = periods.edges[0].tolist()
    every = [Part(*one) for one in zip(periods.labels, edges, edges[1:], strict=False)]
    # A period that the clock skips has no row in the report.
    parts = [one for one in every if one.start < one.end]
    return StoreTime(edges[0] - time.lookback, edges[0], edges[-1], parts)
