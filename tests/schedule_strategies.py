"""Hypothesis strategies for one entity's schedule: odd zones, moves, nights, and dates around changes of clocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from tests.reference.schedule import ROUND_THE_CLOCK, Dated, Entity, Hours, Use, Version, Week, ZoneFrom
from tests.reference.uptime import DAY, HOUR, MICROSECOND
from tests.strategies import LATE_ENDS, MOMENTS, TIMES

#: When each zone changes its clocks; UTC never does.
CHANGES = MOMENTS | {
    "Europe/Amsterdam": (datetime(2022, 10, 30, 1, tzinfo=UTC), datetime(2023, 3, 26, 1, tzinfo=UTC)),
    "UTC": (datetime(2024, 2, 29, tzinfo=UTC),),
}

#: Zones that entities move to; the first two are a day and an hour apart.
ELSEWHERE = ("Pacific/Pago_Pago", "Pacific/Kiritimati", "Asia/Tokyo", "America/Los_Angeles")

#: Days before and after a change of clocks on which something is said about a date.
NEAR_DAYS = 4

NAMES = ("", "Christmas", "Inventur")


@dataclass(frozen=True, slots=True)
class ScheduleCase:
    """An entity, and the span [first, last) that is asked for: some days around a change of clocks."""

    entity: Entity
    first: datetime
    last: datetime


@st.composite
def schedule_case(draw: st.DrawFn) -> ScheduleCase:
    focus = draw(st.sampled_from(sorted(CHANGES)))
    change = draw(st.sampled_from(CHANGES[focus]))
    shift = st.integers(-3 * DAY // HOUR, 3 * DAY // HOUR).map(lambda hours: hours * HOUR)
    odd = st.sampled_from((timedelta(), timedelta(), timedelta(minutes=15), MICROSECOND, -MICROSECOND))
    first = change + draw(shift) + draw(odd)
    last = first + draw(st.integers(1, 5 * 24)) * HOUR + draw(odd)
    return ScheduleCase(draw(entities(focus, change.date())), first, last)


@st.composite
def entities(draw: st.DrawFn, focus: str, around: date) -> Entity:
    """An entity of the zone `focus`, at least at times, with things said about dates near `around`."""
    near = st.integers(-NEAR_DAYS, NEAR_DAYS).map(lambda days: around + days * DAY)
    limits = st.tuples(st.none() | near, st.none() | near).filter(lambda pair: None in pair or pair[0] <= pair[1])
    active = draw(st.one_of(st.just((None, None)), st.just((None, None)), limits))
    calendar_days = st.lists(_calendar_days(near), max_size=3, unique_by=lambda days: days[0].on).map(_flat)
    names = draw(st.lists(st.sampled_from(("a", "b", "c")), max_size=3, unique=True))
    return Entity(
        zones=draw(_histories(focus, near)),
        versions=tuple(
            Version(draw(weeks()), *spans)
            for spans in draw(st.lists(st.one_of(st.just((None, None)), limits), max_size=3, unique=True))
        ),
        exceptions=draw(st.lists(_exceptions(near), max_size=4, unique_by=lambda days: days[0].on).map(_flat)),
        calendars=tuple(Use(name, draw(calendar_days), *draw(limits)) for name in names),
        active_from=active[0],
        active_to=active[1],
        default=draw(st.one_of(st.just(ROUND_THE_CLOCK), weeks().filter(any))),  # no kind is closed by default
    )


@st.composite
def _histories(draw: st.DrawFn, focus: str, near: st.SearchStrategy[date]) -> tuple[ZoneFrom, ...]:
    """One zone in half of the draws; else up to three moves, `focus` among the zones."""
    moves = sorted(draw(st.one_of(st.just([]), st.lists(near, min_size=1, max_size=3, unique=True))))
    zone = st.sampled_from((focus, *sorted(CHANGES), *ELSEWHERE))
    zones = [draw(zone) for _ in moves]
    zones.insert(draw(st.integers(0, len(zones))), focus)
    return (ZoneFrom(zones[0]), *(ZoneFrom(zone, day) for zone, day in zip(zones[1:], moves, strict=True)))


def weeks() -> st.SearchStrategy[Week]:
    same = date_hours().map(lambda hours: (hours,) * 7)
    return st.one_of(same, st.tuples(*[date_hours()] * 7))


def date_hours(least: int = 0) -> st.SearchStrategy[Hours]:
    """The windows of a date, three at most: overlapping, touching, over midnight, around the clock."""
    times = st.sampled_from(TIMES)
    free = st.lists(st.tuples(times, st.one_of(times, st.sampled_from(LATE_ENDS))), min_size=least, max_size=3)
    chain = st.lists(times, min_size=2, max_size=4).map(lambda ends: list(pairwise(ends)))
    return st.one_of(free, chain).map(tuple)


@st.composite
def _calendar_days(draw: st.DrawFn, near: st.SearchStrategy[date]) -> list[Dated]:
    """The rows of one date: closed, or one for each window."""
    on, name = draw(near), draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        return [Dated(on, "closed", name=name)]
    return [Dated(on, "hours", (pair,), name) for pair in draw(date_hours(least=1))]


@st.composite
def _exceptions(draw: st.DrawFn, near: st.SearchStrategy[date]) -> list[Dated]:
    """The rows of one date: what a calendar may say, or usual, or nothing; and minus in half of the draws."""
    rows = draw(st.one_of(_calendar_days(near), near.map(lambda day: [Dated(day, "usual")])))
    minus = [Dated(rows[0].on, "minus", (pair,)) for pair in draw(st.one_of(st.just(()), _within_a_day()))]
    return draw(st.sampled_from((rows + minus, minus or rows)))


def _within_a_day() -> st.SearchStrategy[Hours]:
    ends = st.lists(st.sampled_from((*TIMES, "24:00:00", "23:59:00")), min_size=2, max_size=4, unique=True)
    return ends.map(lambda ends: tuple(pairwise(sorted(ends))))


def _flat(rows: list[list[Dated]]) -> tuple[Dated, ...]:
    return tuple(row for group in rows for row in group)
