"""Computes metrics: by group and period, of whole groups, and of all of them together."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.flow.clocks import working_seconds
from app.flow.in_hours import inside_hours
from app.flow.phases import Phase
from app.flow.teams import Teams
from app.metrics import metric as m
from app.metrics.compiling import Compiled
from app.metrics.division import Division
from app.metrics.figures import Figures, Floats, Ints, Rows, Truths, changed, distinct, figures_of, without
from app.metrics.reading import Read
from app.timeline import DAY, MISSING, Micros

#: Number of the group of all rows, whatever their group, and of the period that is all of the dates.
WHOLE: Final = -2

#: A day before any.
_NO_DAY: Final = int(np.iinfo(np.int32).min)


@dataclass(frozen=True, slots=True)
class Cells:
    """What a metric comes to in c cells.

    Attributes:
        metric: the metric.
        group: int64[c], number of the group; -1: rows of no group; WHOLE: all.
        split: int64[c], number of the part in ``parts``; 0 where the metric is not told apart.
        period: int64[c], number of the period; WHOLE: all of the dates.
        figures: of each.
        withheld: bool[c], there would be a figure, but it is of too few people to be told.
        parts: words of each part, as many as the metric has splits.
        looked: group and period of which there is a day on which somebody looked; None: nobody has to look.
    """

    metric: m.Metric
    group: Ints
    split: Ints
    period: Ints
    figures: Figures
    withheld: Truths
    parts: Sequence[tuple[str, ...]]
    looked: Collection[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of some facts are: n rows in groups, on the clocks of their teams.

    Attributes:
        group: int64[n], number of each one's group, -1 without one.
        teams: whose hours and clocks count.
        team: int64[n], number of each one's team, -1 without one.
        zone: whose dates count; None: each team's own.
        as_of: the instant of the report, microseconds.
    """

    group: Ints
    teams: Teams
    team: Ints
    zone: str | None
    as_of: int

    def local(self, at: Micros) -> Micros:
        """What clocks show at an instant of each row, microseconds; MISSING where there is none."""
        return np.where(at == MISSING, MISSING, at + self.teams.ahead_of_utc(at, self.team, self.zone))


@dataclass(slots=True)
class Placed:
    """The rows of facts in their places, with what several metrics need of them."""

    read: Read
    place: Place
    _local: dict[str, Micros] = field(default_factory=dict)
    _words: dict[str, tuple[list[str], Ints]] = field(default_factory=dict)

    def local(self, name: str) -> Micros:
        """What clocks show at the instants of a column, int64[n] microseconds; MISSING where there is none."""
        if name not in self._local:
            self._local[name] = self.place.local(self.read.arrays[name])
        return self._local[name]

    def words(self, name: str) -> tuple[list[str], Ints]:
        """The words of a column, sorted, and the number of each row's, int64[n]."""
        if name not in self._words:
            self._words[name] = _words(self.read.arrays[name])
        return self._words[name]

    def who(self, name: str) -> Ints:
        """The number of the person or word of each row, int64[n]; -1 where it is not known."""
        names, number = self.words(name)
        return np.where(number == 0, -1, number) if names[:1] == [""] else number


def compute(rows: Placed, compiled: Compiled, division: Division) -> Cells:
    """The cells of a metric that have rows, and for each group and part its periods without any."""
    return _Computing(rows, compiled, division).cells()


def rows_within(rows: Placed, compiled: Compiled, division: Division) -> Ints:
    """The numbers of the rows that count in a period of ``division``, int64[c], each as often as periods have it."""
    return _Computing(rows, compiled, division).within(division).rows[0]


def operand_of(rows: Placed, compiled: Compiled, division: Division, part: m.Value, which: Ints) -> Rows:
    """What a part of the metric's value is computed of, of these rows, as one cell."""
    return _Computing(rows, compiled, division).operand(part, which, np.zeros(len(which), np.int64), 1)


