"""What is said of dates: versions of weekly hours, exceptions, calendars, existence (docs/calendar-rules.md).

Each date of an entity is decided once, by the *rule* that counts for it: one row that names a span of dates and a
*plan*, a set of weekly windows. Of the rules that hold on a date the last one in the order of precedence counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from app.timeline import DAY, Micros
from app.timeline.working_hours import WeeklyHours, Window, closing, weekday_of

_Ints = npt.NDArray[np.int64]

#: A day before and one after all others, days since 1970-01-01.
EVER: Final = -(1 << 40)
FOREVER: Final = 1 << 40

#: The windows of an entity that has none.
AROUND_THE_CLOCK: Final[Sequence[Window]] = tuple((weekday, 0, DAY) for weekday in range(7))


class What(IntEnum):
    """What a row says of a date."""

    HOURS = 0
    CLOSED = 1
    USUAL = 2
    MINUS = 3


class Source(IntEnum):
    """What decides a date, in ascending order of precedence."""

    DEFAULT = 0
    VERSION = 1
    CALENDAR = 2
    EXCEPTION = 3
    INACTIVE = 4


def _none() -> _Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of dates of numbered owners, both ends included, days since 1970-01-01, int64[n] each."""

    owner: _Ints = field(default_factory=_none)
    first: _Ints = field(default_factory=_none)
    last: _Ints = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class DateRows:
    """What is said of single dates; a date with several windows has a row for each.

    Attributes:
        owner: int64[n], number of the entity or the calendar.
        day: int64[n], days since 1970-01-01.
        what: int64[n], see What.
        opens, closes: int64[n], local times of day, microseconds; only of hours and minus.
        name: text[n].
    """

    owner: _Ints = field(default_factory=_none)
    day: _Ints = field(default_factory=_none)
    what: _Ints = field(default_factory=_none)
    opens: Micros = field(default_factory=_none)
    closes: Micros = field(default_factory=_none)
    name: npt.NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))

    def of_rows(self, rows: npt.NDArray[np.bool_] | _Ints) -> "DateRows":
        return DateRows(
            self.owner[rows], self.day[rows], self.what[rows], self.opens[rows], self.closes[rows], self.name[rows]
        )


@dataclass(frozen=True, slots=True)
class Dated:
    """What is said of the dates of numbered entities; an entity that is not named here has the same hours every week.

    Attributes:
        versions: spans of the versions of weekly hours; their owners are the entities.
        windows: of the versions, numbered in their order; a version without a window on a weekday is closed then.
        exceptions: of the entities.
        uses: spans in which entities use calendars.
        calendar: int64[uses], number of the calendar.
        place: int64[uses]: of two calendars that have a date that of the lower place counts.
        days: of the calendars.
        calendars: their names.
        existence: the dates between which an entity exists; on others it is closed. At most one each.
    """

    versions: Spans = field(default_factory=Spans)
    windows: WeeklyHours = field(default_factory=lambda: WeeklyHours(_none(), _none(), _none(), _none()))
    exceptions: DateRows = field(default_factory=DateRows)
    uses: Spans = field(default_factory=Spans)
    calendar: _Ints = field(default_factory=_none)
    place: _Ints = field(default_factory=_none)
    days: DateRows = field(default_factory=DateRows)
    calendars: Sequence[str] = ()
    existence: Spans = field(default_factory=Spans)

    @property
    def entities(self) -> _Ints:
        """The entities that something is said of, ascending."""
        return np.unique(
            np.concatenate([self.versions.owner, self.exceptions.owner, self.uses.owner, self.existence.owner])
        )

    def renumbered(self, number_of: _Ints) -> "Dated":
        """The same for the entities that have a new number; ``number_of`` is -1 for the others."""
        versions, kept = _renumbered(self.versions, number_of)
        version_of = np.where(kept, np.cumsum(kept) - 1, -1)
        windows = self.windows.of_rows(kept[self.windows.entity]).renumbered(version_of)
        uses, used = _renumbered(self.uses, number_of)
        exceptions = replace(self.exceptions, owner=number_of[self.exceptions.owner])
        return replace(
            self,
            versions=versions,
            windows=windows,
            exceptions=exceptions.of_rows(exceptions.owner >= 0),
            uses=uses,
            calendar=self.calendar[used],
            place=self.place[used],
            existence=_renumbered(self.existence, number_of)[0],
        )


def _renumbered(spans: Spans, number_of: _Ints) -> tuple[Spans, npt.NDArray[np.bool_]]:
    """The spans of the owners that have a new number, and which these are."""
    owner = number_of[spans.owner]
    kept = owner >= 0
    return Spans(owner[kept], spans.first[kept], spans.last[kept]), kept


