"""Exact accounting of the uptime report, slow and plain, to check the engine against.

Follows part 2 of the rules sentence by sentence, one store at a time. A comment that begins with "Rule:" answers what
the sentences leave open. Every instant is an aware datetime in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.reference.uptime import HOUR, MICROSECOND, Intervals

NOTHING = timedelta()

#: Bounds of a `max_gap` that nobody has given.
LEAST_GAP = timedelta(minutes=5)
MOST_GAP = 25 * HOUR

LOOKBACK = 96 * HOUR


@dataclass(frozen=True, slots=True)
class Poll:
    """One observation; `status` is "active", "inactive" or "unknown"."""

    store_id: str
    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is known, or unknown, of [begins, ends); `poll` says whether a poll began it."""

    begins: datetime
    ends: datetime
    status: str
    poll: bool = True


@dataclass(frozen=True, slots=True)
class Outage:
    """`ended_at` is None while it lasts; `open` is its open time inside the range or the period asked for."""

    began_at: datetime
    ended_at: datetime | None
    open: timedelta
    first_poll_at: datetime
    last_poll_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """The figures of one store in one range or period; `max_gap` None means that a status holds until it changes."""

    open: timedelta
    up: timedelta
    down: timedelta
    unknown: timedelta
    outages: list[Outage]
    polls: int
    max_gap: timedelta | None


@dataclass(slots=True)
class Run:
    """Polls that say inactive with nothing between them that ends an outage, and the open time that is down by them."""

    polls: list[datetime] = field(default_factory=list)
    pieces: Intervals = field(default_factory=list)
    ended: bool = False


def account(
    polls: list[Poll],
    intervals: Intervals,
    *,
    first: datetime,
    last: datetime,
    as_of: datetime,
    lookback: timedelta = LOOKBACK,
    max_gap: timedelta | None = None,
    own_max_gap: timedelta | None = None,
    ignore_outages_under: timedelta = NOTHING,
    period: tuple[datetime, datetime] | None = None,
) -> Account:
    """One store's figures in [first, last), or in a `period` of that range.

    `polls` are the store's, in the order of their lines; `intervals` are its open ones, complete from `first` -
    `lookback` to the end. `max_gap` is the report's parameter, `own_max_gap` the store's own.
    """
    # Rule: a range or period that is still running ends at `as_of`, so that open time never includes the future.
    end = min(last, as_of)
    # Rule: polls count from `first` - lookback to the end, both included, as in hourly accounting. What comes after the
    # end of a range is not read, so that the report of a month is the same whenever it is made.
    status_at = statuses(polls, first - lookback, end)
    # Rule: one `max_gap` for the whole range, and stretches and outages follow from the whole range; a period only cuts
    # them. Otherwise days would not add up to their month.
    gap = resolved_max_gap(list(status_at), parameter=max_gap, own=own_max_gap)
    spans = list(stretches(status_at, first - lookback, end, gap))
    found = [run for run in runs(spans, intervals) if run.pieces]
    # Rule: for `ignore_outages_under`, all open time of an outage counts, also outside the period and the range:
    # otherwise an outage over midnight could be down on one day and up on the next. An ongoing one counts as far as it
    # has come, so it may be ignored now and count later.
    counted = [run for run in found if length(run.pieces) >= ignore_outages_under]
    ignored = [run for run in found if length(run.pieces) < ignore_outages_under]

    begins, ends = (first, end) if period is None else (max(period[0], first), min(period[1], end))

    def within(pieces: Intervals) -> timedelta:
        return length(clipped(pieces, begins, ends))

    def spent(status: str) -> timedelta:
        parts = (clipped(intervals, span.begins, span.ends) for span in spans if span.status == status)
        return sum((within(part) for part in parts), NOTHING)

    forgiven = sum((within(run.pieces) for run in ignored), NOTHING)
    return Account(
        open=within(intervals),
        up=spent("active") + forgiven,
        down=spent("inactive") - forgiven,
        unknown=spent("unknown"),
        # Rule: an outage belongs to every range and period in which it has open time, and to no other. An outage over
        # midnight is thus in two days: numbers of outages do not add up, hours do.
        outages=[outage(run, within(run.pieces)) for run in counted if within(run.pieces) > NOTHING],
        # Rule: the polls of a period are those inside it, half-open, so that they add up: of any status, also while
        # closed, each instant once. A poll exactly at the end belongs to what comes after.
        polls=sum(begins <= at < ends for at in status_at),
        max_gap=gap,
    )