class _Computing:
    """One metric over its rows."""

    def __init__(self, rows: Placed, compiled: Compiled, division: Division) -> None:
        self._rows = rows
        self._place = rows.place
        self._arrays = rows.read.arrays
        self._compiled = compiled
        self._metric = compiled.metric
        self._division = division
        self._counts: Ints = np.flatnonzero(self._arrays[compiled.where] & rows.read.is_chosen)
        self._known: dict[m.Value, Floats | Ints] = {}

    def cells(self) -> Cells:
        parts, split = self._parts()
        found = []
        looked: set[tuple[int, int]] | None = set() if isinstance(self._metric.when, m.Latest) else None
        for division, is_whole in ((self._division, False), (self._division.whole(), True)):
            if not len(division.begins):
                continue
            within = self.within(division)
            for group in (self._place.group, np.full(len(self._place.group), WHOLE)):
                found.append((*self._cells(split, group, within), is_whole))
                if looked is not None and within.latest is not None:
                    looked |= _looked(group, within.latest, is_whole=is_whole)
        group, part, period = (np.concatenate([one[n] for one in found]) for n in range(3))
        period = np.where(np.concatenate([np.full(len(one[0]), one[5]) for one in found]), WHOLE, period)
        figures = _joined([one[3] for one in found])
        withheld = np.concatenate([one[4] for one in found])
        return Cells(self._metric, group, part, period, figures, withheld, parts, looked)

    def _dates(self) -> Ints:
        """The day of each row of what is looked at day by day."""
        day = self._arrays[self._compiled.times[0]].astype(np.int64)
        return np.where(day == MISSING, _NO_DAY, day)

    def _parts(self) -> tuple[list[tuple[str, ...]], Ints]:
        """The words by which rows are told apart, and the number of each row's, int64[n]."""
        number = np.zeros(len(self._place.group), np.int64)
        if not self._compiled.splits:
            return [()], number
        columns = [self._rows.words(name) for name in self._compiled.splits]
        found = distinct(*(code[self._counts] for _, code in columns))
        number[self._counts] = found.number
        words = [[names[one] for one in of.tolist()] for (names, _), of in zip(columns, found.columns, strict=True)]
        return list(zip(*words, strict=True)), number

    def _cells(self, split: Ints, group: Ints, within: "_Within") -> tuple[Ints, Ints, Ints, Figures, Truths]:
        """Group, part and period of each cell, its figures, and whether they are withheld."""
        periods, counts = len(within.division.begins), self._counts
        found = distinct(group[counts], split[counts])
        lines = len(found.times)
        line = np.full(len(group), -1, np.int64)
        line[counts] = found.number
        value = self._metric.value
        if isinstance(value, m.People) and self._metric.window_days is not None:
            figures = self._of_people(value, line, within, lines)
        else:
            rows, period = within.rows
            cell, cells = line[rows] * periods + period, lines * periods
            figures = figures_of(value, lambda part: self.operand(part, rows, cell, cells))
        withheld = self._withheld(figures, line, within)
        figures = without(figures, withheld)
        of = np.repeat(np.arange(lines), periods)
        at = np.tile(np.arange(periods), lines)
        return found.columns[0][of], found.columns[1][of], at, figures, withheld

    def _withheld(self, figures: Figures, line: Ints, within: "_Within") -> Truths:
        """Of which cells the figure is of too few people."""
        cells = len(figures.n)
        if self._metric.fewest is None or self._compiled.people is None:
            return np.zeros(cells, bool)
        rows, period = within.rows
        cell, who = line[rows] * len(within.division.begins) + period, self._rows.who(self._compiled.people)[rows]
        people = figures_of(m.People("distinct", ""), lambda _: Rows(cell, cells, who=who)).value
        withheld: Truths = (people < self._metric.fewest[1]) & ((figures.n > 0) | (figures.value > 0))
        return withheld

    def within(self, division: Division) -> "_Within":
        """The rows that count in the periods of a division."""
        match self._metric.when:
            case m.Standing():
                return _Within(division, list(self._standing(division)))
            case m.Latest():
                latest = self._latest(division)
                return _Within(division, [], self._once(latest), latest)
            case _ if self._metric.window_days is not None:
                return _Within(division, list(self._windows(division, self._metric.window_days)))
        local = self._rows.local(self._compiled.times[0])
        return _Within(division, [], self._once(division.number(np.where(local == MISSING, _NO_DAY, local // DAY))))

    def _once(self, period: Ints) -> tuple[Ints, Ints]:
        """The rows that count and are in a period, and its number."""
        period = period[self._counts]
        return self._counts[period >= 0], period[period >= 0]

    def _latest(self, division: Division) -> Ints:
        """The period of each chosen row of the last day of it on which its repository was looked at, else -1."""
        day = self._dates()
        period = division.number(day)
        rows = np.flatnonzero(period >= 0)
        pairs = distinct(self._rows.read.repo_id[rows], period[rows])
        last = np.full(len(pairs.times), _NO_DAY, np.int64)
        np.maximum.at(last, pairs.number, day[rows])
        found = np.full(len(day), -1, np.int64)
        is_last = (day[rows] == last[pairs.number]) & self._rows.read.is_chosen[rows]
        found[rows[is_last]] = period[rows[is_last]]
        return found

    def _standing(self, division: Division) -> Iterator[tuple[int, Ints]]:
        """By period, the rows that count and have begun at its end, and not ended.

        A period ends for each row at the midnight of its clock, or at as_of if that is earlier. What has ended has
        ended by as_of, and has begun by then: to ask by midnight is enough, also where a clock shows an hour twice.
        """
        when = self._metric.when
        days = when.for_days if isinstance(when, m.Standing) else 0.0
        begun, over = (self._rows.local(name)[self._counts] for name in self._compiled.times)
        now = self._place.local(np.full(len(self._place.group), self._place.as_of))[self._counts]
        for number, end in enumerate(division.ends.tolist()):
            midnight = end * DAY
            edge = np.minimum(midnight, now) if days else midnight
            is_old = (begun != MISSING) & (begun + int(days * DAY) <= edge)
            yield number, self._counts[is_old & ((over == MISSING) | (over > midnight))]

    def _windows(self, division: Division, days: int) -> Iterator[tuple[int, Ints]]:
        """By period, the rows that count in the window before its end."""
        local = self._rows.local(self._compiled.times[0])[self._counts]
        order = np.argsort(local, kind="stable")
        rows, local = self._counts[order], local[order]
        ends = division.ends * DAY
        begins, stops = (np.searchsorted(local, edge) for edge in (ends - days * DAY, ends))
        first = int(np.searchsorted(local, MISSING, side="right"))  # rows without the instant stand in front
        for number, (begin, stop) in enumerate(zip(begins.tolist(), stops.tolist(), strict=True)):
            yield number, rows[max(begin, first) : stop]

    def operand(self, part: m.Value, rows: Ints, cell: Ints, cells: int) -> Rows:
        """What a part of the value is computed of."""
        if isinstance(part, m.Count):
            return Rows(cell, cells)
        if part not in self._known:
            self._known[part] = self._operand(part)
        of = self._known[part][rows]
        match part:
            case m.Share():
                return Rows(cell, cells, truth=of.astype(np.int8))
            case m.People():
                return Rows(cell, cells, who=of.astype(np.int64))
        return Rows(cell, cells, number=of.astype(np.float64))

    def _operand(self, part: m.Value) -> Floats | Ints:
        """The same of all rows; of those that do not count it may be anything."""
        names = self._compiled.operands[part]
        match part:
            case m.Middle(of=m.Span(clock)):
                seconds = np.full(len(self._place.group), np.nan)
                seconds[self._counts] = self._seconds(clock, *(self._arrays[name][self._counts] for name in names))
                return seconds
            case m.Share(m.OutsideHours()):
                outside = np.full(len(self._place.group), 2)
                at, team = self._arrays[names[0]][self._counts], self._place.team[self._counts]
                outside[self._counts] = np.where(at == MISSING, 2, ~inside_hours(self._place.teams, team, at))
                return outside
            case m.People():
                return self._rows.who(names[0])
        known: Floats | Ints = self._arrays[names[0]]
        return known

    def _seconds(self, clock: str, start: Micros, end: Micros) -> Floats:
        phase = Phase.between(start, end)
        if clock == "elapsed":
            return phase.wall_seconds()
        return working_seconds({"": phase}, self._place.teams, self._place.team[self._counts])[""]

    def _of_people(self, value: m.People, line: Ints, within: "_Within", lines: int) -> Figures:
        """The figures of windows, of which many periods share most rows: each person of a line is counted, not kept."""
        periods, cells = len(within.division.begins), lines * len(within.division.begins)
        who = self._rows.who(self._compiled.operands[value][0])
        known = self._counts[who[self._counts] >= 0]
        pairs = distinct(line[known], who[known])
        pair = np.full(len(who), -1, np.int64)
        pair[known] = pairs.number
        if value.how in ("new", "returning", "gone"):
            return self._changes(value, pair, pairs.columns[0], within.division, lines)
        found = []
        for number, rows in within.by_period:
            times = np.bincount(pair[rows][pair[rows] >= 0], minlength=len(pairs.times))
            there = np.flatnonzero(times)
            found.append((pairs.columns[0][there] * periods + number, pairs.columns[1][there], times[there]))
        cell, named, weights = (np.concatenate([one[n] for one in found]) for n in range(3))
        return figures_of(value, lambda _: Rows(cell, cells, who=named, times=weights))

    def _changes(self, value: m.People, pair: Ints, line: Ints, division: Division, lines: int) -> Figures:
        """How many people of each line are new, are returning or are gone in the window of each period.

        Args:
            value: which of these.
            pair: int64[n], number of each row's line and person, -1 of nobody.
            line: int64[k], the line of each such pair.
            division: into periods.
            lines: how many there are.
        """
        local = self._rows.local(self._compiled.times[0])
        rows = self._counts[(pair[self._counts] >= 0) & (local[self._counts] != MISSING)]
        rows = rows[np.argsort(local[rows], kind="stable")]
        pair, local = pair[rows], local[rows]
        first = np.full(len(line), np.iinfo(np.int64).max)
        np.minimum.at(first, pair, local)
        span = (self._metric.window_days or 0) * DAY
        periods = len(division.begins)
        values, n = np.zeros((lines, periods)), np.zeros((lines, periods), np.int64)

        def within(begin: int, end: int) -> Truths:
            part = slice(*np.searchsorted(local, (begin, end)).tolist())
            return np.bincount(pair[part], minlength=len(line)) > 0

        for period, day in enumerate(division.ends.tolist()):
            end = day * DAY
            now, before, ever = within(end - span, end), within(end - 2 * span, end - span), first < end - span
            values[:, period] = np.bincount(line[changed(value.how, now, before, ever)], minlength=lines)
            n[:, period] = np.bincount(line[now], minlength=lines)
        return Figures(values.reshape(-1), n.reshape(-1))


@dataclass(slots=True)
class _Within:
    """The rows of a metric that count in the periods of a division.

    Attributes:
        division: into the periods.
        by_period: of what can count in several, the number of each period and its rows.
        once: of what counts in one, the rows and the number of the period of each.
        latest: int64[n], the period of each row of the last day of it, else -1; None: no day is the last.
    """

    division: Division
    by_period: Sequence[tuple[int, Ints]]
    once: tuple[Ints, Ints] | None = None
    latest: Ints | None = None

    @property
    def rows(self) -> tuple[Ints, Ints]:
        """The rows, each as often as periods have it, and the number of the period each time."""
        if self.once is None:
            periods = [np.full(len(rows), number) for number, rows in self.by_period]
            nothing = np.zeros(0, np.int64)
            self.once = (
                np.concatenate([nothing, *(rows for _, rows in self.by_period)]),
                np.concatenate([nothing, *periods]),
            )
        return self.once


def _looked(group: Ints, latest: Ints, *, is_whole: bool) -> set[tuple[int, int]]:
    """The groups and periods of which any row is of the last day of its repository, whether it counts or not."""
    inside = latest >= 0
    at = np.full(int(inside.sum()), WHOLE) if is_whole else latest[inside]
    groups, periods = distinct(group[inside], at).columns
    return set(zip(groups.tolist(), periods.tolist(), strict=True))


def _joined(figures: Sequence[Figures]) -> Figures:
    def joined(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(one, name) for one in figures])

    has_more = all(one.p75 is not None for one in figures)
    n = np.concatenate([one.n for one in figures])
    return Figures(joined("value"), n, joined("p75") if has_more else None, joined("p90") if has_more else None)


def _words(values: npt.NDArray[np.object_] | npt.NDArray[np.int8]) -> tuple[list[str], Ints]:
    """The distinct words, sorted, and the number of each row's."""
    if values.dtype != np.object_:
        return ["no", "yes", ""], values.astype(np.int64)
    encoded = pa.array(values, pa.string()).dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return [names[one] for one in order], place[encoded.indices.to_numpy()] if len(values) else np.zeros(0, np.int64)
