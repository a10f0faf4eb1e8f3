"""The uptime report, slow and plain, to check the engine against.

Follows the rules of the uptime report (uptime-rules.md) sentence by sentence, one store at a time, with Python's own
datetime, zoneinfo and fractions. It shares no code with the engine. Every instant is an aware datetime in UTC; local
times are naive datetimes, so that the two can never be subtracted from each other by accident.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

#: An end at this local time or later means the end of that day.
LAST_MINUTE = timedelta(hours=23, minutes=59)

#: Days before and after the UTC dates of a span whose windows are tried: a local date is at most one day off the UTC
#: date, a window reaches at most two dates further, and a skipped date adds one.
MARGIN_DAYS = 4

#: Name, length and unit of the three windows that end at `as_of`.
REPORT_WINDOWS = (("hour", HOUR, timedelta(minutes=1)), ("day", DAY, HOUR), ("week", WEEK, HOUR))


@dataclass(frozen=True, slots=True)
class Poll:
    store_id: str
    at: datetime
    active: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Open on `weekday` (0 = Monday) from `opens` to `closes`, local times as HH:MM:SS[.ffffff], end up to 24:00:00."""

    store_id: str
    weekday: int
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One UTC clock hour of one store; `open_microseconds` counts only what lies inside the week of the report."""

    store_id: str
    hour_utc: datetime
    status: str
    open_microseconds: int
    polls: int


Intervals = list[tuple[datetime, datetime]]
Series = dict[datetime, tuple[str, int]]


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a clock on the wall in `zone` shows at `instant`, naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a naive local time: the first of two, or the first instant after the gap that swallows it."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_clock(first, zone) == local:
        return first
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows more than `local`, a time that it jumps over."""
    # PEP 495: inside a gap the two folds use the offsets of the two sides, so one lands before it, one after.
    before, after = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    while after - before > MICROSECOND:
        middle = before + (after - before) // 2
        if wall_clock(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after


def since_midnight(text: str) -> timedelta:
    hours, minutes, seconds = text.split(":")
    microseconds = Fraction(seconds) * 1_000_000
    return timedelta(hours=int(hours), minutes=int(minutes), microseconds=int(microseconds))


def local_ends(window: Window, day: date) -> tuple[datetime, datetime]:
    """Opening and closing of `window` on the local date `day`, naive local times."""
    opens, closes = since_midnight(window.opens), since_midnight(window.closes)
    if closes >= LAST_MINUTE:
        closes = DAY
    if closes <= opens:
        closes += DAY
    midnight = datetime.combine(day, time.min)
    return midnight + opens, midnight + closes


def open_intervals(windows: list[Window], zone: str, first: datetime, last: datetime) -> Intervals:
    """One store's working hours in UTC, half-open, sorted, disjoint, touching ones merged.

    Every interval that intersects [first, last) is there, unclipped: the union of the single windows that intersect
    it. Outside [first, last) the answer is therefore not complete. Without windows the store is open throughout.
    """
    if not windows:
        return [(first, last)]
    clock = ZoneInfo(zone)
    found = []
    for day in _dates_around(first, last):
        for window in windows:
            if window.weekday == day.weekday():
                opens, closes = (to_utc(end, clock) for end in local_ends(window, day))
                if opens < closes and opens < last and closes > first:
                    found.append((opens, closes))
    return union(found)


def _dates_around(first: datetime, last: datetime) -> Iterator[date]:
    day = first.astimezone(UTC).date() - MARGIN_DAYS * DAY
    while day <= last.astimezone(UTC).date() + MARGIN_DAYS * DAY:
        yield day
        day += DAY


def union(intervals: Intervals) -> Intervals:
    merged: Intervals = []
    for opens, closes in sorted(intervals):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def hour_of(instant: datetime) -> datetime:
    """The start of the UTC clock hour that holds `instant`."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hourly_series(polls: list[Poll], intervals: Intervals, *, as_of: datetime, lookback_hours: int = 96) -> Series:
    """One store's status and number of counted polls for every UTC clock hour.

    From the hour that holds `as_of` - 7 days - lookback to the hour that holds the last instant before `as_of`.
    """
    horizon = as_of - WEEK - lookback_hours * HOUR
    active_at = {poll.at: poll.active for poll in polls}  # a later row of the same instant replaces the earlier one
    votes = defaultdict(list)
    for at, active in active_at.items():
        if horizon <= at <= as_of and any(opens <= at < closes for opens, closes in intervals):
            votes[hour_of(at)].append(active)
    series = {}
    status = "unknown"
    hour = hour_of(horizon)
    while hour < as_of:
        up, down = votes[hour].count(True), votes[hour].count(False)
        if up + down > 0:
            status = "active" if up > down else "inactive"
        series[hour] = (status, up + down)
        hour += HOUR
    return series


def open_by_hour(intervals: Intervals, start: datetime, end: datetime) -> dict[datetime, int]:
    """Open microseconds inside [start, end) of each UTC clock hour that has any."""
    total: dict[datetime, int] = defaultdict(int)
    for opens, closes in intervals:
        at, until = max(opens, start), min(closes, end)
        while at < until:
            cut = min(hour_of(at) + HOUR, until)
            total[hour_of(at)] += (cut - at) // MICROSECOND
            at = cut
    return total


def uptime_report(
    polls: list[Poll],
    windows: list[Window],
    zones: dict[str, str],
    *,
    as_of: datetime | None = None,
    lookback_hours: int = 96,
    default_zone: str = "America/Chicago",
) -> list[dict[str, str | Fraction]]:
    """The report's rows, sorted by store id; exact minutes for the hour, exact hours for day and week.

    Raises ValueError when there is neither an `as_of` nor a poll to take it from.
    """
    as_of = _report_instant(polls, as_of)
    rows = []
    for store_id in _store_ids(polls, windows, zones):
        intervals = _store_intervals(store_id, windows, zones, as_of, lookback_hours, default_zone)
        series = hourly_series(_of(store_id, polls), intervals, as_of=as_of, lookback_hours=lookback_hours)
        rows.append({"store_id": store_id} | _split(intervals, series, as_of))
    return rows


def hourly_rows(
    polls: list[Poll],
    windows: list[Window],
    zones: dict[str, str],
    *,
    as_of: datetime | None = None,
    lookback_hours: int = 96,
    default_zone: str = "America/Chicago",
) -> list[Hour]:
    """For each store, sorted, every UTC clock hour that touches [as_of - 7 days, as_of)."""
    as_of = _report_instant(polls, as_of)
    rows = []
    for store_id in _store_ids(polls, windows, zones):
        intervals = _store_intervals(store_id, windows, zones, as_of, lookback_hours, default_zone)
        series = hourly_series(_of(store_id, polls), intervals, as_of=as_of, lookback_hours=lookback_hours)
        open_microseconds = open_by_hour(intervals, as_of - WEEK, as_of)
        for hour, (status, count) in series.items():
            if hour + HOUR > as_of - WEEK:
                rows.append(Hour(store_id, hour, status, open_microseconds.get(hour, 0), count))
    return rows


def _report_instant(polls: list[Poll], as_of: datetime | None) -> datetime:
    return max(poll.at for poll in polls) if as_of is None else as_of


def _store_ids(polls: list[Poll], windows: list[Window], zones: dict[str, str]) -> list[str]:
    return sorted({poll.store_id for poll in polls} | {window.store_id for window in windows} | set(zones))


def _of(store_id: str, rows: list) -> list:
    return [row for row in rows if row.store_id == store_id]


def _store_intervals(
    store_id: str,
    windows: list[Window],
    zones: dict[str, str],
    as_of: datetime,
    lookback_hours: int,
    default_zone: str,
) -> Intervals:
    """The store's intervals from the lookback horizon to beyond `as_of`, as a poll at `as_of` itself is kept."""
    horizon = as_of - WEEK - lookback_hours * HOUR
    return open_intervals(_of(store_id, windows), zones.get(store_id, default_zone), horizon, as_of + HOUR)


def _split(intervals: Intervals, series: Series, as_of: datetime) -> dict[str, Fraction]:
    """The nine durations of one row, in the order of the report's columns."""
    spent = {}
    for name, length, unit in REPORT_WINDOWS:
        microseconds = {"active": 0, "inactive": 0, "unknown": 0}
        for hour, duration in open_by_hour(intervals, as_of - length, as_of).items():
            status, _ = series[hour]
            microseconds[status] += duration
        for status, total in microseconds.items():
            spent[status, name] = Fraction(total, unit // MICROSECOND)
    columns = {"uptime": "active", "downtime": "inactive", "unknown": "unknown"}
    return {
        f"{column}_last_{name}": spent[status, name]
        for column, status in columns.items()
        for name, _, _ in REPORT_WINDOWS
    }