@dataclass(frozen=True, slots=True)
class Rules:
    """Who decides which dates with which plan, in ascending order of precedence.

    Attributes:
        spans: the entities and their dates.
        plan: int64[rules].
        source: int64[rules], see Source.
        row: int64[rules]: the row of versions, uses or exceptions; of a date of a calendar, that of its days.
    """

    spans: Spans
    plan: _Ints
    source: _Ints
    row: _Ints

    @classmethod
    def of(cls, parts: Sequence[tuple[Source, Spans, _Ints, _Ints]]) -> "Rules":
        """Of (source, spans, plan, row) in ascending order of precedence."""
        return cls(
            Spans(*(np.concatenate([getattr(part[1], name) for part in parts]) for name in ("owner", "first", "last"))),
            np.concatenate([part[2] for part in parts]),
            np.concatenate([np.full(len(part[2]), part[0]) for part in parts]),
            np.concatenate([part[3] for part in parts]),
        )

    def deciding(self, entities: _Ints, first: int, last: int) -> npt.NDArray[np.int64]:
        """The rule that decides each date of ``[first, last]``: int64[entities, dates].

        Args:
            entities: ascending, every owner of a rule; each date of each of them has a rule.
            first, last: days since 1970-01-01.
        """
        count = last - first + 1
        begin, end = np.maximum(self.spans.first, first), np.minimum(self.spans.last, last)
        held = np.flatnonzero(begin <= end)
        length = (end - begin + 1)[held]
        onset = np.searchsorted(entities, self.spans.owner[held]) * count + begin[held] - first
        cell = np.repeat(onset - np.cumsum(length) + length, length) + np.arange(length.sum())
        decided = np.zeros(len(entities) * count, np.int64)
        np.maximum.at(decided, cell, np.repeat(held, length))
        return decided.reshape(len(entities), count)


def rules_and_plans(
    dated: Dated, hours: WeeklyHours, default: Sequence[Window], *, first: int, last: int
) -> tuple[Rules, WeeklyHours]:
    """The rules of the dated entities on the days ``[first, last]``, and the windows of their plans.

    Args:
        dated: what is said of dates.
        hours: windows of the version without limits of each entity that has one.
        default: windows of an entity whose date no version holds.
        first, last: days since 1970-01-01.
    """
    who = dated.entities
    own = np.intersect1d(hours.entity, who)
    mine = np.isin(hours.entity, own)
    count = len(dated.versions.owner)
    # Plans: those of the versions, one without limits of each entity that has it, the default, none, then of dates.
    unlimited = WeeklyHours(
        count + np.searchsorted(own, hours.entity[mine]), hours.weekday[mine], hours.opens[mine], hours.closes[mine]
    )
    fallback, closed = count + len(own), count + len(own) + 1
    weekday, opens, closes = (np.array(column, np.int64) for column in zip(*(default or AROUND_THE_CLOCK), strict=True))
    plans = [dated.windows, unlimited, WeeklyHours(np.full(len(weekday), fallback), weekday, opens, closes)]

    order = np.lexsort((-dated.versions.last, dated.versions.first))
    versions = Spans(dated.versions.owner[order], dated.versions.first[order], dated.versions.last[order])
    exceptions, exception_row, plan_of_exceptions, windows = _dates(dated.exceptions, closed + 1)
    plans.append(windows)
    uses, use_row, plan_of_uses, windows = _uses(dated, closed + 1 + len(dated.exceptions.owner), first, last)
    plans.append(windows)
    outside = Spans(
        np.tile(dated.existence.owner, 2),
        np.concatenate([np.full(len(dated.existence.owner), EVER), dated.existence.last + 1]),
        np.concatenate([dated.existence.first - 1, np.full(len(dated.existence.owner), FOREVER)]),
    )
    rules = Rules.of(
        [
            (Source.DEFAULT, _always(who), np.full(len(who), fallback), np.full(len(who), -1)),
            (Source.VERSION, _always(own), count + np.arange(len(own)), np.full(len(own), -1)),
            (Source.VERSION, versions, order, order),
            (Source.CALENDAR, uses, plan_of_uses, use_row),
            (Source.EXCEPTION, exceptions, plan_of_exceptions, exception_row),
            (Source.INACTIVE, outside, np.full(len(outside.owner), closed), np.full(len(outside.owner), -1)),
        ]
    )
    return rules, _joined(plans)


def _always(entities: _Ints) -> Spans:
    return Spans(entities, np.full(len(entities), EVER), np.full(len(entities), FOREVER))


def _dates(rows: DateRows, plan: int) -> tuple[Spans, _Ints, _Ints, WeeklyHours]:
    """Rules of the dates that rows decide, with their first rows and plans from ``plan`` on; and the windows."""
    deciding = np.flatnonzero(rows.what <= What.CLOSED)
    dates = np.stack([rows.owner[deciding], rows.day[deciding]])
    (owner, day), onset, number = np.unique(dates, axis=1, return_index=True, return_inverse=True)
    is_hours = rows.what[deciding] == What.HOURS
    at = deciding[is_hours]
    windows = WeeklyHours(
        plan + number.reshape(-1)[is_hours], weekday_of(rows.day[at]), rows.opens[at], rows.closes[at]
    )
    return Spans(owner, day, day), deciding[onset], plan + np.arange(len(owner)), windows