def statuses(polls: list[Poll], earliest: datetime, latest: datetime) -> dict[datetime, str]:
    """The status of each polled instant, in order of time; of two lines for one instant the later counts."""
    status_at = {poll.at: poll.status for poll in polls if earliest <= poll.at <= latest}
    return dict(sorted(status_at.items()))


def resolved_max_gap(
    instants: list[datetime], *, parameter: timedelta | None, own: timedelta | None
) -> timedelta | None:
    """How long a poll holds: the store's own value, else the parameter, else what its polls suggest; None for ever."""
    given = parameter if own is None else own
    # Rule: the parameter's 0 means what a store's own 0 means, "holds until changed": no time at all would be of no use
    # to anybody. The bounds of 5 minutes and 25 hours are for the suggested value alone.
    return suggested_max_gap(instants) if given is None else given or None


def suggested_max_gap(instants: list[datetime]) -> timedelta:
    """Three times the median interval between the distinct, sorted `instants`, at least 5 minutes, at most 25 hours."""
    # Rule: polls that say unknown, and polls while the store is closed, have their intervals, too: the question is how
    # often somebody looks.
    between = sorted((later - earlier) // MICROSECOND for earlier, later in pairwise(instants))
    if not between:
        # Rule: without two polls nobody knows how often somebody looks, and one look proves the least.
        return LEAST_GAP
    half = len(between) // 2
    median = Fraction(between[half]) if len(between) % 2 else Fraction(between[half - 1] + between[half], 2)
    # Rule: a half microsecond is cut off.
    return min(max(int(3 * median) * MICROSECOND, LEAST_GAP), MOST_GAP)


def stretches(
    status_at: dict[datetime, str], begin: datetime, end: datetime, max_gap: timedelta | None
) -> Iterator[Stretch]:
    """All of [begin, end] without holes, in order: a stretch from each poll, unknown time before, between and after.

    A poll exactly at the end has a stretch without length.
    """
    # Rule: a status that "holds until changed" is looked for no further back than the lookback, either: before the
    # first poll that counts is unknown.
    known_until = begin
    instants = list(status_at)
    for number, at in enumerate(instants):
        if known_until < at:
            yield Stretch(known_until, at, "unknown", poll=False)
        following = instants[number + 1] if number + 1 < len(instants) else end
        # Rule: a poll that comes exactly `max_gap` after the one before leaves no unknown time between them.
        known_until = following if max_gap is None else min(following, at + max_gap)
        yield Stretch(at, known_until, status_at[at])
    if known_until < end:
        yield Stretch(known_until, end, "unknown", poll=False)


def runs(spans: list[Stretch], intervals: Intervals) -> list[Run]:
    """The outages, and runs of inactive polls that are none as no open time is down by them."""
    found = []
    run = Run(ended=True)
    for span in spans:
        pieces = clipped(intervals, span.begins, span.ends)
        if span.status == "inactive":
            if run.ended:
                run = Run()
                found.append(run)
            run.polls.append(span.begins)
            run.pieces += pieces
        # Rule: a poll that says active ends an outage also while the store is closed, as everybody who reads the log
        # sees it recover. Unknown time is open time, so it ends an outage while the store is open only: a monitor that
        # sleeps or is paused from closing to opening and then says inactive again has seen one outage. While open, a
        # stretch that `max_gap` has ended and another inactive poll are two outages.
        elif span.status == "active" or pieces:
            run.ended = True
    return found


def outage(run: Run, open_time: timedelta) -> Outage:
    # Rule: an outage begins and ends in open time. One that is there as the store opens begins at the opening, one that
    # is there as the store closes and does not come back ends at the closing. `began_at` is as it was, also before the
    # range or the period, as far back as the lookback; so is `ended_at`.
    # Rule: it is ongoing as long as nothing has ended it by the end of the range, be the store open then or closed. A
    # poll exactly at the end that says active has ended it; one that says unknown has not, as no time has passed since.
    # Rule: its first and last polls may lie in closed time before it begins and after it ends: they tell what was seen.
    return Outage(
        began_at=run.pieces[0][0],
        ended_at=run.pieces[-1][1] if run.ended else None,
        open=open_time,
        first_poll_at=run.polls[0],
        last_poll_at=run.polls[-1],
    )


def clipped(intervals: Intervals, begins: datetime, ends: datetime) -> Intervals:
    """What of `intervals` lies in [begins, ends). A poll at an opening is inside, a poll at a closing is not."""
    cut = [(max(opens, begins), min(closes, ends)) for opens, closes in intervals]
    return [(opens, closes) for opens, closes in cut if opens < closes]


def length(intervals: Intervals) -> timedelta:
    return sum((closes - opens for opens, closes in intervals), NOTHING)
