"""When one entity is open, slow and plain, to check the engine against.

Follows the rules of calendars (calendar-rules.md) sentence by sentence: it walks the dates, asks what holds on each,
and looks for the instants on the entity's own clock. It shares no code with the engine and knows of each zone only what
its clock shows. A comment that begins with "Rule:" answers what the sentences leave open. Instants are aware datetimes
in UTC, local times naive ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.reference.exact import clipped
from tests.reference.uptime import DAY, HOUR, MARGIN_DAYS, MICROSECOND, Intervals, Window, local_ends, union

#: Clocks that are kept: that of one range is asked for again and again.
CLOCKS = 1024

#: The (opens, closes) pairs of a date, local times as HH:MM:SS[.ffffff], an end up to 24:00:00.
Hours = tuple[tuple[str, str], ...]

#: The hours of each weekday, Monday first.
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]

ALL_DAY: Hours = (("00:00:00", "24:00:00"),)
ROUND_THE_CLOCK: Week = (ALL_DAY,) * 7


@dataclass(frozen=True, slots=True)
class Version:
    """Weekly hours that count from `valid_from` to `valid_to`, both included; None is without limit."""

    week: Week
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """What somebody says about a date: closed, hours, usual or minus; of a calendar's day closed or hours only."""

    on: date
    what: str
    hours: Hours = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A calendar, and the dates from and to which an entity uses it, both included."""

    calendar: str
    days: tuple[Dated, ...]
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ZoneFrom:
    """A zone that takes over on a date, or that was there from the beginning."""

    zone: str
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """`zones` are in order of time, the first without a date; `calendars` are in order of precedence.

    `default` holds where nothing else does: the week of the entity's kind.
    """

    zones: tuple[ZoneFrom, ...]
    versions: tuple[Version, ...] = ()
    exceptions: tuple[Dated, ...] = ()
    calendars: tuple[Use, ...] = ()
    active_from: date | None = None
    active_to: date | None = None
    default: Week = ROUND_THE_CLOCK


@dataclass(frozen=True, slots=True)
class Decision:
    """The hours of a date and what decided them.

    `rule` is "inactive", "exception", "calendar", "version" or "default"; `name` is the name of the exception or of the
    calendar's day. `minus` is taken out of the hours, which are those before that.
    """

    rule: str
    hours: Hours
    name: str = ""
    calendar: str = ""
    version: Version | None = None
    minus: Hours = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """From `begins` to before `ends` a clock shows UTC and `offset`."""

    begins: datetime
    ends: datetime
    offset: timedelta


def decision(entity: Entity, day: date) -> Decision:
    """What holds on the local date `day`."""
    # Rule: outside its first and last dates an entity has no windows, as on a closed day. The night that begins on its
    # last date therefore stays whole, as the one before a closed day does.
    if not holds(entity.active_from, entity.active_to, day):
        return Decision("inactive", ())
    own = [dated for dated in entity.exceptions if dated.on == day]
    minus = tuple(pair for dated in own if dated.what == "minus" for pair in dated.hours)
    deciding = [dated for dated in own if dated.what in {"closed", "hours"}]
    if deciding:
        return Decision("exception", united(deciding), name=deciding[0].name, minus=minus)
    if not any(dated.what == "usual" for dated in own):
        for use in entity.calendars:
            days = [dated for dated in use.days if dated.on == day]
            if days and holds(use.valid_from, use.valid_to, day):
                return Decision("calendar", united(days), name=days[0].name, calendar=use.calendar, minus=minus)
    versions = [version for version in entity.versions if holds(version.valid_from, version.valid_to, day)]
    if versions:
        counts = min(versions, key=_latest_beginning_then_earliest_end)
        return Decision("version", counts.week[day.weekday()], version=counts, minus=minus)
    return Decision("default", entity.default[day.weekday()], minus=minus)


def holds(valid_from: date | None, valid_to: date | None, day: date) -> bool:
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)


def united(rows: list[Dated]) -> Hours:
    """The hours of a date that has several rows; a closed one has none."""
    return tuple(pair for dated in rows if dated.what == "hours" for pair in dated.hours)


def _latest_beginning_then_earliest_end(version: Version) -> tuple[int, int]:
    begins, ends = version.valid_from or date.min, version.valid_to or date.max
    return -begins.toordinal(), ends.toordinal()


def open_intervals(entity: Entity, first: datetime, last: datetime) -> Intervals:
    """The working hours in [first, last), half-open, sorted, disjoint, touching ones merged."""
    clock = entity_clock(entity.zones, first - 2 * MARGIN_DAYS * DAY, last + 2 * MARGIN_DAYS * DAY)
    day = first.date() - MARGIN_DAYS * DAY
    found: Intervals = []
    while day <= last.date() + MARGIN_DAYS * DAY:
        found += intervals_of(decision(entity, day), day, clock)
        day += DAY
    return clipped(union(found), first, last)


def intervals_of(decided: Decision, day: date, clock: list[Piece]) -> Intervals:
    """The intervals of the windows that open on `day`."""
    found = in_utc(decided.hours, day, clock)
    # Rule: `minus` is taken out of the windows of its date. A night that began on the date before is not cut, as a
    # closed day does not cut it.
    for begins, ends in in_utc(decided.minus, day, clock):
        before = clipped(found, datetime.min.replace(tzinfo=UTC), begins)
        found = before + clipped(found, ends, datetime.max.replace(tzinfo=UTC))
    return found


def in_utc(hours: Hours, day: date, clock: list[Piece]) -> Intervals:
    local = [local_ends(Window("", day.weekday(), opens, closes), day) for opens, closes in hours]
    found = [(first_instant(clock, opens), first_instant(clock, closes)) for opens, closes in local]
    return [(opens, closes) for opens, closes in found if opens < closes]


def first_instant(clock: Sequence[Piece], local: datetime) -> datetime:
    """The first instant at which the clock shows `local` or later."""
    for piece in clock:
        shows = max(piece.begins, local.replace(tzinfo=UTC) - piece.offset)
        if shows < piece.ends:
            return shows
    raise ValueError(f"the clock ends before it shows {local}")


def to_utc(zones: tuple[ZoneFrom, ...], local: datetime) -> datetime:
    """The first instant at which a clock with the history `zones` shows `local` or later."""
    around = local.replace(tzinfo=UTC)
    return first_instant(entity_clock(zones, around - MARGIN_DAYS * DAY, around + MARGIN_DAYS * DAY), local)


def shown(clock: list[Piece], instant: datetime) -> datetime:
    """The naive local time that `clock` shows at `instant`."""
    (offset,) = (piece.offset for piece in clock if piece.begins <= instant < piece.ends)
    return (instant + offset).replace(tzinfo=None)


def entity_clock(zones: tuple[ZoneFrom, ...], begin: datetime, end: datetime) -> list[Piece]:
    """The clock of an entity over [begin, end), zone after zone."""
    takeovers = [datetime.min.replace(tzinfo=UTC)]
    for before, after in pairwise(zones):
        midnight = datetime.combine(after.valid_from, time.min)
        around = midnight.replace(tzinfo=UTC)
        # Rule: a zone that is so far ahead that it has reached the date of the next one as it takes over gives way at
        # once: nothing goes back before the instant at which it took over.
        clock = zone_clock(before.zone, around - MARGIN_DAYS * DAY, around + MARGIN_DAYS * DAY)
        takeovers.append(max(takeovers[-1], first_instant(clock, midnight)))
    ends = [*takeovers[1:], datetime.max.replace(tzinfo=UTC)]
    return [
        piece
        for zone, begins, until in zip(zones, takeovers, ends, strict=True)
        if max(begins, begin) < min(until, end)
        for piece in zone_clock(zone.zone, max(begins, begin), min(until, end))
    ]


@lru_cache(maxsize=CLOCKS)
def zone_clock(zone: str, begin: datetime, end: datetime) -> tuple[Piece, ...]:
    """The clock of one zone over [begin, end), looked at every hour."""
    return tuple(_pieces(ZoneInfo(zone), begin, end))


def _pieces(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Piece]:
    began, at, offset = begin, begin, _offset(zone, begin)
    while at < end:
        following = min(at + HOUR, end)
        if (next_offset := _offset(zone, following)) != offset:
            change = _change(zone, at, following)
            yield Piece(began, change, offset)
            began, offset = change, next_offset
        at = following
    if began < end:
        yield Piece(began, end, offset)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first instant with the offset of `after`, where that of `before` is another."""
    while after - before > MICROSECOND:
        middle = before + (after - before) // 2
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset()
