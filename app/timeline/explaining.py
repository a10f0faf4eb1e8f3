"""Why the time of one entity counts as it does: each stretch of one status, and the rule that decided it.

The figures are those of the report: the same calendar, polls and rules (docs/uptime-rules.md), told piece by piece.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import HOUR, Micros
from app.timeline.calendar import Calendar
from app.timeline.exact import FOR_EVER, Polls, Stretches
from app.timeline.hourly import ACTIVE, INACTIVE, UNKNOWN, HourlyVotes, Status

#: The one entity of every calendar here.
_ONE: Final = np.zeros(1, np.int64)


class Rule(StrEnum):
    """What decided the status of a stretch."""

    POLLS = "polls"
    MAX_GAP = "max_gap"
    NO_POLL_YET = "no_poll_yet"
    SHORT_OUTAGE = "short_outage"
    MAJORITY = "majority"
    TIE = "tie"
    CARRIED = "carried"
    CARRIED_TOO_LONG = "carried_too_long"


class Ending(StrEnum):
    """What ended a stretch."""

    NEXT_POLL = "next_poll"
    MAX_GAP = "max_gap"
    HOUR_END = "hour_end"
    MAX_FILL = "max_fill"
    REPORT_END = "report_end"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time of one status that one rule decided.

    Attributes:
        start, end: instants; closed time between them counts for nothing.
        status: ACTIVE, INACTIVE or UNKNOWN: what the time counts as.
        rule: what decided that.
        ended_by: what ended it.
        open_time: how much of it the entity is open, microseconds, more than none.
        polls, active_polls: how many polls decided, and how many of them say active.
        first_poll, last_poll: instants of the first and the last of them, which may be before the start; of a time
            that no poll decided, both are the last poll before it. None: there is none.
    """

    start: int
    end: int
    status: int
    rule: Rule
    ended_by: Ending
    open_time: int
    polls: int
    active_polls: int
    first_poll: int | None
    last_poll: int | None


_EXACT_RULES: Final = (Rule.NO_POLL_YET, Rule.POLLS, Rule.MAX_GAP, Rule.SHORT_OUTAGE)


def exact_stretches(stretches: Stretches, polls: Polls, gap: int, *, first: int) -> list[Stretch]:
    """What exact accounting makes of the polls of one entity from ``first`` to the end of its calendar.

    Polls in a row that say the same, with no gap between them, are one stretch.

    Args:
        stretches: of a calendar of this one entity.
        polls: as the stretches were made of.
        gap: how long a poll holds, microseconds, or FOR_EVER.
        first: an instant of the calendar; what is earlier is left out.
    """
    calendar, at = stretches.calendar, polls.instant
    following = np.append(at[1:], calendar.last)[: len(at)]
    ends = following if gap == FOR_EVER else np.minimum(following, at + gap)
    zero = np.zeros(len(at), np.int64)
    is_open = calendar.open_between(zero, at, ends) > 0
    ignored = (polls.status == INACTIVE) & is_open & (stretches.down_between(zero, at, ends) == 0)
    # Before the first poll; then for each poll the time for which it holds and that until the next one.
    edges = np.concatenate([[calendar.first], np.column_stack([at, ends]).ravel(), [calendar.last]])
    status = np.full(len(edges) - 1, UNKNOWN)
    status[1::2] = np.where(ignored, ACTIVE, polls.status)
    rule = np.full(len(status), 2)
    rule[0] = 0
    rule[1::2] = np.where(ignored, 3, 1)
    kept = np.flatnonzero(edges[:-1] < edges[1:])
    begins, ends_before = _runs(status[kept] * len(_EXACT_RULES) + rule[kept])
    begins, lasts = kept[begins], kept[ends_before - 1]
    starts, untils = np.maximum(edges[begins], first), edges[lasts + 1]
    found = _open_pieces(calendar, starts, untils, begins, lasts)

    def made() -> Iterator[Stretch]:
        for start, until, open_time, begin, end in found:
            before, last = (begin - 1) // 2, (end - 1) // 2  # of a time without polls, the poll before it
            decided = begin % 2 == 1
            yield Stretch(
                start=start,
                end=until,
                status=int(status[begin]),
                rule=_EXACT_RULES[rule[begin]],
                ended_by=_exact_ending(until, calendar.last, held=decided and until < following[last]),
                open_time=open_time,
                polls=last - before + 1 if decided else 0,
                active_polls=int(np.count_nonzero(polls.status[before : last + 1] == ACTIVE)) if decided else 0,
                first_poll=int(at[before]) if before >= 0 else None,
                last_poll=int(at[last]) if last >= 0 else None,
            )

    return list(made())


def _exact_ending(end: int, last: int, *, held: bool) -> Ending:
    if end == last:
        return Ending.REPORT_END
    return Ending.MAX_GAP if held else Ending.NEXT_POLL


