"""Working time, the state of an hour and statistics, slow and plain, to check the engine against.

Follows the rules of the pull-request report sentence by sentence, with Python's own datetime, zoneinfo and fractions.
It shares no code with the engine. Working time is counted by stepping along the time line and asking at each step
whether the team is open. Every instant is an aware datetime in UTC. Phases are in pull_request_phases.py, states in
pull_request_states.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.reference.uptime import DAY, MARGIN_DAYS, MICROSECOND, Window, local_ends, to_utc

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