def _uses(dated: Dated, plan: int, first: int, last: int) -> tuple[Spans, _Ints, _Ints, WeeklyHours]:
    """The same for the dates of the calendars in use, those of later places first; without the usual dates."""
    near = np.flatnonzero((dated.days.day >= first) & (dated.days.day <= last))
    spans, row, plans, windows = _dates(dated.days.of_rows(near), plan)
    # Every use with every date of its calendar.
    order = np.argsort(-dated.place, kind="stable")
    calendar = dated.calendar[order]
    begin, end = np.searchsorted(spans.owner, calendar), np.searchsorted(spans.owner, calendar, side="right")
    use, date = _ranges(begin, end)
    use = order[use]
    owner, day = dated.uses.owner[use], spans.first[date]
    usual = dated.exceptions.of_rows(dated.exceptions.what == What.USUAL)
    counts = (dated.uses.first[use] <= day) & (day <= dated.uses.last[use])
    counts &= ~_is_among(owner, day, usual)
    owner, day, date = owner[counts], day[counts], date[counts]
    return Spans(owner, day, day), near[row[date]], plans[date], windows


def _is_among(owner: _Ints, day: _Ints, rows: DateRows) -> npt.NDArray[np.bool_]:
    width = 1 << 32
    return np.isin(owner * width + day, rows.owner * width + rows.day)


def _ranges(begin: _Ints, end: _Ints) -> tuple[_Ints, _Ints]:
    """Every number of the ranges ``[begin, end)``: (which range, number)."""
    length = end - begin
    which = np.repeat(np.arange(len(begin)), length)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(length) - length - begin, length)


def _joined(parts: Sequence[WeeklyHours]) -> WeeklyHours:
    names = ("entity", "weekday", "opens", "closes")
    return WeeklyHours(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def local_windows(
    dated: Dated, hours: WeeklyHours, default: Sequence[Window], *, first: int, last: int
) -> tuple[_Ints, Micros, Micros]:
    """The windows of the dated entities that open on the days ``[first, last]``: entity, and both ends in local time.

    Arguments as of rules_and_plans(). Ends are microseconds as if local time were UTC.
    """
    entities = dated.entities
    rules, plans = rules_and_plans(dated, hours, default, first=first, last=last)
    plan = rules.plan[rules.deciding(entities, first, last)].reshape(-1)
    count = last - first + 1
    day = np.tile(np.arange(first, last + 1), len(entities))
    key = plans.entity * 7 + plans.weekday
    order = np.argsort(key, kind="stable")
    wanted = plan * 7 + weekday_of(day)
    cell, at = _ranges(np.searchsorted(key[order], wanted), np.searchsorted(key[order], wanted, side="right"))
    at = order[at]
    opens, closes = plans.opens[at], closing(plans.opens[at], plans.closes[at])
    taken = dated.exceptions.of_rows(dated.exceptions.what == What.MINUS)
    taken = taken.of_rows((taken.day >= first) & (taken.day <= last))
    if len(taken.owner):
        cell_of = np.searchsorted(entities, taken.owner) * count + taken.day - first
        cell, opens, closes = _without(cell, opens, closes, cell_of, taken)
    return entities[cell // count], day[cell] * DAY + opens, day[cell] * DAY + closes


def _without(
    cell: _Ints, opens: Micros, closes: Micros, taken_cell: _Ints, taken: DateRows
) -> tuple[_Ints, Micros, Micros]:
    """The windows without what is taken out of their dates."""
    # What is taken, as disjoint intervals of each date, and the pieces between them: from the first on to the end.
    order = np.lexsort((taken.opens, taken_cell))
    at, begin, end = taken_cell[order], taken.opens[order], closing(taken.opens, taken.closes)[order]
    line = 4 * DAY  # far enough apart that those of two dates never touch
    reached = np.maximum.accumulate(at * line + end)
    opening = np.ones(len(at), bool)
    opening[1:] = (at * line + begin)[1:] > reached[:-1]
    last = np.roll(opening, -1)
    dates = np.unique(at)
    piece_cell = np.sort(np.concatenate([dates, at[opening]]))
    piece_begin = np.sort(np.concatenate([dates * line, reached[last]])) - piece_cell * line
    piece_end = np.sort(np.concatenate([dates * line + 2 * DAY, (at * line + begin)[opening]])) - piece_cell * line
    which, piece = _ranges(np.searchsorted(piece_cell, cell), np.searchsorted(piece_cell, cell, side="right"))
    cut_opens = np.maximum(opens[which], piece_begin[piece])
    cut_closes = np.minimum(closes[which], piece_end[piece])
    left = cut_opens < cut_closes
    whole = ~np.isin(cell, dates)
    return (
        np.concatenate([cell[whole], cell[which][left]]),
        np.concatenate([opens[whole], cut_opens[left]]),
        np.concatenate([closes[whole], cut_closes[left]]),
    )
