"""The day band of one store: its explained time on the clock of its zone, day by day."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from app.reports.refusals import refused
from app.reports.uptime.explained import Explained, Question
from app.timeline import DAY, HOUR, from_micros, to_micros
from app.timeline.explaining import Rule, Stretch, time_of
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN
from app.timeline.zones import Clock, Zone, to_utc, turns

if TYPE_CHECKING:
    from app.charts.band import Mark, Span
    from app.charts.style import Chart

#: Days of a chart; of a longer report the last ones are shown.
MOST_DAYS: Final = 31

#: Marks of polls that fit beside each other on a clock; of more that say the same, one is drawn.
_PLACES: Final = 600

#: Index into the states of charts, by status; closed time is the last.
_STATE: Final = {ACTIVE: 0, INACTIVE: 1, UNKNOWN: 2}
_CLOSED: Final = 3

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WHY: Final = {
    Rule.POLLS: "its polls say so",
    Rule.MAX_GAP: "no poll for too long",
    Rule.NO_POLL_YET: "no poll before it",
    Rule.SHORT_OUTAGE: "an outage too short to count",
    Rule.MAJORITY: "majority of the polls of the hour",
    Rule.TIE: "equal number of polls for up and down",
    Rule.CARRIED: "carried on from the last hour with polls",
    Rule.CARRIED_TOO_LONG: "the last hour with polls is too long ago",
}


def day_band(question: Question, found: Explained, day: date | None) -> "Chart":
    """The chart of the days of the report, or of one of them.

    Raises:
        InvalidParameters: the report has nothing of that day.
    """
    from app.charts.band import Day, day_bands  # noqa: PLC0415 - altair takes half a second to import
    from app.charts.style import percent, printable  # noqa: PLC0415

    clock, first, last = found.clock, found.time.first, found.time.last
    dates = _dates(clock, first, last, day)
    starts = [_midnight(one, found.zone) for one in (*dates, dates[-1] + timedelta(days=1))]
    edges = np.clip(np.array(starts), first, last)
    amounts = time_of(found.stretches, found.opening, edges)
    rows = {one: row for row, one in enumerate(dates)}
    days = [
        Day(_name(one, (end - start) // HOUR), percent(up / (up + down)) if up + down else "")
        for one, start, end, down, up in zip(
            dates, starts, starts[1:], *amounts[[INACTIVE, ACTIVE]].tolist(), strict=False
        )
    ]
    shown = (int(edges[0]), int(edges[-1]))
    spans = list(_spans(found, rows, shown))
    polls = list(_polls(found, rows, shown))
    left_out = (
        "" if day or (dates[0] - from_micros(first).astimezone(clock).date()).days == 0 else "; the last of the report"
    )
    zones = ", then ".join(name for _, name in turns(found.zone, *shown))
    notes = [
        f"{zones}, {question.accounting} accounting",
        f"{_name(dates[0])} to {_name(dates[-1])} {dates[-1].year}{left_out}",
        "pale: no polls, same status as the last hour with polls" if question.accounting == "hourly" else "",
    ]
    return day_bands(days, spans, polls, title=printable(f"Store {found.key}"), notes=notes)


def _dates(clock: Clock, first: int, last: int, day: date | None) -> list[date]:
    begin, end = (from_micros(at).astimezone(clock).date() for at in (first, last - 1))
    if day is not None:
        if not begin <= day <= end:
            raise refused("date", day, "is not a day of the report", allowed=f"a date from {begin} to {end}, local")
        return [day]
    begin = max(begin, end - timedelta(days=MOST_DAYS - 1))
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def _midnight(day: date, zone: Zone) -> int:
    local = to_micros(datetime.combine(day, time(), UTC))
    return int(to_utc(np.array([local]), zone)[0])


def _name(day: date, hours: int = 24) -> str:
    """Such as "Sun 5 Nov", and how long it is where the clocks change."""
    long = "" if hours == 24 else f" ({hours} h)"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{long}"


def _spans(found: Explained, rows: dict[date, int], shown: tuple[int, int]) -> "Iterator[Span]":
    from app.charts.band import Span  # noqa: PLC0415 - as above

    opening = found.opening
    windows = [
        (max(start + opening.first, shown[0]), min(end + opening.first, shown[1]))
        for start, end in zip(opening.start.tolist(), opening.end.tolist(), strict=True)
    ]
    windows = [(start, end) for start, end in windows if start < end]
    edges = [shown[0], *(edge for window in windows for edge in window), shown[1]]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        for row, begin, until in _on_the_clock(start, end, found.clock, rows):
            yield Span(row, begin, until, _CLOSED, carried=False, why="closed")
    for one, start, end in _open_pieces(found.stretches, windows):
        for row, begin, until in _on_the_clock(start, end, found.clock, rows):
            yield Span(row, begin, until, _STATE[one.status], carried=one.rule == Rule.CARRIED, why=_WHY[one.rule])


def _open_pieces(stretches: Sequence[Stretch], windows: list[tuple[int, int]]) -> Iterator[tuple[Stretch, int, int]]:
    """What each stretch and each window have in common; both ascend."""
    at = 0
    for one in stretches:
        while at and windows[at - 1][1] > one.start:
            at -= 1
        while at < len(windows) and windows[at][0] < one.end:
            start, end = max(windows[at][0], one.start), min(windows[at][1], one.end)
            if start < end:
                yield one, start, end
            at += 1


def _polls(found: Explained, rows: dict[date, int], shown: tuple[int, int]) -> "Iterator[Mark]":
    from app.charts.band import Mark  # noqa: PLC0415 - as above

    inside = (found.polls.instant >= shown[0]) & (found.polls.instant < shown[1])
    drawn = set()
    for at, status in zip(found.polls.instant[inside].tolist(), found.polls.status[inside].tolist(), strict=True):
        local = from_micros(at).astimezone(found.clock)
        hour = local.hour + local.minute / 60 + local.second / 3600
        place = (local.date(), int(hour * _PLACES / 24), status)
        if place not in drawn and local.date() in rows:
            drawn.add(place)
            yield Mark(rows[local.date()], round(hour, 4), _STATE[status], f"{local:%H:%M:%S}")


def _on_the_clock(start: int, end: int, clock: Clock, rows: dict[date, int]) -> Iterator[tuple[int, float, float]]:
    """The rows and hours that the clock shows from start to end, cut at midnights and where it is changed.

    A store that moves west sees hours of the day before once more, which may have no row.
    """
    while start < end:
        local = from_micros(start).astimezone(clock)
        of_day = to_micros(local.replace(tzinfo=UTC)) % DAY
        until = min(end, start + DAY - of_day)
        until = _change(start, until, clock)
        if local.date() in rows:
            yield rows[local.date()], round(of_day / HOUR, 4), round((of_day + until - start) / HOUR, 4)
        start = until


def _change(start: int, end: int, clock: Clock) -> int:
    """The first change of the clock after start, or the end; to the microsecond by halving."""

    def offset(at: int) -> timedelta | None:
        return from_micros(at).astimezone(clock).utcoffset()

    if offset(start) == offset(end - 1):
        return end
    before, after = start, end - 1
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == offset(start) else (before, middle)
    return after
