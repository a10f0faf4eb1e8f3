"""What a report on a range compares and adds up, slow and plain: the time before, groups, targets.

Follows the rules of ranges sentence by sentence, on top of the twin of their rows. A comment that begins with "Rule:"
answers what the sentences leave open. None is an empty field.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.reference.exact import NOTHING, Poll
from tests.reference.periods import Asked, Exact, Hourly, Row, outages, range_edges, rows, zones_of
from tests.reference.schedule import Entity, entity_clock, shown
from tests.reference.uptime import DAY, MICROSECOND

#: How far before a range the period before its first one begins at most, and a little more.
BEFORE = {"month": 70 * DAY, "week": 16 * DAY, "day": 5 * DAY, "hour": 3 * DAY}

LABELS = {"month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H"}


@dataclass(frozen=True, slots=True)
class Store:
    """A store of a report: what files say of it, its polls, and its group."""

    entity: Entity
    polls: list[Poll]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """The part of the open time that the target leaves, the downtime, and what is left; hours."""

    store_id: str
    allowed: Fraction
    used: Fraction

    @property
    def left(self) -> Fraction:
        return self.allowed - self.used


@dataclass(frozen=True, slots=True)
class Sum:
    """A row of groups.csv, or of all stores; ``before`` is the time before, None where nothing is compared."""

    label: str
    stores: int
    row: Row
    before: Row | None


def labelled(store: Store, asked: Asked, accounting: Exact | Hourly) -> dict[str, Row]:
    """The rows of a store by the local time at which they begin."""
    found = rows(store.entity, store.polls, asked, accounting)
    if asked.by == "total":
        return dict(zip(["total"], found, strict=False))
    return {label(store.entity, asked, row.start): row for row in found}


def label(entity: Entity, asked: Asked, start: datetime) -> str:
    clock = entity_clock(zones_of(entity, asked), start - DAY, start + DAY)
    return shown(clock, start).strftime(LABELS[asked.by])


def rows_before(store: Store, asked: Asked, accounting: Exact | Hourly) -> dict[str, Row]:
    """Of each row, by its label, that of the time before it, which a report on that time would have.

    Rule: of a range in periods it is one report, from the period before the first one to that before the last one, so
    that days of before are divided as those of now are.
    """
    now = labelled(store, asked, accounting)
    if not now:
        return {}
    if asked.by == "total":
        earlier = rows(store.entity, store.polls, before_total(store.entity, asked), accounting)
        return dict(zip(["total"], earlier, strict=False))
    wider = range_edges(store.entity, replace(asked, first=asked.first - BEFORE[asked.by]))
    # The wider range may cut its first period, which is not needed; where the report itself begins is no edge of it.
    whole = list(pairwise(wider))[1:]
    places = {name: max(at for at, (begins, _) in enumerate(whole) if begins <= row.start) for name, row in now.items()}
    first, last = whole[min(places.values()) - 1][0], whole[max(places.values()) - 1][1]
    told = rows(store.entity, store.polls, replace(asked, first=first, last=last), accounting)
    by_start = {row.start: row for row in told}
    return {name: by_start[whole[at - 1][0]] for name, at in places.items()}


def before_total(entity: Entity, asked: Asked) -> Asked:
    """The range as long before: as many days where both ends are dates, else as much time."""
    first, last = asked.first, asked.last
    if not isinstance(first, datetime) and not isinstance(last, datetime):
        return replace(asked, first=first - (last - first), last=first)
    begins, *_, ends = range_edges(entity, asked)
    # Rule: "up to `to`" is all of the range, also where it is still running.
    return replace(asked, first=begins - (ends - begins), last=begins)


def change(now: Row, before: Row | None) -> tuple[Fraction | None, Fraction | None]:
    """The availability of before, and how much higher it is now, percentage points.

    Rule: the earlier one is told also where there is none now; without both there is no change.
    """
    earlier = None if before is None else before.availability
    return earlier, None if earlier is None or now.availability is None else now.availability - earlier


def group_rows(
    stores: Mapping[str, Store], asked: Asked, accounting: Exact | Hourly, *, compared: bool
) -> list[tuple[str, Sum]]:
    """The rows of groups.csv: by group, then by period."""
    members = defaultdict(list)
    for store in stores.values():
        if store.group is not None:
            members[store.group].append(store)
    return [
        (group, one) for group in sorted(members) for one in sums(members[group], asked, accounting, compared=compared)
    ]


def sums(stores: Sequence[Store], asked: Asked, accounting: Exact | Hourly, *, compared: bool) -> list[Sum]:
    """The sums of these stores by period."""
    now, before, ended = defaultdict(list), defaultdict(list), defaultdict(list)
    for store in stores:
        for name, row in labelled(store, asked, accounting).items():
            now[name].append(row)
            ended[name] += open_minutes_of_ended(store, asked, accounting, row)
        if compared:
            for name, row in rows_before(store, asked, accounting).items():
                before[name].append(row)
    return [
        Sum(name, len(now[name]), total(now[name], ended[name]), total(before[name], []) if before[name] else None)
        for name in sorted(now)
    ]


def open_minutes_of_ended(store: Store, asked: Asked, accounting: Exact | Hourly, row: Row) -> list[Fraction]:
    """The open minutes of each outage that begins in this period of the store and has ended."""
    if isinstance(accounting, Hourly):
        return []
    return [
        Fraction(one.open // MICROSECOND, 60_000_000)
        for one in outages(store.entity, store.polls, asked, accounting)
        if row.start <= one.began_at < row.end and one.ended_at is not None
    ]


def total(of: list[Row], ended: list[Fraction]) -> Row:
    """One row for several stores; ``ended``: the open minutes of each of their outages that have ended."""
    counts = [row.outages for row in of if row.outages is not None]
    carried = [row.carried for row in of if row.carried is not None]
    return Row(
        start=min(row.start for row in of),
        end=max(row.end for row in of),
        complete=all(row.complete for row in of),
        open=sum((row.open for row in of), NOTHING),
        up=sum((row.up for row in of), NOTHING),
        down=sum((row.down for row in of), NOTHING),
        unknown=sum((row.unknown for row in of), NOTHING),
        polls=sum(row.polls for row in of),
        carried=sum(carried, NOTHING) if carried else None,
        outages=sum(counts) if counts else None,
        longest=max((row.longest for row in of if row.longest is not None), default=None),
        mttr=sum(ended, Fraction()) / len(ended) if ended else None,
    )


def whole_range(store: Store, asked: Asked, accounting: Exact | Hourly) -> Row | None:
    """All of the range of a store in one row; None: nothing of it has happened."""
    found = rows(store.entity, store.polls, asked, accounting)
    # Rule: the periods are parts of the range, so their sum is the range.
    return total(found, []) if found else None


def budgets(
    stores: Mapping[str, Store], asked: Asked, accounting: Exact | Hourly, target: Fraction
) -> tuple[int, list[Budget]]:
    """How many stores are below a target, percent, and the error budget of each, the least left first."""
    below, found = 0, []
    for key, store in stores.items():
        row = whole_range(store, asked, accounting)
        if row is None:
            continue
        # Rule: a store without availability, as nothing is known about it, is not below.
        below += row.availability is not None and row.availability < target
        # Rule: of all of its open time, also what is unknown: the target was given for it.
        found.append(Budget(key, hours(row.open) * (100 - target) / 100, hours(row.down)))
    return below, sorted(found, key=lambda one: (one.left, one.store_id))


def hours(time: timedelta) -> Fraction:
    return Fraction(time // MICROSECOND, 3_600_000_000)
