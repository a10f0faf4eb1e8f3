"""The rows of a range's report, slow and plain, to check the engine against; one store at a time.

Follows part 3 of the rules sentence by sentence, on top of the twins of schedules, of exact and of hourly accounting.
A comment that begins with "Rule:" answers what the sentences leave open. Durations are exact, percentages are
Fractions; None is an empty field.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.reference.exact import LOOKBACK, NOTHING, Account, Outage, Poll, account, statuses
from tests.reference.hourly import series_between
from tests.reference.schedule import Entity, ZoneFrom, open_intervals, to_utc
from tests.reference.uptime import DAY, HOUR, MICROSECOND, Intervals, open_by_hour

ENTITY = "entity"

MINUTE_MICROSECONDS = 60_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for; `first` and `last` are dates of the zone or instants, the last one not included."""

    first: date | datetime
    last: date | datetime
    as_of: datetime
    by: str = "total"
    zone: str = ENTITY
    lookback: timedelta = LOOKBACK


@dataclass(frozen=True, slots=True)
class Exact:
    """The parameters of exact accounting; `max_gap` is the report's, `own_max_gap` the store's own."""

    max_gap: timedelta | None = None
    own_max_gap: timedelta | None = None
    ignore_outages_under: timedelta = NOTHING


@dataclass(frozen=True, slots=True)
class Hourly:
    max_fill_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One period; `carried` is None in exact accounting, what tells of outages and gaps is None in hourly.

    `mttr` is in minutes.
    """

    start: datetime
    end: datetime
    complete: bool
    open: timedelta
    up: timedelta
    down: timedelta
    unknown: timedelta
    polls: int
    carried: timedelta | None = None
    outages: int | None = None
    longest: timedelta | None = None
    mttr: Fraction | None = None
    max_gap: timedelta | None = None

    @property
    def availability(self) -> Fraction | None:
        return percent(self.up, self.up + self.down)

    @property
    def low(self) -> Fraction | None:
        return percent(self.up, self.open)

    @property
    def high(self) -> Fraction | None:
        return percent(self.up + self.unknown, self.open)

    @property
    def coverage(self) -> Fraction | None:
        return percent(self.up + self.down, self.open)


def percent(part: timedelta, whole: timedelta) -> Fraction | None:
    return Fraction(100 * (part // MICROSECOND), whole // MICROSECOND) if whole else None


def rows(entity: Entity, polls: list[Poll], asked: Asked, accounting: Exact | Hourly) -> list[Row]:
    """The rows of the store whose `polls` these are, in the order of their lines; in order of time."""
    edges = range_edges(entity, asked)
    first, last = edges[0], edges[-1]
    if asked.as_of <= first or first == last:
        # Rule: a range that begins at or after `as_of` has no rows, as nothing of it has happened.
        return []
    end = min(last, asked.as_of)
    # An hour more than the range, as a poll exactly at its end votes in hourly accounting.
    intervals = open_intervals(entity, first - asked.lookback, end + HOUR)
    # Rule: a period that has not begun by `as_of` has no row; one that is running ends at `as_of` and is not complete.
    periods = [(begins, min(ends, end), ends <= asked.as_of) for begins, ends in pairwise(edges) if begins < end]
    if isinstance(accounting, Hourly):
        return _hourly_rows(polls, intervals, periods, first - asked.lookback, accounting)
    return _exact_rows(polls, intervals, periods, asked, accounting)


Periods = list[tuple[datetime, datetime, bool]]


def _exact_rows(polls: list[Poll], intervals: Intervals, periods: Periods, asked: Asked, exact: Exact) -> list[Row]:
    whole = _account(polls, intervals, (periods[0][0], periods[-1][1]), asked, exact)
    found = []
    for begins, ends, complete in periods:
        part = _account(polls, intervals, (periods[0][0], periods[-1][1]), asked, exact, period=(begins, ends))
        # Rule: an outage counts in the period in which it begins, with all of its open time in the range, so that the
        # numbers add up and an outage over midnight is one. One that began before the range is in none of its periods;
        # its time is down all the same.
        begun = [outage for outage in whole.outages if begins <= outage.began_at < ends]
        ended = [outage.open for outage in begun if outage.ended_at is not None]
        found.append(
            Row(
                begins,
                ends,
                complete,
                part.open,
                part.up,
                part.down,
                part.unknown,
                part.polls,
                outages=len(begun),
                longest=max((outage.open for outage in begun), default=None),
                mttr=Fraction(sum(ended, NOTHING) // MICROSECOND, len(ended) * MINUTE_MICROSECONDS) if ended else None,
                max_gap=part.max_gap,
            )
        )
    return found


def outages(entity: Entity, polls: list[Poll], asked: Asked, exact: Exact) -> list[Outage]:
    """Those with open time in the range, in order of time; their open time is that within the range."""
    first, *_, last = range_edges(entity, asked)
    intervals = open_intervals(entity, first - asked.lookback, max(first, min(last, asked.as_of)) + HOUR)
    return _account(polls, intervals, (first, last), asked, exact).outages


def _account(
    polls: list[Poll],
    intervals: Intervals,
    ends: tuple[datetime, datetime],
    asked: Asked,
    exact: Exact,
    period: tuple[datetime, datetime] | None = None,
) -> Account:
    return account(
        polls,
        intervals,
        first=ends[0],
        last=ends[1],
        as_of=asked.as_of,
        lookback=asked.lookback,
        max_gap=exact.max_gap,
        own_max_gap=exact.own_max_gap,
        ignore_outages_under=exact.ignore_outages_under,
        period=period,
    )


def _hourly_rows(
    polls: list[Poll], intervals: Intervals, periods: Periods, horizon: datetime, hourly: Hourly
) -> list[Row]:
    # Rule: as in exact accounting, what comes after the end of a range is not read: its last hour has the votes up to
    # the end alone. The votes of one hour are the same in both of two periods that divide it.
    end = periods[-1][1]
    series = series_between(polls, intervals, horizon, end, max_fill_hours=hourly.max_fill_hours)
    found = []
    for begins, ends, complete in periods:
        spent = {"active": NOTHING, "inactive": NOTHING, "unknown": NOTHING}
        carried = NOTHING
        for hour, microseconds in open_by_hour(intervals, begins, ends).items():
            spent[series[hour].status] += microseconds * MICROSECOND
            carried += microseconds * MICROSECOND if series[hour].carried else NOTHING
        # Rule: the polls of a period are those inside it, of any status, also while closed, as in exact accounting.
        count = sum(begins <= at < ends for at in statuses(polls, horizon, end))
        total = sum(spent.values(), NOTHING)
        found.append(
            Row(
                begins,
                ends,
                complete,
                total,
                spent["active"],
                spent["inactive"],
                spent["unknown"],
                count,
                carried=carried,
            )
        )
    return found


def range_edges(entity: Entity, asked: Asked) -> list[datetime]:
    """The instants at which the periods of a range begin, and its end."""
    first, last = (instant_of(entity, asked, edge) for edge in (asked.first, asked.last))
    zones = zones_of(entity, asked)
    # Rule: a period begins when the clock of the zone first shows its first local time or later, as an opening does.
    # The hour that comes twice is one period of two hours, as the day on which it does is one of 25; a date or an hour
    # that the clock skips is none.
    inner = {to_utc(zones, local) for local in local_beginnings(asked.by, first, last)}
    return sorted({first, last} | {edge for edge in inner if first < edge < last})


def instant_of(entity: Entity, asked: Asked, edge: date | datetime) -> datetime:
    """Local midnight of a date, as the first instant at which the clock shows it or later; an instant as it is."""
    if isinstance(edge, datetime):
        return edge
    return to_utc(zones_of(entity, asked), datetime.combine(edge, time.min))


def zones_of(entity: Entity, asked: Asked) -> tuple[ZoneFrom, ...]:
    return entity.zones if asked.zone == ENTITY else (ZoneFrom(asked.zone),)


def local_beginnings(by: str, first: datetime, last: datetime) -> list[datetime]:
    """The local times at which periods begin, from two days before `first` to two days after `last`, in UTC's dates."""
    day, beginnings = first.date() - 2 * DAY, []
    while day <= last.date() + 2 * DAY:
        if by == "day" or (by == "week" and day.isoweekday() == 1) or (by == "month" and day.day == 1):
            beginnings.append(datetime.combine(day, time.min))
        if by == "hour":
            beginnings += [datetime.combine(day, time(hour)) for hour in range(24)]
        day += DAY
    return beginnings