def hourly_stretches(votes: HourlyVotes, status: Status, instant: Micros, *, first: int, last: int) -> list[Stretch]:
    """What hourly accounting makes of the polls of one entity in ``[first, last)``: a stretch for each hour with votes.

    Hours that have the status of the same earlier hour are one stretch, and so are those before the first vote.

    Args:
        votes: of this one entity.
        status: of its hours, int8[hours].
        instant: of its polls that have a vote, ascending, int64[n].
        first, last: instants of the calendar.
    """
    calendar = votes.calendar
    counted, active = votes.polls[0], votes.active[0]
    voted = counted > 0
    source = np.maximum.accumulate(np.where(voted, np.arange(len(voted)), -1))
    begin, end = (first - calendar.first) // HOUR, -(-(last - calendar.first) // HOUR)
    onset = np.searchsorted(instant, calendar.first + np.arange(len(voted) + 1) * HOUR)
    too_old = (status == UNKNOWN) & (source >= 0)
    from_hours, to_hours = (begin + edge for edge in _runs((source * 4 + voted * 2 + too_old)[begin:end]))
    starts = np.maximum(calendar.first + from_hours * HOUR, first)
    untils = np.minimum(calendar.first + to_hours * HOUR, last)
    found = _open_pieces(calendar, starts, untils, from_hours, to_hours)

    def made() -> Iterator[Stretch]:
        for start, until, open_time, from_hour, to_hour in found:
            by = int(source[from_hour])
            of_hour = instant[onset[by] : onset[by + 1]] if by >= 0 else instant[:0]
            yield Stretch(
                start=start,
                end=until,
                status=int(status[from_hour]),
                rule=_hourly_rule(
                    int(counted[from_hour]), int(active[from_hour]), by=by, too_old=bool(too_old[from_hour])
                ),
                ended_by=_hourly_ending(voted, from_hour, to_hour, is_end=until == last),
                open_time=open_time,
                polls=int(counted[by]) if by >= 0 else 0,
                active_polls=int(active[by]) if by >= 0 else 0,
                first_poll=int(of_hour[0]) if len(of_hour) else None,
                last_poll=int(of_hour[-1]) if len(of_hour) else None,
            )

    return list(made())


def _hourly_rule(polls: int, active: int, *, by: int, too_old: bool) -> Rule:
    if polls:
        return Rule.TIE if 2 * active == polls else Rule.MAJORITY
    if by < 0:
        return Rule.NO_POLL_YET
    return Rule.CARRIED_TOO_LONG if too_old else Rule.CARRIED


def _hourly_ending(voted: npt.NDArray[np.bool_], begin: int, end: int, *, is_end: bool) -> Ending:
    if is_end:
        return Ending.REPORT_END
    if voted[begin]:
        return Ending.HOUR_END
    return Ending.NEXT_POLL if voted[end] else Ending.MAX_FILL


def outage_ending(calendar: Calendar, polls: Polls, gap: int, last_poll: int) -> tuple[Ending, int | None]:
    """What ended an outage of one entity that does not go on, and the instant of the poll that did.

    Args:
        calendar: of this one entity.
        polls: all of them.
        gap: how long a poll holds, microseconds, or FOR_EVER.
        last_poll: the last poll of the outage.
    """

    def held(one: int) -> int:
        return calendar.last if gap == FOR_EVER else min(int(polls.instant[one]) + gap, calendar.last)

    number = int(np.searchsorted(polls.instant, last_poll))
    for before, one in pairwise(range(number, len(polls.instant))):
        at = int(polls.instant[one])
        if held(before) < at and _open_time(calendar, held(before), at):
            break
        until = int(min([held(one), *polls.instant[one + 1 : one + 2]]))
        if polls.status[one] == ACTIVE or (polls.status[one] == UNKNOWN and _open_time(calendar, at, until)):
            return Ending.NEXT_POLL, at
    return Ending.MAX_GAP, None


def time_of(stretches: Sequence[Stretch], calendar: Calendar, edges: Micros) -> Micros:
    """Open time between neighbouring edges by status.

    Args:
        stretches: all of an entity's that have open time between the edges, ascending.
        calendar: of this one entity.
        edges: ascending instants of the calendar, int64[m + 1].

    Returns:
        Microseconds, int64[3, m], by INACTIVE, ACTIVE and UNKNOWN.
    """
    time = np.zeros((3, len(edges) - 1), np.int64)
    if not stretches:
        return time
    starts = np.array([one.start for one in stretches])
    status = np.array([one.status for one in stretches])
    cuts = np.unique(np.concatenate([starts, edges]))
    cuts = cuts[(cuts >= edges[0]) & (cuts <= edges[-1])]
    of = status[np.searchsorted(starts, cuts[:-1], side="right").clip(1) - 1]
    between = np.searchsorted(edges, cuts[:-1], side="right") - 1
    np.add.at(time, (of, between), calendar.open_time(cuts, slice(0, 1))[0])
    return time


def _runs(value: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where equal values in a row begin and end."""
    onset = np.flatnonzero(np.diff(value)) + 1
    edges = np.array([0, *onset, len(value)] if len(value) else [0], np.int64)
    return edges[:-1], edges[1:]


def _open_pieces(
    calendar: Calendar, start: Micros, end: Micros, *columns: npt.NDArray[np.integer]
) -> Iterator[tuple[int, ...]]:
    """Start, end and open time of the pieces with open time, and what the columns say of them, as Python's numbers."""
    open_time = calendar.open_between(np.zeros(len(start), np.int64), start, end)
    kept = open_time > 0
    return zip(*(column[kept].tolist() for column in (start, end, open_time, *columns)), strict=True)


def _open_time(calendar: Calendar, start: int, end: int) -> int:
    return int(calendar.open_between(_ONE, np.array([start]), np.array([end]))[0])
