"""The pull-request report, slow and plain, to check the engine against.

Follows the rules of the pull-request report sentence by sentence, one pull request at a time, with Python's own
datetime, zoneinfo and fractions. It shares no code with the engine. Working time is not computed from intervals: it is
counted, by stepping along the time line and asking at each step whether the team is open. Every instant is an aware
datetime in UTC.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.reference.uptime import DAY, HOUR, MARGIN_DAYS, MICROSECOND, Window, hour_of, local_ends, to_utc

MINUTE = timedelta(minutes=1)

#: The zone of a team that has none.
DEFAULT_ZONE = "America/Chicago"

#: The hours of a team that has none: Monday to Friday.
DEFAULT_HOURS = tuple(Window("", weekday, "09:00:00", "17:00:00") for weekday in range(5))

#: Later than any instant: nothing is unknown yet.
FOREVER = datetime.max.replace(tzinfo=UTC)

#: States of a pull request in their order; the first and the last are counted nowhere.
STATES = ("not_ready", "awaiting_review", "in_review", "approved", "over")

#: Wall and working seconds of a phase, exactly, both None where the phase is empty.
Duration = tuple[Fraction | None, Fraction | None]

#: An hour and how many pull requests were awaiting review, in review and approved in it.
HourlyRow = tuple[datetime, int, int, int]


@dataclass(frozen=True, slots=True)
class PullRequest:
    repo: str
    number: int
    team: str | None
    author: str
    created_at: datetime
    first_commit_at: datetime | None = None
    ready_at: datetime | None = None
    first_review_at: datetime | None = None
    approved_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    ci_finished_at: datetime | None = None


def as_they_stood(prs: Iterable[PullRequest], as_of: datetime) -> list[PullRequest]:
    """Pull requests that were created by then; what happened to them later is unknown.

    But for `ready_at`: one that is later tells that it was a draft.
    """
    later = ("first_commit_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at")
    stood = []
    for pr in prs:
        if pr.created_at <= as_of:
            instants = {name: getattr(pr, name) for name in later}
            unknown = [name for name, instant in instants.items() if instant is not None and instant > as_of]
            stood.append(replace(pr, **dict.fromkeys(unknown)))
    return stood


def phases(
    pr: PullRequest, hours: Sequence[Window], zone: str | None, *, as_of: datetime = FOREVER
) -> tuple[dict[str, Duration], set[str]]:
    """How long each phase took, and which phases end before they start.

    `hours` are the windows of the pull request's team, `zone` is its zone; none of them means the default. The pull
    request is as it stood at `as_of`.
    """
    durations: dict[str, Duration] = {}
    inconsistent = set()
    for name, start, end in _ends_of_phases(pr, as_of):
        durations[name] = (None, None)
        if start is None or end is None:
            continue
        if end < start:
            inconsistent.add(name)
        else:
            durations[name] = (_seconds(end - start), working_seconds(start, end, hours, zone))
    return durations, inconsistent


def _ends_of_phases(pr: PullRequest, as_of: datetime) -> list[tuple[str, datetime | None, datetime | None]]:
    """The table of the rules."""
    return [
        ("coding_time", pr.first_commit_at, pr.created_at),
        ("pickup_time", _waits_from(pr, as_of), pr.first_review_at),
        ("review_time", pr.first_review_at, _else(pr.approved_at, pr.merged_at)),
        ("merge_time", pr.approved_at, pr.merged_at),
        ("cycle_time", _else(pr.first_commit_at, pr.created_at), _else(pr.merged_at, pr.closed_at)),
    ]


def _waits_from(pr: PullRequest, as_of: datetime) -> datetime | None:
    """When it was ready for a review; a draft was not yet."""
    ready = _else(pr.ready_at, pr.created_at)
    return None if ready is None or ready > as_of else ready


def _else(instant: datetime | None, other: datetime | None) -> datetime | None:
    return other if instant is None else instant


def _seconds(length: timedelta) -> Fraction:
    return Fraction(length // MICROSECOND, 1_000_000)


def working_seconds(start: datetime, end: datetime, hours: Sequence[Window], zone: str | None) -> Fraction:
    """Seconds of [start, end) at which the team is open: minute by minute, asking at the beginning of each step.

    A step ends early at an opening or a closing, so that what holds at its beginning holds throughout.
    """
    total = timedelta()
    at, day, spans = start, None, []
    while at < end:
        if at.astimezone(UTC).date() != day:
            day = at.astimezone(UTC).date()
            spans = _spans_near(day, tuple(hours) or DEFAULT_HOURS, zone or DEFAULT_ZONE)
        stops = [at.replace(second=0, microsecond=0) + MINUTE, end, *(stop for span in spans for stop in span)]
        following = min(stop for stop in stops if stop > at)
        if any(opens <= at < closes for opens, closes in spans):
            total += following - at
        at = following
    return _seconds(total)


@lru_cache(maxsize=4096)
def _spans_near(day: date, hours: tuple[Window, ...], zone: str) -> list[tuple[datetime, datetime]]:
    """Openings and closings, in UTC, of all windows that may be open on the UTC date `day`; they may overlap."""
    clock = ZoneInfo(zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = []
    for distance in range(-MARGIN_DAYS, MARGIN_DAYS + 1):
        local_date = day + distance * DAY
        for window in hours:
            if window.weekday == local_date.weekday():
                opens, closes = (to_utc(end, clock) for end in local_ends(window, local_date))
                if opens < midnight + DAY and closes > midnight:
                    found.append((opens, closes))
    return found


def hourly_range(prs: Iterable[PullRequest], as_of: datetime) -> tuple[datetime, datetime]:
    """First hour and end of the hours that the series of all teams have; raises ValueError without pull requests.

    From the hour in which the first state after `not_ready` begins to the one that holds the last instant at which a
    pull request is not over.
    """
    beginnings = [_beginnings(pr, as_of) for pr in prs]
    first = min(instant for of_pr in beginnings for instant in of_pr.values())
    last = max(of_pr["over"] for of_pr in beginnings)
    return hour_of(first), hour_of(last - MICROSECOND) + HOUR


def hourly(
    prs: Iterable[PullRequest],
    team: str | None,
    hours: Sequence[Window],
    zone: str | None,
    as_of: datetime,
    *,
    first_hour: datetime,
    last_hour: datetime,
) -> list[HourlyRow]:
    """For every UTC hour of [first_hour, last_hour) in which the team is open, its pull requests in each state.

    `prs`, as they stood at `as_of`, may hold those of other teams, which are left out. Of the hour of `as_of` the part
    before it counts.
    """
    of_team = [_beginnings(pr, as_of) for pr in prs if pr.team == team]
    rows = []
    for hour in _hours_between(first_hour, last_hour):
        if working_seconds(hour, hour + HOUR, hours, zone) > 0:
            counts = Counter(state_for_most_of(hour, min(hour + HOUR, as_of), beginnings) for beginnings in of_team)
            rows.append((hour, counts["awaiting_review"], counts["in_review"], counts["approved"]))
    return rows


def _hours_between(first: datetime, last: datetime) -> Iterator[datetime]:
    while first < last:
        yield first
        first += HOUR


def _beginnings(pr: PullRequest, as_of: datetime) -> dict[str, datetime]:
    """When each state after `not_ready` begins, as far as it is known, in the order of the states."""
    beginnings = {
        "awaiting_review": _waits_from(pr, as_of),
        "in_review": pr.first_review_at,
        "approved": pr.approved_at,
        "over": _else(_else(pr.merged_at, pr.closed_at), as_of),
    }
    return {state: instant for state, instant in beginnings.items() if instant is not None}


def state_for_most_of(start: datetime, end: datetime, beginnings: dict[str, datetime]) -> str:
    """The state that lasts longest from `start` to `end`, the earlier of two that last equally long."""
    inside = {instant for instant in beginnings.values() if start < instant < end}
    moments = sorted({start, end} | inside)
    lasts = dict.fromkeys(STATES, timedelta())
    for moment, following in pairwise(moments):
        lasts[_state_at(moment, beginnings)] += following - moment
    return max(STATES, key=lambda state: lasts[state])  # the first of several that are equal


def _state_at(instant: datetime, beginnings: dict[str, datetime]) -> str:
    """The last of the states, in their order, whose beginning has been reached."""
    reached = [state for state in STATES if state in beginnings and beginnings[state] <= instant]
    return reached[-1] if reached else "not_ready"


def statistics(values: Iterable[Fraction | float | None]) -> dict[str, int | Fraction | None]:
    """Count, mean, median, mode and percentiles of the values that are there, exactly; None of no values."""
    known = sorted(Fraction(value) for value in values if value is not None)
    if not known:
        return {"count": 0} | dict.fromkeys(("mean", "median", "mode", "p75", "p90", "p95"))
    times = Counter(known)
    most = max(times.values())
    return {
        "count": len(known),
        "mean": sum(known, Fraction()) / len(known),
        "median": _percentile(known, 50),
        "mode": min(value for value in times if times[value] == most),
        "p75": _percentile(known, 75),
        "p90": _percentile(known, 90),
        "p95": _percentile(known, 95),
    }


def _percentile(ascending: list[Fraction], percent: int) -> Fraction:
    """On the straight line between the two neighbours of the place (n - 1) x percent / 100, counted from 0."""
    place = Fraction(percent, 100) * (len(ascending) - 1)
    below = place.numerator // place.denominator
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - below)