def dates_of(word: str, today: date) -> tuple[date, date]:
    """The first date of a period and the first date after it; `today` is that of the zone of the report.

    Raises ValueError for a word that is none of "2024", "2024-Q4", "2024-11", "2024-W45", "yesterday", "last_week" and
    "last_month".
    """
    # Rule: weeks are those of ISO 8601, which begin on Mondays.
    monday, first_of_month = today - (today.isoweekday() - 1) * DAY, today.replace(day=1)
    relative = {
        "yesterday": (today - DAY, today),
        "last_week": (monday - 7 * DAY, monday),
        "last_month": ((first_of_month - DAY).replace(day=1), first_of_month),
    }
    if word in relative:
        return relative[word]
    if match := re.fullmatch(r"(\d{4})", word, re.ASCII):
        return _months(int(match[1]), 1, 12)
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", word, re.ASCII):
        return _months(int(match[1]), 3 * int(match[2]) - 2, 3)
    if match := re.fullmatch(r"(\d{4})-(\d{2})", word, re.ASCII):
        return _months(int(match[1]), int(match[2]), 1)
    if match := re.fullmatch(r"(\d{4})-W(\d{2})", word, re.ASCII):
        # Raises ValueError for a week that the year has not.
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + 7 * DAY
    raise ValueError(f"{word} is not a period")


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    """`count` months from `month` on, which begins with 1; they end with the year at the latest."""
    after = month + count
    return date(year, month, 1), date(year + 1, 1, 1) if after > 12 else date(year, after, 1)
