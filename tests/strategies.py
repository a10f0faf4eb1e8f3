"""Hypothesis strategies for small uptime cases that sit on the corners of the rules."""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from tests.reference import exact
from tests.reference.uptime import DAY, HOUR, MICROSECOND, WEEK, Intervals, Poll, Window, hour_of, open_intervals

MINUTE = timedelta(minutes=1)

#: How long the run may take: "check" (a minute), "" (``make test``, minutes) or "long" (``make fuzz``, hours).
PROFILE = os.environ.get("TEST_PROFILE", "")

#: Of the examples that ``make fuzz`` tries, one in so many is tried by each.
FEWER = {"check": 20, "": 6, "long": 1}[PROFILE]


def examples(number: int) -> int:
    """How many examples a test tries that tries so many in ``make fuzz``; never fewer than ten."""
    return max(number // FEWER, 10)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


#: The instants at which each zone changes its clocks; the default zone is among them.
MOMENTS = {
    "America/Chicago": (_utc("2023-03-12T08:00"), _utc("2023-11-05T07:00")),
    "America/New_York": (_utc("2023-03-12T07:00"), _utc("2023-11-05T06:00")),
    "Europe/London": (_utc("2023-03-26T01:00"), _utc("2023-10-29T01:00")),
    "Australia/Lord_Howe": (_utc("2023-04-01T15:00"), _utc("2023-09-30T15:30")),  # half an hour each
    "Pacific/Chatham": (_utc("2023-04-01T14:00"), _utc("2023-09-23T14:00")),  # 03:45 and 02:45 local
    "Pacific/Apia": (_utc("2011-12-30T10:00"),),  # skips 2011-12-30
    "Asia/Kathmandu": (_utc("1985-12-31T18:30"),),  # 15 minutes, its only change since 1920
    "Africa/Casablanca": (  # an hour back for Ramadan
        _utc("2023-03-19T02:00"),
        _utc("2023-04-23T02:00"),
        _utc("2024-03-10T02:00"),
        _utc("2024-04-14T02:00"),
    ),
}

DEFAULT_ZONE = "America/Chicago"

#: Text order of these is neither numeric nor that of a dictionary.
STORE_IDS = ("9", "10", "007", "B", "a")

#: Local times near midnight, near the clock changes of MOMENTS, and of ordinary shops.
TIMES = (
    "00:00:00",
    "00:10:00",
    "01:00:00",
    "01:30:00",
    "01:45:00",
    "02:00:00",
    "02:15:00",
    "02:30:00",
    "03:00:00",
    "03:15:00",
    "03:45:00",
    "09:00:00",
    "12:00:00",
    "17:00:00",
    "18:00:00",
    "23:30:00",
)

#: Ends around the rule that 23:59:00 and later mean midnight.
LATE_ENDS = ("24:00:00", "23:59:00", "23:59:59", "23:59:59.999999", "23:58:59", "23:58:59.999999")

#: Minutes between polls, and until the latest is too old.
GAPS = (1, 5, 7, 60, 61, 24 * 60)

NUDGES = tuple(sign * size for size in (MICROSECOND, timedelta(seconds=1), timedelta(minutes=7)) for sign in (-1, 1))


@dataclass(frozen=True, slots=True)
class UptimeCase:
    """The arguments of one report; stores missing from `zones` are in DEFAULT_ZONE."""

    polls: list[Poll]
    windows: list[Window]
    zones: dict[str, str]
    as_of: datetime
    lookback_hours: int

    @property
    def horizon(self) -> datetime:
        """The earliest instant whose poll counts."""
        return self.as_of - WEEK - self.lookback_hours * HOUR


@st.composite
def uptime_case(draw: st.DrawFn) -> UptimeCase:
    """One to four stores with up to 60 polls (and a few repeats of them) and up to three windows on each weekday."""
    focus = draw(st.sampled_from(sorted(MOMENTS)))
    store_ids = draw(st.lists(st.sampled_from(STORE_IDS), min_size=1, max_size=4, unique=True))
    zone = st.one_of(st.just(focus), st.none(), st.sampled_from(sorted(MOMENTS)))
    zone_or_none = {store_id: draw(zone) for store_id in store_ids}
    zones = {store_id: zone for store_id, zone in zone_or_none.items() if zone is not None}
    windows = [window for store_id in store_ids for window in draw(windows_of(store_id))]
    as_of = draw(_report_instants(focus))
    lookback_hours = draw(_mostly(st.integers(1, 120), st.sampled_from((96, 720))))
    case = UptimeCase([], windows, zones, as_of, lookback_hours)
    instants = _poll_instants(draw, case)
    poll = st.builds(Poll, st.sampled_from(store_ids), instants, st.booleans())
    polls = draw(st.lists(poll, min_size=draw(st.sampled_from((0, 10, 40))), max_size=60))
    repeats = draw(st.lists(st.sampled_from(polls), max_size=5)) if polls else []
    contradictions = [Poll(poll.store_id, poll.at, not poll.active) for poll in repeats]
    return UptimeCase(polls + contradictions, windows, zones, as_of, lookback_hours)


def said_by(case: UptimeCase, silent: Collection[int]) -> list[exact.Poll]:
    """The polls of a case in three statuses: of every ``SILENT`` polls those of these numbers say unknown."""
    return [
        exact.Poll(
            poll.store_id,
            poll.at,
            "unknown" if number % SILENT in silent else "active" if poll.active else "inactive",
        )
        for number, poll in enumerate(case.polls)
    ]


#: Which of so many polls in turn say unknown.
SILENT = 7
silent_polls = st.sets(st.integers(0, SILENT - 1), max_size=3)


def _report_instants(zone: str) -> st.SearchStrategy[datetime]:
    """Instants near a clock change of `zone` or anywhere; whole hours, whole seconds or with a fraction."""
    moment = st.sampled_from(MOMENTS[zone])
    near = st.builds(
        lambda at, hours: hour_of(at) + hours * HOUR, moment, st.integers(-1, 25) | st.integers(-24, 10 * 24)
    )
    anywhere = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(hour_of)  # noqa: DTZ001 - Hypothesis wants naive bounds
    seconds = st.integers(1, 3599).map(lambda seconds: timedelta(seconds=seconds))
    microseconds = st.integers(1, HOUR // MICROSECOND - 1).map(lambda count: count * MICROSECOND)
    past_the_hour = st.one_of(st.just(timedelta()), seconds, microseconds)
    return _mostly(st.builds(lambda at, past: at + past, _mostly(near, anywhere), past_the_hour), moment)


def _mostly(usual: st.SearchStrategy, rare: st.SearchStrategy) -> st.SearchStrategy:
    """`usual` in four of five draws; one_of would drop its repetitions."""
    return st.integers(0, 4).flatmap(lambda number: rare if number == 4 else usual)


def _clock_times() -> st.SearchStrategy[str]:
    odd_second = st.times().map(lambda time: time.replace(microsecond=0).isoformat())
    odd_microsecond = st.times().map(lambda time: time.isoformat())
    return _mostly(st.sampled_from(TIMES), odd_second | odd_microsecond)


def _days() -> st.SearchStrategy[list[tuple[str, str]]]:
    """The (start, end) pairs of one weekday, three at most."""
    times = _clock_times()
    free = st.tuples(times, st.one_of(times, st.sampled_from(LATE_ENDS)))
    round_the_clock = times.map(lambda time: (time, time))
    chain = st.lists(times, min_size=2, max_size=4).map(lambda ends: list(pairwise(ends)))
    return st.one_of(st.just([]), st.lists(free, max_size=3), chain, st.lists(round_the_clock, min_size=1, max_size=1))


@st.composite
def windows_of(draw: st.DrawFn, store_id: str) -> list[Window]:
    """No hours, the same hours every day, or other hours each day; sometimes no day has any."""
    kind = draw(st.sampled_from(("none", "same", "different", "different")))
    if kind == "none":
        return []
    days = [draw(_days())] * 7 if kind == "same" else draw(st.lists(_days(), min_size=7, max_size=7))
    return [Window(store_id, weekday, opens, closes) for weekday, day in enumerate(days) for opens, closes in day]


def _poll_instants(draw: st.DrawFn, case: UptimeCase) -> st.SearchStrategy[datetime]:
    """A strategy for one poll's instant: spread out, in a few busy hours, or on and around the edges of the rules."""
    span_hours = (case.as_of - case.horizon) // HOUR
    hours_back = st.integers(0, 25) | st.integers(0, span_hours)
    busy = draw(st.lists(hours_back.map(lambda hours: hour_of(case.as_of) - hours * HOUR), min_size=1, max_size=3))
    minutes = st.integers(0, 59).map(lambda minutes: timedelta(minutes=minutes))
    in_busy_hour = st.builds(lambda hour, past: hour + past, st.sampled_from(busy), minutes)
    on_the_hour = hours_back.map(lambda hours: hour_of(case.as_of) - hours * HOUR)
    anywhere = st.integers(0, span_hours * (HOUR // MICROSECOND)).map(lambda count: case.horizon + count * MICROSECOND)
    edge = st.sampled_from(_report_edges(case))
    opening = st.sampled_from(_window_edges(case.windows, case.zones, case.horizon, case.as_of) or [case.as_of])
    nudged = st.builds(lambda at, nudge: at + nudge, edge | opening | on_the_hour, st.sampled_from(NUDGES))
    return st.one_of(anywhere, in_busy_hour, on_the_hour, edge, opening, nudged)


def _report_edges(case: UptimeCase) -> list[datetime]:
    starts = [case.as_of - length for length in (HOUR, DAY, WEEK)]
    return [case.as_of, case.horizon, *starts, case.as_of + 5 * HOUR, case.horizon - 5 * HOUR]


def _window_edges(windows: list[Window], zones: dict[str, str], first: datetime, last: datetime) -> list[datetime]:
    """Openings and closings of all stores that have hours."""
    edges = set()
    for store_id in {window.store_id for window in windows}:
        own = [window for window in windows if window.store_id == store_id]
        for opens, closes in open_intervals(own, zones.get(store_id, DEFAULT_ZONE), first, last):
            edges |= {opens, closes}
    return sorted(edges)


@dataclass(frozen=True, slots=True)
class ExactCase:
    """The arguments of one report by exact accounting; stores missing from `zones` are in DEFAULT_ZONE.

    `own_gap_minutes` has the stores with a `max_gap` of their own. The `cuts` divide the range into periods.
    """

    store_ids: list[str]
    polls: list[exact.Poll]
    windows: list[Window]
    zones: dict[str, str]
    own_gap_minutes: dict[str, int]
    first: datetime
    last: datetime
    as_of: datetime
    lookback_hours: int
    max_gap_minutes: int | None
    ignore_outages_under_minutes: int
    cuts: list[datetime]

    @property
    def horizon(self) -> datetime:
        """The earliest instant whose poll counts."""
        return self.first - self.lookback_hours * HOUR

    @property
    def end(self) -> datetime:
        """The latest instant whose poll counts."""
        return min(self.last, self.as_of)

    @property
    def periods(self) -> list[tuple[datetime, datetime]]:
        return list(pairwise([self.first, *self.cuts, self.last]))

    def polls_of(self, store_id: str) -> list[exact.Poll]:
        return [poll for poll in self.polls if poll.store_id == store_id]

    def intervals_of(self, store_id: str) -> Intervals:
        own = [window for window in self.windows if window.store_id == store_id]
        return open_intervals(own, self.zones.get(store_id, DEFAULT_ZONE), self.horizon, self.last)

    def account(self, store_id: str, period: tuple[datetime, datetime] | None = None) -> exact.Account:
        """What the twin says of one store."""
        own = self.own_gap_minutes.get(store_id)
        return exact.account(
            self.polls_of(store_id),
            self.intervals_of(store_id),
            first=self.first,
            last=self.last,
            as_of=self.as_of,
            lookback=self.lookback_hours * HOUR,
            max_gap=None if self.max_gap_minutes is None else self.max_gap_minutes * MINUTE,
            own_max_gap=None if own is None else own * MINUTE,
            ignore_outages_under=self.ignore_outages_under_minutes * MINUTE,
            period=period,
        )


@st.composite
def exact_case(draw: st.DrawFn) -> ExactCase:
    """One to three stores with a few runs of regular polls, single polls on the corners, and repeats of both."""
    focus = draw(st.sampled_from(sorted(MOMENTS)))
    store_ids = draw(st.lists(st.sampled_from(STORE_IDS), min_size=1, max_size=3, unique=True))
    zone_or_none = {store_id: draw(st.sampled_from((focus, focus, None, *sorted(MOMENTS)))) for store_id in store_ids}
    gap = st.sampled_from(GAPS)
    own_gap = {store_id: draw(_mostly(st.none(), st.just(0) | gap)) for store_id in store_ids}
    first = draw(_report_instants(focus))
    last = first + draw(_lengths())
    unfinished = st.integers(-HOUR // MICROSECOND, (last - first) // MICROSECOND).map(
        lambda count: first + count * MICROSECOND
    )
    as_of = draw(_mostly(st.just(last), unfinished | st.just(last + HOUR) | st.just(first)))
    between = st.integers(1, (last - first) // MICROSECOND - 1).map(lambda count: first + count * MICROSECOND)
    case = ExactCase(
        store_ids=store_ids,
        polls=[],
        windows=[window for store_id in store_ids for window in draw(windows_of(store_id))],
        zones={store_id: zone for store_id, zone in zone_or_none.items() if zone is not None},
        own_gap_minutes={store_id: minutes for store_id, minutes in own_gap.items() if minutes is not None},
        first=first,
        last=last,
        as_of=as_of,
        lookback_hours=draw(_mostly(st.integers(1, 30), st.just(96))),
        max_gap_minutes=draw(st.none() | gap),
        ignore_outages_under_minutes=draw(st.sampled_from((0, 0, 1, 5, 30))),
        cuts=draw(st.lists(between, max_size=3, unique=True).map(sorted)),
    )
    instants = _exact_instants(draw, case)
    polls = [poll for store_id in store_ids for poll in draw(_runs_of_polls(store_id, instants))]
    repeats = draw(st.lists(st.sampled_from(polls), max_size=4)) if polls else []
    return replace(case, polls=polls + [replace(poll, status=draw(_statuses())) for poll in repeats])


def _statuses() -> st.SearchStrategy[str]:
    return st.sampled_from(("active", "inactive", "inactive", "unknown"))


def _lengths() -> st.SearchStrategy[timedelta]:
    """Of a range: hours or days, or anything from two microseconds to ten days."""
    usual = st.integers(1, 30).map(lambda hours: hours * HOUR) | st.integers(1, 10).map(lambda days: days * DAY)
    return _mostly(usual, st.integers(2, 10 * DAY // MICROSECOND).map(lambda count: count * MICROSECOND))


def _exact_instants(draw: st.DrawFn, case: ExactCase) -> st.SearchStrategy[datetime]:
    """A strategy for a poll or the first of a run: on and around the corners of a case, or anywhere."""
    corners = [case.first, case.last, case.end, case.horizon, *case.cuts]
    openings = _window_edges(case.windows, case.zones, case.first, case.end) or corners
    corner = st.sampled_from(corners) | st.sampled_from(openings)
    nudged = st.builds(lambda at, nudge: at + nudge, corner, st.sampled_from(NUDGES))
    before = st.builds(lambda at, count: at - count * MINUTE, corner, st.integers(0, 120))
    span = (case.last - case.horizon) // MICROSECOND
    anywhere = st.integers(0, span).map(lambda count: case.horizon + count * MICROSECOND)
    return _mostly(before, st.one_of(corner, nudged, anywhere))


@st.composite
def _runs_of_polls(draw: st.DrawFn, store_id: str, instants: st.SearchStrategy[datetime]) -> list[exact.Poll]:
    """Polls at equal distances, some of which are a `max_gap` of `exact_case` or just off it, and single ones."""
    polls = []
    for _ in range(draw(st.sampled_from((3, 5, 1, 0)))):
        at = draw(instants)
        step = draw(st.sampled_from(GAPS)) * MINUTE + draw(st.sampled_from((0, 0, 1, -1))) * MICROSECOND
        blocks = draw(st.lists(st.tuples(_statuses(), st.integers(1, 4)), min_size=1, max_size=4))
        said = [status for status, count in blocks for _ in range(count)]
        polls += [exact.Poll(store_id, at + number * step, status) for number, status in enumerate(said)]
    return polls
