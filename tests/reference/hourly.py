"""What hourly accounting has beyond its first rules: unknown polls, active polls, carried time and an end to carrying.

Slow and plain like `tests.reference.uptime`, which it agrees with where nothing of this is used; one store at a time.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tests.reference.exact import Poll, statuses
from tests.reference.uptime import HOUR, MICROSECOND, REPORT_WINDOWS, WEEK, Intervals, hour_of, open_by_hour

COLUMNS = {"uptime": "active", "downtime": "inactive", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class HourOfStore:
    """One UTC clock hour; `polls` are those that vote, `carried` says whether an earlier hour gave the status."""

    status: str
    polls: int
    active_polls: int
    carried: bool


def hourly_series(
    polls: list[Poll],
    intervals: Intervals,
    *,
    as_of: datetime,
    lookback_hours: int = 96,
    max_fill_hours: int | None = None,
) -> dict[datetime, HourOfStore]:
    """Every hour from the one that holds `as_of` - 7 days - lookback to that of the last instant before `as_of`."""
    horizon = as_of - WEEK - lookback_hours * HOUR
    return series_between(polls, intervals, horizon, as_of, max_fill_hours=max_fill_hours)


def series_between(
    polls: list[Poll], intervals: Intervals, horizon: datetime, end: datetime, *, max_fill_hours: int | None
) -> dict[datetime, HourOfStore]:
    """Every hour from the one that holds `horizon` to that of the last instant before `end`."""
    votes = defaultdict(list)
    for at, status in statuses(polls, horizon, end).items():
        # Rule: an unknown poll is as if it were not there: it has no vote, is not among `polls`, and ends no carrying.
        # But as a later line it takes the vote of the earlier line for its instant away.
        if status != "unknown" and any(opens <= at < closes for opens, closes in intervals):
            votes[hour_of(at)].append(status)
    series = {}
    status, voted = "unknown", None
    hour = hour_of(horizon)
    while hour < end:
        up, down = votes[hour].count("active"), votes[hour].count("inactive")
        if up + down > 0:
            status, voted = "active" if up > down else "inactive", hour
        # Rule: `max_fill_hours` counts clock hours after the last one with votes, open or closed: with 2, an hour of
        # votes at 10Z carries through 11Z and 12Z. With 0 nothing is carried.
        if voted is not None and max_fill_hours is not None and hour - voted > max_fill_hours * HOUR:
            status = "unknown"
        series[hour] = HourOfStore(status, up + down, up, carried=status != "unknown" and up + down == 0)
        hour += HOUR
    return series


def uptime_row(intervals: Intervals, series: dict[datetime, HourOfStore], *, as_of: datetime) -> dict[str, Fraction]:
    """The nine durations and the three carried ones: minutes of the last hour, hours of the last day and week."""
    row = {f"{column}_last_{name}": Fraction() for column in (*COLUMNS, "carried") for name, _, _ in REPORT_WINDOWS}
    for name, window, unit in REPORT_WINDOWS:
        for hour, microseconds in open_by_hour(intervals, as_of - window, as_of).items():
            spent = Fraction(microseconds, unit // MICROSECOND)
            column = next(column for column, status in COLUMNS.items() if status == series[hour].status)
            row[f"{column}_last_{name}"] += spent
            if series[hour].carried:
                row[f"carried_last_{name}"] += spent
    return row
